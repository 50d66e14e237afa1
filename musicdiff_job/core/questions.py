"""What may be asked about a track, an album or an artist, in which order, and how an answer is sifted.

Free text comes before fields because Deezer's field filters miss much that free text finds (measured by other
clients, https://github.com/beetbox/beets/pull/6895: 10 of 12 tracks against 7). Of the version words only those stay
in the text that name another recording: "Remaster" or "Mono" would only narrow the answer.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from musicdiff_job.core.editions import edition_of
from musicdiff_job.core.model import Track
from musicdiff_job.core.text import canonical_name, canonical_title, is_nobody, normalise_isrc
from musicdiff_job.core.version_words import Version
from musicdiff_job.core.versions import Tag, main_title, split_version

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence


class ByIsrc(msgspec.Struct, frozen=True, tag="isrc"):
    """Which track bears this ISRC?"""

    isrc: str


class BySearch(msgspec.Struct, frozen=True, tag="search"):
    """What does free text find?"""

    text: str


class ByFields(msgspec.Struct, frozen=True, tag="fields"):
    """What does a search restricted to these fields find?"""

    artist: str
    title: str


class ById(msgspec.Struct, frozen=True, tag="id"):
    """What is the track with this id?"""

    id: str


class AlbumByUpc(msgspec.Struct, frozen=True, tag="upc"):
    """Which album bears this bar code? ``upc`` has no leading zeros."""

    upc: str


class AlbumById(msgspec.Struct, frozen=True, tag="album id"):
    """What is the album with this bare id?"""

    id: str


class AlbumSearch(msgspec.Struct, frozen=True, tag="album search"):
    """Which albums does free text find?"""

    text: str


class ArtistSearch(msgspec.Struct, frozen=True, tag="artist search"):
    """Which artists does this name find? A plain name, for a search by the field ``artist`` misses artists of exactly
    the name that is asked for (https://github.com/gabehf/Koito/issues/287)."""

    name: str


class AlbumsOf(msgspec.Struct, frozen=True, tag="albums of"):
    """Which albums of this artist are called like one of ``titles``? ``id`` is bare. The service's rows do not say
    whose they are, so the question does."""

    id: str
    artist: str
    titles: tuple[str, ...]


Question = ByIsrc | BySearch | ByFields | ById | AlbumByUpc | AlbumById | AlbumSearch | ArtistSearch | AlbumsOf
"""What is asked about one track, album or artist."""


class ByAlbum(msgspec.Struct, frozen=True, tag="album"):
    """Which tracks does this album hold? Its rows do not say which album they are from, so the question does."""

    id: str
    title: str


class ByArtist(msgspec.Struct, frozen=True, tag="artist"):
    """Which are this artist's most popular tracks?"""

    id: str


Sweep = ByAlbum | ByArtist
"""What is asked about many tracks at once."""

_SEARCHED: dict[Version, str] = {
    Version.LIVE: "live",
    Version.REMIX: "{} remix",
    Version.ACOUSTIC: "acoustic",
    Version.INSTRUMENTAL: "instrumental",
    Version.ACAPPELLA: "acapella",
    Version.KARAOKE: "karaoke",
    Version.COVER: "cover",
    Version.DEMO: "demo",
    Version.SPED_UP: "sped up",
    Version.SLOWED: "slowed",
    Version.RERECORDED: "{} version",
    Version.LANGUAGE: "{} version",
    Version.ORCHESTRAL: "orchestral",
    Version.ARRANGED: "{}",
    Version.OTHER: "{} version",
    Version.EXTENDED: "extended",
}
"""How a version is searched for; ``{}`` is the name it bears. A kind that is not here is not searched for."""

_MEANINGFUL = str.maketrans(dict.fromkeys('"“”„()[]{}:', " "))
"""Characters with a meaning in Deezer's query syntax, for which no way of escaping is known, and brackets."""


def questions(wanted: Track, alternatives: Iterable[str] = ()) -> Iterator[Question]:
    """Everything that may be asked about ``wanted``, the most telling first. ``alternatives`` are ids that Deezer
    named for unreadable copies."""
    if isrc := normalise_isrc(wanted.isrc):
        yield ByIsrc(isrc)
    yield from map(ById, alternatives)
    artist = next((name for name in wanted.artists if canonical_name(name) and not is_nobody(name)), "")
    parts = split_version(wanted.title)
    words = (plain(parts.base), *map(_searched, parts.tags), plain(artist))
    yield BySearch(" ".join(word for word in words if word))
    if artist:
        yield ByFields(plain(artist), plain(main_title(parts.base)))


def _searched(tag: Tag) -> str:
    template = _SEARCHED.get(tag.kind, "")
    return template.format(tag.name).strip() if tag.name or "{}" not in template or tag.kind is Version.REMIX else ""


def plain(text: str) -> str:
    """Text without the characters that mean something to the search; a title of nothing else stays as it is."""
    return " ".join(text.translate(_MEANINGFUL).split()) or text.strip()


def nearest(
    question: BySearch | ByFields | AlbumSearch | ArtistSearch | AlbumsOf, tracks: Sequence[Track]
) -> list[Track]:
    """Search results, nearest to the question first, further copies of a recording after the first of each. Of an
    artist's albums only those that are called as was asked."""
    match question:
        case BySearch(text):
            asked = canonical_title(text)
        case ByFields(artist, title):
            asked = canonical_title(f"{title} {artist}")
        case AlbumSearch(text):
            asked = canonical_title(text)
        case ArtistSearch(name):
            return sorted(tracks, key=lambda row: (canonical_name(row.title) != canonical_name(name), -row.rank))
        case AlbumsOf(titles=titles):
            asked_for, names = {*map(canonical_title, titles)}, {edition_of(title).name for title in titles}
            rows = [row for row in tracks if edition_of(row.title).name in names]
            return sorted(rows, key=lambda row: canonical_title(row.title) not in asked_for)
    from rapidfuzz import fuzz  # only judging needs it; whatever reads the checkpoint imports this module

    copies: dict[tuple[object, ...], int] = {}
    order: list[tuple[int, float, int]] = []
    for place, track in enumerate(tracks):
        one = (canonical_title(track.title), track.artists[:1])
        key = (*one, track.duration_ms, track.explicit, track.readable, track.size)
        copies[key] = copies.get(key, -1) + 1
        name = canonical_title(f"{track.title} {' '.join(track.artists)}")
        order.append((copies[key], -fuzz.token_set_ratio(asked, name) - fuzz.token_sort_ratio(asked, name), place))
    return [tracks[place] for _, _, place in sorted(order)]
