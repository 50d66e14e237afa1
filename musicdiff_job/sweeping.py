"""Which look-up comes next: the one that is expected to find the most counterparts.

``Planner`` holds the tracks that are still without a decision. ``next`` says what to ask, ``answered`` and ``failed``
take what came of it, ``decided`` gives what has been settled meanwhile. It makes no call itself and belongs to one
thread; the calls may be made by others.

A track whose album, or artist, is likely to be swept waits until another one of them has been looked up and shown the
way in (a *scout*), and while the sweep is under way. At most ``SCOUTS`` are sent; then each is looked up on its own.
"""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from musicdiff_job.core.artists import NOTHING, Known
from musicdiff_job.core.conversation import decide
from musicdiff_job.core.match import Ask, Evidence, Match, Preference, Question, Rules, Unmatched
from musicdiff_job.core.model import Item, Track, item_of
from musicdiff_job.core.questions import ByAlbum, ByArtist, Sweep
from musicdiff_job.core.sweeps import (
    ALBUM_YIELD,
    ARTIST_YIELD,
    SINGLE_YIELD,
    Key,
    Yield,
    album_key,
    artist_key,
    at_hand,
    ways_in,
)
from musicdiff_job.journal import event
from musicdiff_job.shelf import Shelf

SCOUTS = 2
"""Tracks of an album or artist that are looked up one after the other to find the way in."""
MOST_SWEPT = 100
"""Rows of one answer, so that no sweep is expected to find more."""


class Learned:
    """What one run has learned about the catalogue, for all its collections: rows, answers, ways in and yields."""

    def __init__(self) -> None:
        self.shelf = Shelf()
        self.answers: dict[Question | Sweep, tuple[Track, ...]] = {}
        self.ways: dict[Key, Sweep] = {}
        self.yields: dict[str, Yield] = {"album": ALBUM_YIELD, "artist": ARTIST_YIELD, "single": SINGLE_YIELD}


@dataclass(eq=False, slots=True)
class Search:
    """The search for the counterpart of one track, album or artist. ``rejected`` are target ids that the person has
    ruled out, ``prefer`` is which copy the person would rather have, ``known`` what the library holds of an artist."""

    track: Track
    evidence: Evidence
    rejected: frozenset[str]
    prefer: Preference | None = None
    known: Known = NOTHING
    groups: tuple[Group, ...] = ()

    @property
    def of_track(self) -> bool:
        """Whether it is a track that is looked for; only tracks are found by sweeps, or by chance."""
        return item_of(self.track.id) is Item.TRACK


@dataclass(eq=False, slots=True)
class Group:
    """The wanted tracks of one album or artist of the source."""

    key: Key
    open: dict[Search, None] = field(default_factory=dict)
    scout: Search | None = None
    scouts: int = 0
    sweeping: bool = False
    parked: list[Search] = field(default_factory=list)


class SingleCall(NamedTuple):
    """A question about one track, to put to the catalogue."""

    question: Question


class SweepCall(NamedTuple):
    """A question about many."""

    group: Group
    question: Sweep


Call = SingleCall | SweepCall


