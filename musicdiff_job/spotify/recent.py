"""Spotify's answer about what was played last, into values. Pure, as ``decode``.

``GET /me/player/recently-played`` (documented): rows newest first, each with ``track`` (in every kind of app),
``played_at`` with milliseconds and ``context``, which may be null. There is no total, and beyond the last 50 plays
nothing but an empty page (observed by several clients).
"""

from __future__ import annotations

from typing import Any

from musicdiff_job.core.errors import BadAnswer
from musicdiff_job.core.plays import Play, Shown, moment_text
from musicdiff_job.core.timestamps import from_iso
from musicdiff_job.spotify import decode


def shown(body: object) -> Shown:
    """The plays of an answer. A row that does not say what was played, or when, is counted and left out: it must not
    keep the others from being recorded. Raises ``BadAnswer`` when there is no list of rows, or none that is
    understood."""
    rows = body.get("items") if isinstance(body, dict) else None
    if not isinstance(rows, list):
        raise BadAnswer("Spotify's answer about the last plays has no list of rows")
    plays = tuple(play for row in rows if (play := _play(row)) is not None)
    if rows and not plays:
        raise BadAnswer("Spotify's answer about the last plays has no row in a form that is known")
    return Shown(plays=plays, rows=len(rows))


def _play(row: object) -> Play | None:
    found: dict[str, Any] = row if isinstance(row, dict) else {}
    thing, context = found.get("track"), found.get("context")
    try:
        played_at = moment_text(from_iso(decode.text(found.get("played_at"))))
    except ValueError:
        return None
    if not isinstance(thing, dict):
        return None
    track = decode.played(thing)
    uri = decode.text(context.get("uri")) if isinstance(context, dict) else ""
    return Play(
        played_at=played_at,
        track=track.id,
        isrc=track.isrc,
        title=track.title,
        artists=track.artists,
        album=track.album,
        duration_ms=track.duration_ms,
        context=uri or None,
    )
