"""One playlist as JSPF (https://xspf.org/jspf), the form that the job reads again. Pure.

A playlist is ours by its ``identifier``. A track's ``identifier`` holds its Spotify URI and its ISRC; ``info`` is its
page. What JSPF has no field for (several artists, explicit lyrics) stands in ``meta``. Whatever a person adds to a file
stays: rows and fields are kept as they are read, so that writing what was read gives the same bytes.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from typing import Any

import msgspec

from musicdiff_job.core.errors import BadAnswer
from musicdiff_job.core.links import source_link
from musicdiff_job.core.model import PlaylistId, TargetId, Track
from musicdiff_job.core.text import normalise_isrc
from musicdiff_job.export.lists import MADE_UP, made_up_id

OURS = "urn:musicdiff:playlist:"
NO_SPOTIFY_ID = "urn:musicdiff:track:"
SPOTIFY = "spotify:track:"
ISRC = "urn:isrc:"
ARTIST = "urn:musicdiff:artist"
EXPLICIT = "urn:musicdiff:explicit"

_TRACK = re.compile(rf"(?:{SPOTIFY}|{NO_SPOTIFY_ID})([0-9A-Za-z]{{22}})")


class Row(msgspec.Struct, frozen=True):
    """One track: its id, and its fields as the file has them."""

    id: TargetId
    fields: dict[str, Any]


class Jspf(msgspec.Struct, frozen=True):
    """One playlist. ``rest`` are fields of the file that the job does not use."""

    id: PlaylistId
    title: str
    description: str = ""
    rows: tuple[Row, ...] = ()
    rest: dict[str, Any] = msgspec.field(default_factory=dict)


def decode(text: str, place: str) -> Jspf | None:
    """The playlist of a file; None for a file of somebody else. A track that stands there twice counts once. Raises
    ``BadAnswer`` for what is no JSON, which may be ours and must not look deleted, and for ours with a flaw."""
    try:
        whole = json.loads(text)
    except json.JSONDecodeError as error:
        raise _flaw(place, f"line {error.lineno} is not JSON ({error.msg})") from None
    except (ValueError, RecursionError):
        raise _flaw(place, "is not JSON") from None
    found = whole.get("playlist") if isinstance(whole, dict) else None
    identity = found.get("identifier") if isinstance(found, dict) else None
    if not isinstance(found, dict) or not isinstance(identity, str) or not identity.startswith(OURS):
        return None
    rows, title, annotation = found.get("track"), found.get("title"), found.get("annotation", "")
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise _flaw(place, "has no list of tracks")
    if not isinstance(title, str) or not isinstance(annotation, str):
        raise _flaw(place, "has no title")
    by_id: dict[TargetId, Row] = {}
    for row in map(_row, rows):
        by_id.setdefault(row.id, row)
    used = {"title", "annotation", "identifier", "track"}
    rest = {key: value for key, value in found.items() if key not in used}
    ours = PlaylistId(identity.removeprefix(OURS))
    return Jspf(ours, title, annotation, tuple(by_id.values()), rest)


def encode(one: Jspf) -> bytes:
    """The file."""
    head: dict[str, Any] = {"title": one.title}
    if one.description:
        head["annotation"] = one.description
    head |= {"identifier": OURS + one.id, **one.rest, "track": [row.fields for row in one.rows]}
    text = json.dumps({"playlist": head}, ensure_ascii=False, indent=2)
    return f"{text}\n".encode(errors="replace")


def row_of(track: Track) -> Row:
    """The row of a track of the source."""
    made_up = track.id.startswith(MADE_UP)
    identifiers = [(NO_SPOTIFY_ID if made_up else SPOTIFY) + track.id]
    if track.isrc:
        identifiers.append(ISRC + track.isrc)
    fields: dict[str, Any] = {"title": track.title, "creator": ", ".join(track.artists), "album": track.album}
    if track.duration_ms:
        fields["duration"] = track.duration_ms
    fields["identifier"] = identifiers
    if not made_up:
        fields["info"] = source_link(track.id)
    meta = [{ARTIST: artist} for artist in track.artists] if len(track.artists) > 1 else []
    if track.explicit is not None:
        meta.append({EXPLICIT: str(track.explicit).lower()})
    if meta:
        fields["meta"] = meta
    return Row(TargetId(track.id), {key: value for key, value in fields.items() if value != ""})


def track_of(row: Row) -> Track:
    """The track of a row."""
    fields = row.fields
    duration = fields.get("duration")
    creator = _text(fields.get("creator"))
    explicit = next(iter(_meta(fields, EXPLICIT)), "")
    isrcs = (one.removeprefix(ISRC) for one in identifiers(fields) if one.startswith(ISRC))
    return Track(
        id=row.id,
        title=_text(fields.get("title")),
        artists=tuple(_meta(fields, ARTIST)) or ((creator,) if creator else ()),
        album=_text(fields.get("album")),
        duration_ms=duration if type(duration) is int and 0 < duration < 2**53 else None,
        isrc=normalise_isrc(next(isrcs, None)),
        explicit={"true": True, "false": False}.get(explicit),
    )


def identifiers(fields: dict[str, Any]) -> list[str]:
    """The identifiers of a row; a single one need not be in a list."""
    found = fields.get("identifier")
    return [one for one in (found if isinstance(found, list) else [found]) if isinstance(one, str)]


def _row(fields: dict[str, Any]) -> Row:
    known = next((form[1] for one in identifiers(fields) if (form := _TRACK.fullmatch(one))), None)
    if known is None:  # a person has put it there
        words = [_text(fields.get(key)) for key in ("title", "creator", "album")]
        location = fields.get("location")
        known = made_up_id(words[0], words[1], words[2] + (json.dumps(location) if location else ""))
    return Row(TargetId(known), fields)


def _meta(fields: dict[str, Any], name: str) -> Iterable[str]:
    found = fields.get("meta")
    rows = found if isinstance(found, list) else []
    return [row[name] for row in rows if isinstance(row, dict) and isinstance(row.get(name), str)]


def _text(value: object) -> str:
    return value.encode(errors="replace").decode() if isinstance(value, str) else ""


def _flaw(place: str, what: str) -> BadAnswer:
    return BadAnswer(f"{place} {what}", "Mend the file, or move it away if it is not the job's")
