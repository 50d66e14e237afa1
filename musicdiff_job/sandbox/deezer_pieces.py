"""The pieces that the public API's JSON shapes share: runs of keys, links, pictures.

Theory. What the catalogue does not know (covers, labels, bar codes) is derived from an id, so that answers repeat
exactly from run to run. Links point where the real ones point; nothing in the sandbox follows them.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from musicdiff_job.sandbox.catalogue import DeezerAlbum, DeezerTrack, deezer_artist_id
from musicdiff_job.sandbox.deezer_credentials import PERMISSIONS

Json = dict[str, Any]

WEB = "https://www.deezer.com"
API = "https://api.deezer.com"
COUNTRIES = ("AR", "AT", "AU", "BE", "BR", "CA", "CH", "DE", "DK", "ES", "FI", "FR", "GB", "IE", "IT", "NL", "PL", "US")
SIZES = {"small": 56, "medium": 250, "big": 500, "xl": 1000}


def permissions(held: Iterable[str]) -> Json:
    """``GET /user/me/permissions``."""
    granted = set(held)
    return {"permissions": {name: name in granted for name in PERMISSIONS}}


def upc(album_id: int) -> str:
    """An album's bar code, derived from its id since no recording has it."""
    return f"{album_id:012d}"


def title_keys(track: DeezerTrack, readable: bool) -> Json:
    """The first five keys of every track but a favourite."""
    return {
        "id": track.id,
        "readable": readable,
        "title": track.title,
        "title_short": track.title_short,
        "title_version": track.title_version,
    }


def middle_keys(track: DeezerTrack) -> Json:
    """Link, duration, rank and the explicit flags, as most rows have them."""
    return {
        "link": f"{WEB}/track/{track.id}",
        "duration": track.duration,
        "rank": track.rank,
        **explicit_keys(track),
    }


def explicit_keys(track: DeezerTrack) -> Json:
    """The three explicit flags; the middle one is an enumeration of which 0 and 1 are used here."""
    return {
        "explicit_lyrics": track.explicit,
        "explicit_content_lyrics": int(track.explicit),
        "explicit_content_cover": 0,
    }


_KEYS_OF = {"explicit": frozenset({"explicit_lyrics", "explicit_content_lyrics", "explicit_content_cover"})}


def as_recorded(track: DeezerTrack, row: Json) -> Json:
    """The row without what was never recorded of the track; ``release_date`` goes from its album too."""
    if not track.absent:
        return row
    row = without(row, {key for name in track.absent for key in _KEYS_OF.get(name, (name,))})
    if "release_date" in track.absent and "album" in row:
        row["album"] = without(row["album"], {"release_date"})
    return row


def artist_head(track: DeezerTrack, *, link: bool = False) -> Json:
    """Id and name of a track's main artist."""
    head: Json = {"id": track.artist_id, "name": track.artist}
    return {**head, "link": f"{WEB}/artist/{track.artist_id}"} if link else head


def artist_tail(track: DeezerTrack) -> Json:
    """The last keys of a track's main artist."""
    return {"tracklist": f"{API}/artist/{track.artist_id}/top?limit=50", "type": "artist"}


def artist_of(album: DeezerAlbum) -> Json:
    """An album's artist."""
    return {
        "id": album.artist_id,
        "name": album.artist,
        **picture_keys("artist", album.artist_id),
        "tracklist": f"{API}/artist/{album.artist_id}/top?limit=50",
    }


def artist_wide(name: str) -> Json:
    """An artist as the full track and contributors have it."""
    artist_id = deezer_artist_id(name)
    return {
        "id": artist_id,
        "name": name,
        "link": f"{WEB}/artist/{artist_id}",
        "share": share_link("artist", artist_id),
        **picture_keys("artist", artist_id),
        "radio": True,
        "tracklist": f"{API}/artist/{artist_id}/top?limit=50",
        "type": "artist",
    }


def contributor(name: str) -> Json:
    """A contributor; the catalogue knows no roles, so all are main artists."""
    return {**artist_wide(name), "role": "Main"}


def artist_names(track: DeezerTrack) -> tuple[str, ...]:
    """Every artist of a track, the main one first."""
    return track.contributors or (track.artist,)


def album_keys(track: DeezerTrack, *, link: bool = False) -> Json:
    """A track's album up to the hash of its cover."""
    head: Json = {"id": track.album_id, "title": track.album}
    if link:
        head["link"] = f"{WEB}/album/{track.album_id}"
    return {**head, **cover_keys(track.album_id), "md5_image": cover_hash(track.album_id)}


def album_tail(album_id: int) -> Json:
    """The last keys of an album."""
    return {"tracklist": f"{API}/album/{album_id}/tracks", "type": "album"}


def record_type(album: DeezerAlbum) -> str:
    """Single or album, by the number of known tracks."""
    return "single" if len(album.tracks) < 4 else "album"


@lru_cache(maxsize=20_000)
def cover_keys(album_id: int) -> Json:
    """An album's cover in five spellings; to be copied, not changed, for it is remembered."""
    return {
        "cover": f"{API}/album/{album_id}/image",
        **{f"cover_{size}": image_url("cover", cover_hash(album_id), pixels) for size, pixels in SIZES.items()},
    }


@lru_cache(maxsize=20_000)
def picture_keys(kind: str, owner: int) -> Json:
    """A picture in five spellings; to be copied, not changed, for it is remembered."""
    return {
        "picture": f"{API}/{kind}/{owner}/image",
        **{f"picture_{size}": image_url(kind, hex_digest(f"{kind}{owner}"), pixels) for size, pixels in SIZES.items()},
    }


def image_url(kind: str, name: str, pixels: int) -> str:
    """An image of this many pixels."""
    return f"https://cdn-images.dzcdn.net/images/{kind}/{name}/{pixels}x{pixels}-000000-80-0-0.jpg"


@lru_cache(maxsize=20_000)
def cover_hash(album_id: int) -> str:
    """The hash of an album's cover, derived from its id."""
    return hex_digest(f"cover{album_id}")


def preview_link(track: DeezerTrack, readable: bool) -> str:
    """A placeholder, or empty."""
    # Recorded: 14 of 92 unreadable rows still had a preview, so it must not be taken for readability.
    return f"https://cdn.example.invalid/preview/{track.id}.mp3" if readable or track.id % 7 == 0 else ""


def share_link(kind: str, key: int) -> str:
    """The link for sharing."""
    return f"{WEB}/{kind}/{key}?utm_source=deezer&utm_content={kind}-{key}&utm_term=0_0&utm_medium=web"


def date_text(seconds: int) -> str:
    """Unix seconds as Deezer writes dates, in UTC."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M:%S")


def hex_digest(text: str) -> str:
    """32 hex digits that depend on the text."""
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()


def without(row: Json, keys: set[str]) -> Json:
    """The row without some keys."""
    return {key: value for key, value in row.items() if key not in keys}