class Planner:
    """The open searches of one collection. Not thread-safe."""

    def __init__(self, learned: Learned, rules: Rules, searches: Iterable[Search]) -> None:
        self._learned = learned
        self._rules = rules
        self._queue: deque[Search] = deque(searches)
        self._waiting: dict[Question, list[Search]] = {}
        self._decided: list[tuple[Search, Match | Unmatched]] = []
        self.open: dict[Search, None] = dict.fromkeys(self._queue)
        groups: dict[Key, Group] = {}
        for search in self._queue:
            keys = [key for key in (album_key(search.track), artist_key(search.track)) if key and search.of_track]
            search.groups = tuple(groups.setdefault(key, Group(key)) for key in keys)
            for group in search.groups:
                group.open[search] = None
        self._ready = [group for group in groups.values() if group.key in learned.ways]
        for search in self._queue:
            self._take_at_hand(search)

    def decided(self) -> Iterator[tuple[Search, Match | Unmatched]]:
        """What has been settled since the last time, each once."""
        while self._decided:
            yield self._decided.pop()

    def next(self) -> Call | None:
        """The call that is expected to find the most. None when there is none, before an answer at least."""
        if sweep := self._best_sweep():
            return sweep
        while self._queue:
            search = self._queue.popleft()
            holder = next((group for group in search.groups if self._holds(group, search)), None)
            if holder is not None:
                holder.parked.append(search)
            elif question := self._advance(search):
                if question in self._waiting:
                    self._waiting[question].append(search)
                    continue
                self._waiting[question] = [search]
                for group in search.groups:
                    if group.scout is None and self._is_worth_scouting(group):
                        group.scout = search
                return SingleCall(question)
            if sweep := self._best_sweep():
                return sweep
        return None

    def answered(self, call: Call, rows: tuple[Track, ...]) -> None:
        """Take the answer to ``call``."""
        self._learned.answers[call.question] = rows
        self._learned.shelf.put(row for row in rows if item_of(row.id) is Item.TRACK)
        match call:
            case SweepCall(group, question):
                wanted = min(len(group.open), MOST_SWEPT)
                found = sum(self._take_at_hand(search) for search in list(group.open))
                self._count(group.key[0], found, wanted)
                self._swept(group)
                event("sweep.answered", logging.DEBUG, sweep=_named(question), rows=len(rows), found=found)
            case SingleCall(question):
                before, waiting = len(self._decided), self._waiting.pop(question)
                for search in waiting:
                    search.evidence = search.evidence.with_answer(question, rows)
                    if self._advance(search):
                        self._queue.appendleft(search)
                if any(search.of_track for search in waiting):
                    self._count("single", int(any(isinstance(one, Match) for _, one in self._decided[before:])), 1)

    def failed(self, call: Call) -> list[Search]:
        """``call`` was not answered: the searches that can not go on. A sweep that failed is not tried again."""
        match call:
            case SweepCall(group):
                self._swept(group)
                return []
            case SingleCall(question):
                stuck = self._waiting.pop(question)
                for search in stuck:
                    self._leave(search)
                return stuck

    # One search

    def _advance(self, search: Search) -> Question | None:
        """The next question that has not been answered in this run; None when the search has ended."""
        while search in self.open:
            match decide(search.track, search.evidence, self._rules, search.rejected, search.prefer, search.known):
                case Ask(question):
                    if question in self._learned.answers:
                        search.evidence = search.evidence.with_answer(question, self._learned.answers[question])
                    elif not self._take_at_hand(search):
                        return question
                case decision:
                    self._end(search, decision)
        return None

    def _take_at_hand(self, search: Search) -> bool:
        if not search.of_track or search.prefer is not None:
            return False  # what was seen by chance is hardly the copy that somebody has a preference for
        seen = self._learned.shelf.like(search.track)
        found = at_hand(search.track, seen, search.evidence, self._rules, search.rejected)
        if found:
            self._end(search, found)
        return found is not None

    def _end(self, search: Search, decision: Match | Unmatched) -> None:
        self._decided.append((search, decision))
        taken = self._learned.shelf.get(decision.target) if isinstance(decision, Match) else None
        if taken:
            for key, sweep in ways_in(search.track, taken).items():
                if sweep not in self._learned.answers:
                    self._learned.ways.setdefault(key, sweep)
        self._leave(search)

    def _leave(self, search: Search) -> None:
        self.open.pop(search, None)
        for group in search.groups:
            group.open.pop(search, None)
            if group.scout is search:
                group.scout = None
                group.scouts += 1
            if group.key in self._learned.ways and group not in self._ready:
                self._ready.append(group)
            self._release(group)

    # Groups

    def _share(self, kind: str) -> float:
        return self._learned.yields[kind].share

    def _count(self, kind: str, found: int, wanted: int) -> None:
        self._learned.yields[kind] = self._learned.yields[kind].after(found, wanted)

    def _expected(self, group: Group) -> float:
        """Counterparts that a sweep of the group would find, of those that no other sweep is about to find."""
        left = sum(not any(other.sweeping for other in search.groups) for search in group.open)
        return min(left, MOST_SWEPT) * self._share(group.key[0])

    def _best_sweep(self) -> Call | None:
        """The most promising of the sweeps that can be made, if a question about one track promises less."""
        while self._ready:
            worth = {group: self._expected(group) for group in self._ready}
            self._ready = [group for group, expected in worth.items() if expected > self._share("single")]
            if not self._ready:
                break
            group = max(self._ready, key=worth.__getitem__)
            self._ready.remove(group)
            sweep = self._learned.ways.pop(group.key)
            if sweep not in self._learned.answers:
                group.sweeping = True
                event(
                    "sweep.planned", logging.DEBUG, sweep=_named(sweep), wanted=len(group.open),
                    expected=round(worth[group], 1),
                )  # fmt: skip
                return SweepCall(group, sweep)
        return None

    def _is_worth_scouting(self, group: Group) -> bool:
        left = min(len(group.open) - 1, MOST_SWEPT)
        return group.scouts < SCOUTS and left * self._share(group.key[0]) > self._share("single")

    def _holds(self, group: Group, search: Search) -> bool:
        """Whether the search should wait for what the group is about to find."""
        if group.sweeping:
            return True
        # Scouts wait for no other scout, else two might wait for each other.
        scouting = any(other.scout is search for other in search.groups)
        return not scouting and group.scout is not None and self._is_worth_scouting(group)

    def _swept(self, group: Group) -> None:
        group.sweeping = False
        group.scouts = SCOUTS
        self._release(group)

    def _release(self, group: Group) -> None:
        if group.parked and not group.sweeping:
            self._queue.extendleft(reversed(group.parked))
            group.parked.clear()


def _named(sweep: Sweep) -> str:
    match sweep:
        case ByAlbum(album, title):
            return f"album {album} ({title})"
        case ByArtist(artist):
            return f"artist {artist}"
