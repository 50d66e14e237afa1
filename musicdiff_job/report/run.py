"""One run, and the list of the last ones, as tables."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from itertools import groupby

from musicdiff_job.core.model import Item, Kind
from musicdiff_job.core.outcome import TABLE, Outcome
from musicdiff_job.core.summary import CollectionResult, CollectionState, Summary
from musicdiff_job.report.text import (
    Block,
    Cell,
    Column,
    Fit,
    Lines,
    Table,
    Tone,
    count,
    duration,
    entries,
    moment,
    named,
    number,
)

STATE_TONES = {
    CollectionState.IN_SYNC: Tone.GOOD,
    CollectionState.CHANGED: Tone.GOOD,
    CollectionState.PENDING: Tone.BUSY,
    CollectionState.FAILED: Tone.BAD,
    CollectionState.SKIPPED: Tone.FAINT,
    CollectionState.CONFLICT: Tone.BAD,
    CollectionState.DETACHED: Tone.FAINT,
}

METHODS = {
    "override": "decided by you",
    "cache": "known from before",
    "isrc": "by ISRC",
    "sweep": "by album or artist",
    "search": "by search",
    "upc": "by bar code",
    "library": "by what your library holds of them",
    "unmatched": "without a counterpart",
}
"""The keys of ``Summary.matching``, in words."""

_ITEMS: dict[str, Item] = {Kind.ALBUMS: Item.ALBUM, Kind.ARTISTS: Item.ARTIST}
"""What the entries of a collection are that are not tracks."""

SHOWN = 60
"""Rows of a run's table on a terminal; more are counted."""


def state_cell(state: CollectionState) -> Cell:
    """A collection's state in words."""
    return Cell(state.value.replace("_", " "), STATE_TONES[state])


def _done(summary: Summary) -> str:
    """What was written, in numbers; "" for nothing."""
    totals, lines = summary.totals, summary.collections
    return ", ".join(
        f"{what} {verb}"
        for number, what, verb in (
            (totals.created, count(totals.created, "playlist"), "created"),
            (totals.added, entries(totals.added, (_item(line) for line in lines if line.added)), "added"),
            (totals.removed, entries(totals.removed, (_item(line) for line in lines if line.removed)), "removed"),
            (totals.reordered, count(totals.reordered, "playlist"), "reordered"),
        )
        if number
    )


def _item(line: CollectionResult) -> Item:
    """What a collection's entries are."""
    return _ITEMS.get(line.kind, Item.TRACK)


def outcome_cell(outcome: Outcome, text: str = "") -> Cell:
    """An outcome, or a sentence about it, in its colour."""
    tone = Tone.GOOD if TABLE[outcome].healthy else Tone.BAD
    if outcome in {Outcome.MORE_TO_DO, Outcome.RATE_LIMITED, Outcome.LOCKED, Outcome.PAUSED, Outcome.INTERRUPTED}:
        tone = Tone.BUSY
    return Cell(text or outcome.value, tone)


def run_blocks(summary: Summary, now: datetime, *, every: bool = False) -> tuple[Block, ...]:
    """A run: the collections that were not simply in step (all of them with ``every``), then the sums."""
    told = [line for line in summary.collections if every or not _uneventful(line)]
    table = Table(
        columns=(
            Column("Collection", fit=Fit.CUT),
            Column("State"),
            Column("Added", number=True),
            Column("Removed", number=True),
            Column("Matched", number=True),
            Column("Unmatched", number=True),
            Column("Why", fit=Fit.WRAP),
        ),
        rows=tuple(_rows(told[:SHOWN])),
    )
    return table, Lines(tuple(_sentences(summary, len(told), now)))


def _rows(told: Sequence[CollectionResult]) -> Iterator[tuple[Cell | str, ...]]:
    """A row for each collection; those that wait for one and the same reason, untouched, in two rows together."""
    for (untouched, reason), found in groupby(told, key=lambda line: (_untouched(line), line.reason)):
        lines = list(found)
        yield _result_row(lines[0])
        if untouched and len(lines) > 2:
            more = f"... and {count(len(lines) - 1, 'more collection')}"
            yield (more, state_cell(CollectionState.PENDING), "-", "-", "-", "-", reason)
        else:
            yield from map(_result_row, lines[1:])


def _untouched(line: CollectionResult) -> bool:
    return line.state is CollectionState.PENDING and not (line.added or line.removed or line.matched or line.notes)


def _uneventful(line: CollectionResult) -> bool:
    return line.state in {CollectionState.IN_SYNC, CollectionState.SKIPPED} and not line.notes


