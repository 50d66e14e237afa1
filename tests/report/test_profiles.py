"""Several profiles as tables."""

from __future__ import annotations

from checkpoint_sample import NOW

from musicdiff_job.core.outcome import Outcome
from musicdiff_job.core.summary import ErrorLine, Summary, Totals, together
from musicdiff_job.report.profiles import StatusLine, runs_blocks, standings_table
from musicdiff_job.report.text import Lines, Table, Tone, plain


def run(profile: str, outcome: Outcome, added: int, *errors: ErrorLine) -> Summary:
    return Summary("r", outcome, "", "", 1.0, profile=profile, totals=Totals(added=added), errors=errors)


def test_a_row_for_each_and_what_they_come_to() -> None:
    error = ErrorLine("", "refused", "Authorise again")
    total = together((run("bob\x1b[2J", Outcome.AUTH, 0, error), run("alice", Outcome.CHANGED, 1234)))
    table, lines = runs_blocks(total)
    assert isinstance(table, Table) and isinstance(lines, Lines)
    text = plain((table, lines))
    assert "\x1b" not in text
    assert "refused. Authorise again" in text and "1,234" in text
    assert "2 profiles, 1 of them healthy" in text
    assert "most urgent: auth: credentials refused or expired" in text


def test_how_things_stand_where_that_cannot_be_told() -> None:
    table = standings_table([StatusLine("bob", None, ("the checkpoint is corrupt",))], NOW)
    (row,) = table.rows
    assert row[0] == "bob" and row[-1] == "the checkpoint is corrupt"
    assert getattr(row[1], "tone", None) is Tone.BAD
