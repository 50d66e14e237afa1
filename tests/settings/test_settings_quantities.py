"""Numbers, percentages, durations and times of the day."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from musicdiff_job.settings.kinds import Wrong
from musicdiff_job.settings.quantities import LARGEST, Duration, Fraction, Hours, Percent, Whole, Window


@pytest.mark.parametrize(
    ("raw", "seconds"),
    [
        ("10m", 600),
        ("1h30m", 5400),
        ("26h", 93600),
        ("7d", 604800),
        ("2w", 1209600),
        ("0s", 0),
        ("1.5s", 1.5),
        ("90", 90),
        (90, 90),
        (0.25, 0.25),
        ("1d1s", 86401),
    ],
)
def test_durations(raw: object, seconds: float) -> None:
    assert Duration().read(raw) == seconds


@pytest.mark.parametrize(
    "raw",
    [
        "",
        "m",
        "10 m",
        "30m1h",
        "1h1h",
        "-1s",
        -1,
        True,
        None,
        "1y",
        "1e3",
        "١m",
        float("inf"),
        float("nan"),
        10**30,
        " 10m",
    ],
)
def test_no_durations(raw: object) -> None:
    with pytest.raises(Wrong):
        Duration().read(raw)


@pytest.mark.parametrize("raw", ["9" * 400, "9" * 400 + "w"])
def test_durations_are_bounded(raw: str) -> None:
    with pytest.raises(Wrong):
        Duration().read(raw)


@pytest.mark.parametrize("raw", ["0s", "0", 0, 0.0, "0h0m"])
def test_nought_where_it_makes_no_sense(raw: object) -> None:
    assert Duration().read(raw) == 0
    with pytest.raises(Wrong):
        Duration(positive=True).read(raw)


@given(st.integers(0, 100_000_000_000))
def test_what_a_duration_shows_reads_the_same(milliseconds: int) -> None:
    seconds = milliseconds / 1000
    assert Duration().read(Duration().show(seconds)) == pytest.approx(seconds, abs=1e-6)


@pytest.mark.parametrize(
    ("seconds", "shown"), [(604800, "7d"), (5400, "1h30m"), (0, "0s"), (1.5, "1.5s"), (93600, "1d2h")]
)
def test_durations_as_they_are_written(seconds: float, shown: str) -> None:
    assert Duration().show(seconds) == shown


@pytest.mark.parametrize(("raw", "fraction"), [("30%", 0.3), ("0%", 0.0), ("100%", 1.0), ("0.5%", 0.005)])
def test_percentages(raw: str, fraction: float) -> None:
    assert Percent().read(raw) == pytest.approx(fraction)
    assert Percent().show(fraction) == raw


@pytest.mark.parametrize("raw", [30, 0.3, "30", "101%", "100.1%", "-1%", "%", "3 %", None])
def test_no_percentages(raw: object) -> None:
    with pytest.raises(Wrong, match='"30%"'):
        Percent().read(raw)


@pytest.mark.parametrize("raw", [1, 9, 5.0])
def test_whole_numbers(raw: object) -> None:
    number = Whole(1, 9).read(raw)
    assert number == raw and isinstance(number, int)


@pytest.mark.parametrize("raw", [0, 10, 5.5, True, "5", None, float("nan"), float("inf"), 10**4000])
def test_no_whole_numbers_of_these_bounds(raw: object) -> None:
    with pytest.raises(Wrong, match="from 1 to 9"):
        Whole(1, 9).read(raw)


@pytest.mark.parametrize(
    ("text", "raw"), [("5", 5), (" -5 ", -5), ("5.0", "5.0"), ("5" * 5000, "5" * 5000), ("٣", "٣")]
)
def test_whole_numbers_in_variables(text: str, raw: object) -> None:
    assert Whole().from_text(text) == raw


def test_bounds_are_told_where_there_are_any() -> None:
    assert Whole(1).accepted == "a whole number of at least 1" and Whole(1).read(LARGEST) == LARGEST


@pytest.mark.parametrize(("text", "value"), [("0.85", 0.85), ("1", 1.0), (".5", 0.5)])
def test_fractions_in_variables(text: str, value: float) -> None:
    assert Fraction().read(Fraction().from_text(text)) == value


@pytest.mark.parametrize("raw", [-0.1, 1.1, True, "0.5", float("nan"), None])
def test_no_fractions(raw: object) -> None:
    with pytest.raises(Wrong):
        Fraction().read(raw)


@pytest.mark.parametrize(
    ("raw", "window"),
    [("02:00-06:00", Window(120, 360)), ("22:00-06:30", Window(1320, 390)), ("00:00-24:00", Window(0, 1440))],
)
def test_windows(raw: str, window: Window) -> None:
    assert Hours().read(raw) == window
    assert Hours().show(window) == raw


@pytest.mark.parametrize("raw", ["06:00-06:00", "2:00-6:00", "24:00-06:00", "02:60-06:00", "02:00", "", 2, None])
def test_no_windows(raw: object) -> None:
    with pytest.raises(Wrong):
        Hours().read(raw)
