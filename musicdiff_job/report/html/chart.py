"""The runs as bars: how many calls each made and how long it took, coloured by how it ended."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from math import sqrt

from musicdiff_job.core.summary import Summary
from musicdiff_job.report.html.words import stamp
from musicdiff_job.report.run import outcome_cell
from musicdiff_job.report.text import Tone, count, duration

SLOTS = 50
"""Places for bars; the checkpoint keeps as many runs."""
SLOT = 10
"""Width of a place, of which a bar fills ``BAR``."""
BAR = 7
HEIGHT = 100
LEAST = 2
"""Height of a bar that stands for something, however little."""


@dataclass(frozen=True, slots=True)
class Bar:
    """A rectangle in a field of ``SLOTS * SLOT`` by ``HEIGHT``, and what it stands for, in words."""

    x: int
    y: float
    height: float
    tone: Tone
    words: str


@dataclass(frozen=True, slots=True)
class Series:
    """The bars of one quantity; ``most`` is the highest in words."""

    title: str
    most: str
    bars: tuple[Bar, ...]


@dataclass(frozen=True, slots=True)
class Chart:
    """Both quantities over the same runs, and what they show, in a sentence."""

    width: int
    height: int
    bar: int
    first: str
    last: str
    words: str
    series: tuple[Series, ...]


def chart_of(runs: Sequence[Summary], now: datetime) -> Chart | None:
    """The chart of these runs, oldest first; None where there is nothing to compare."""
    shown = runs[-SLOTS:]
    if len(shown) < 2:
        return None
    bad = sum(_tone(run) is Tone.BAD for run in shown)
    failed = f"{bad} of them failed" if bad else "none of them failed"
    first, last = stamp(shown[0].started_at, now), stamp(shown[-1].started_at, now)
    return Chart(
        width=SLOTS * SLOT,
        height=HEIGHT,
        bar=BAR,
        first=first,
        last=last,
        words=f"{count(len(shown), 'run')} from {first} to {last}; {failed}.",
        series=(
            _series("API calls a run", shown, calls_of, lambda value: f"{value:,.0f}", now),
            _series("Duration", shown, lambda run: run.duration_seconds, duration, now),
        ),
    )


def calls_of(run: Summary) -> int:
    """Calls to both services, sign-ins aside."""
    return run.api_calls.get("spotify", 0) + run.api_calls.get("deezer", 0)


def _tone(run: Summary) -> Tone:
    return outcome_cell(run.outcome).tone


def _series(
    title: str,
    runs: Sequence[Summary],
    value: Callable[[Summary], float],
    worded: Callable[[float], str],
    now: datetime,
) -> Series:
    top = max(map(value, runs))
    bars = []
    # The last run stands at the right, so that a new one pushes the others along.
    for place, run in enumerate(runs, SLOTS - len(runs)):
        # A first sync makes a thousand times the calls of a run without work; the root lets both be seen.
        height = max(LEAST, round(HEIGHT * sqrt(max(0.0, value(run)) / top), 1)) if top else LEAST
        ended = run.outcome.value.replace("_", " ")
        words = f"{stamp(run.started_at, now)}: {ended}, {worded(value(run))}"
        bars.append(Bar(place * SLOT, round(HEIGHT - height, 1), height, _tone(run), words))
    return Series(title, worded(top), tuple(bars))
