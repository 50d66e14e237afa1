"""The reference data as the benchmark uses it: wanted tracks, a Deezer made of recorded rows, and the known truth.

Nothing is completed or corrected: a field that no source recorded stays absent, on both sides. Files are found by
name (``*spotify*.jsonl.gz``, ``*deezer*.jsonl.gz``, those of recorded searches apart), so a further folder may bring
further rows; of a row found twice the last one counts. The files are described in the data's own README.
"""

from __future__ import annotations

import csv
import gzip
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from musicdiff_job.core.model import Track
from musicdiff_job.core.text import normalise_isrc
from musicdiff_job.sandbox.catalogue import DeezerTrack

Row = dict[str, Any]

_OPTIONAL = ("title_version", "album", "isrc", "rank", "explicit", "contributors", "release_date", "duration")
"""Fields of a Deezer row that a recording may lack."""


class MissingRows(Exception):
    """The truth speaks of Spotify tracks that no row describes."""


@dataclass(frozen=True, slots=True)
class Reference:
    """One set of the reference data. ``pairs`` and ``negatives`` are the rows of the tables as they are."""

    wanted: dict[str, Track]
    deezer: dict[str, Row]
    pairs: list[dict[str, str]]
    negatives: list[dict[str, str]]

    def ids(self) -> list[str]:
        """Every Spotify id that is judged, each once."""
        return sorted({row["spotify_id"] for row in (*self.pairs, *self.negatives)})


def load(folder: Path, part: str, further: Iterable[Path] = ()) -> Reference:
    """Read ``pairs_<part>`` and ``negatives_<part>`` of the folder, and the rows of all folders. Raises
    ``MissingRows``, and ``FileNotFoundError`` without the tables."""
    pairs, negatives = (table(folder / f"{kind}_{part}.csv") for kind in ("pairs", "negatives"))
    folders = [*further, folder]
    spotify = {row["id"]: row for row in rows(folders, "spotify")}
    deezer = {str(row["id"]): row for row in rows(folders, "deezer")}
    judged = {row["spotify_id"] for row in (*pairs, *negatives)}
    if unknown := sorted(judged - spotify.keys()):
        raise MissingRows(f"{len(unknown)} of the {len(judged)} ids of {part} have no Spotify row, {unknown[0]} first")
    return Reference({id_: wanted_track(spotify[id_]) for id_ in judged}, deezer, pairs, negatives)


def deezer_track(row: Row, *, isrc: bool) -> DeezerTrack:
    """A recorded row for the sandbox, with ``absent`` for what it lacks; without ``isrc`` nobody sees its ISRC."""
    code = normalise_isrc(row.get("isrc")) if isrc else None
    known = {name for name in _OPTIONAL if row.get(name) is not None} - ({"isrc"} if code is None else set())
    return DeezerTrack(
        id=int(row["id"]),
        title=row["title"],
        title_short=row.get("title_short") or row["title"],
        title_version=row.get("title_version") or "",
        artist=row["artist"],
        album=row.get("album") or "",
        duration=row.get("duration") or 0,
        contributors=tuple(row.get("contributors") or ()),
        isrc=code or "",
        rank=int(row.get("rank") or 0),
        explicit=bool(row.get("explicit")),
        release_date=row.get("release_date") or "",
        absent=tuple(name for name in _OPTIONAL if name not in known),
    )


def wanted_track(row: Row) -> Track:
    """A recorded Spotify row as the track that is looked for."""
    duration = row.get("duration_ms") or (row["duration_s"] * 1000 if row.get("duration_s") else None)
    return Track(
        id=row["id"],
        title=row["name"],
        artists=tuple(row.get("artists") or ()),
        album=row.get("album") or "",
        duration_ms=duration,
        isrc=normalise_isrc(row.get("isrc")),
        explicit=row.get("explicit"),
    )


def rows(folders: Iterable[Path], service: str) -> Iterator[Row]:
    """The recorded rows of one service, those of searches apart."""
    decoder = msgspec.json.Decoder(dict[str, Any])
    for folder in folders:
        for path in sorted(folder.glob("*.jsonl.gz")):
            if service in path.name and "search" not in path.name:
                yield from decoder.decode_lines(gzip.decompress(path.read_bytes()))


def table(path: Path) -> list[dict[str, str]]:
    """The rows of a table by their headings."""
    with path.open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))