def _result_row(line: CollectionResult) -> tuple[Cell | str, ...]:
    why = "; ".join((*((line.reason,) if line.reason else ()), *line.notes))
    return (
        line.name or line.id,
        state_cell(line.state),
        number(line.added),
        number(line.removed),
        number(line.matched),
        number(line.unmatched),
        why,
    )


def _sentences(summary: Summary, told: int, now: datetime) -> list[Cell | str]:
    totals = summary.totals
    lines: list[Cell | str] = []
    if told > SHOWN:
        lines.append(f"... and {count(told - SHOWN, 'more collection')}")
    trial = " (dry run: nothing was written)" if summary.dry_run else ""
    meaning = TABLE[summary.outcome].meaning
    lines.append(outcome_cell(summary.outcome, f"{summary.outcome.value.replace('_', ' ')}: {meaning}{trial}"))
    if summary.retry_at:
        lines.append(f"next try: {moment(summary.retry_at, now)}")
    if summary.rests_until:
        lines.append(f"no call was made: by the rules nothing is due before {moment(summary.rests_until, now)}")
    if totals.collections:
        states = (
            (totals.in_sync, "in step"),
            (totals.changed, "changed"),
            (totals.pending, "unfinished"),
            (totals.failed, "failed"),
            (totals.skipped, "left alone"),
        )
        lines.append(f"{count(totals.collections, 'collection')}: " + _listed(states))
    if done := _done(summary):
        lines.append(f"done: {done}")
    if methods := _listed(tuple((found, METHODS.get(name, name)) for name, found in summary.matching.items())):
        lines.append(f"matching: {methods}")
    if totals.duplicates:
        lines.append(f"{count(totals.duplicates, 'duplicate')} left out, because Deezer refuses a track twice")
    if summary.new_playlists:
        names = ", ".join(map(named, summary.new_playlists[:10]))
        more = f" and {len(summary.new_playlists) - 10} more" if len(summary.new_playlists) > 10 else ""
        lines.append(f"{count(len(summary.new_playlists), 'new playlist')}: {names}{more}")
    if summary.playback.new_plays:
        lines.append(f"listening history: {count(summary.playback.new_plays, 'new play')}")
    lines += [Cell(f"listening history: {note}", Tone.BUSY) for note in summary.playback.notes]
    calls = summary.api_calls
    lines.append(
        f"API calls: Spotify {calls.get('spotify', 0):,}, Deezer {calls.get('deezer', 0):,} "
        f"({count(summary.lookups, 'look-up')}, {count(summary.writes, 'write')}), sign-in {calls.get('auth', 0):,}; "
        f"{duration(summary.duration_seconds)}"
    )
    lines += [Cell(f"conflict {line.id} in {named(line.name)}: {line.message}", Tone.BAD) for line in summary.conflicts]
    # What mends itself, such as a lock or a service that asked to wait, is not to look like a failure.
    tone = Tone.BUSY if TABLE[summary.outcome].healthy else Tone.BAD
    lines += [Cell(error_line(error.where, error.message, error.hint), tone) for error in summary.errors]
    return lines


def error_line(where: str, message: str, hint: str) -> str:
    """``where: what happened. What to do``."""
    text = f"{named(where)}: {message}" if where else message
    return f"{text}. {hint}" if hint else text


def _listed(counts: tuple[tuple[int, str], ...]) -> str:
    return ", ".join(f"{value:,} {name}" for value, name in counts if value)


def history_table(runs: Sequence[Summary], now: datetime) -> Table:
    """The runs, newest first."""
    return Table(
        columns=(
            Column("Started"),
            Column("By"),
            Column("Took", number=True),
            Column("Outcome"),
            Column("Entries"),
            Column("Calls", number=True),
            Column("Error", fit=Fit.CUT),
        ),
        rows=tuple(_run_row(run, now) for run in reversed(runs)),
        nothing="No run yet.",
    )


def _difference(run: Summary) -> str:
    totals = run.totals
    return " ".join(f"{sign}{value:,}" for sign, value in (("+", totals.added), ("-", totals.removed)) if value) or "-"


def _run_row(run: Summary, now: datetime) -> tuple[Cell | str, ...]:
    first = run.errors[0] if run.errors else None
    return (
        moment(run.started_at, now).partition(" UTC")[0],
        run.trigger.value,
        duration(run.duration_seconds),
        outcome_cell(run.outcome, run.outcome.value.replace("_", " ")),
        _difference(run),
        number(run.api_calls.get("spotify", 0) + run.api_calls.get("deezer", 0)),
        error_line(first.where, first.message, "") if first else "",
    )
