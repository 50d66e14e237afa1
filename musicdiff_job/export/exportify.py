"""The CSV files of the two Exportify projects. Pure: text in, values out.

exportify.app quotes every cell and writes its headers in the language of its user; exportify.net writes English ones.
Both have changed their columns over time, so columns are found by their English names. Where these are not there, the
ISRC column shows the way, which bears this name in every language: before it stand sixteen columns that have never
changed (read in the project's history, up to April 2026). A file of other languages without it is known by its URIs.

exportify.app joins artists by a comma and a space and writes commas in names as ``\\,``; exportify.net joins them by a
semicolon, in its older form by a comma alone.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from musicdiff_job.core.model import Entry, SkipReason, Track
from musicdiff_job.core.text import normalise_isrc
from musicdiff_job.export.archive import refusal
from musicdiff_job.export.lists import ExportedList, SavedAlbum, began
from musicdiff_job.spotify.decode import local_label

NAMES: Mapping[str, tuple[str, ...]] = {
    "uri": ("Track URI", "Spotify URI", "Spotify ID", "Track ID"),
    "title": ("Track Name",),
    "artists": ("Artist Name(s)", "Artist Name"),
    "album": ("Album Name",),
    "duration": ("Track Duration (ms)", "Duration (ms)"),
    "explicit": ("Explicit",),
    "isrc": ("ISRC",),
    "added_at": ("Added At",),
}
"""The columns that are read, by their English names."""
AFTER_URI: Mapping[str, int] = {
    "uri": 0,
    "title": 1,
    "artists": 3,
    "album": 5,
    "duration": 12,
    "explicit": 14,
    "isrc": 16,
}
"""Where exportify.app writes them, counted from the URI's."""
_ADDED_AT = 18
ALBUM_COLUMNS: Mapping[str, int] = {"uri": 0, "title": 1, "artists": 4, "saved_at": 8}
"""Where exportify.app writes the columns of saved albums."""

_TRACK = re.compile(r"(?:spotify:track:|urn:musicdiff:track:)?(?P<id>[0-9A-Za-z]{22})")
"""The second form is the one of our own files, for tracks of which no export has told an id."""
_ALBUM = re.compile(r"spotify:album:(?P<id>[0-9A-Za-z]+)")
_HINT = "Use the file as Exportify wrote it, not as a spreadsheet saved it; take other files away"


class Sheet(NamedTuple):
    """A CSV file: header, and rows with the number of the line on which each ends."""

    header: list[str]
    rows: list[tuple[int, list[str]]]


def sheet(text: str, place: str) -> Sheet:
    """The cells of a file. Raises ``ConfigError`` with the line."""
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    try:
        rows = [(reader.line_num, row) for row in reader if row]
    except csv.Error as error:
        raise refusal(place, f"line {reader.line_num} is not CSV ({error})", _HINT) from None
    if not rows:
        raise refusal(place, "is empty", "Export the playlist again")
    (_, header), *entries = rows
    for line, row in entries:
        if len(row) > len(header):
            raise refusal(place, f"line {line} has {len(row)} cells, the header {len(header)}", _HINT)
    return Sheet([cell.strip() for cell in header], entries)


def is_album_sheet(found: Sheet) -> bool:
    """Whether this is the file of the saved albums, which has no tracks."""
    columns = max(ALBUM_COLUMNS.values()) + 1
    if len(found.header) != columns or any(len(row) != columns for _, row in found.rows):
        return False
    return found.header[0] == "Album URI" or any(_ALBUM.fullmatch(row[0]) for _, row in found.rows)


def albums(found: Sheet) -> tuple[SavedAlbum, ...]:
    """The saved albums of ``saved_albums.csv``, newest first."""
    return tuple(_album(row) for _, row in found.rows)


def playlist(found: Sheet, name: str, place: str) -> ExportedList:
    """The playlist of one file. ``name`` is the file's, which counts where no column tells it. Raises
    ``ConfigError``."""
    columns = _columns(found, place)
    split = _splitter(found, columns)
    entries = tuple(_entry(row, columns, split, f"{place}: line {line}") for line, row in found.rows)
    # Some versions of exportify.app begin each row with the playlist's own name.
    named = {row[0] for _, row in found.rows} if columns["uri"] == 1 else set()
    return ExportedList(name=named.pop() if len(named) == 1 else name, entries=entries, began=began(entries))


