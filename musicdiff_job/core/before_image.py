"""What runs took away and where it stood, kept for a while so that it can be put back.

Theory. An image is saved together with the intent of the removal it precedes, so no death can leave a removal without
its image. The reverse may happen: an image may name what a run died before removing. So putting back always starts
from what the target shows now, and what is there already is not added again.

A place is remembered as the nearest track before it that stayed, which holds whatever happens elsewhere in the list.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime, timedelta

import msgspec

from musicdiff_job.core.errors import UsageError
from musicdiff_job.core.model import CollectionId, Header, Kind, PlaylistId, TargetId
from musicdiff_job.core.timestamps import from_iso

DAYS_KEPT = 30
"""Days after which the image of a run is dropped."""
ENTRIES_KEPT = 10_000
"""Removed entries, over all runs, beyond which the images of the oldest runs are dropped, each run's as a whole. The
last run's stay however many they are: what was removed has left the base, so the checkpoint does not grow by it."""
NAME_KEPT = 120
"""Characters of a name."""


class Removed(msgspec.Struct, frozen=True, array_like=True):
    """One entry that was taken away: its name for people, where it stood (from 0), and the nearest track before it
    that stayed, None for the beginning."""

    track: TargetId
    name: str
    at: int
    after: TargetId | None = None


class BeforeImage(msgspec.Struct, frozen=True, omit_defaults=True):
    """What one run took away from one target playlist, in the order in which it stood.

    ``name`` is the collection's, ``title`` the playlist's. With a ``header`` the whole playlist was deleted, and this
    is what it was called; while it is created again, ``making`` holds the account's playlists of that title from
    before, and afterwards ``playlist`` is the new one. ``undone_at`` is when all of it was last put back.
    """

    run: str
    taken_at: str
    collection: CollectionId
    kind: Kind
    name: str
    playlist: PlaylistId
    title: str = ""
    removed: tuple[Removed, ...] = ()
    header: Header | None = None
    making: tuple[PlaylistId, ...] | None = None
    undone_at: str = ""

    @property
    def of_source(self) -> bool:
        """Whether it was removed from the source's own list, where hand edits flow back: ``playlist`` is that list's
        id then, and the tracks are the source's."""
        return self.playlist == str(self.collection)


def run_named(images: Iterable[BeforeImage], name: str) -> str:
    """The run whose images are meant: by its id, by the beginning of it, or by "last". Raises ``UsageError``."""
    runs = list(dict.fromkeys(image.run for image in images))
    found = runs[-1:] if name == "last" else [run for run in runs if run.startswith(name)]
    found = [run for run in found if run == name] or found
    if len(found) != 1:
        several, nothing = f"{len(found)} runs begin with {name}", f"it is not known what a run {name} has removed"
        raise UsageError(several if found else nothing, "`musicdiff-job undo --list` lists what can be undone")
    return found[0]


def stood(shown: Sequence[TargetId], going: Collection[TargetId], names: Mapping[TargetId, str]) -> tuple[Removed, ...]:
    """Where those of ``going`` stand that a playlist shows, in its order."""
    found: list[Removed] = []
    after: TargetId | None = None
    for at, track in enumerate(shown):
        if track in going:
            found.append(Removed(track, names.get(track, "")[:NAME_KEPT], at, after))
        else:
            after = track
    return tuple(found)


def remembered(images: Iterable[BeforeImage], image: BeforeImage, now: datetime) -> tuple[BeforeImage, ...]:
    """The images with one more; what a run took away from one playlist in several writes is one image."""
    known = list(images)
    for place, one in enumerate(known):
        if (one.run, one.playlist) == (image.run, image.playlist):
            entries = {entry.track: entry for entry in (*image.removed, *one.removed)}
            merged = tuple(sorted(entries.values(), key=lambda entry: entry.at))
            known[place] = msgspec.structs.replace(image, taken_at=one.taken_at, removed=merged)
            break
    else:
        known.append(image)
    return kept(known, now)


def kept(images: Iterable[BeforeImage], now: datetime) -> tuple[BeforeImage, ...]:
    """The images without those that are too old, and without the oldest runs' while there are too many entries."""
    oldest = now - timedelta(days=DAYS_KEPT)
    young = [image for image in images if from_iso(image.taken_at) >= oldest]
    runs = list(dict.fromkeys(image.run for image in young))
    while len(runs) > 1 and sum(len(image.removed) for image in young) > ENTRIES_KEPT:
        dropped = runs.pop(0)
        young = [image for image in young if image.run != dropped]
    return tuple(young)


def back_in_place(shown: Sequence[TargetId], back: Sequence[Removed]) -> tuple[TargetId, ...]:
    """The order of a playlist with these entries where they stood, whether it shows them already or not; those whose
    neighbour is gone come last."""
    following: dict[TargetId | None, list[TargetId]] = {}
    for entry in back:
        following.setdefault(entry.after, []).append(entry.track)
    theirs = {entry.track for entry in back}
    order = following.pop(None, [])
    for track in shown:
        if track not in theirs:
            order += [track, *following.pop(track, ())]
    return (*order, *(track for tracks in following.values() for track in tracks))
