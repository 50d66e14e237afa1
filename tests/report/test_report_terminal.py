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
from musicdiff_job.report.text import Block, Cell, Column, Fit, Lines, Table, Tone


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


def test_a_name_is_cut_and_a_reason_is_wrapped(monkeypatch: pytest.MonkeyPatch) -> None:
    table = Table(
        columns=(Column("Name", fit=Fit.CUT), Column("Entries", number=True), Column("Why", fit=Fit.WRAP)),
        rows=((TOKYO * 3, "1,234", "a reason of many words that does not fit into so narrow a column"),),
    )
    lines = unstyled(shown(table, width=50, monkeypatch=monkeypatch)).splitlines()
    assert "…" in lines[1]
    assert "1,234" in lines[1]
    assert len(lines) > 2
    assert " ".join(lines[2:]).split()[-2:] == ["a", "column"]
