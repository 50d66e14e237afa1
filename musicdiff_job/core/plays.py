"""The listening history: what one line of it says, and which plays of an answer are new.

Theory. Spotify shows an app the last 50 plays and nothing before them, newest first, so the history is what many runs
have read, put together. A play is known by the moment it ended and its track. What is new in an answer is whatever is
neither in the cursor (the plays that the last answer showed) nor in the history itself; so the cursor may be lost, or
be older than the history because a run died between writing and saving, and still no play is written twice.

New plays are written oldest first. If an answer shows one play that is known, everything after that play is in the
answer too, and nothing was missed. If a full answer shows none, something may have been: that is a ``Gap``.

Times are Spotify's own, ISO-8601 in UTC with milliseconds, so that their texts sort as they do; this machine's clock
takes no part.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import UTC, datetime
from itertools import groupby
from typing import Annotated, NewType

import msgspec

SCHEMA = 1

Moment = Annotated[str, msgspec.Meta(pattern=r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$")]
"""``2026-11-21T12:00:00.123Z``."""

Month = NewType("Month", str)
"""``2026-11``, in UTC."""


class Play(msgspec.Struct, frozen=True, kw_only=True, tag_field="kind", tag="play"):
    """One track that was listened to. ``played_at`` is when it ended. ``track`` is Spotify's id, the URI of what has
    none (a file of one's own), or "". ``context`` is the URI of the playlist, album or artist it was played from."""

    schema: int = SCHEMA
    played_at: Moment
    track: str
    isrc: str | None = None
    title: str = ""
    artists: tuple[str, ...] = ()
    album: str = ""
    duration_ms: int | None = None
    context: str | None = None


class Gap(msgspec.Struct, frozen=True, kw_only=True, tag_field="kind", tag="gap"):
    """Plays between the last known one and the oldest new one may be missing. ``after`` is None when the last known
    one is not known any more."""

    schema: int = SCHEMA
    after: Moment | None
    before: Moment


Line = Play | Gap
"""A line of the history."""


class NotALine(msgspec.Struct, frozen=True):
    """A line that this version does not understand, and where it stands."""

    place: str
    number: int


class PlayKey(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """What makes a play this one and no other."""

    played_at: str
    track: str


class Cursor(msgspec.Struct, frozen=True):
    """How far the history has come: the plays that the last answer showed, newest first."""

    shown: tuple[PlayKey, ...] = ()


class Shown(msgspec.Struct, frozen=True):
    """An answer: its plays, newest first. ``rows`` counts also what was not understood."""

    plays: tuple[Play, ...]
    rows: int

    @property
    def odd(self) -> int:
        """Rows that were not understood."""
        return self.rows - len(self.plays)


def key(play: Play) -> PlayKey:
    """The play's key."""
    return PlayKey(play.played_at, play.track)


def keys(plays: Iterable[Play]) -> tuple[PlayKey, ...]:
    """The plays' keys, each once."""
    return tuple(dict.fromkeys(map(key, plays)))


def unknown(plays: Iterable[Play], known: Collection[PlayKey]) -> tuple[Play, ...]:
    """Those that are not known, each once, oldest first."""
    found = {key(play): play for play in plays if key(play) not in known}
    return tuple(sorted(found.values(), key=lambda play: play.played_at))


def moment_of(line: Line) -> str:
    """When the line's place in the history is: a play's end, or the play before which something is missing."""
    return line.played_at if isinstance(line, Play) else line.before


def month_of(line: Line) -> Month:
    """The month that the line belongs to."""
    return Month(moment_of(line)[:7])


def by_month(lines: Sequence[Line]) -> tuple[tuple[Month, tuple[Line, ...]], ...]:
    """The lines of each month, in their order."""
    return tuple((month, tuple(found)) for month, found in groupby(lines, key=month_of))


def moment_text(moment: datetime) -> str:
    """An aware time as a ``Moment``."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def encode(lines: Iterable[Line]) -> bytes:
    """The lines as NDJSON, each ended."""
    return b"".join(msgspec.json.encode(line) + b"\n" for line in lines)


def decode(text: bytes) -> Line | None:
    """A line of NDJSON; None for one that is torn, or of another kind or schema than this version knows."""
    try:
        line = _DECODER.decode(text)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return None
    return line if line.schema == SCHEMA else None


_DECODER: msgspec.json.Decoder[Line] = msgspec.json.Decoder(Play | Gap)
