"""Several profiles, as tables: how their runs went, and how things stand with them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from musicdiff_job.core.outcome import TABLE
from musicdiff_job.core.summary import ProfilesSummary, Summary
from musicdiff_job.report.run import error_line, outcome_cell
from musicdiff_job.report.status import Status
from musicdiff_job.report.text import Block, Cell, Column, Fit, Lines, Table, Tone, count, moment, named, number


@dataclass(frozen=True, slots=True)
class StatusLine:
    """How things stand with one profile: its status (None where it cannot be told), and what somebody should look
    at."""

    profile: str
    status: Status | None
    ailments: tuple[str, ...]


def runs_blocks(total: ProfilesSummary) -> tuple[Block, ...]:
    """A row for each profile's run, then what they come to."""
    table = Table(
        columns=(
            Column("Profile", fit=Fit.CUT),
            Column("Outcome"),
            Column("Added", number=True),
            Column("Removed", number=True),
            Column("Unmatched", number=True),
            Column("Calls", number=True),
            Column("Why", fit=Fit.WRAP),
        ),
        rows=tuple(map(_run_row, total.profiles)),
    )
    healthy = sum(TABLE[run.outcome].healthy for run in total.profiles)
    verdict = f"{count(len(total.profiles), 'profile')}, {healthy:,} of them healthy"
    meaning = f"{total.outcome.value.replace('_', ' ')}: {TABLE[total.outcome].meaning}"
    return table, Lines((verdict, outcome_cell(total.outcome, f"most urgent: {meaning}")))


def standings_table(lines: Sequence[StatusLine], now: datetime) -> Table:
    """A row for each profile."""
    return Table(
        columns=(
            Column("Profile", fit=Fit.CUT),
            Column("Verdict"),
            Column("Last run"),
            Column("In step", number=True),
            Column("All in step"),
            Column("Look at", fit=Fit.WRAP),
        ),
        rows=tuple(_standing_row(line, now) for line in lines),
    )


def _run_row(run: Summary) -> tuple[Cell | str, ...]:
    first = run.errors[0] if run.errors else None
    return (
        named(run.profile),
        outcome_cell(run.outcome, run.outcome.value.replace("_", " ")),
        number(run.totals.added),
        number(run.totals.removed),
        number(run.totals.unmatched),
        number(run.api_calls.get("spotify", 0) + run.api_calls.get("deezer", 0)),
        error_line(first.where, first.message, first.hint) if first else "",
    )


def _standing_row(line: StatusLine, now: datetime) -> tuple[Cell | str, ...]:
    verdict = Cell("look at it", Tone.BAD) if line.ailments else Cell("healthy", Tone.GOOD)
    why = "; ".join(line.ailments)
    if (status := line.status) is None:
        return (named(line.profile), verdict, "-", "-", "-", why)
    if status.paused and not line.ailments:
        verdict = Cell("paused", Tone.BUSY)
    run, done = status.last_run, status.progress.collections
    return (
        named(line.profile),
        verdict,
        "never" if run is None else f"{moment(run.finished_at, now)}, {run.outcome.value.replace('_', ' ')}",
        f"{done.in_sync:,}/{done.total:,}",
        moment(status.last_success_at, now),
        why,
    )
