"""The listening history's stage of a run: one call, two when a full answer shows nothing that is known.

It comes before everything else and needs Spotify alone, because what it misses is lost: Spotify shows the last 50
plays, two or three hours of music, and no more. Whatever goes wrong in it is a note in the summary; the sync goes on
and ends as it would have.

``after`` is never sent. It would hide plays that come late (heard offline), and without it every answer shows by itself
whether it reaches back to what is known.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import timedelta

import msgspec

from musicdiff_job.core.errors import (
    AuthError,
    HistoryUnusable,
    JobError,
    OutOfBudget,
    SkipCollection,
    Wait,
    WrongAccount,
)
from musicdiff_job.core.model import Service
from musicdiff_job.core.plays import Cursor, Gap, Line, Play, PlayKey, Shown, key, keys, unknown
from musicdiff_job.core.summary import Playback
from musicdiff_job.core.timestamps import from_iso
from musicdiff_job.journal import event
from musicdiff_job.ports import History, Listening
from musicdiff_job.run_log import RunLog
from musicdiff_job.session import Session
from musicdiff_job.survey import pin_accounts

RECENT = 50
"""Plays that Spotify shows, and the most that one call gives (documented, observed)."""


def record_plays(session: Session, log: RunLog) -> None:
    """Append what was played since the last run, then move the cursor, which is saved with whatever is saved next.
    Raises ``Interrupted``, ``OutOfBudget`` and ``WrongAccount``; all else ends in a note."""
    history, listening = session.job.history, session.connections.listening
    if history is None or listening is None:
        return
    try:
        pin_accounts(session, (Service.SPOTIFY,))
        shown = listening.recently_played()
        lines = _new_lines(shown, session.checkpoint.playback, history, listening)
        if lines:
            history.append(lines)
    except WrongAccount:
        raise
    except (AuthError, HistoryUnusable, SkipCollection, Wait) as error:
        log.playback = Playback(notes=(_told(error),))
        event("playback.failed", logging.WARNING, reason=error.message)
        return
    session.checkpoint = msgspec.structs.replace(session.checkpoint, playback=Cursor(keys(shown.plays)))
    gaps = [line for line in lines if isinstance(line, Gap)]
    notes = [*map(_missing, gaps), *([f"{shown.odd} of Spotify's rows were not understood"] if shown.odd else [])]
    log.playback = Playback(new_plays=len(lines) - len(gaps), notes=tuple(notes))
    event("playback.recorded", new_plays=log.playback.new_plays, gap=bool(gaps))


def _new_lines(shown: Shown, cursor: Cursor | None, history: History, listening: Listening) -> Sequence[Line]:
    """What is to be appended, oldest first."""
    before = frozenset(cursor.shown if cursor else ())
    known = before | _written(shown.plays, before, history)
    plays = shown.plays
    gaps: tuple[Gap, ...] = ()
    if _reaches_nothing(shown, known) and (cursor is not None or not history.is_empty()):
        older = _further_back(shown, listening)
        known |= _written(older, before, history)
        plays = (*plays, *older)
        if known.isdisjoint(map(key, plays)):
            oldest = min(play.played_at for play in plays)
            gaps = (Gap(after=max((one.played_at for one in before), default=None), before=oldest),)
    return (*gaps, *unknown(plays, known))


def _written(plays: Sequence[Play], before: frozenset[PlayKey], history: History) -> frozenset[PlayKey]:
    """Which of the plays that the cursor does not know are in the history already. Not asked where there is none."""
    new = unknown(plays, before)
    return history.holding(new) if new else frozenset()


def _reaches_nothing(shown: Shown, known: frozenset[PlayKey]) -> bool:
    return shown.rows >= RECENT and bool(shown.plays) and known.isdisjoint(map(key, shown.plays))


def _further_back(shown: Shown, listening: Listening) -> tuple[Play, ...]:
    """What Spotify shows before the oldest play of an answer: nothing, as far as anybody has seen. What was read
    already is not given up because of this second call."""
    oldest = min(from_iso(play.played_at) for play in shown.plays)
    try:
        return listening.recently_played((oldest - _EPOCH) // timedelta(milliseconds=1)).plays
    except (AuthError, OutOfBudget, SkipCollection, Wait):
        return ()


_EPOCH = from_iso("1970-01-01T00:00:00Z")


def _missing(gap: Gap) -> str:
    since = f"between {gap.after} and" if gap.after else "before"
    return (
        f"plays {since} {gap.before} may be missing: Spotify shows the last {RECENT} and all of them were new. "
        "Run more often, every hour or two"
    )


def _told(error: JobError) -> str:
    return f"no plays were recorded: {error}"
