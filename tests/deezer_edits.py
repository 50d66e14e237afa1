"""What a person does on Deezer by hand, and what Deezer does of its own. Each edit takes three small numbers and makes
the best of them; what it asks of the job is noted in ``BothSides.told``."""

from __future__ import annotations

import random
from collections.abc import Callable

from both_sides import FAVOURITES, NAMES, BothSides

from musicdiff_job.core.checkpoint import Mirror
from musicdiff_job.core.model import CollectionId

FULL = 1_999


def _one(sides: BothSides, which: int) -> tuple[CollectionId, Mirror, int] | None:
    bound = sides.bound()
    return bound[which % len(bound)] if bound else None


def hand_add(sides: BothSides, which: int, track: int, how: int) -> None:
    """Mostly a track that is foreign to the source, sometimes one that it may want."""
    if not (one := _one(sides, which)):
        return
    key, _, playlist = one
    everywhere = {
        entry for found, _, other in sides.bound() if found == key for entry in sides.deezer.playlist(other).entries
    }
    pool = sorted(set(sides.counterparts.values())) if how % 3 == 2 else sides.foreign
    free = [found for found in pool if found not in everywhere]
    if not free or len(sides.deezer.playlist(playlist).entries) >= FULL:
        return
    added = free[track % len(free)]
    sides.deezer.add_by_hand(playlist, added, offset=-(how % 2))
    sides.tell(f"deezer: {playlist} of {key} got {added} by hand at the {'end' if how % 2 else 'top'}")
    told = sides.of(key)
    if added in sides.foreign:
        if added not in told.added:
            told.added.append(added)
        told.unsure.discard(added)
    else:
        told.removed.discard(added)
        told.unsure.add(added)


def hand_remove(sides: BothSides, which: int, at: int, _c: int) -> None:
    if not (one := _one(sides, which)):
        return
    key, mirror, playlist = one
    if not (contents := sides.contents(playlist)):
        return
    told = sides.of(key)
    track = contents[at % len(contents)]
    sides.deezer.remove_by_hand(playlist, track)
    sides.tell(f"deezer: {playlist} of {key} lost {track} by hand")
    if track in told.added:
        told.added.remove(track)
        told.unsure.add(track)
        return
    part = next(part for part in mirror.parts if part.playlist == str(playlist))
    settled = any(pair.target == str(track) for pair in part.base) and not part.in_flight and not mirror.left_out
    held = sides.now().get(key)
    if settled and held and track in held.wanted and len(mirror.parts) == 1 and not told.hidden:
        told.removed.add(track)
    else:
        told.unsure.add(track)


def hand_reorder(sides: BothSides, which: int, order: int, _c: int) -> None:
    if one := _one(sides, which):
        _, _, playlist = one
        contents = sides.contents(playlist)
        random.Random(order).shuffle(contents)
        sides.deezer.reorder_by_hand(playlist, contents)
        sides.tell(f"deezer: {playlist} reordered by hand")


def hand_rename(sides: BothSides, which: int, name: int, _c: int) -> None:
    if one := _one(sides, which):
        key, _, playlist = one
        title = ("Mine", *NAMES[:3])[name % 4]
        sides.deezer.rename_by_hand(playlist, title)
        sides.of(key).renamed = True
        sides.tell(f"deezer: {playlist} of {key} renamed {title!r} by hand")


def hand_create(sides: BothSides, name: int, first: int, whose: int) -> None:
    """An own playlist, or one of somebody else that is followed."""
    if len(sides.by_hand) < 3:
        title = (*NAMES[:4], "Only here")[name % 5]
        start = first % (len(sides.foreign) - 1)
        tracks = list(sides.foreign[start : start + 2])
        if whose % 2:
            made = sides.deezer.follow_by_hand(title, tracks, creator_id=4711)
            sides.theirs[made] = tuple(tracks)
        else:
            made = sides.deezer.create_by_hand(title, tracks)
            sides.by_hand[made] = (title, tracks)
        sides.tell(f"deezer: by hand, {title!r} {made} {tracks}")


def hand_delete(sides: BothSides, which: int, _b: int, _c: int) -> None:
    if one := _one(sides, which):
        key, _, playlist = one
        sides.deezer.delete_playlist_by_hand(playlist)
        sides.by_hand.pop(playlist, None)
        sides.of(key).may_be_undone()
        sides.deleted.add(key)
        sides.tell(f"deezer: {playlist} of {key} deleted by hand")


def hand_like(sides: BothSides, track: int, _b: int, _c: int) -> None:
    liked = sides.foreign[track % len(sides.foreign)]
    if liked not in sides.deezer.state().favourites:
        sides.deezer.like_by_hand(liked)
        sides.of(FAVOURITES).added.append(liked)
        sides.tell(f"deezer: liked {liked} by hand")


def hand_unlike(sides: BothSides, at: int, _b: int, _c: int) -> None:
    if held := sides.deezer.state().favourites:
        track = held[at % len(held)]
        sides.deezer.unlike_by_hand(track)
        told = sides.of(FAVOURITES)
        if track in told.added:
            told.added.remove(track)
        told.unsure.add(track)
        sides.dirty_likes.add(track)
        sides.tell(f"deezer: unliked {track} by hand")


def hide(sides: BothSides, which: int, at: int, _c: int) -> None:
    """Deezer withdraws an entry: it counts still and is listed no more."""
    if not (one := _one(sides, which)):
        return
    key, _, playlist = one
    if contents := sides.contents(playlist):
        track = contents[at % len(contents)]
        sides.deezer.hide_by_hand(playlist, track)
        told = sides.of(key)
        told.hidden.add(track)
        told.unsure.add(track)
        if track in told.added:
            told.added.remove(track)
        told.unsure |= told.removed
        told.removed.clear()
        sides.tell(f"deezer: {playlist} of {key} hides {track}")


def hand_back(sides: BothSides, _a: int, _b: int, _c: int) -> None:
    """A track that was removed by hand is put back by hand."""
    for key, _, playlist in sides.bound():
        told = sides.of(key)
        for track in sorted(told.removed):
            if track not in sides.deezer.playlist(playlist).entries:
                sides.deezer.add_by_hand(playlist, track)
                told.removed.discard(track)
                told.unsure.add(track)
                sides.tell(f"deezer: {playlist} of {key} got {track} back by hand")
                return


def block(sides: BothSides, which: int, _b: int, _c: int) -> None:
    """A track that Deezer has no longer for this account, though its catalogue shows it."""
    targets = sorted(set(sides.counterparts.values()))
    track = targets[which % len(targets)]
    sides.deezer.set_readable(track, False, abroad=True)
    sides.blocked.add(track)
    sides.tell(f"deezer: {track} is blocked")


def expire(sides: BothSides, _a: int, _b: int, _c: int) -> None:
    sides.deezer.expire_sessions()
    sides.tell("deezer: sessions expired")


DEEZER_EDITS: dict[Callable[[BothSides, int, int, int], None], float] = {
    hand_add: 5,
    hand_remove: 4,
    hand_reorder: 2,
    hand_rename: 1,
    hand_create: 2,
    hand_delete: 0.7,
    hand_like: 2,
    hand_unlike: 1,
    hide: 1,
    hand_back: 1,
    block: 0.5,
    expire: 0.5,
}
"""How often they happen."""
