"""What flows back: which hand edits on the target are made on the source too. Pure.

Theory. The mirror has been brought in step before, so what is left of a person's edits on the target is in its memory:
entries of the base that are on the source and no longer on the target (*left out*), and entries of the target that
neither the base nor the source knows (*hand added*). The table is that of ``core.diff`` with the sides exchanged::

    base source target
     -     -     yes    added by hand on the target    append to the source list
    yes   yes     -     removed by hand on the target  remove from the source list

A person may contradict themselves: remove an entry on one side, and move it or add it again on the other. *Moved*
means: not in the longest run of entries that kept their order. Neither side is touched then before a person decides.

The source takes a track twice, and a removal there takes every copy. So an entry that the source list holds more than
once, under one id or several, is never removed, and nothing is added that a read shows already. Who removes a
track on the target and adds another copy of it wants the track: the source keeps it.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import TypeVar

import msgspec

from musicdiff_job.core.comparison import same_isrc
from musicdiff_job.core.likeness import Rules, Scored, score
from musicdiff_job.core.model import Entry, SourceId, TargetId, Track

T = TypeVar("T")

COPIES = 0.93
"""The least score between two tracks of the source at which they are copies of one recording."""

TWICE = "it is on the Spotify list more than once"
THERE = "its counterpart is on the Spotify list already"
TAKEN = "its counterpart on Spotify stands for another Deezer track"
NOTHING = "Spotify's search finds nothing like it"
NOT_CLOSE = "no track on Spotify is close enough"
SWAPPED = "another copy of it was added on Deezer"
LOST = "Spotify confirmed the change and does not show it"
HIDING = "Deezer hid entries of the list then, so nobody knows what was removed by hand"
SEVERAL = "several tracks on Spotify may be meant"

FINAL = frozenset({SWAPPED, LOST, HIDING})
"""Reasons that are not judged again while the edit stands."""


class Listed(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """An entry of the source list as it was last agreed on, and since when it is there ("" where Spotify does not
    say)."""

    source: SourceId
    added_at: str = ""


class Sent(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """An entry that is to be appended to the source list, or removed from it, and its counterpart."""

    source: SourceId
    target: TargetId
    removal: bool = False


class Stay(msgspec.Struct, frozen=True, omit_defaults=True):
    """A hand edit that does not flow back, and why. ``tries`` counts look-ups that found nothing, ``retry_at`` is when
    the next one is due."""

    target: TargetId
    name: str
    reason: str
    tries: int = 0
    retry_at: str | None = None


class Flow(msgspec.Struct, frozen=True, omit_defaults=True):
    """What the memory of a mirror whose edits flow both ways holds besides.

    ``agreed`` is the source list as of the last agreement. ``outside`` are targets whose hand edits are older than the
    setting, so they stay as they are. ``disputed`` are targets whose edits contradict each other. ``sent`` are edits
    of the source of which no read has told yet what came of them; the first ``acknowledged`` of them were confirmed.
    ``before`` is the source's snapshot when the first was sent, ``after`` the one that the last confirmation named.
    ``owed`` says that hand edits have still to be looked at.
    """

    agreed: tuple[Listed, ...] = ()
    outside: tuple[TargetId, ...] = ()
    disputed: tuple[TargetId, ...] = ()
    sent: tuple[Sent, ...] = ()
    acknowledged: int = 0
    before: str = ""
    after: str = ""
    stay: tuple[Stay, ...] = ()
    owed: bool = False


class Returns(msgspec.Struct, frozen=True):
    """What to do on the source: entries to append and to remove, those that a person must decide about, and those that
    stay as they are with the reason."""

    add: tuple[Sent, ...]
    remove: tuple[Sent, ...]
    disputed: tuple[TargetId, ...]
    stay: Mapping[TargetId, str]


def give_back(
    flow: Flow,
    entries: Sequence[Entry],
    standing: Mapping[SourceId, TargetId],
    left_out: Iterable[tuple[SourceId, TargetId]],
    added: Iterable[tuple[TargetId, SourceId]],
) -> Returns:
    """Decide about every hand edit. ``entries`` are the source list's, ``standing`` tells which target track a source
    track stands for. ``left_out`` are pairs that a person removed on the target; ``added`` are those that a person
    added there, with their counterparts. Edits in ``flow.outside`` must not be among them."""
    there = [SourceId(entry.track.id) for entry in entries if entry.track is not None]
    copies = Counter(standing.get(source) for source in there)
    twice = Counter(there)
    touched = changed(flow.agreed, entries)
    add: dict[SourceId, Sent] = {}
    remove: list[Sent] = []
    disputed: list[TargetId] = []
    stay: dict[TargetId, str] = {}
    added = tuple(added)
    swapped = {source for _, source in added}
    for source, target in left_out:
        if twice[source] == 0:
            continue  # gone on both sides
        if twice[source] > 1 or copies[target] > 1:
            stay[target] = TWICE
        elif source in swapped:
            stay[target] = SWAPPED
        elif target in flow.disputed or source in touched:
            disputed.append(target)
        else:
            remove.append(Sent(source, target, removal=True))
    for target, source in added:
        if standing.get(source, target) != target or source in add:
            stay[target] = TAKEN
        elif source in twice:
            stay[target] = THERE
        else:
            add[source] = Sent(source, target)
    return Returns(tuple(add.values()), tuple(remove), tuple(disputed), stay)


def agreement(entries: Iterable[Entry]) -> tuple[Listed, ...]:
    """The source list as it is agreed on now: each track at its first place."""
    found: dict[SourceId, Listed] = {}
    for entry in entries:
        if entry.track is not None:
            source = SourceId(entry.track.id)
            found.setdefault(source, Listed(source, entry.added_at or ""))
    return tuple(found.values())


def changed(agreed: Sequence[Listed], entries: Iterable[Entry]) -> frozenset[SourceId]:
    """The tracks of the source that were moved, or removed and added again, since they were agreed on."""
    now = agreement(entries)
    before = {one.source: one.added_at for one in agreed}
    again = {one.source for one in now if before.get(one.source, one.added_at) != one.added_at}
    return moved([one.source for one in agreed], [one.source for one in now]) | again


def moved(before: Sequence[T], now: Sequence[T]) -> frozenset[T]:
    """Which of those that are in both orders, each once, were moved: all but a longest run that kept its order."""
    places = {one: place for place, one in enumerate(before)}
    common = [one for one in now if one in places]
    # Patience sorting: the smallest end of a run of each length, and the way back.
    ends: list[int] = []
    last: list[T] = []
    previous: dict[T, T | None] = {}
    for one in common:
        at = bisect_left(ends, places[one])
        previous[one] = last[at - 1] if at else None
        ends[at : at + 1] = [places[one]]
        last[at : at + 1] = [one]
    kept: set[T] = set()
    step: T | None = last[-1] if last else None
    while step is not None:
        kept.add(step)
        step = previous[step]
    return frozenset(common) - kept


def settled(flow: Flow, entries: Iterable[Entry]) -> tuple[tuple[Sent, ...], tuple[Sent, ...]]:
    """What a read of the source list says of the edits in ``flow.sent``: those whose effect it shows, and those that
    were confirmed and whose effect it does not show."""
    there = {entry.track.id for entry in entries if entry.track is not None}
    seen = [(one.source in there) is not one.removal for one in flow.sent]
    done = tuple(one for one, shown in zip(flow.sent, seen, strict=True) if shown)
    confirmed = zip(flow.sent[: flow.acknowledged], seen, strict=False)
    return done, tuple(one for one, shown in confirmed if not shown)


def choose(wanted: Track, candidates: Iterable[Track], rules: Rules, ruled_out: Collection[str]) -> Scored | str:
    """The source's counterpart of a target track, or why there is none. A candidate must be taken for the target track
    and the target track for the candidate, each with a score that the rules accept."""
    found = {one.id: one for one in candidates if one.id not in ruled_out}
    if not found:
        return NOTHING
    scored = sorted((_both_ways(wanted, one, rules) for one in found.values()), key=lambda one: -one.score)
    fit = [one for one in scored if not one.refused and one.score >= rules.min_score]
    if not fit:
        return NOT_CLOSE
    best = fit[0]
    if any(best.score - other.score < rules.min_gap and not _copies(best.track, other.track, rules) for other in fit):
        return SEVERAL
    return best


def _both_ways(wanted: Track, candidate: Track, rules: Rules) -> Scored:
    """The worse of the two judgements."""
    there, back = score(candidate, wanted, rules), score(wanted, candidate, rules)
    return Scored(candidate, min(there.score, back.score), back.penalties, there.refused or back.refused)


def _copies(one: Track, other: Track, rules: Rules) -> bool:
    if one.id == other.id or same_isrc(one, other):
        return True
    alike = score(one, other, rules)
    return not alike.refused and alike.score >= COPIES
