"""A collection whose hand edits on the target flow back: mirror it, then make on the source what is left, and look.

First the target is brought in step, so that all that is left between the two are a person's edits there. Then the
source's list is edited by them, and mirrored again, which takes the new pairs into the base. Nothing of this needs a
verdict of its own there: what flowed back is on both sides, or on neither.

Spotify takes a track twice and has no way of adding one only once. So an edit is saved as an intent before it is sent;
while one is open nothing else is sent before the list has been read; and what was confirmed and is not shown is never
sent again.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import msgspec

from musicdiff_job import asking
from musicdiff_job.core import decide
from musicdiff_job.core.conflict import ConflictKind, Side
from musicdiff_job.core.errors import Forbidden
from musicdiff_job.core.flow_back import FINAL, HIDING, LOST, THERE, Flow, Returns, Stay, agreement, give_back
from musicdiff_job.core.match import Match
from musicdiff_job.core.model import CollectionHead, TargetId
from musicdiff_job.core.plan import EditSource
from musicdiff_job.core.summary import CollectionResult, CollectionState
from musicdiff_job.core.timestamps import from_iso
from musicdiff_job.editing_source import flow_of, keep, name_of_match, send, settle
from musicdiff_job.lookups import Asker, retry_at
from musicdiff_job.mirroring import mirror
from musicdiff_job.ports import SourceWrites
from musicdiff_job.results import Tally, name_of, result_of
from musicdiff_job.searching_back import SEARCHES, SearchBack
from musicdiff_job.session import Session

NAMED = 5
"""Tracks that are named in a note; more are counted."""

IN_STEP = frozenset({CollectionState.IN_SYNC, CollectionState.CHANGED})


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
    keep(session, head, msgspec.structs.replace(flow, owed=True))
    if flow.sent:
        settle(session, head)
    _restore(session, head)


def _restore(session: Session, head: CollectionHead) -> None:
    """Carry out "take spotify": what was removed by hand on the target is wanted there again."""
    known, flow = session.mirror(head), flow_of(session, head)
    removals = asking.decision(session, head, ConflictKind.MASS_REMOVAL_BACK) is Side.SPOTIFY
    disputes = asking.decision(session, head, ConflictKind.CONTRADICTION) is Side.SPOTIFY
    left = tuple(
        pair
        for pair in known.left_out
        if pair.target in flow.outside or not (disputes if pair.target in flow.disputed else removals)
    )
    session.put(msgspec.structs.replace(known, left_out=left))


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
    """Additions that could not be looked up in this run."""

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
            # With all additions looked up: what was added may be another copy of what was removed.
            tuple(one.source for one in returns.remove) if not (self._stops(returns) or self.unasked) else (),
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
        known, flow = self.session.mirror(self.head), flow_of(self.session, self.head)
        self.stay = {one.target: one for one in flow.stay}
        if self.tally.hidden:
            # One that Deezer has withdrawn cannot be told from one that a person removed at the same time.
            unsure = {pair.target for pair in known.left_out} - {*flow.outside, *flow.disputed}
            self.stay |= {target: Stay(target, self._told(target), HIDING) for target in unsure}
        apart = {*flow.outside, *(one.target for one in self.stay.values() if one.reason in FINAL)}
        standing = {
            source: TargetId(record.decision.target)
            for source, record in self.session.checkpoint.matches.items()
            if isinstance(record.decision, Match)
        }
        left_out = [(pair.source, pair.target) for pair in known.left_out if pair.target not in apart]
        new = [track for track in known.hand_added if track not in apart and track not in known.restored]
        search = SearchBack(self.session, self.asker.rules, self.tally.shown, self.stay)
        found = search.counterparts(new, standing, writes)
        self.unasked = search.unasked
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
                send(self.session, self.head, self.tally, writes, tuple(some[at : at + writes.batch]))

    def _look_again(self) -> CollectionResult:
        """Read the source's list as it is now and mirror it: the proof of what was written, and the new base."""
        session = self.session
        after = flow_of(session, self.head).after or self.head.snapshot
        edited = msgspec.structs.replace(self.head, snapshot=after, total=None)
        self.tally.notes.clear()
        _begin(session, edited)
        result = mirror(session, self.asker, edited, self.reason, self.tally)
        if result.state not in IN_STEP:
            return result
        if asking.decision(session, self.head, ConflictKind.MASS_REMOVAL_BACK) is Side.DEEZER:
            asking.close(session, self.head, ConflictKind.MASS_REMOVAL_BACK)
        self.stay |= {one.target: one for one in flow_of(session, edited).stay if one.reason == LOST}
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
        known, flow = session.mirror(self.head), flow_of(session, self.head)
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
        return name_of_match(self.session, source) if source else target

    def _names(self, returns: Returns) -> dict[TargetId, str]:
        return {TargetId(one.source): self._told(one.target) for one in (*returns.add, *returns.remove)}
