"""The source's counterparts of tracks that a person added on the target: known ones, then by search.

What is found is remembered as a match, so that no look-up in the other direction can say otherwise; what is not found
as a *stay*, which is searched for again on the schedule of unmatched tracks.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import msgspec

from musicdiff_job.core.checkpoint import MatchRecord
from musicdiff_job.core.errors import SkipCollection
from musicdiff_job.core.flow_back import Stay, choose
from musicdiff_job.core.likeness import Rules, Scored
from musicdiff_job.core.match import MATCHER_VERSION, Match, Method
from musicdiff_job.core.model import SourceId, TargetId, Track
from musicdiff_job.core.questions import ByIsrc, BySearch, questions
from musicdiff_job.lookups import is_over, retry_at
from musicdiff_job.ports import SourceWrites
from musicdiff_job.results import name_of
from musicdiff_job.session import Session

SEARCHES = 20
"""Searches on Spotify in one run: its quota for apps in development mode is small and unpublished."""


@dataclass
class SearchBack:
    """Searches for one collection. ``shown`` are the target's rows; ``stay`` is brought up to date."""

    session: Session
    rules: Rules
    shown: Mapping[TargetId, Track]
    stay: dict[TargetId, Stay]
    unasked: int = 0
    """Tracks that no search could be spent on in this run."""

    def counterparts(
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
        session, wanted = self.session, self.shown[target]
        asked = [
            one for one in questions(wanted) if isinstance(one, ByIsrc) or (isinstance(one, BySearch) and one.text)
        ]
        if session.searches + len(asked) > SEARCHES:
            self.unasked += 1
            return None
        tries = self.stay[target].tries if target in self.stay else 0
        method, best = Method.ISRC, choose(wanted, (), self.rules, ())
        try:
            for question in asked:
                session.searches += 1
                candidates = writes.find(question)
                method = Method.ISRC if isinstance(question, ByIsrc) else Method.SEARCH
                best = choose(wanted, candidates, self.rules, self._ruled_out(target, candidates))
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
        record = session.record(source) or MatchRecord(best.track)
        if not isinstance(record.decision, Match):
            decision = Match(target, method, best.score)
            record = msgspec.structs.replace(
                record, decision=decision, evidence=None, decided_at=session.now_text(), retry_at=None,
                matcher=MATCHER_VERSION,
            )  # fmt: skip
            session.put_record(source, record)
            session.save_soon()
        return source

    def _ruled_out(self, target: TargetId, candidates: Iterable[Track]) -> frozenset[str]:
        """The candidates that a person has said are not this track."""
        records = {one.id: self.session.record(SourceId(one.id)) for one in candidates}
        return frozenset(
            source
            for source, record in records.items()
            if record is not None
            and (target in record.ruled_out or (record.override and not isinstance(record.decision, Match)))
        )
