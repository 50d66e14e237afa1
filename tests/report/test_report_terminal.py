"""Tables on a terminal: fitted to its width, coloured only where it wants colours, unmoved by markup."""

from __future__ import annotations

import io
import re

import pytest
from checkpoint_sample import HOSTILE, NOW, TOKYO, sample
from rich.cells import cell_len

from musicdiff_job.core.policy import Policy
from musicdiff_job.report.collections import collection_lines, collections_table
from musicdiff_job.report.run import history_table, run_blocks
from musicdiff_job.report.terminal import show_blocks
from musicdiff_job.report.text import Block, Cell, Column, Fit, Lines, Table, Tone, text_of


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def shown(*blocks: Block, width: int, monkeypatch: pytest.MonkeyPatch, **env: str) -> str:
    for name in ("NO_COLOR", "FORCE_COLOR", "TERM", "COLORTERM"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TERM", "xterm-256color")
    for name, value in env.items():
        monkeypatch.setenv(name, value)
    terminal = Terminal()
    show_blocks(blocks, file=terminal, width=width)
    return terminal.getvalue()


def unstyled(text: str) -> str:
    return re.sub(r"\x1b\[[0-9;]*m", "", text)


@pytest.mark.parametrize("width", [60, 80, 140])
def test_no_line_is_wider_than_the_terminal(width: int, monkeypatch: pytest.MonkeyPatch) -> None:
    checkpoint = sample()
    blocks = (
        *run_blocks(checkpoint.runs[-1], NOW, every=True),
        collections_table(collection_lines(checkpoint, Policy(), NOW), NOW),
        history_table(checkpoint.runs, NOW),
    )
    text = unstyled(shown(*blocks, width=width, monkeypatch=monkeypatch))
    assert max(cell_len(line) for line in text.splitlines()) <= width


def test_a_line_that_is_too_long_goes_on_below_its_beginning(monkeypatch: pytest.MonkeyPatch) -> None:
    text = shown(Lines(("  one two three", "four five six", "")), width=11, monkeypatch=monkeypatch)
    assert [line.rstrip() for line in unstyled(text).split("\n")] == [
        "  one two",
        "  three",
        "four five",
        "six",
        "",
        "",
    ]


def test_colours_on_a_terminal_and_none_with_no_color(monkeypatch: pytest.MonkeyPatch) -> None:
    bad = Lines((Cell("failed", Tone.BAD),))
    assert "\x1b[1;31mfailed" in shown(bad, width=80, monkeypatch=monkeypatch)
    assert "31" not in shown(bad, width=80, monkeypatch=monkeypatch, NO_COLOR="1")


def test_names_are_neither_markup_nor_escape_sequences(monkeypatch: pytest.MonkeyPatch) -> None:
    table = Table(columns=(Column("Name"),), rows=((HOSTILE,), ("[bold]x[/bold] :smile:",)))
    text = shown(table, Lines((HOSTILE,)), width=200, monkeypatch=monkeypatch, TERM="dumb")
    assert "[bold]x[/bold] :smile:" in text
    assert text.count("[red]bold[/red]") == 2
    assert not set(text) & set("\x1b\x07\x9b\u202e\u2066\u200f")


REASON = "a reason of many words that does not fit into so narrow a column"
WIDE = Table(
    columns=(
        Column("Name", fit=Fit.CUT), Column("State"), Column("Entries", number=True), Column("Why", fit=Fit.WRAP),
    ),
    rows=((TOKYO * 3, Cell("failed", Tone.BAD), "1,234", REASON), ("Gym", "in sync", "-", "new")),
)  # fmt: skip


def lines_of(table: Table, width: int, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    return [line.rstrip() for line in unstyled(shown(table, width=width, monkeypatch=monkeypatch)).splitlines()]


def test_what_fits_stands_in_its_column(monkeypatch: pytest.MonkeyPatch) -> None:
    heading, first, second = lines_of(WIDE, 170, monkeypatch)
    assert first.startswith(f"{TOKYO * 3}  failed     1,234  {REASON}")
    assert cell_len(heading[: heading.index("Why")]) == cell_len(first[: first.index(REASON)])
    assert second.index("new") == heading.index("Why")


def test_a_name_is_cut_and_a_reason_stands_below(monkeypatch: pytest.MonkeyPatch) -> None:
    heading, first, below, more, second = lines_of(WIDE, 50, monkeypatch)
    assert heading.split() == ["Name", "State", "Entries", "Why"]
    assert "…" in first
    assert first.endswith("failed     1,234")
    assert below.startswith("  why: a reason of many words")
    assert more.startswith("  ")
    assert " ".join([*below.split()[1:], *more.split()]) == REASON
    assert second.index("new") == heading.index("Why"), "a short one stays"


def test_where_nothing_fits_a_row_is_a_paragraph(monkeypatch: pytest.MonkeyPatch) -> None:
    lines = lines_of(WIDE, 28, monkeypatch)
    at = lines.index("Gym")
    assert lines[at + 1] == "  state in sync, why new"
    assert " ".join(lines).count("1,234") == 1
    assert "Entries" not in " ".join(lines)
    assert max(map(cell_len, lines)) <= 28


EMOJI = ("🏋️‍♀️ Gym 💪🏽", "100% Français 🇫🇷", "深夜の東京 🎧", "한국 노래", "حفلات", "ก็ได้", "👨‍👩‍👧‍👦", "1️⃣ ©️ ™")


@pytest.mark.parametrize("width", [60, 80, 140])
def test_columns_stay_aligned_whatever_the_names(width: int, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = tuple((name * times, "in sync", "1", "new") for name in EMOJI for times in (1, 9))
    heading, *lines = lines_of(Table(WIDE.columns, rows), width, monkeypatch)
    assert len(lines) == len(rows)
    for line in lines:
        assert cell_len(line[: line.index("in sync")]) == cell_len(heading[: heading.index("State")])
        assert cell_len(line) <= width


def test_every_table_tells_everything_at_every_width(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever is not a name is there whole, in whatever form."""
    checkpoint = sample()
    tables = (
        collections_table(collection_lines(checkpoint, Policy(), NOW), NOW),
        history_table(checkpoint.runs, NOW),
        run_blocks(checkpoint.runs[-1], NOW, every=True)[0],
    )
    for table in tables:
        assert isinstance(table, Table)
        for width in (24, 40, 60, 80, 140):
            words = " ".join(lines_of(table, width, monkeypatch)).split()
            for row in table.rows:
                for cell, column in zip(row, table.columns, strict=True):
                    if column.fit is not Fit.CUT and max(map(cell_len, text_of(cell).split()), default=0) < 20:
                        text = text_of(cell)
                        assert text == "-" or set(text.split()) <= {word.rstrip(",") for word in words} | set(words)


def test_a_long_reason_goes_on_below_itself_where_its_column_can_be_read(monkeypatch: pytest.MonkeyPatch) -> None:
    reason = "one two three four five six seven eight nine ten eleven twelve thirteen"
    table = Table((Column("state"), Column("why", fit=Fit.WRAP)), (("ok", reason),))
    wide = lines_of(table, 50, monkeypatch)
    assert wide[1].startswith("ok     one two")
    assert wide[2].startswith("       ")
    assert " ".join(wide[1:]).split() == ["ok", *reason.split()]
    narrow = lines_of(table, 40, monkeypatch)
    assert narrow[1] == "ok"
    assert narrow[2].startswith("  why: one two")
