"""What both services of the sandbox know of music: tracks, albums, artists, playlists, and Deezer's search.

The rows are facts recorded by public, permissively licensed projects (see NOTICE and ``catalogue/README.md``). Where a
recording lacks something a service always gives, it was derived by a rule, and the row's ``derived`` names each such
field with its rule. ``SpotifyTrack.deezer_id`` is the known counterpart (0: none), for tests that need the truth; no
service of the sandbox ever serves it.

Search imitates what other clients measured of Deezer's (beetbox/beets, pull request 6895): free text is ranked by
matching words, it is thrown away as soon as one ``field:"value"`` filter is present, ``artist:`` matches loosely, and
``track:`` misses titles that carry more words than were asked for.
"""

from __future__ import annotations

import gzip
import re
import unicodedata
import zlib
from collections import defaultdict
from collections.abc import Callable, Iterable
from functools import cache, cached_property, lru_cache
from importlib import resources
from typing import Final

import msgspec

SEARCH_TOTAL_CAP: Final = 300
"""Deezer's ``total`` of a search never goes far beyond this (recorded: 293 to 303)."""
WORDS_NEEDED: Final = 0.75
"""The share of the words of a free text that a row must contain to be found at all."""
VARIOUS_ARTISTS_ID: Final = 5080
"""The artist id under which Deezer files compilations (recorded)."""


