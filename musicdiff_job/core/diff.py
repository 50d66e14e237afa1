"""The verdict table: what happens to each entry, by three questions.

Theory. For every target track that base, source or target knows, ask: is it in the base? in the source (as the
counterpart of a wanted entry)? on the target? Seven combinations are possible; each has one verdict. Two verdicts
depend on what the user wants done about hand edits, and that is a second table. Tracks in flight are settled before
(``checkpoint.settled_base``), so every difference from the base that is left was made by a person. What ``undo`` put
back is such a difference too, and one that is kept whatever the user wants done about the others.

"base" includes what was left out before: an entry that somebody removed on the target and we left out is still known,
so it stays left out (``keep``), and comes back on its own if it shows up on the target again.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from enum import StrEnum
from typing import NamedTuple

import msgspec

from musicdiff_job.core.before_image import back_in_place, stood
from musicdiff_job.core.checkpoint import Pair
from musicdiff_job.core.model import TargetId
from musicdiff_job.core.policy import HandEdits


class Seen(NamedTuple):
    """Where a track is known."""

    base: bool
    source: bool
    target: bool


class Verdict(StrEnum):
    """What three answers mean."""

    ADD = "add"
    ADOPT = "adopt"
    KEEP = "keep"
    REMOVED_BY_HAND = "removed by hand"
    REMOVE = "remove"
    FORGET = "forget"
    ADDED_BY_HAND = "added by hand"


VERDICTS: dict[Seen, Verdict] = {
    Seen(base=False, source=True, target=False): Verdict.ADD,
    Seen(base=False, source=True, target=True): Verdict.ADOPT,
    Seen(base=True, source=True, target=True): Verdict.KEEP,
    Seen(base=True, source=True, target=False): Verdict.REMOVED_BY_HAND,
    Seen(base=True, source=False, target=True): Verdict.REMOVE,
    Seen(base=True, source=False, target=False): Verdict.FORGET,
    Seen(base=False, source=False, target=True): Verdict.ADDED_BY_HAND,
}


class Effect(StrEnum):
    """What is done about a hand edit."""

    ADD = "add"
    REMOVE = "remove"
    LEAVE_OUT = "leave out"
    LEAVE = "leave"
    ASK = "ask"


EFFECTS: dict[tuple[Verdict, HandEdits], Effect] = {
    (Verdict.REMOVED_BY_HAND, HandEdits.KEEP): Effect.LEAVE_OUT,
    (Verdict.REMOVED_BY_HAND, HandEdits.OVERWRITE): Effect.ADD,
    (Verdict.REMOVED_BY_HAND, HandEdits.ASK): Effect.ASK,
    (Verdict.ADDED_BY_HAND, HandEdits.KEEP): Effect.LEAVE,
    (Verdict.ADDED_BY_HAND, HandEdits.OVERWRITE): Effect.REMOVE,
    (Verdict.ADDED_BY_HAND, HandEdits.ASK): Effect.ASK,
}


class Difference(msgspec.Struct, frozen=True):
    """What to do to one part, and what will have been agreed on when it is done.

    ``order`` is the whole order wanted afterwards: mirrored entries first, then those added by hand in their own
    order; but what was put back stays behind the entry that it follows. ``base`` is the new base, given that
    everything in ``add`` and ``remove`` happens. ``hidden`` are entries of the base that the target counts but does
    not show; they are neither missing nor in the order.
    """

    add: tuple[Pair, ...]
    remove: tuple[TargetId, ...]
    order: tuple[TargetId, ...]
    base: tuple[Pair, ...]
    left_out: tuple[Pair, ...]
    hand_added: tuple[TargetId, ...]
    ask_removed: tuple[Pair, ...]
    ask_added: tuple[TargetId, ...]
    hidden: tuple[Pair, ...]


def diff(
    base: Iterable[Pair],
    left_out: Iterable[Pair],
    desired: Iterable[Pair],
    present: Iterable[TargetId],
    *,
    edits: HandEdits,
    additions: HandEdits | None = None,
    asked: frozenset[TargetId] = frozenset(),
    restored: frozenset[TargetId] = frozenset(),
    hidden: int = 0,
    concealed: frozenset[TargetId] = frozenset(),
) -> Difference:
    """Compare the three sides. ``edits`` is how hand edits are treated, ``additions`` how those are that added
    something, where that differs. ``desired`` must not name a target track twice (``collapse`` it first). ``asked`` are
    tracks added by hand that were seen before, so that nobody is asked about them again. ``restored`` are tracks that
    were put back on demand: added by hand, and to be kept.

    ``hidden`` is how many entries the target counts without showing them. As long as any are hidden, an entry of the
    base that cannot be seen may be one of them: it is kept as it is, not taken for removed by hand. ``concealed`` are
    tracks that are known to be hidden, for the target has refused them as present.
    """
    wanted = {pair.target: pair for pair in desired}
    shown = list(dict.fromkeys(present))
    on_target = set(shown)
    # What the source has dropped is forgotten: if it is on the target again, it is a person's and not ours to remove.
    left = {pair.target: pair for pair in left_out if pair.target in wanted}
    known = {pair.target: pair for pair in base} | left

    sure = (concealed & known.keys() & wanted.keys()) - on_target
    doubtful = hidden - len(sure)

    add: list[Pair] = []
    remove: list[TargetId] = []
    kept: dict[TargetId, Pair] = {}
    out: list[Pair] = []
    foreign: list[TargetId] = []
    ask_removed: list[Pair] = []
    ask_added: list[TargetId] = []
    unseen: list[Pair] = []
    for track in dict.fromkeys((*wanted, *known, *shown)):
        verdict = VERDICTS[Seen(track in known, track in wanted, track in on_target)]
        match verdict:
            case Verdict.ADD:
                add.append(wanted[track])
                kept[track] = wanted[track]
            case Verdict.ADOPT | Verdict.KEEP:
                kept[track] = wanted[track]
            case Verdict.REMOVE:
                remove.append(track)
            case Verdict.FORGET:
                pass
            case Verdict.REMOVED_BY_HAND:
                if track in sure:
                    unseen.append(wanted[track])
                    continue
                if track not in left and doubtful > 0:
                    doubtful -= 1
                    unseen.append(wanted[track])
                    continue
                match EFFECTS[verdict, edits]:
                    case Effect.ADD:
                        add.append(wanted[track])
                        kept[track] = wanted[track]
                    case Effect.ASK if track not in left:
                        ask_removed.append(wanted[track])
                        out.append(wanted[track])
                    case _:
                        out.append(wanted[track])
            case Verdict.ADDED_BY_HAND:
                match EFFECTS[verdict, HandEdits.KEEP if track in restored else additions or edits]:
                    case Effect.REMOVE:
                        remove.append(track)
                    case Effect.ASK if track not in asked:
                        ask_added.append(track)
                        foreign.append(track)
                    case _:
                        foreign.append(track)
    mirrored = tuple(kept[track] for track in wanted if track in kept)
    order = _order(tuple(pair.target for pair in mirrored), foreign, restored, shown)
    by_hand = set(foreign)
    return Difference(
        add=tuple(add),
        remove=tuple(remove),
        order=order,
        base=(*mirrored, *unseen),
        left_out=tuple(out),
        hand_added=tuple(track for track in order if track in by_hand),
        ask_removed=tuple(ask_removed),
        ask_added=tuple(ask_added),
        hidden=tuple(unseen),
    )


def _order(
    mirrored: tuple[TargetId, ...],
    foreign: Sequence[TargetId],
    restored: frozenset[TargetId],
    shown: Sequence[TargetId],
) -> tuple[TargetId, ...]:
    back = restored.intersection(foreign)
    ours = {*mirrored, *back}
    places = stood([track for track in shown if track in ours], back, {})
    return (*back_in_place(mirrored, places), *(track for track in foreign if track not in back))


def collapse(pairs: Iterable[Pair]) -> tuple[tuple[Pair, ...], int]:
    """Each target track once, at its first position, and how many repetitions that leaves out: Deezer refuses a
    track that a playlist already holds."""
    found = list(pairs)
    first: dict[TargetId, Pair] = {}
    for pair in found:
        first.setdefault(pair.target, pair)
    return tuple(first.values()), len(found) - len(first)
