"""The progress bar, drawn on something that looks like a terminal."""

from __future__ import annotations

import io
import re

from checkpoint_sample import GYM, HOSTILE

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