class SpotifyTrack(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    """A track as Spotify knows it. ``isrc`` is empty and ``year`` 0 when no source gives them."""

    id: str
    name: str
    artists: tuple[str, ...]
    album: str
    duration_ms: int
    isrc: str = ""
    year: int = 0
    explicit: bool = False
    deezer_id: int = 0
    derived: tuple[str, ...] = ()
    srcs: tuple[str, ...] = ()


class DeezerTrack(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    """A track as Deezer knows it; ``duration`` in whole seconds, ``rank`` its popularity up to 1,000,000.

    ``title`` is the whole title, usually ``title_short`` and ``title_version`` joined by a space. ``isrc`` and
    ``release_date`` are empty when no source gives them. ``alternative`` is the id of a readable copy, or 0.
    ``absent`` names fields that no source gives and nobody derived: no row of the public API shows them at all, so
    that a reader sees no more than was recorded. The album of a track whose ``album`` is absent does not exist.
    """

    id: int
    title: str
    title_short: str
    title_version: str
    artist: str
    album: str
    duration: int
    contributors: tuple[str, ...] = ()
    isrc: str = ""
    rank: int = 0
    explicit: bool = False
    release_date: str = ""
    readable: bool = True
    alternative: int = 0
    derived: tuple[str, ...] = ()
    srcs: tuple[str, ...] = ()
    absent: tuple[str, ...] = ()

    @property
    def artist_id(self) -> int:
        """The id of the main artist, derived from the name."""
        return deezer_artist_id(self.artist)

    @property
    def album_id(self) -> int:
        """The id of the album, derived from the main artist's name and the album's title."""
        return deezer_album_id(self.artist, self.album)


class DeezerAlbum(msgspec.Struct, frozen=True, gc=False):
    """An album with those of its tracks that the catalogue has, in album order. ``upc`` is empty: none is recorded."""

    id: int
    title: str
    artist: str
    artist_id: int
    tracks: tuple[DeezerTrack, ...]
    release_date: str = ""
    upc: str = ""


class DeezerArtist(msgspec.Struct, frozen=True, gc=False):
    """An artist, with tracks from the most popular down and albums in catalogue order."""

    id: int
    name: str
    tracks: tuple[DeezerTrack, ...]
    albums: tuple[DeezerAlbum, ...]


class CataloguePlaylist(msgspec.Struct, frozen=True, omit_defaults=True):
    """A real playlist: its name, the repository that recorded it and the ids of its tracks in order.

    ``kind`` is ``playlist``, or ``album`` for a recorded album whose tracks make up the list.
    """

    name: str
    source: str
    tracks: tuple[str, ...]
    kind: str = "playlist"


class SearchPage(msgspec.Struct, frozen=True):
    """One page of search results; ``total`` is Deezer's estimate of all of them."""

    tracks: tuple[DeezerTrack, ...]
    total: int


def deezer_artist_id(name: str) -> int:
    """A stable positive id for an artist's name, without regard to case."""
    return 1_000_000 + zlib.crc32(name.casefold().encode())


def deezer_album_id(artist: str, album: str) -> int:
    """A stable positive id for an album title of an artist, without regard to case."""
    return 10_000_000 + zlib.crc32(f"{artist}\x1f{album}".casefold().encode())


@lru_cache(maxsize=65_536)
def words(text: str) -> tuple[str, ...]:
    """The words of a text for searching: case and accents folded, punctuation dropped, every script kept."""
    decomposed = unicodedata.normalize("NFKD", text.casefold().replace("'", "").replace("’", ""))
    return tuple(re.findall(r"\w+", "".join(c for c in decomposed if not unicodedata.combining(c))))


class Catalogue:
    """An immutable set of rows with the look-ups that the two services need. Safe to share between threads.

    Of several copies with one ISRC, ``deezer_by_isrc`` holds the first, as arbitrary as Deezer's own choice.
    """

    def __init__(
        self,
        spotify: Iterable[SpotifyTrack],
        deezer: Iterable[DeezerTrack],
        playlists: Iterable[CataloguePlaylist] = (),
    ) -> None:
        self.spotify: Final = {track.id: track for track in spotify}
        self.deezer_by_id: Final = {track.id: track for track in deezer}
        self.playlists: Final = tuple(playlists)
        by_isrc: dict[str, list[DeezerTrack]] = defaultdict(list)
        for track in self.deezer_by_id.values():
            if track.isrc:
                by_isrc[track.isrc].append(track)
        self._copies = {isrc: tuple(tracks) for isrc, tracks in by_isrc.items()}

    @cached_property
    def deezer_by_isrc(self) -> dict[str, DeezerTrack]:
        """The one copy that a look-up by ISRC answers with; keys are upper case without hyphens."""
        return {isrc: copies[0] for isrc, copies in self._copies.items()}

    def copies_of(self, isrc: str) -> tuple[DeezerTrack, ...]:
        """Every Deezer row that carries this ISRC."""
        return self._copies.get(isrc, ())

    @cached_property
    def albums(self) -> dict[int, DeezerAlbum]:
        """Every Deezer album by id."""
        grouped: dict[int, list[DeezerTrack]] = defaultdict(list)
        for track in self.deezer_by_id.values():
            if "album" not in track.absent:
                grouped[track.album_id].append(track)
        return {
            album_id: DeezerAlbum(
                id=album_id,
                title=tracks[0].album,
                artist=tracks[0].artist,
                artist_id=tracks[0].artist_id,
                tracks=tuple(tracks),
                release_date=max(track.release_date for track in tracks),
            )
            for album_id, tracks in grouped.items()
        }

    @cached_property
    def artists(self) -> dict[int, DeezerArtist]:
        """Every Deezer main artist by id."""
        tracks: dict[int, list[DeezerTrack]] = defaultdict(list)
        for track in self.deezer_by_id.values():
            tracks[track.artist_id].append(track)
        albums: dict[int, list[DeezerAlbum]] = defaultdict(list)
        for album in self.albums.values():
            albums[album.artist_id].append(album)
        return {
            artist_id: DeezerArtist(
                id=artist_id,
                name=rows[0].artist,
                tracks=tuple(sorted(rows, key=lambda row: (-row.rank, row.id))),
                albums=tuple(albums[artist_id]),
            )
            for artist_id, rows in tracks.items()
        }

    def search(self, q: str, limit: int = 25, index: int = 0) -> SearchPage:
        """Tracks for a query in Deezer's syntax, best first; the same query always gets the same answer.

        Filters understood: ``artist: album: track: dur_min: dur_max:`` (the last two in seconds). Others are ignored.
        """
        filters = _FILTER.findall(q)
        found = self._filtered(filters) if filters else self._ranked(words(q))
        return SearchPage(found[index : index + limit], min(len(found), SEARCH_TOTAL_CAP))

    def search_artists(self, q: str) -> tuple[DeezerArtist, ...]:
        """Artists whose name contains every word of the query, exact names first. An ``artist:`` filter is taken
        literally and finds nothing, as measured of Deezer (gabehf/Koito, issue 287)."""
        wanted = words(q)
        found = [artist for artist in self.artists.values() if wanted and set(wanted) <= set(words(artist.name))]
        return tuple(sorted(found, key=lambda artist: (words(artist.name) != wanted, -len(artist.tracks), artist.id)))

    def search_albums(self, q: str) -> tuple[DeezerAlbum, ...]:
        """Albums whose title and artist contain every word of the query, larger ones first."""
        wanted = set(words(q))
        found = [
            album for album in self.albums.values() if wanted and wanted <= {*words(album.title), *words(album.artist)}
        ]
        return tuple(sorted(found, key=lambda album: (-len(album.tracks), album.id)))

    @cached_property
    def _rows_by_word(self) -> dict[str, set[int]]:
        index: dict[str, set[int]] = defaultdict(set)
        for track in self.deezer_by_id.values():
            for text in (track.title, track.album, *(track.contributors or (track.artist,))):
                for word in words(text):
                    index[word].add(track.id)
        return dict(index)

    def _ranked(self, wanted: tuple[str, ...]) -> tuple[DeezerTrack, ...]:
        hits: dict[int, int] = defaultdict(int)
        distinct = set(wanted)
        for word in distinct:
            for track_id in self._rows_by_word.get(word, ()):
                hits[track_id] += 1
        enough = WORDS_NEEDED * len(distinct)
        found = [self.deezer_by_id[track_id] for track_id, count in hits.items() if count >= enough]

        def order(track: DeezerTrack) -> tuple[int, int, int, int]:
            # Words that stand in title or artist count for more than words that only the album's title has.
            in_name = len(distinct.intersection(words(track.title) + words(track.artist)))
            return (-hits[track.id], -in_name, -track.rank, track.id)

        return tuple(sorted(found, key=order)[:SEARCH_TOTAL_CAP])

    def _filtered(self, filters: list[tuple[str, str, str]]) -> tuple[DeezerTrack, ...]:
        found = list(self.deezer_by_id.values())
        for field, quoted, bare in filters:
            passes = _PASSES.get(field.lower())
            if passes is not None:
                found = [track for track in found if passes(track, quoted or bare)]
        return tuple(sorted(found, key=lambda track: (-track.rank, track.id))[:SEARCH_TOTAL_CAP])


_PASSES: Final[dict[str, Callable[[DeezerTrack, str], bool]]] = {
    "artist": lambda track, value: bool({*words(value)} & {*words(track.artist)}),
    "album": lambda track, value: {*words(value)} <= {*words(track.album)},
    "track": lambda track, value: words(value) == words(track.title),
    "dur_min": lambda track, value: not value.isdigit() or track.duration >= int(value),
    "dur_max": lambda track, value: not value.isdigit() or track.duration <= int(value),
}
_FILTER: Final = re.compile(
    r'\b(artist|album|track|label|dur_min|dur_max|bpm_min|bpm_max):(?:"([^"]*)"|(\S+))', re.IGNORECASE
)


@cache
def load_catalogue() -> Catalogue:
    """The catalogue that ships with the package, read once per process."""
    folder = resources.files(__package__) / "catalogue"

    def unpacked(name: str) -> bytes:
        return gzip.decompress((folder / name).read_bytes())

    return Catalogue(
        msgspec.json.Decoder(SpotifyTrack).decode_lines(unpacked("spotify_tracks.jsonl.gz")),
        msgspec.json.Decoder(DeezerTrack).decode_lines(unpacked("deezer_tracks.jsonl.gz")),
        msgspec.json.decode(unpacked("playlists.json.gz"), type=tuple[CataloguePlaylist, ...]),
    )
