"""Decide: from what both sides show to the list of changes that brings the target in step. Pure.

The changes of one playlist come in this order: metadata, additions, removals, at most one reorder. Additions before
removals, so that there is no empty window; only where a playlist would overflow the target's limit meanwhile do as many
removals as must come first. A playlist is never cleared and refilled.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TypeVar

import msgspec

from musicdiff_job.core.checkpoint import Pair, Part
from musicdiff_job.core.diff import Difference
from musicdiff_job.core.model import CollectionHead, Header, PlaylistId, TargetContents, TargetHead
from musicdiff_job.core.plan import (
    AddTracks,
    Change,
    LikeTrack,
    RemoveTracks,
    ReorderTracks,
    UnlikeTrack,
    UpdatePlaylist,
)
from musicdiff_job.core.policy import HandEdits, Policy

T = TypeVar("T")

GUARD_FLOOR = 10
"""Entries. Fewer removals than this never trip the guard, however small the playlist."""
UNTITLED = "Untitled playlist"
"""Spotify allows empty names, Deezer refuses them."""
TITLE_LIMIT = 50
DESCRIPTION_LIMIT = 200
"""Characters; what is longer is cut. Deezer documents no limits. These are those of a client that does as Deezer's web
player does, and says that a longer description is refused; a playlist that is refused would have no mirror at all."""


def titles(head: CollectionHead, policy: Policy, parts: int) -> tuple[str, ...]:
    """The target titles of a collection's parts: the name by the template, with "(1/2)" when there are several, cut so
    that the number stays."""
    name = _whole_name(head, policy)
    if parts == 1:
        return (cut(name, TITLE_LIMIT),)
    numbers = (f" ({number}/{parts})" for number in range(1, parts + 1))
    return tuple(cut(name, TITLE_LIMIT - len(number)) + number for number in numbers)


def _whole_name(head: CollectionHead, policy: Policy) -> str:
    return policy.name.replace("{name}", head.name.strip() or UNTITLED)


def cut(text: str, limit: int) -> str:
    """``text`` in at most ``limit`` characters, with an ellipsis where it was cut."""
    return text if len(text) <= limit else f"{text[: limit - 1].rstrip()}…"


def too_long(head: CollectionHead, policy: Policy) -> tuple[str, ...]:
    """What of a collection's metadata is cut for the target, in words."""
    fields = (("title", _whole_name(head, policy), TITLE_LIMIT), ("description", head.description, DESCRIPTION_LIMIT))
    return tuple(
        f"{field} cut to the {limit} characters that Deezer takes" for field, text, limit in fields if len(text) > limit
    )


def wanted_header(head: CollectionHead, policy: Policy, title: str) -> Header:
    """The metadata a mirror should have."""
    return Header(title=title, description=cut(head.description, DESCRIPTION_LIMIT), public=policy.is_public(head))


def wanted_headers(head: CollectionHead, policy: Policy, parts: int) -> tuple[Header, ...]:
    """The metadata of each of a collection's parts, in their order."""
    return tuple(wanted_header(head, policy, title) for title in titles(head, policy, parts))


class Metadata(msgspec.Struct, frozen=True):
    """What to do about a playlist's metadata: fields to set (None: leave), what a person changed on the target and we
    leave alone, and whether the person is to be asked about the title: it is new, or the source's is."""

    title: str | None = None
    description: str | None = None
    public: bool | None = None
    kept: tuple[str, ...] = ()
    renamed: bool = False

    def change(self, playlist: PlaylistId) -> UpdatePlaylist | None:
        """The change that sets the fields; None when there is nothing to set."""
        if self.title is None and self.description is None and self.public is None:
            return None
        return UpdatePlaylist(playlist, title=self.title, description=self.description, public=self.public)


def updates_in_flight(part: Part) -> tuple[UpdatePlaylist, ...]:
    """Changes of the metadata of which it is not known whether the target has made them."""
    return tuple(change for change in part.in_flight if isinstance(change, UpdatePlaylist))


