"""What every ``History`` promises. A subclass says how one is opened, and opened again by a later run."""

from __future__ import annotations

from collections.abc import Sequence

from musicdiff_job.core.play_counts import Period, read_period
from musicdiff_job.core.plays import Gap, Line, NotALine, Play, key
from musicdiff_job.ports import History


def play(day: int, minute: int = 0, month: int = 11, track: str = "t") -> Play:
    at = f"2026-{month:02}-{day:02}T12:{minute:02}:00.500Z"
    return Play(played_at=at, track=track, title="東京\u2028 ", artists=("A\nB",), duration_ms=1000)


def written(history: History, period: Period | None = None) -> list[Line | NotALine]:
    return list(history.read(period or Period()))


class HistorySuite:
    """Inherited by the tests of each kind."""

    def open(self, run: str = "run-1") -> History:
        raise NotImplementedError

    def test_an_empty_one_holds_nothing(self) -> None:
        history = self.open()
        assert history.is_empty()
        assert written(history) == []
        assert history.holding([play(1)]) == frozenset()

    def test_what_is_appended_is_read_in_order_by_a_later_run(self) -> None:
        lines: Sequence[Line] = [Gap(after=None, before=play(1).played_at), play(1), play(1, 1), play(2)]
        self.open().append(lines)
        self.open("run-2").append([play(3)])
        later = self.open("run-3")
        assert written(later) == [*lines, play(3)]
        assert not later.is_empty()
        assert later.holding([play(2), play(4), play(3)]) == {key(play(2)), key(play(3))}

    def test_months_are_kept_apart_and_read_one_after_the_other(self) -> None:
        lines = [play(31, month=10), play(1), play(1, month=12)]
        self.open().append(lines)
        history = self.open("run-2")
        assert written(history) == lines
        assert written(history, read_period("2026-11", "2026-11")) == [lines[1]]
        assert written(history, read_period("2026-11-02", None)) == [lines[2]]
        assert history.holding([play(31, month=10), play(30, month=12)]) == {key(lines[0])}

    def test_a_play_that_comes_late_is_found_again(self) -> None:
        self.open().append([play(20), play(21)])
        self.open("run-2").append([play(5), play(22)])
        found = self.open("run-3").holding([play(5), play(6), play(20), play(22)])
        assert found == {key(play(5)), key(play(20)), key(play(22))}

    def test_two_tracks_that_end_together_are_told_apart(self) -> None:
        self.open().append([play(1, track="a")])
        assert self.open("run-2").holding([play(1, track="b")]) == frozenset()
