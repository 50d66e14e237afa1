"""What is written beside a JSPF file for other programs: M3U8 for players, CSV for spreadsheets. Pure.

The CSV has the columns of exportify.app, so that the folder of a backup is an export that a library can be restored
from (``[source] kind = "export"``).
"""

from __future__ import annotations

import csv
import io
from typing import Any

from musicdiff_job.files.jspf import Jspf, identifiers, track_of

COLUMNS = (
    "Track URI", "Track Name", "Artist Name(s)", "Album Name", "Track Duration (ms)", "Explicit", "ISRC",
)  # fmt: skip


def m3u8(one: Jspf) -> bytes:
    """The playlist as extended M3U in UTF-8; a track is the address of its page."""
    lines = ["#EXTM3U", f"#PLAYLIST:{_line(one.title)}"]
    for row in one.rows:
        track = track_of(row)
        seconds = -1 if track.duration_ms is None else round(track.duration_ms / 1000)
        name = " - ".join(part for part in (", ".join(track.artists), track.title) if part)
        lines += [f"#EXTINF:{seconds},{_line(name)}", _line(_address(row.fields))]
    return "".join(f"{line}\n" for line in lines).encode(errors="replace")


def sheet(one: Jspf) -> bytes:
    """The playlist as CSV."""
    text = io.StringIO()
    writer = csv.writer(text, quoting=csv.QUOTE_ALL, lineterminator="\n")
    writer.writerow(COLUMNS)
    for row in one.rows:
        track = track_of(row)
        writer.writerow(
            (
                next(iter(identifiers(row.fields)), ""),
                track.title,
                ", ".join(artist.replace(",", "\\,") for artist in track.artists),
                track.album,
                track.duration_ms or "",
                "" if track.explicit is None else str(track.explicit).lower(),
                track.isrc or "",
            )
        )
    return text.getvalue().encode(errors="replace")


def _address(fields: dict[str, Any]) -> str:
    location, info = fields.get("location"), fields.get("info")
    places = location if isinstance(location, list) else [location]
    found = (one for one in (*places, info, *identifiers(fields)) if isinstance(one, str) and one.strip())
    return next(found, "#")


def _line(text: str) -> str:
    """Text in one line: a line break in a title must not begin another entry."""
    return " ".join(text.split())
