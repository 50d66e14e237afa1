"""When two titles name one song."""

from __future__ import annotations

import pytest

from musicdiff_job.core.titles import compare_titles

ONE_SONG = [
    ("Doo Wop (That Thing)", "Doo Wop (That Thing)", 0.0),
    ("Doo Wop (That Thing)", "Doo Wop", 0.06),
    ("I Wanna Dance with Somebody", "I Wanna Dance with Somebody (Who Loves Me)", 0.06),
    ("Satisfaction", "(I Can't Get No) Satisfaction", 0.06),
    ("Song (feat. A)", "Song", 0.0),
    ("Song - 2011 Remaster", "SONG", 0.0),
    ("P.I.M.P.", "PIMP", 0.0),
    ("F**k You", "Fuck You", 0.02),
    ("Et jitt kein Wood", "Et jitt kei Wood", 0.04),
    ("강남스타일 (Gangnam Style)", "Gangnam Style", 0.1),
    ("나빠", "NAPPA 나빠", 0.1),
    ("Waka Waka (The Official 2010 Song)", "Waka Waka (This Time for Africa)", 0.16),
]


@pytest.mark.parametrize(("wanted", "candidate", "value"), ONE_SONG)
def test_one_song(wanted: str, candidate: str, value: float) -> None:
    for one, other in ((wanted, candidate), (candidate, wanted)):
        verdict = compare_titles(one, other, 0.5, isrc=False)
        assert not verdict.refused
        assert verdict.value == pytest.approx(value, abs=0.01)


TWO_SONGS = [
    ("Song", "Other"),
    ("Song (Pt. 1)", "Song (Pt. 2)"),
    ("Song, Pt. 1", "Song"),
    ("Song Part One", "Song Part Two"),
    ("Crosses", "Crosses II"),
    ("Song 2", "Song"),
    ("1979", "1989"),
    ("Кукушка", "東京"),
    ("Кукушка", "Kukushka"),
    ("", ""),
    ("   ", "Song"),
    ("Alive", "A"),
    ("???", "!!!"),
    ("Help", "Hell"),
    ("A Very Long Title of Some Song", "A Very Long Title of Some Song Live Version"),
    ("A Very Long Title of Some Song", "A Very Long Title of Some Song Instrumental"),
    ("A Very Long Title of Some Song", "A Very Long Title of Some Song Ao Vivo"),
    ("聽媽媽的話", "听妈妈的话"),
    ("Калинка", "Kalinka"),
    ("Καλημέρα", "Kalimera"),
]


@pytest.mark.parametrize(("wanted", "candidate"), TWO_SONGS)
def test_two_songs(wanted: str, candidate: str) -> None:
    assert compare_titles(wanted, candidate, 0.0, isrc=False).refused
    assert compare_titles(candidate, wanted, 0.0, isrc=False).refused


def test_a_slip_needs_an_agreeing_length() -> None:
    slip = ("Wood Song", "Woods Sung")
    assert not compare_titles(*slip, 1.0, isrc=False).refused
    assert compare_titles(*slip, 5.0, isrc=False).refused
    assert compare_titles(*slip, None, isrc=False).refused


def test_the_isrc_speaks_for_a_title_in_another_script() -> None:
    assert not compare_titles("Кукушка", "Kukushka", None, isrc=True).refused
    assert compare_titles("Кукушка", "Кино", None, isrc=True).refused


def test_the_isrc_speaks_for_other_characters_when_the_length_agrees() -> None:
    assert not compare_titles("聽媽媽的話", "听妈妈的话", 0.5, isrc=True).refused
    assert compare_titles("聽媽媽的話", "听妈妈的话", 5.0, isrc=True).refused
    assert compare_titles("聽媽媽的話", "愛在西元前", 0.5, isrc=True).refused


def test_a_missing_subtitle_costs_more_without_a_length() -> None:
    close = compare_titles("Doo Wop", "Doo Wop (That Thing)", 1.0, isrc=False)
    blind = compare_titles("Doo Wop", "Doo Wop (That Thing)", None, isrc=False)
    assert 0 < close.value < blind.value and not blind.refused


def test_a_missing_subtitle_needs_a_length_that_does_not_differ() -> None:
    pair = ("Doo Wop", "Doo Wop (Words That Nobody Foresaw)")
    assert not compare_titles(*pair, 2.9, isrc=False).refused
    assert compare_titles(*pair, 3.1, isrc=False).refused
    assert not compare_titles(*pair, 3.1, isrc=True).refused
