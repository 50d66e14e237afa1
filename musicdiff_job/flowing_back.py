"""A collection whose hand edits on the target flow back: mirror it, then make on the source what is left, and look.

First the target is brought in step, so that all that is left between the two are a person's edits there. Then the
source's list is edited by them, and mirrored again, which takes the new pairs into the base. Nothing of this needs a
verdict of its own there: what flowed back is on both sides, or on neither.

Spotify takes a track twice and has no way of adding one only once. So an edit is saved as an intent before it is sent;
while one is open nothing else is sent before the list has been read; and what was confirmed and is not shown is never
sent again.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import msgspec

from musicdiff_job import asking
from musicdiff_job.binding import LAG_WAITS
from musicdiff_job.core import decide
from musicdiff_job.core.before_image import BeforeImage, stood
from musicdiff_job.core.checkpoint import MatchRecord, Pair, Reading, with_part
from musicdiff_job.core.conflict import ConflictKind, Side
from musicdiff_job.core.errors import (
    Forbidden,
    Interrupted,
    LedgerSpent,
    NotShownYet,
    OutOfBudget,
    RateLimited,
    SkipCollection,
)
from musicdiff_job.core.flow_back import THERE, Flow, Returns, Sent, Stay, agreement, choose, give_back, settled
from musicdiff_job.core.likeness import Scored
from musicdiff_job.core.match import MATCHER_VERSION, Match, Method
from musicdiff_job.core.model import CollectionHead, PlaylistId, SourceId, TargetId, Track
from musicdiff_job.core.plan import EditSource
from musicdiff_job.core.questions import ByIsrc, BySearch, questions
from musicdiff_job.core.summary import CollectionResult, CollectionState
from musicdiff_job.core.timestamps import from_iso
from musicdiff_job.journal import event
from musicdiff_job.lookups import Asker, is_over, retry_at
from musicdiff_job.mirroring import mirror
from musicdiff_job.ports import SourceWrites
from musicdiff_job.reading import read
from musicdiff_job.results import Tally, name_of, result_of
from musicdiff_job.session import Session

SEARCHES = 20
"""Searches on Spotify in one run: its quota for apps in development mode is small and unpublished."""
NAMED = 5
"""Tracks that are named in a note; more are counted."""
PATIENCE = 2
"""Failures of a collection after which Spotify's word about a confirmed edit is taken for its last."""

IN_STEP = frozenset({CollectionState.IN_SYNC, CollectionState.CHANGED})
LOST = "Spotify confirmed the change and does not show it"


def both_ways(session: Session, asker: Asker, head: CollectionHead, reason: str, tally: Tally) -> CollectionResult:
    """``mirror``; where the settings say so, hand edits on the target are made on the source besides. Raises what
    ``mirror`` raises, and ``UnknownOutcome`` when it is not known what became of an edit of the source."""
    if not session.job.policy.flows_back(head):
        if session.mirror(head).flow is not None:
            session.put(msgspec.structs.replace(session.mirror(head), flow=None))
        return mirror(session, asker, head, reason, tally)
    _begin(session, head)
    result = mirror(session, asker, head, reason, tally)
    if result.state not in IN_STEP:
        return result
    return _Back(session, asker, head, reason, tally).run(result)


def _begin(session: Session, head: CollectionHead) -> None:
    """Remember that hand edits have to be looked at, settle what was sent, and carry out what was decided."""
    known = session.mirror(head)
    flow = known.flow
    if flow is None:
        older = (*(pair.target for pair in known.left_out), *known.hand_added) if known.synced_at else ()
        flow = Flow(outside=older)
    _keep(session, head, msgspec.structs.replace(flow, owed=True))
    if flow.sent:
        _settle(session, head)
    _restore(session, head)


def _keep(session: Session, head: CollectionHead, flow: Flow) -> None:
    session.put(msgspec.structs.replace(session.mirror(head), flow=flow))


def _flow(session: Session, head: CollectionHead) -> Flow:
    return session.mirror(head).flow or Flow()


