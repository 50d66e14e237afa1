"""The runs as bars."""

from __future__ import annotations

import msgspec
from checkpoint_sample import NOW
from report_sample import history, run

from musicdiff_job.core.outcome import Outcome
from musicdiff_job.report.html.chart import HEIGHT, LEAST, SLOT, SLOTS, chart_of
from musicdiff_job.report.text import Tone


def test_one_run_is_no_chart() -> None:
    assert chart_of((), NOW) is None
    assert chart_of((run(0, Outcome.CHANGED, 1, 1.0),), NOW) is None


def test_the_last_run_stands_at_the_right_and_the_highest_bar_is_full() -> None:
    chart = chart_of((run(2, Outcome.MORE_TO_DO, 900, 100.0), run(1, Outcome.AUTH, 0, 25.0)), NOW)
    assert chart is not None
    calls, took = chart.series
    assert [bar.x for bar in calls.bars] == [(SLOTS - 2) * SLOT, (SLOTS - 1) * SLOT]
    assert [bar.tone for bar in calls.bars] == [Tone.BUSY, Tone.BAD]
    assert [bar.height for bar in took.bars] == [HEIGHT, HEIGHT / 2], "a quarter of the time is half the height"
    assert (calls.bars[0].y, calls.most, took.most) == (0, "993", "1 min 40 s")
    assert calls.bars[0].words == "20 Nov, 11:00: more to do, 993"
    assert chart.words == "2 runs from 20 Nov, 11:00 to 20 Nov, 23:00; 1 of them failed."


def test_every_bar_can_be_seen_and_none_leaves_the_field() -> None:
    chart = chart_of(history(Outcome.CHANGED) * 2, NOW)
    assert chart is not None
    for series in chart.series:
        assert len(series.bars) == SLOTS
        assert min(bar.height for bar in series.bars) >= LEAST
        assert all(bar.y >= 0 and bar.y + bar.height <= HEIGHT + 0.1 for bar in series.bars)
        assert series.bars[-1].x + chart.bar <= chart.width


def test_runs_without_calls_divide_by_nothing() -> None:
    still = msgspec.structs.replace(run(0, Outcome.PAUSED, 0, 0.0), api_calls={})
    chart = chart_of((still, still), NOW)
    assert chart is not None
    assert {bar.height for series in chart.series for bar in series.bars} == {LEAST}
