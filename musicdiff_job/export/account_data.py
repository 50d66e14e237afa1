"""Spotify's "Account data" download: playlists and library, as JSON. Pure: text in, values out.

The files tell titles, one artist and URIs; no durations, no ISRCs, no ids of playlists. Exports up to 2020 tell no
URIs either; their tracks get ids made of their words. ``null`` in every place of an entry is a track that Spotify no
longer has. A form that is not known is refused: it must not look like something that was removed.
"""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterable
from typing import Any

from musicdiff_job.core.model import Entry, SkipReason, Track
from musicdiff_job.export.archive import refusal
from musicdiff_job.export.lists import ExportedList, FollowedArtist, Library, SavedAlbum, began, made_up_id
from musicdiff_job.spotify.decode import local_label, whole

_URI = re.compile(r"spotify:(track|episode|album|artist):([0-9A-Za-z]+)")
_LOCAL = "spotify:local:"
_PLACES = ("track", "episode", "audiobook", "localTrack")
_AGAIN = "Download the export again"


def json_of(text: str, place: str) -> Any:
    """The JSON value of a file. Raises ``ConfigError`` with its line."""
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        raise refusal(place, f"line {error.lineno} is not JSON ({error.msg})", _AGAIN) from None
    except (ValueError, RecursionError):
        # A number of more digits than Python reads, or more levels than its stack has.
        raise refusal(place, "is not JSON that Spotify writes", _AGAIN) from None


def playlists(text: str, place: str) -> tuple[ExportedList, ...]:
    """The playlists of ``Playlist1.json``, in its order. Raises ``ConfigError``."""
    return tuple(
        _playlist(row, f"{place}: playlist {number}")
        for number, row in enumerate(_rows(json_of(text, place), "playlists", place), 1)
    )


def library(text: str, place: str) -> Library:
    """Liked songs, saved albums and followed artists of ``YourLibrary.json``. Raises ``ConfigError``."""
    found = json_of(text, place)
    liked = enumerate(_rows(found, "tracks", place), 1)
    albums, artists = _rows(found, "albums", place), _rows(found, "artists", place)
    return Library(
        liked=tuple(_liked(row, f"{place}: track {number}") for number, row in liked),
        albums=tuple(
            SavedAlbum(_id(row, "album"), _text(row.get("album")), _text(row.get("artist"))) for row in _objects(albums)
        ),
        artists=tuple(FollowedArtist(_id(row, "artist"), _text(row.get("name"))) for row in _objects(artists)),
    )


def owner(text: str, place: str) -> str:
    """The account's name of ``Userdata.json``, "" when it tells none. Raises ``ConfigError``."""
    return _text(_dict(json_of(text, place)).get("username")).strip()[:200]


def _playlist(row: object, place: str) -> ExportedList:
    found = _dict(row)
    name = found.get("name")
    if not isinstance(name, str):
        raise refusal(place, "has no name", _AGAIN)
    entries = tuple(
        _entry(item, f"{place} ({whole(name)}), entry {number}")
        for number, item in enumerate(_rows(found, "items", place), 1)
    )
    return ExportedList(
        name=whole(name),
        entries=entries,
        description=html.unescape(_text(found.get("description"))),
        collaborative=bool(found.get("collaborators")),
        began=began(entries),
    )


def _entry(item: object, place: str) -> Entry:
    if item is None:
        return Entry(skipped=SkipReason.REMOVED)
    found = _dict(item)
    things = {key: found[key] for key in _PLACES if key in found}
    if not things or any(not isinstance(thing, dict | None) for thing in things.values()):
        raise refusal(place, "has a form that is not known", _AGAIN)
    added_at = _text(found.get("addedDate")) or None
    kind = next((key for key, thing in things.items() if thing is not None), "")
    thing = _dict(things.get(kind))
    title, artist = _text(thing.get("trackName")), _text(thing.get("artistName"))
    match kind:
        case "track":
            return _track(_text(thing.get("trackUri")), title, artist, _text(thing.get("albumName")), added_at)
        case "localTrack":
            label = local_label(_text(thing.get("uri")), artist, title)
            return Entry(skipped=SkipReason.LOCAL, label=label, added_at=added_at)
        case "episode":
            return Entry(skipped=SkipReason.EPISODE, label=_text(thing.get("episodeName")), added_at=added_at)
        case "audiobook":
            return Entry(skipped=SkipReason.UNKNOWN, label=_text(thing.get("audiobookName")), added_at=added_at)
        case _:
            return Entry(skipped=SkipReason.REMOVED, added_at=added_at)


def _liked(row: object, place: str) -> Entry:
    found = _dict(row)
    if not isinstance(found.get("track"), str):
        raise refusal(place, "has a form that is not known", _AGAIN)
    return _track(_text(found.get("uri")), _text(found["track"]), _text(found.get("artist")), _text(found.get("album")))


def _track(uri: str, title: str, artist: str, album: str, added_at: str | None = None) -> Entry:
    if uri.startswith(_LOCAL):
        return Entry(skipped=SkipReason.LOCAL, label=local_label(uri, artist, title), added_at=added_at)
    if not uri and not title.strip():
        return Entry(skipped=SkipReason.REMOVED, added_at=added_at)
    form = _URI.fullmatch(uri)
    if form is not None and form[1] == "episode":
        return Entry(skipped=SkipReason.EPISODE, label=title, added_at=added_at)
    if uri and (form is None or form[1] != "track"):
        return Entry(skipped=SkipReason.UNKNOWN, label=title, added_at=added_at)
    identity = form[2] if form is not None else made_up_id(title, artist, album)
    artists = (artist,) if artist.strip() else ()
    return Entry(track=Track(id=identity, title=title, artists=artists, album=album), added_at=added_at)


def _id(row: dict[str, Any], kind: str) -> str:
    form = _URI.fullmatch(_text(row.get("uri")))
    return form[2] if form is not None and form[1] == kind else ""


def _rows(found: object, key: str, place: str) -> list[Any]:
    rows = _dict(found).get(key)
    if not isinstance(rows, list):
        raise refusal(place, f"has no list of {key}", _AGAIN)
    return rows


def _objects(rows: Iterable[Any]) -> Iterable[dict[str, Any]]:
    return (row for row in rows if isinstance(row, dict))


def _dict(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _text(value: object) -> str:
    return whole(value) if isinstance(value, str) else ""
