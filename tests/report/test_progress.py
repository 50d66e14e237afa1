"""The progress bar, drawn on something that looks like a terminal."""

from __future__ import annotations

import io
import re
import unicodedata

import pytest
from checkpoint_sample import GYM, HOSTILE
from rich.cells import cell_len

from musicdiff_job.core.summary import CollectionResult, CollectionState
from musicdiff_job.report.progress import NAME_WIDTH, ProgressBar
from musicdiff_job.report.silent import ShowsCalls, Silent


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def drawn(terminal: Terminal) -> str:
    return re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", terminal.getvalue())


def test_phases_and_collections_have_a_bar_each(monkeypatch: object) -> None:
    terminal = Terminal()
    with ProgressBar(file=terminal, width=120) as bar:
        bar.calls_left = lambda: 4321
        bar.phase("sync", 3)
        bar.phase(f"match {HOSTILE}", 10)
        bar.advance(4)
        bar.finished(CollectionResult(GYM, "playlist", "Gym", CollectionState.CHANGED, ""))
    text = drawn(terminal)
    assert "1/3" in text
    assert "4/10" in text
    assert "4,321 calls left" in text
    assert "match \ufffd]0;owned" in text
    assert not set(text) & set("\x07\x9b\u202e\u2066")


NAMES = (
    "write 100% Français 🇫🇷🇫🇷🇫🇷🇫🇷🇫🇷🇫🇷🇫🇷",
    "write 🏋️‍♀️ Gym & Swim 💪🏽 and a name that goes on and on and on",
    "write 深夜の東京 プレイリスト 🎧 深夜の東京 プレイリスト",
    "match",
    "🇫🇷" * 20,
    "write 👩‍👩‍👧‍👦" * 9,
)


def widest(line: str) -> int:
    """How wide the least capable terminal draws a line: each emoji of a joined one, each letter of a flag."""
    return sum(2 if ord(char) > 0x2E80 and unicodedata.category(char) == "So" else cell_len(char) for char in line)


@pytest.mark.parametrize("width", [30, 40, 60, 80, 140])
def test_no_line_breaks_in_two_on_any_terminal(width: int) -> None:
    """The half that stands above is never drawn over."""
    terminal = Terminal()
    with ProgressBar(file=terminal, width=width) as bar:
        bar.calls_left = lambda: 100_000
        bar.phase("look", None)
        bar.phase("sync", 1000)
        for name in NAMES:
            bar.phase(name, 1000)
            bar.advance(1000)
    lines = [line for line in re.split(r"[\r\n]", drawn(terminal)) if line.strip()]
    assert len(lines) > 3
    for line in lines:
        assert widest(line.rstrip()) < width


def test_the_calls_that_are_left_are_told_once_and_from_the_start() -> None:
    terminal = Terminal()
    with ProgressBar(file=terminal, width=80) as bar:
        bar.calls_left = lambda: 4321
        bar.phase("look", None)
        bar.phase("sync", 3)
        bar.phase("match", 10)
    *_, whole, phase = (line for line in re.split(r"[\r\n]+", drawn(terminal)) if line.strip())
    assert whole.split()[-3:] == ["4,321", "calls", "left"]
    assert "calls" not in phase


def test_a_name_of_wide_letters_takes_no_more_room_than_any_other() -> None:
    terminal = Terminal()
    with ProgressBar(file=terminal, width=120) as bar:
        bar.phase("東" * 200, 5)
    shown = max(drawn(terminal).splitlines(), key=lambda line: line.count("東"))
    assert shown.count("東") == NAME_WIDTH // 2 - 1
    assert "…" in shown


def test_a_new_phase_begins_at_nought() -> None:
    terminal = Terminal()
    with ProgressBar(file=terminal, width=120) as bar:
        bar.phase("one", 5)
        bar.advance(5)
        bar.phase("two", 7)
    assert "0/7" in drawn(terminal)


def test_who_shows_calls() -> None:
    assert isinstance(ProgressBar(file=Terminal()), ShowsCalls)
    assert not isinstance(Silent(), ShowsCalls)
