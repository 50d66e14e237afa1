"""Lines from stdin: whole, in pieces, without an end, none."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from musicdiff_job.cli.typed import LONGEST, Typed, first_line


@pytest.fixture
def pipe() -> Iterator[tuple[Typed, int]]:
    reading, writing = os.pipe()
    yield Typed(reading), writing
    os.close(reading)
    try:
        os.close(writing)
    except OSError:
        return


def test_a_line_may_come_in_pieces(pipe: tuple[Typed, int]) -> None:
    typed, writing = pipe
    os.write(writing, b"\n  \nab")
    assert typed.read() == []
    os.write(writing, b"c\r\nde\nf")
    assert typed.read() == ["abc", "de"]
    assert not typed.ended
    os.close(writing)
    assert typed.read() == ["f"]
    assert typed.ended


def test_a_line_without_end_is_not_kept_for_ever(pipe: tuple[Typed, int]) -> None:
    typed, writing = pipe
    for ended in (False, False, True):
        os.write(writing, b"x" * (LONGEST // 2))
        typed.read()
        assert typed.ended is ended


def test_the_first_line(pipe: tuple[Typed, int]) -> None:
    typed, writing = pipe
    os.write(writing, b"\nsecret\nmore\n")
    assert first_line(typed, 60.0, lambda: 0.0) == "secret"


def test_the_end_of_the_input_is_no_line(pipe: tuple[Typed, int]) -> None:
    typed, writing = pipe
    os.close(writing)
    assert first_line(typed, 60.0, lambda: 0.0) == ""


def test_a_pipe_that_says_nothing_is_not_awaited_for_ever(pipe: tuple[Typed, int]) -> None:
    clock = iter([0.0, 59.99, 60.0])
    assert first_line(pipe[0], 60.0, lambda: next(clock)) == ""


def test_no_stdin_at_all(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", None)
    assert Typed.of_stdin() is None
    assert first_line(None, 60.0, lambda: 0.0) == ""


def test_what_was_typed_is_not_in_the_repr(pipe: tuple[Typed, int]) -> None:
    os.write(pipe[1], b"secret")
    pipe[0].read()
    assert "secret" not in repr(pipe[0])
