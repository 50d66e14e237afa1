"""The nouns of the domain: tracks, collections, entries and what could not be read.

Terminology
    source      the service that is copied from (Spotify); target: the one that is written to (Deezer)
    collection  one ordered list of entries: a playlist, the liked songs
    entry       one element of a collection: a track we may place, or something skipped with its reason
    head        what a listing tells about a collection without reading its entries
    snapshot    an opaque token of the source that changes whenever the entries may have changed

Everything here is a frozen value. Durations are whole milliseconds, time stamps are ISO-8601 text in UTC as the
service sent them, ids are opaque strings (Deezer's are decimal numbers, kept as text).
"""

from __future__ import annotations

import html
from enum import StrEnum
from typing import NewType

import msgspec

CollectionId = NewType("CollectionId", str)
"""``spotify:playlist:<id>`` or ``spotify:liked``."""
SourceId = NewType("SourceId", str)
"""A source track's id, without the ``spotify:track:`` prefix."""
TargetId = NewType("TargetId", str)
"""A Deezer track's id, in decimal."""
PlaylistId = NewType("PlaylistId", str)
"""A Deezer playlist's id, in decimal."""
AccountId = NewType("AccountId", str)
"""The immutable id of an account, as the service gives it."""

LIKED = CollectionId("spotify:liked")


class Service(StrEnum):
    """The two services that calls are made to; also the keys of budgets, ledgers and ``not_before``."""

    SPOTIFY = "spotify"
    DEEZER = "deezer"


class Kind(StrEnum):
    """What a collection holds and how its target is written."""

    PLAYLIST = "playlist"
    LIKED = "liked"


class Whose(StrEnum):
    """Whose a source collection is, which decides whether an app may read it and whether its snapshot means anything.

    ``shared`` is somebody else's that its owner calls collaborative; Spotify does not tell with whom.
    """

    OWN = "own"
    SHARED = "shared"
    OTHERS = "others"
    SPOTIFY = "spotify"


class Track(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    """A recording as one service describes it; both sides use this type.

    ``title`` is the whole title with its version words ("Song (Live)"). ``artists`` come in the service's order,
    the main artist first; Deezer's search rows name only one. ``isrc`` is normalised (upper case, no hyphens) or
    None. ``readable`` and ``rank`` (Deezer's popularity, 0 if unknown) only mean something on the target.
    """

    id: str
    title: str
    artists: tuple[str, ...] = ()
    album: str = ""
    duration_ms: int | None = None
    isrc: str | None = None
    explicit: bool | None = None
    readable: bool = True
    rank: int = 0
    alternative: str | None = None
    """Deezer's own hint at a readable copy of an unreadable track."""
    album_id: str | None = None
    artist_id: str | None = None
    """The target's ids of the album and of the main artist, where a row names them."""


class SkipReason(StrEnum):
    """Why an entry of the source can never have a counterpart."""

    LOCAL = "local file"
    EPISODE = "podcast episode"
    REMOVED = "no longer on Spotify"
    UNKNOWN = "not a track"


class Entry(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    """One position of a source collection: exactly one of ``track`` and ``skipped`` is set.

    ``label`` names a skipped entry for people (may be empty). ``added_at`` may be None on old playlists.
    """

    track: Track | None = None
    skipped: SkipReason | None = None
    label: str = ""
    added_at: str | None = None


class CollectionHead(msgspec.Struct, frozen=True, omit_defaults=True):
    """A source collection as a listing shows it.

    ``total`` is None when the service did not say, which is not zero. ``owned`` means that the account owns it;
    only owned and collaborative playlists can be read by restricted apps. ``description`` is plain text with HTML
    entities decoded. ``public`` is None when unknown. ``snapshot`` is "" where there is none that could be believed:
    that of a list which Spotify makes may change with every request, or stay when the entries change.
    """

    id: CollectionId
    kind: Kind
    name: str
    snapshot: str
    total: int | None = None
    owned: bool = True
    collaborative: bool = False
    owner_name: str = ""
    description: str = ""
    public: bool | None = None
    by_spotify: bool = False

    @property
    def whose(self) -> Whose:
        """Whose it is, as far as the listing tells."""
        if self.owned:
            return Whose.OWN
        if self.by_spotify:
            return Whose.SPOTIFY
        return Whose.SHARED if self.collaborative else Whose.OTHERS


class Library(msgspec.Struct, frozen=True):
    """All collections of the source that one look found. ``complete`` is False when the listing itself was torn,
    so that nothing may be concluded from a collection's absence."""

    heads: tuple[CollectionHead, ...]
    complete: bool = True


class Page(msgspec.Struct, frozen=True):
    """Consecutive entries of a collection from ``offset`` on. ``total`` counts skipped and null entries too.
    ``more`` says whether the service announced a further page."""

    entries: tuple[Entry, ...]
    offset: int
    total: int
    more: bool


class Unreadable(msgspec.Struct, frozen=True):
    """A collection that could not be read, and why. Never to be taken for an empty one.

    ``expected`` tells a standing rule of the service (403 on a followed playlist) from trouble (a torn read).
    """

    reason: str
    expected: bool = False


class TargetHead(msgspec.Struct, frozen=True, omit_defaults=True):
    """A playlist of the target account as its listing shows it.

    ``count`` includes entries that Deezer hides (deleted or regional), so it may exceed what a read returns.
    ``fingerprint`` changes whenever the entries may have changed (Deezer's checksum; "" when not given).
    ``modified`` is a Unix time in seconds, 0 when not given. ``owned`` is False for followed playlists of others.
    ``loved`` marks the favourites list, which is never an ordinary target. ``collaborative``: others may edit it.
    """

    id: PlaylistId
    title: str
    count: int
    fingerprint: str = ""
    modified: int = 0
    public: bool | None = None
    owned: bool = True
    loved: bool = False
    collaborative: bool = False

    def is_called(self, title: str) -> bool:
        """Whether this is the title it was given: Deezer may show some characters as HTML entities (recorded), which
        are decoded when they are read, so a title that holds such a text itself comes back as another one."""
        return same_title(self.title, title)


class TargetContents(msgspec.Struct, frozen=True):
    """The visible rows of a target playlist or of the favourites, in the target's own order (favourites: oldest
    first). ``hidden`` is how many further entries the service counts but does not show."""

    tracks: tuple[Track, ...]
    hidden: int = 0
    fingerprint: str = ""


class Header(msgspec.Struct, frozen=True, omit_defaults=True):
    """A playlist's metadata, as text and flag."""

    title: str
    description: str = ""
    public: bool = False


def same_title(one: str, other: str) -> bool:
    """Whether two playlist titles are one, whichever of them has had its HTML entities decoded."""
    return one == other or not {one, html.unescape(one)}.isdisjoint((other, html.unescape(other)))
