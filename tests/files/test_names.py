"""File names for every file system, whatever a playlist is called."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from musicdiff_job.files.names import LONGEST, NAMELESS, free, is_for, same, stem


@pytest.mark.parametrize(
    ("title", "expected"),
    [
        ("Gym", "Gym"),
        ("Rock / Pop: the \\ best?", "Rock _ Pop_ the _ best_"),
        ("../../etc/passwd", "_.._etc_passwd"),
        ("/etc/passwd", "_etc_passwd"),
        ("..", NAMELESS),
        (".hidden", "hidden"),
        ("ends with dots... ", "ends with dots"),
        ("", NAMELESS),
        (" \t\n", NAMELESS),
        ("\u200b\u202e", NAMELESS),
        ("safe\u202etxt.exe", "safetxt.exe"),
        ("two\nlines\x00\x1b[31m", "two lines[31m"),
        ("CON", "CON_"),
        ("nul.txt", "nul.txt_"),
        ("COM1", "COM1_"),
        ("com¹", "com¹_"),
        ("Console", "Console"),
        ("cafe\u0301", "café"),
        ("日本語 🇯🇵", "日本語 🇯🇵"),
        ("\ud800", NAMELESS),
    ],
)
def test_a_title_becomes_a_name(title: str, expected: str) -> None:
    assert stem(title) == expected


@given(st.text(st.characters(codec=None)) | st.text("./\\:*CONcon .\u0301é", max_size=12) | st.text(min_size=90))
def test_any_title_becomes_a_name_that_every_file_system_takes(title: str) -> None:
    name = stem(title)
    assert name == stem(name) or is_for(stem(name), name)
    assert 0 < len(name.encode()) <= LONGEST + 1
    assert not set(name) & set('<>:"/\\|?*')
    assert name == name.strip(". ") == unicodedata.normalize("NFC", name)
    assert name.isprintable()


def test_a_long_title_is_cut_between_characters() -> None:
    assert stem("é" * 200) == "é" * 50
    assert stem("x" + "日" * 200) == "x" + "日" * 33


def test_what_some_file_system_takes_for_one_gets_a_number() -> None:
    taken = {same("Gym"), same("GYM (2)"), same("cafe\u0301"), same("STRASSE")}
    assert free("gym", taken) == "gym (3)"
    assert free("Café", taken) == "Café (2)"
    assert free("straße", taken) == "straße (2)"
    assert free("Other", taken) == "Other"


def test_a_name_with_a_number_is_still_for_its_title() -> None:
    assert is_for("Gym", "Gym")
    assert is_for("Gym (12)", "Gym")
    assert not is_for("Gym (x)", "Gym")
    assert not is_for("Gyms", "Gym")
    assert not is_for("", "Gym")