def metadata(part: Part, wanted: Header, shown: TargetHead, edits: HandEdits) -> Metadata:
    """Three-way, field by field: a field that only the source changed follows it; one that a person changed on the
    target is kept and told, unless hand edits are overwritten. A field in flight is set again whatever it shows: what
    was agreed on before and what was being set are both ours. Listings do not show descriptions, so only the source's
    change of one is seen here."""
    agreed = part.header
    pending = updates_in_flight(part)
    if agreed is None:
        # Created by us without its metadata: everything that is not as wanted is ours to set.
        return Metadata(
            title=None if shown.is_called(wanted.title) else wanted.title,
            description=wanted.description,
            public=wanted.public if shown.public is not wanted.public or shown.collaborative else None,
        )
    kept = []
    title: str | None = None
    titles_set = {update.title for update in pending if update.title is not None}
    renamed = False
    if not shown.is_called(wanted.title) or titles_set:
        if any(map(shown.is_called, (agreed.title, wanted.title, *titles_set))) or edits is HandEdits.OVERWRITE:
            title = wanted.title
        else:
            both = f" (and on Spotify to {wanted.title!r})" if wanted.title != agreed.title else ""
            kept.append(f"title changed by hand on Deezer to {shown.title!r}{both}")
            renamed = not shown.is_called(part.title) or wanted.title != agreed.title
    public: bool | None = None
    if any(update.public is not None for update in pending):
        public = wanted.public
    elif shown.public is not None and shown.public is not wanted.public:
        if shown.public is agreed.public or edits is HandEdits.OVERWRITE:
            public = wanted.public
        else:
            kept.append(f"made {'public' if shown.public else 'private'} by hand on Deezer")
    if shown.collaborative and public is None:
        if edits is HandEdits.OVERWRITE:
            public = wanted.public
        else:
            kept.append("made collaborative by hand on Deezer")
    described = any(update.description is not None for update in pending)
    description = wanted.description if described or wanted.description != agreed.description else None
    return Metadata(title=title, description=description, public=public, kept=tuple(kept), renamed=renamed)


def playlist_changes(
    playlist: PlaylistId, difference: Difference, contents: TargetContents, *, batch: int, limit: int
) -> tuple[Change, ...]:
    """Additions, removals and at most one reorder, each addition and removal of at most ``batch`` tracks.
    ``limit`` is how many entries the playlist may hold at any time. What has to make room goes before the additions,
    and the last of what is there only when something has taken its place."""
    add, remove = tuple(pair.target for pair in difference.add), difference.remove
    over = max(0, len(contents.tracks) + contents.hidden + len(add) - limit)
    early = min(over, len(remove), max(0, len(contents.tracks) - 1))
    fits = max(0, len(add) - (over - early))
    changes: list[Change] = []
    for removed, added in ((remove[:early], add[:fits]), (remove[early:], add[fits:])):
        changes += [RemoveTracks(playlist, tracks) for tracks in _chunks(removed, batch)]
        changes += [AddTracks(playlist, tracks) for tracks in _chunks(added, batch)]
    gone = set(remove)
    result = (*(track.id for track in contents.tracks if track.id not in gone), *add)
    if result != difference.order:
        changes.append(ReorderTracks(playlist, difference.order))
    return tuple(changes)


def favourite_changes(difference: Difference) -> tuple[Change, ...]:
    """Likes, oldest first, then unlikes. No favourites can be reordered: Deezer sorts them by date."""
    likes = [LikeTrack(pair.target) for pair in difference.add]
    return (*likes, *(UnlikeTrack(track) for track in difference.remove))


def is_mass_removal(going: int, entries: int, share: float) -> bool:
    """Whether removing ``going`` of ``entries`` is more than may happen unattended: more than ``share`` of them (a
    fraction), and more than ``GUARD_FLOOR``."""
    return going > max(GUARD_FLOOR, share * entries)


def split(
    desired: Sequence[Pair], limit: int, at_least: int, taken: Sequence[int] = ()
) -> tuple[tuple[Pair, ...], ...]:
    """The wanted entries cut into parts of at most ``limit``, at least one part and at least ``at_least`` (parts that
    exist stay, even when they run empty). ``taken`` is how many places of the first parts others have, entries added
    by hand."""
    parts: list[tuple[Pair, ...]] = []
    start = 0
    while start < len(desired) or len(parts) < max(1, at_least):
        others = taken[len(parts)] if len(parts) < len(taken) else 0
        room = max(0, limit - others)
        parts.append(tuple(desired[start : start + room]))
        start += room
    return tuple(parts)


def in_turn(work: Mapping[PlaylistId, Difference]) -> tuple[PlaylistId, ...]:
    """The parts in the order in which to change them: one after those that entries move to from it, so that what moves
    is never missing. Where entries move both ways that cannot be had, and the last part goes first."""
    left = dict(reversed(list(work.items())))
    order: list[PlaylistId] = []
    while left:
        coming = {one: {pair.target for pair in left[one].add} for one in left}
        ready = (
            one for one in left if all(coming[other].isdisjoint(left[one].remove) for other in left if other != one)
        )
        order.append(next(ready, next(iter(left))))
        del left[order[-1]]
    return tuple(order)


def _chunks(items: tuple[T, ...], size: int) -> Iterator[tuple[T, ...]]:
    for start in range(0, len(items), size):
        yield items[start : start + size]