def _settle(session: Session, head: CollectionHead) -> None:
    """Learn from the source's list what became of the edits that were sent; pairs that it shows are agreed on, if the
    target has not lost them meanwhile. Raises ``NotShownYet`` while a read may be too early."""
    pauses = iter(LAG_WAITS)
    while True:
        found = read(session, head)
        if not isinstance(found, Reading):
            return  # the mirror says why
        flow = _flow(session, head)
        done, lost = settled(flow, found.entries)
        if not lost or head.snapshot not in (flow.before, flow.after) or session.mirror(head).failures >= PATIENCE:
            break
        if (pause := next(pauses, None)) is None:
            raise NotShownYet(
                f"Spotify confirmed changes to {head.name!r} but does not show them", "The next run looks again"
            )
        session.gate.wait(pause)
        session.put(msgspec.structs.replace(session.mirror(head), reading=None))
    known = session.mirror(head)
    stay = {one.target: one for one in flow.stay} | {
        one.target: Stay(one.target, _name(session, one.source), LOST) for one in lost
    }
    flow = msgspec.structs.replace(flow, sent=(), acknowledged=0, before="", after="", stay=tuple(stay.values()))
    for part in known.parts[:1]:
        ours = {pair.target for pair in part.base}
        pairs = (Pair(one.source, one.target) for one in done if not one.removal and one.target not in ours)
        session.put(with_part(known, msgspec.structs.replace(part, base=(*part.base, *pairs))))
    _keep(session, head, flow)


def _restore(session: Session, head: CollectionHead) -> None:
    """Carry out "take spotify": what was removed by hand on the target is wanted there again."""
    known, flow = session.mirror(head), _flow(session, head)
    removals = asking.decision(session, head, ConflictKind.MASS_REMOVAL_BACK) is Side.SPOTIFY
    disputes = asking.decision(session, head, ConflictKind.CONTRADICTION) is Side.SPOTIFY
    left = tuple(
        pair
        for pair in known.left_out
        if pair.target in flow.outside or not (disputes if pair.target in flow.disputed else removals)
    )
    session.put(msgspec.structs.replace(known, left_out=left))


def _name(session: Session, source: SourceId) -> str:
    record = session.checkpoint.matches.get(source)
    return name_of(record.track) if record is not None else source


