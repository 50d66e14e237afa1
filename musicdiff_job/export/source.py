"""An export as the source of a sync: ``ports.Source`` over files, without an account and without a call.

An export tells no ids of playlists and no snapshots. A playlist's id is made of its name; of several of one name the
one with the oldest entry is the first, then the order of the files counts. So a playlist that is renamed is another one
to the job. A snapshot is made of the entries, so that an export that says the same as the last one costs nothing.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from functools import cached_property
from pathlib import Path

from musicdiff_job.core.errors import ConfigError
from musicdiff_job.core.model import (
    ALBUMS,
    ARTISTS,
    LIKED,
    AccountId,
    CollectionHead,
    CollectionId,
    Entry,
    Item,
    Kind,
    Page,
    Track,
    Unreadable,
    item_id,
)
from musicdiff_job.core.model import Library as Heads
from musicdiff_job.export import library
from musicdiff_job.export.lists import ExportedList, Library, made_up_id
from musicdiff_job.journal import event

ABSENT = "absent"
"""The snapshot of liked songs that the export says nothing about."""


class ExportSource:
    """The export that is copied from. It is read when it is first asked about, once; every method raises
    ``ConfigError`` for files that cannot be read."""

    def __init__(self, path: Path) -> None:
        self._path = path

    @cached_property
    def exported(self) -> Library:
        """Everything in the export, also what is no collection (yet): saved albums and followed artists."""
        found = library.read(self._path)
        event("export.read", path=str(self._path), playlists=len(found.playlists or ()), liked=len(found.liked or ()))
        return found

    def account(self) -> AccountId:
        """The owner's name, where the export tells it (Spotify's does), else the place of the export: a folder that
        new exports are put into stays the same account. No call."""
        return AccountId(f"export:{self.exported.owner or self._path}")

    def credential(self) -> str:
        """See ``Source.credential``."""
        return hashlib.sha256(self.account().encode(errors="surrogateescape")).hexdigest()[:16]

    def library(self, kinds: frozenset[Kind]) -> Heads:
        """See ``Source.library``. No call. Raises ``ConfigError`` besides when playlists are wanted and the export has
        none of their files: to conclude that all are gone would be wrong."""
        if Kind.PLAYLIST in kinds and self.exported.playlists is None:
            raise ConfigError(
                [f"source.path: {self._path} holds no playlists (there is no Playlist1.json)"],
                'Unpack the whole export, or mirror the rest of it only: sync.entities = ["liked"]',
            )
        return Heads(tuple(head for head in self._heads if head.kind in kinds))

    def page(self, head: CollectionHead, offset: int, after: str = "") -> Page | Unreadable:
        """See ``Source.page``. All entries are one page."""
        entries = self._entries.get(head.id)
        if entries is None:
            return Unreadable("the export says nothing about it", expected=True)
        return Page(entries[offset:], offset, total=len(entries), more=False)

    def unchanged(self, head: CollectionHead) -> bool:
        """See ``Source.unchanged``. What was read once in a run stays."""
        return head in self._heads

    @cached_property
    def _entries(self) -> dict[CollectionId, tuple[Entry, ...] | None]:
        lists = {identity: one.entries for identity, one in _identified(self.exported.playlists or ())}
        return {LIKED: self.exported.liked, ALBUMS: self._albums(), ARTISTS: self._artists(), **lists}

    def _albums(self) -> tuple[Entry, ...] | None:
        if self.exported.albums is None:
            return None
        return tuple(
            Entry(
                track=Track(
                    id=item_id(Item.ALBUM, one.id or made_up_id(one.title, one.artist, "")),
                    title=one.title,
                    artists=(one.artist,),
                ),
                added_at=one.saved_at,
            )
            for one in self.exported.albums
        )

    def _artists(self) -> tuple[Entry, ...] | None:
        if self.exported.artists is None:
            return None
        return tuple(
            Entry(track=Track(id=item_id(Item.ARTIST, one.id or made_up_id("", one.name, "")), title=one.name))
            for one in self.exported.artists
        )

    @cached_property
    def _heads(self) -> tuple[CollectionHead, ...]:
        playlists = (
            CollectionHead(
                id=identity,
                kind=Kind.PLAYLIST,
                name=one.name,
                snapshot=_snapshot(one.entries),
                total=len(one.entries),
                collaborative=one.collaborative,
                description=one.description,
            )
            for identity, one in _identified(self.exported.playlists or ())
        )
        kinds = {
            LIKED: (Kind.LIKED, "Liked Songs"),
            ALBUMS: (Kind.ALBUMS, "Saved Albums"),
            ARTISTS: (Kind.ARTISTS, "Followed Artists"),
        }
        shelves = (
            CollectionHead(
                identity,
                kind,
                name,
                ABSENT if (entries := self._entries[identity]) is None else _snapshot(entries),
                None if entries is None else len(entries),
            )
            for identity, (kind, name) in kinds.items()
        )
        return *shelves, *playlists


def _identified(lists: tuple[ExportedList, ...]) -> list[tuple[CollectionId, ExportedList]]:
    """The playlists with their ids, in the order of the export."""
    ids: dict[int, CollectionId] = {}
    seen: Counter[str] = Counter()
    for place in sorted(range(len(lists)), key=lambda place: (lists[place].began or "~", place)):
        name = lists[place].name
        seen[name] += 1
        digest = hashlib.sha256(f"{name}\0{seen[name]}".encode()).hexdigest()
        ids[place] = CollectionId(f"export:playlist:{digest[:22]}")
    return [(ids[place], one) for place, one in enumerate(lists)]


def _snapshot(entries: tuple[Entry, ...]) -> str:
    digest = hashlib.sha256()
    for entry in entries:
        digest.update(f"{entry.track.id if entry.track else entry.skipped}\n".encode())
    return digest.hexdigest()[:22]
