"""What the user wants done with each collection: the settings, resolved for one collection at a time."""

from __future__ import annotations

import hashlib
import re
from enum import StrEnum
from fnmatch import fnmatchcase

import msgspec

from musicdiff_job.core.model import (
    FAVOURITE_ALBUMS,
    FAVOURITE_ARTISTS,
    FAVOURITES,
    CollectionHead,
    Kind,
    PlaylistId,
)


class HandEdits(StrEnum):
    """What to do about entries that a person added or removed on the target."""

    KEEP = "keep"
    OVERWRITE = "overwrite"
    ASK = "ask"


class OnSourceDeleted(StrEnum):
    """What to do with the mirror of a collection that vanished from the source."""

    DETACH = "detach"
    DELETE = "delete"


class Privacy(StrEnum):
    """Whether mirrored playlists are public."""

    PRIVATE = "private"
    PUBLIC = "public"
    SOURCE = "source"


class LikedAs(StrEnum):
    """Where liked songs go."""

    FAVOURITES = "favourites"
    PLAYLIST = "playlist"


class Window(msgspec.Struct, frozen=True):
    """A daily time span in a time zone; ``start`` and ``end`` are minutes since midnight, end before start means
    over midnight. ``timezone`` is an IANA name, "" for the machine's own."""

    start: int
    end: int
    timezone: str = ""


class Rule(msgspec.Struct, frozen=True, omit_defaults=True):
    """One ``[[playlist]]`` of the settings; None means: not said here."""

    match: str
    every: float | None = None
    window: Window | None = None
    priority: int = 0
    hand_edits: HandEdits | None = None
    both_ways: bool = False


class Policy(msgspec.Struct, frozen=True):
    """The settings that shape mirrors. Durations in seconds, ``max_removals`` a fraction of the placed entries."""

    entities: tuple[str, ...] = ("liked", "artists", "albums", "playlists")
    include: tuple[str, ...] = ("*",)
    exclude: tuple[str, ...] = ()
    hand_edits: HandEdits = HandEdits.KEEP
    max_removals: float = 0.3
    on_source_deleted: OnSourceDeleted = OnSourceDeleted.DETACH
    verify_every: float = 7 * 86_400.0
    privacy: Privacy = Privacy.PRIVATE
    name: str = "{name}"
    liked_as: LikedAs = LikedAs.FAVOURITES
    playlist_limit: int = 2000
    rules: tuple[Rule, ...] = ()

    def rule_for(self, head: CollectionHead) -> Rule:
        """The first rule that matches, or one that says nothing."""
        return next((rule for rule in self.rules if matches(rule.match, head)), Rule(match="*"))

    def edits_for(self, head: CollectionHead) -> HandEdits:
        """How hand edits of this collection are treated. Those that flow back are kept until they have."""
        if self.flows_back(head):
            return HandEdits.KEEP
        return self.rule_for(head).hand_edits or self.hand_edits

    def flows_back(self, head: CollectionHead) -> bool:
        """Whether hand edits on the target are made on the source too: only in playlists that the account owns."""
        return head.kind is Kind.PLAYLIST and head.owned and self.rule_for(head).both_ways

    def wants(self, kind: Kind) -> bool:
        """Whether collections of this kind are synced at all."""
        return ENTITY_OF[kind] in self.entities

    def selects(self, head: CollectionHead) -> bool:
        """Whether this collection is selected by kind, ``include`` and ``exclude``. Patterns choose among
        playlists; everything else is selected by ``entities`` alone."""
        if not self.wants(head.kind):
            return False
        if head.kind is not Kind.PLAYLIST:
            return True
        return any(matches(pattern, head) for pattern in self.include) and not any(
            matches(pattern, head) for pattern in self.exclude
        )

    def favourites_for(self, kind: Kind) -> PlaylistId | None:
        """The list of favourites that a collection of this kind is mirrored to; None where it is a playlist."""
        match kind:
            case Kind.PLAYLIST:
                return None
            case Kind.LIKED:
                return FAVOURITES if self.liked_as is LikedAs.FAVOURITES else None
            case Kind.ALBUMS:
                return FAVOURITE_ALBUMS
            case Kind.ARTISTS:
                return FAVOURITE_ARTISTS

    def is_public(self, head: CollectionHead) -> bool:
        """Whether the mirror is to be public."""
        return {Privacy.PRIVATE: False, Privacy.PUBLIC: True, Privacy.SOURCE: bool(head.public)}[self.privacy]

    def fingerprint(self, head: CollectionHead) -> str:
        """Changes when a setting that shapes this collection's mirror does."""
        parts = (self.edits_for(head), self.privacy, self.name, self.liked_as, self.playlist_limit, self.max_removals)
        told = repr((*parts, "both ways") if self.flows_back(head) else parts)
        return hashlib.sha256(told.encode()).hexdigest()[:12]

    def whole_fingerprint(self) -> str:
        """Changes when any of these settings does."""
        return hashlib.sha256(repr(self).encode()).hexdigest()[:12]


ENTITY_OF = {
    Kind.PLAYLIST: "playlists",
    Kind.LIKED: "liked",
    Kind.ALBUMS: "albums",
    Kind.ARTISTS: "artists",
}
"""The name of each kind in ``[sync] entities``."""


def matches(pattern: str, head: CollectionHead) -> bool:
    """Whether a pattern of the settings names this collection: ``id:...``, ``re:...`` (searched in the name),
    ``owner:me``, ``owner:others``, else a glob over the whole name; names are compared without regard to case.
    An invalid regular expression matches nothing (settings refuse it before)."""
    kind, colon, value = pattern.partition(":")
    if colon and kind == "id":
        return value in (head.id, head.id.rpartition(":")[2])
    if colon and kind == "re":
        try:
            return re.search(value, head.name, re.IGNORECASE) is not None
        except (re.error, RecursionError, OverflowError):
            return False
    if colon and kind == "owner":
        return head.owned if value == "me" else not head.owned
    return fnmatchcase(head.name.casefold(), pattern.casefold())