@dataclass
class _Back:
    """One collection that is in step but for what a person did on the target."""

    session: Session
    asker: Asker
    head: CollectionHead
    reason: str
    tally: Tally
    stay: dict[TargetId, Stay] = field(default_factory=dict)
    disputed: tuple[TargetId, ...] = ()
    unasked: int = 0
    """Additions that no search could be spent on in this run."""

    def run(self, result: CollectionResult) -> CollectionResult:
        if len(self.session.mirror(self.head).parts) != 1:
            self.tally.note("split into several playlists, so hand edits do not flow back")
            return self._end(result)
        writes = self.session.connections.writes
        returns = self._decide(writes)
        self._ask(returns)
        edit = EditSource(
            self.head.id,
            tuple(one.source for one in returns.add),
            tuple(one.source for one in returns.remove) if not self._stops(returns) else (),
        )
        if THERE in returns.stay.values() and not self.session.job.dry_run:
            return self._look_again()  # the search has found the counterpart of a track that had none
        if writes is None or not (edit.add or edit.remove):
            return self._end(result)
        if missing := writes.missing(self.head):
            self._cannot(
                f"the consent lacks {missing}: authorise again with `musicdiff-job auth spotify --both-ways`", returns
            )
            return self._end(result)
        self.session.job.observer.planned(self.head, (edit,), self._names(returns))
        if self.session.job.dry_run:
            self.tally.returned += len(edit.add) + len(edit.remove)
            return self._end(msgspec.structs.replace(result, state=CollectionState.CHANGED))
        if not self.session.source.unchanged(self.head):
            return self._pending("edited on Spotify meanwhile; the next run reads it again")
        try:
            self._write(writes, returns, edit)
        except Forbidden as error:
            self._cannot(str(error), returns)
            return self._end(result)
        return self._look_again()

    # Decide

    def _decide(self, writes: SourceWrites | None) -> Returns:
        known, flow = self.session.mirror(self.head), _flow(self.session, self.head)
        self.stay = {one.target: one for one in flow.stay}
        lost = {one.target for one in flow.stay if one.reason == LOST}
        apart = {*flow.outside, *lost}
        standing = {
            source: TargetId(record.decision.target)
            for source, record in self.session.checkpoint.matches.items()
            if isinstance(record.decision, Match)
        }
        left_out = [(pair.source, pair.target) for pair in known.left_out if pair.target not in apart]
        new = [track for track in known.hand_added if track not in apart and track not in known.restored]
        found = self._counterparts(new, standing, writes)
        standing |= {source: target for target, source in found if source not in standing}
        if asking.decision(self.session, self.head, ConflictKind.CONTRADICTION) is Side.DEEZER:
            flow = msgspec.structs.replace(flow, disputed=())
        returns = give_back(flow, self.tally.entries, standing, left_out, found)
        here = {*known.hand_added, *(pair.target for pair in known.left_out)}
        for target, why in returns.stay.items():
            known_stay = self.stay.get(target, Stay(target, self._told(target), why))
            self.stay[target] = msgspec.structs.replace(known_stay, reason=why)
        self.stay = {target: one for target, one in self.stay.items() if target in here}
        for one in (*returns.add, *returns.remove):
            self.stay.pop(one.target, None)
        return returns

    def _counterparts(
        self, new: Sequence[TargetId], standing: Mapping[SourceId, TargetId], writes: SourceWrites | None
    ) -> list[tuple[TargetId, SourceId]]:
        """The counterparts of tracks that were added by hand: known ones, then by search. What has none is in
        ``stay``."""
        inverse: dict[TargetId, list[SourceId]] = {}
        for source, target in standing.items() if new else ():
            inverse.setdefault(target, []).append(source)
        found: list[tuple[TargetId, SourceId]] = []
        for target in new:
            known = self.stay.get(target)
            if target in inverse:
                found.append((target, min(inverse[target])))
            elif known is not None and known.retry_at is not None and not is_over(self.session, known.retry_at):
                continue
            elif writes is not None and (searched := self._search(target, writes)) is not None:
                found.append((target, searched))
        return found

    def _search(self, target: TargetId, writes: SourceWrites) -> SourceId | None:
        """The counterpart that Spotify's search finds; it is remembered as a match, none as a stay."""
        session, wanted = self.session, self.tally.shown[target]
        asked = [
            one for one in questions(wanted) if isinstance(one, ByIsrc) or (isinstance(one, BySearch) and one.text)
        ]
        if session.searches + len(asked) > SEARCHES:
            self.unasked += 1
            return None
        tries = self.stay[target].tries if target in self.stay else 0
        method, best = Method.ISRC, choose(wanted, (), self.asker.rules, ())
        try:
            for question in asked:
                session.searches += 1
                candidates = writes.find(question)
                method = Method.ISRC if isinstance(question, ByIsrc) else Method.SEARCH
                best = choose(wanted, candidates, self.asker.rules, self._ruled_out(target, candidates))
                if isinstance(best, Scored):
                    break
        except SkipCollection as error:
            best = error.message  # about this track only
        # Also of what is found: it may be of no use, and is not to be searched for in every run then.
        why = best if isinstance(best, str) else ""
        self.stay[target] = Stay(target, name_of(wanted), why, tries + 1, retry_at(session, tries))
        if not isinstance(best, Scored):
            return None
        source = SourceId(best.track.id)
        record = session.checkpoint.matches.get(source) or MatchRecord(best.track)
        if not isinstance(record.decision, Match):
            decision = Match(target, method, best.score)
            record = msgspec.structs.replace(
                record, decision=decision, evidence=None, decided_at=session.now_text(), retry_at=None,
                matcher=MATCHER_VERSION,
            )  # fmt: skip
            session.checkpoint = session.checkpoint.with_matches({source: record})
            session.save_soon()
        return source

    def _ruled_out(self, target: TargetId, candidates: Iterable[Track]) -> frozenset[str]:
        """The candidates that a person has said are not this track."""
        records = {one.id: self.session.checkpoint.matches.get(SourceId(one.id)) for one in candidates}
        return frozenset(
            source
            for source, record in records.items()
            if record is not None
            and (target in record.ruled_out or (record.override and not isinstance(record.decision, Match)))
        )

    # What only a person may decide

    def _ask(self, returns: Returns) -> None:
        """Ask about edits that contradict each other; the question closes with its cause."""
        there = {entry.track.id for entry in self.tally.entries if entry.track is not None}
        base = self.session.mirror(self.head).parts[0].base
        self.disputed = (*returns.disputed, *(pair.target for pair in base if pair.source not in there))
        if not self.disputed:
            return
        names = ", ".join(map(self._told, self.disputed[:NAMED]))
        message = (
            f"removed on one side, moved or added again on the other: {names}"
            f"{f' and {len(self.disputed) - NAMED} more' if len(self.disputed) > NAMED else ''}; "
            "take spotify or deezer for the side that is right"
        )
        # What was decided before has been carried out; these are others.
        asked = asking.decision(self.session, self.head, ConflictKind.CONTRADICTION)
        if asked is not None:
            asking.close(self.session, self.head, ConflictKind.CONTRADICTION)
        asking.ask(self.session, self.head, ConflictKind.CONTRADICTION, message, len(self.disputed))

    def _stops(self, returns: Returns) -> bool:
        """The guard: whether too much would be removed from the source's list, and nobody has agreed to it yet."""
        going, entries = len(returns.remove), len(self.tally.entries)
        if not decide.is_mass_removal(going, entries, self.session.job.policy.max_removals):
            asking.close(self.session, self.head, ConflictKind.MASS_REMOVAL_BACK)
            return False
        message = (
            f"{going} of the {entries} entries on Spotify would be removed there, as they were on Deezer; take deezer "
            "to remove them, spotify to have them on Deezer again"
        )
        asking.ask(self.session, self.head, ConflictKind.MASS_REMOVAL_BACK, message, going)
        return asking.decision(self.session, self.head, ConflictKind.MASS_REMOVAL_BACK) is not Side.DEEZER

    # Do

    def _write(self, writes: SourceWrites, returns: Returns, edit: EditSource) -> None:
        """Append, then remove, each batch with its intent saved first; what is removed with its image."""
        removals = [one for one in returns.remove if one.source in edit.remove]
        for some in (returns.add, removals):
            for at in range(0, len(some), writes.batch):
                self._send(writes, tuple(some[at : at + writes.batch]))

    def _send(self, writes: SourceWrites, batch: tuple[Sent, ...]) -> None:
        session, head = self.session, self.head
        before, images = _flow(session, head), session.checkpoint.images
        tracks = [one.source for one in batch]
        if batch[0].removal:
            self._keep_image(tracks)
        intent = msgspec.structs.replace(before, sent=(*before.sent, *batch), before=before.before or head.snapshot)
        _keep(session, head, intent)
        session.save()
        try:
            if batch[0].removal:
                after = writes.remove(head, tracks, intent.after or head.snapshot)
            else:
                after = writes.append(head, tracks)
        except (Forbidden, Interrupted, LedgerSpent, OutOfBudget, RateLimited):
            _keep(session, head, before)  # refused, or not sent
            session.checkpoint = msgspec.structs.replace(session.checkpoint, images=images)
            raise
        _keep(session, head, msgspec.structs.replace(intent, acknowledged=len(intent.sent), after=after))
        session.save()
        self.tally.returned += len(batch)
        event("source.edited", collection=head.id, name=head.name, tracks=len(batch), removed=batch[0].removal)

    def _keep_image(self, tracks: Sequence[SourceId]) -> None:
        going = frozenset(map(TargetId, tracks))
        shown = [TargetId(entry.track.id if entry.track else "") for entry in self.tally.entries]
        names = {TargetId(entry.track.id): name_of(entry.track) for entry in self.tally.entries if entry.track}
        self.session.keep_image(
            BeforeImage(
                run=self.session.job.run_id,
                taken_at=self.session.now_text(),
                collection=self.head.id,
                kind=self.head.kind,
                name=self.head.name,
                playlist=PlaylistId(self.head.id),
                title=f"{self.head.name} (on Spotify)",
                removed=stood(shown, going, names),
            )
        )

    def _look_again(self) -> CollectionResult:
        """Read the source's list as it is now and mirror it: the proof of what was written, and the new base."""
        session = self.session
        after = _flow(session, self.head).after or self.head.snapshot
        edited = msgspec.structs.replace(self.head, snapshot=after, total=None)
        self.tally.notes.clear()
        _begin(session, edited)
        result = mirror(session, self.asker, edited, self.reason, self.tally)
        if result.state not in IN_STEP:
            return result
        if asking.decision(session, self.head, ConflictKind.MASS_REMOVAL_BACK) is Side.DEEZER:
            asking.close(session, self.head, ConflictKind.MASS_REMOVAL_BACK)
        self.stay |= {one.target: one for one in _flow(session, edited).stay if one.reason == LOST}
        return self._end(result)

    # Settle

    def _cannot(self, why: str, returns: Returns) -> None:
        """Spotify does not let the list be edited; it is tried again as unmatched tracks are."""
        self.tally.note(f"hand edits on Deezer do not flow back to Spotify: {why}")
        for one in (*returns.add, *returns.remove):
            self.stay[one.target] = Stay(one.target, self._told(one.target), why, 1, retry_at(self.session, 0))

    def _pending(self, why: str) -> CollectionResult:
        self.session.put(msgspec.structs.replace(self.session.mirror(self.head), state=CollectionState.PENDING))
        self.session.save()
        return result_of(self.session.mirror(self.head), CollectionState.PENDING, why, self.tally)

    def _end(self, result: CollectionResult) -> CollectionResult:
        """Remember what is agreed on now, and what stays as it is and why."""
        session = self.session
        known, flow = session.mirror(self.head), _flow(session, self.head)
        here = {*known.hand_added, *(pair.target for pair in known.left_out)}
        stay = tuple(one for target, one in self.stay.items() if target in here)
        self._tell(stay, frozenset(known.hand_added))
        notes = tuple(self.tally.notes)
        if self.tally.returned:
            verb = "would change" if session.job.dry_run else "changed"
            self.tally.note(f"{self.tally.returned} {verb} on Spotify by hand edits on Deezer")
        if not self.disputed:
            asking.close(session, self.head, ConflictKind.CONTRADICTION)
        flow = msgspec.structs.replace(
            flow,
            agreed=agreement(self.tally.entries),
            outside=tuple(target for target in flow.outside if target in here),
            disputed=self.disputed,
            stay=stay,
            owed=self.unasked > 0,
        )
        due = sorted(filter(None, (known.retry_at, *(one.retry_at for one in stay))), key=from_iso)
        pending = self.unasked > 0
        known = msgspec.structs.replace(
            known,
            flow=flow,
            retry_at=due[0] if due else None,
            notes=notes,
            state=CollectionState.PENDING if pending else known.state,
        )
        session.put(known)
        session.save()
        if pending:
            why = f"{self.unasked} added by hand wait to be looked up on Spotify, {SEARCHES} searches a run"
            return result_of(known, CollectionState.PENDING, why, self.tally)
        return result_of(known, result.state, result.reason, self.tally)

    def _tell(self, stay: Sequence[Stay], added: frozenset[TargetId]) -> None:
        for side, some in (
            ("Deezer", [one for one in stay if one.target in added]),
            ("Spotify", [one for one in stay if one.target not in added]),
        ):
            for one in some[:NAMED]:
                self.tally.note(f"stays on {side} only: {one.name} ({one.reason})")
            if len(some) > NAMED:
                self.tally.note(f"{len(some) - NAMED} more stay on {side} only")

    def _told(self, target: TargetId) -> str:
        """A track as people name it."""
        if target in self.tally.shown:
            return name_of(self.tally.shown[target])
        known = self.session.mirror(self.head)
        pairs = (*known.left_out, *(pair for part in known.parts for pair in part.base))
        source = next((pair.source for pair in pairs if pair.target == target), None)
        return _name(self.session, source) if source else target

    def _names(self, returns: Returns) -> dict[TargetId, str]:
        return {TargetId(one.source): self._told(one.target) for one in (*returns.add, *returns.remove)}