def _album(row: Sequence[str]) -> SavedAlbum:
    cells = {key: row[column] for key, column in ALBUM_COLUMNS.items()}
    form = _ALBUM.fullmatch(cells["uri"])
    artist = next(iter(_by_comma_and_space(cells["artists"])), "")
    return SavedAlbum(form["id"] if form else "", cells["title"], artist, cells["saved_at"] or None)


def _columns(found: Sheet, place: str) -> dict[str, int]:
    """Where the columns are that this file has. ``uri``, ``title`` and ``artists`` are always there."""
    header = found.header
    columns = {key: header.index(name) for key, names in NAMES.items() for name in names if name in header}
    if {"uri", "title", "artists"} <= columns.keys():
        return columns
    uri = header.index("ISRC") - AFTER_URI["isrc"] if "ISRC" in header else _uri_column(found)
    if uri is None or not 0 <= uri <= len(header) - _ADDED_AT - 1:
        raise refusal(place, "is no playlist as Exportify writes it: there is no column of track URIs", _HINT)
    columns = {key: uri + after for key, after in AFTER_URI.items()}
    # For a while in 2024 a column stood before these that says whether a track can be played.
    flags = {cell.casefold() for _, row in found.rows for cell in row[columns["isrc"] + 1 :][:1]}
    columns["added_at"] = uri + _ADDED_AT + (1 if flags and flags <= {"true", "false", "undefined"} else 0)
    return {key: column for key, column in columns.items() if column < len(header)}


def _uri_column(found: Sheet) -> int | None:
    for _, row in found.rows:
        for column, cell in enumerate(row):
            if cell.startswith("spotify:track:"):
                return column
    return None


def _splitter(found: Sheet, columns: Mapping[str, int]) -> Callable[[str], Sequence[str]]:
    if found.header[columns["uri"]] in ("Spotify ID", "Track ID"):
        return lambda text: text.split(",")
    if "Duration (ms)" in found.header:
        return lambda text: text.split(";")
    return _by_comma_and_space


def _by_comma_and_space(text: str) -> list[str]:
    return [name.replace("\\,", ",") for name in re.split(r"(?<!\\), ", text)]


def _entry(row: list[str], columns: Mapping[str, int], split: Callable[[str], Sequence[str]], place: str) -> Entry:
    # What is not known of a track (its audio features, say) is left out at the end of its row.
    if len(row) <= max(columns.values()):
        raise refusal(place, f"has {len(row)} cells, too few", _HINT)
    cells = {key: row[column] for key, column in columns.items()}
    # What was missing when exportify.net wrote it (observed). A title may really be so.
    cells |= {key: "" for key, cell in cells.items() if cell in ("undefined", "null") and key != "title"}
    uri, title = cells["uri"], cells["title"]
    artists = tuple(name.strip() for name in split(cells["artists"]) if name.strip())
    added_at = cells.get("added_at") or None
    if uri.startswith("spotify:local:"):
        return Entry(skipped=SkipReason.LOCAL, label=local_label(uri, ", ".join(artists), title), added_at=added_at)
    if uri.startswith("spotify:episode:"):
        return Entry(skipped=SkipReason.EPISODE, label=title, added_at=added_at)
    if not uri:
        return Entry(skipped=SkipReason.REMOVED, label=title, added_at=added_at)
    if (form := _TRACK.fullmatch(uri)) is None:
        raise refusal(place, f"{uri[:80]!r} is no Spotify URI", _HINT)
    return Entry(
        track=Track(
            id=form["id"],
            title=title,
            artists=artists,
            album=cells.get("album", ""),
            duration_ms=_milliseconds(cells.get("duration", "")),
            isrc=normalise_isrc(cells.get("isrc")),
            explicit={"true": True, "false": False}.get(cells.get("explicit", "").casefold()),
        ),
        added_at=added_at,
    )


def _milliseconds(text: str) -> int | None:
    return int(text) or None if re.fullmatch(r"[0-9]{1,12}", text) else None
