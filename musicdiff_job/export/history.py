"""The listening history of Spotify's downloads: each play, one after the other.

There are two kinds. "Account data" tells the last year to the minute and by names alone; "Extended streaming history"
tells everything to the second, with URIs, and also the listener's IP addresses, which are not read. Podcasts and
audiobooks are left out. Where both kinds lie in one place, both are given: the same play comes twice.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec

from musicdiff_job.core.model import SourceId
from musicdiff_job.export.account_data import json_of
from musicdiff_job.export.archive import Archive, refusal
from musicdiff_job.spotify.decode import whole

FILES = re.compile(
    r"StreamingHistory(?:_music_)?\d*\.json|Streaming_History_(?:Audio|Video)_.*\.json|endsong(?:_\d+)?\.json"
)
"""``StreamingHistory0.json`` and ``endsong_0.json`` are the names of before 2023."""

_TRACK = re.compile(r"spotify:track:([0-9A-Za-z]+)")
_MOST_MS = 2**53


class Play(msgspec.Struct, frozen=True, omit_defaults=True):
    """A track was played. ``ended_at`` is when it ended, ISO-8601 in UTC (``2024-05-01T10:11:12Z``), ``exact`` whether
    its seconds are known; ``ms_played`` how long it was heard, in milliseconds. ``track`` is Spotify's id and
    ``album`` its album, None and "" in the history of the last year, which does not tell them. ``artist`` is one."""

    ended_at: str
    ms_played: int
    title: str
    artist: str
    album: str = ""
    track: SourceId | None = None
    exact: bool = True


def plays(path: Path) -> Iterator[Play]:
    """Every play of the export at ``path``, a zip, a folder or a file, in the order of its files. One file at a time is
    in memory. Raises ``ConfigError`` for what cannot be read, and when there is no history at all."""
    archive = Archive(path)
    found = archive.matching(FILES)
    if not found:
        raise refusal(
            str(path), "holds no listening history",
            "Ask Spotify for \"Extended streaming history\" at https://www.spotify.com/account/privacy/",
        )  # fmt: skip
    for place in sorted(found.values(), key=_in_turn):
        yield from read(archive.text(place), archive.told(place))


def read(text: str, place: str) -> Iterator[Play]:
    """The plays of one file. Raises ``ConfigError``."""
    rows = json_of(text, place)
    if not isinstance(rows, list):
        raise refusal(place, "is no list of plays", "Download the export again")
    for number, row in enumerate(rows, 1):
        if not isinstance(row, dict):
            raise refusal(place, f"play {number} has a form that is not known", "Download the export again")
        play = _extended(row) if "ts" in row else _of_last_year(row)
        if play is None:
            continue
        if not play.ended_at:
            raise refusal(place, f"play {number} does not tell when it was", "Download the export again")
        yield play


def _extended(row: dict[str, Any]) -> Play | None:
    if not (title := _text(row.get("master_metadata_track_name"))):
        return None  # a podcast, an audiobook, or a track that Spotify no longer names
    form = _TRACK.fullmatch(_text(row.get("spotify_track_uri")))
    return Play(
        ended_at=_time(row["ts"], "%Y-%m-%dT%H:%M:%SZ"),
        ms_played=_milliseconds(row.get("ms_played")),
        title=title,
        artist=_text(row.get("master_metadata_album_artist_name")),
        album=_text(row.get("master_metadata_album_album_name")),
        track=SourceId(form[1]) if form else None,
    )


def _of_last_year(row: dict[str, Any]) -> Play | None:
    if not (title := _text(row.get("trackName"))):
        return None
    ended_at = _time(row.get("endTime"), "%Y-%m-%d %H:%M")
    artist = _text(row.get("artistName"))
    return Play(ended_at, _milliseconds(row.get("msPlayed")), title, artist, exact=False)


def _time(value: object, form: str) -> str:
    try:
        return f"{datetime.strptime(value, form):%Y-%m-%dT%H:%M:%SZ}" if isinstance(value, str) else ""  # noqa: DTZ007
    except ValueError:
        return ""


def _milliseconds(value: object) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < _MOST_MS else 0


def _text(value: object) -> str:
    return whole(value) if isinstance(value, str) else ""


def _in_turn(place: str) -> list[tuple[int, str]]:
    """Sorts file 10 after file 9."""
    return [(int(number or 0), word) for number, word in re.findall(r"(\d{1,18})|(\D+|\d+)", place)]
