"""The nouns of the domain: tracks, albums, artists, collections, entries and what could not be read.

Terminology
    source      the service that is copied from (Spotify); target: the one that is written to (Deezer)
    collection  one ordered list of entries: a playlist, the liked songs, the saved albums, the followed artists
    item        what an entry is: a track, an album or an artist; one type and one kind of id for all three
    entry       one element of a collection: a track we may place, or something skipped with its reason
    head        what a listing tells about a collection without reading its entries
    snapshot    an opaque token of the source that changes whenever the entries may have changed

Everything here is a frozen value. Durations are whole milliseconds, time stamps are ISO-8601 text in UTC as the
service sent them, ids are opaque strings (Deezer's are decimal numbers, kept as text).
"""

from __future__ import annotations

import html
from collections.abc import Mapping
from enum import StrEnum
from typing import NewType

import msgspec

CollectionId = NewType("CollectionId", str)
"""``spotify:playlist:<id>``, ``spotify:liked``, ``spotify:albums`` or ``spotify:artists``."""
SourceId = NewType("SourceId", str)
"""A source item's id: a track's bare, without ``spotify:track:``, an album's as ``album:<id>``, an artist's as
``artist:<id>``, so that all fit one memory and none is taken for another."""
TargetId = NewType("TargetId", str)
"""A Deezer item's id: a track's in decimal, an album's as ``album:<decimal>``, an artist's as ``artist:<decimal>``."""
PlaylistId = NewType("PlaylistId", str)
"""A Deezer playlist's id, in decimal."""
AccountId = NewType("AccountId", str)
"""The immutable id of an account, as the service gives it."""

LIKED = CollectionId("spotify:liked")
ALBUMS = CollectionId("spotify:albums")
ARTISTS = CollectionId("spotify:artists")


class Item(StrEnum):
    """What an entry can be."""

    TRACK = "track"
    ALBUM = "album"
    ARTIST = "artist"


def kind_of(collection: CollectionId) -> Kind:
    """What a collection holds, by its id."""
    return {LIKED: Kind.LIKED, ALBUMS: Kind.ALBUMS, ARTISTS: Kind.ARTISTS}.get(collection, Kind.PLAYLIST)


FAVOURITES = PlaylistId("favourites")
FAVOURITE_ALBUMS = PlaylistId("favourite-albums")
FAVOURITE_ARTISTS = PlaylistId("favourite-artists")
"""Stand for the target's lists of favourites where a part names its playlist."""
FAVOURITE_LISTS: Mapping[PlaylistId, Item] = {
    FAVOURITES: Item.TRACK,
    FAVOURITE_ALBUMS: Item.ALBUM,
    FAVOURITE_ARTISTS: Item.ARTIST,
}
"""The lists of favourites, and what each holds."""


def item_of(item_id: str) -> Item:
    """What an id of either side names."""
    kind, colon, _ = item_id.partition(":")
    return Item(kind) if colon and kind in (Item.ALBUM, Item.ARTIST) else Item.TRACK


def favourites_of(item_id: str) -> PlaylistId:
    """The list of favourites that takes what this id of the target names."""
    return next(which for which, item in FAVOURITE_LISTS.items() if item is item_of(item_id))


def bare_id(item_id: str) -> str:
    """The id as its service has it."""
    return item_id.partition(":")[2] if item_of(item_id) is not Item.TRACK else item_id


def item_id(item: Item, bare: str) -> str:
    """The id by which the job knows what the service calls ``bare``."""
    return bare if item is Item.TRACK else f"{item}:{bare}"


class Service(StrEnum):
    """The two services that calls are made to; also the keys of budgets, ledgers and ``not_before``."""

    SPOTIFY = "spotify"
    DEEZER = "deezer"


class Kind(StrEnum):
    """What a collection holds and how its target is written."""

    PLAYLIST = "playlist"
    LIKED = "liked"
    ALBUMS = "albums"
    ARTISTS = "artists"


class Whose(StrEnum):
    """Whose a source collection is, which decides whether an app may read it and whether its snapshot means anything.

    ``shared`` is somebody else's that its owner calls collaborative; Spotify does not tell with whom.
    """

    OWN = "own"
    SHARED = "shared"
    OTHERS = "others"
    SPOTIFY = "spotify"


class Track(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    """A recording, an album or an artist (see ``Item``) as one service describes it; both sides use this type.

    ``title`` is the whole title with its version words ("Song (Live)"). ``artists`` come in the service's order,
    the main artist first; Deezer's search rows name only one. ``isrc`` is normalised (upper case, no hyphens) or
    None. ``readable`` and ``rank`` (Deezer's popularity, 0 if unknown) only mean something on the target.

    An album's ``title`` is its name with its edition words, its ``album`` is empty; ``upc`` has digits only and no
    leading zeros, ``size`` is the number of its tracks and ``year`` the year of its release, each None where it is not
    told. An artist's ``title`` is the name, and ``artists`` are empty.
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
    """The target's bare ids of the album and of the main artist, where a row names them."""
    upc: str | None = None
    size: int | None = None
    year: int | None = None


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
