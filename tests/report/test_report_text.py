"""What a name may do to the output: nothing. And tables, widths, durations, dates."""

from __future__ import annotations

import re
import unicodedata
from datetime import UTC, datetime, timedelta

import pytest
from checkpoint_sample import HOSTILE, NOW
from hypothesis import given
from hypothesis import strategies as st

from musicdiff_job.core.model import Item
from musicdiff_job.core.timestamps import to_iso
from musicdiff_job.report.text import (
    LONGEST,
    MOST_MARKS,
    NAME_COLUMNS,
    Column,
    Fit,
    Lines,
    Table,
    clean,
    count,
    distance,
    duration,
    entries,
    moment,
    named,
    number,
    plain,
    shortened,
    width,
)

ANY_TEXT = st.text(st.characters())  # surrogates included


def harmless(text: str) -> bool:
    return not any(
        unicodedata.category(char) in {"Cc", "Cf", "Cs", "Zl", "Zp"} and char not in "\n\u200c\u200d" for char in text
    )


@given(ANY_TEXT)
def test_a_cleaned_text_is_one_harmless_line_that_can_be_encoded(text: str) -> None:
    cleaned = clean(text)
    assert harmless(cleaned)
    assert "\n" not in cleaned
    cleaned.encode()
    assert clean(cleaned) == cleaned


@pytest.mark.parametrize(
    "name",
    [
        "Sigur Rós",
        "東京事変",
        "Кукушка",
        "שלום",
        "مرحبا",
        "می\u200cخواهم",
        "🏳️\u200d🌈 👩\u200d🎤",
        "ก็เลย",
        "÷",
        "e\u0301",
    ],
)
def test_ordinary_names_of_any_script_stay_as_they_are(name: str) -> None:
    assert clean(name) == name


def test_a_hostile_name_shows_what_was_in_it() -> None:
    assert clean("a\x1b[2Jb\u202ec\r\nd\x9b31m") == "a\ufffd[2Jb\ufffdc  d\ufffd31m"


@pytest.mark.parametrize("name", ["::add-mask::e", " \t::stop-commands::x", "a ##[set-output name=b]c", "##vso[x]"])
def test_no_ci_system_obeys_a_name(name: str) -> None:
    shown = plain([Lines((name,)), Table((Column("Name"),), ((name,),))])
    assert not re.search(r"^\s*::|##\w*\[", shown, re.MULTILINE), shown
    assert "\ufffd" in shown


def test_a_flood_of_marks_is_dammed() -> None:
    assert clean("e" + "\u0301" * 5000 + "!") == "e" + "\u0301" * MOST_MARKS + "!"


@pytest.mark.parametrize(
    ("text", "columns", "cut"),
    [
        ("abcdef", 6, "abcdef"), ("abcdefg", 6, "abcde…"), ("東京東京", 8, "東京東京"), ("東京東京", 7, "東京東…"),
        ("東京東京", 6, "東京…"), ("e\u0301" * 9, 4, "e\u0301" * 3 + "…"), ("", 1, ""), ("ab", 1, "…"),
    ],
)  # fmt: skip
def test_shortened(text: str, columns: int, cut: str) -> None:
    assert shortened(text, columns) == cut
    assert width(cut) <= columns


def test_no_name_makes_a_table_wider_than_anybody_reads() -> None:
    assert named("x" * 10_000) == "x" * (NAME_COLUMNS - 1) + "…"
    assert named("x" * NAME_COLUMNS) == "x" * NAME_COLUMNS
    columns = (Column("Name", fit=Fit.CUT), Column("Why", fit=Fit.WRAP))
    lines = plain([Table(columns, (("x" * 10_000, "y" * 10_000), ("a", "b")))]).splitlines()
    assert len(lines) == 3
    assert max(map(len, lines)) == NAME_COLUMNS + 2 + LONGEST
    assert len(lines[2]) == NAME_COLUMNS + 2 + 1


@pytest.mark.parametrize(
    ("text", "columns"), [("abc", 3), ("東京", 4), ("e\u0301", 1), ("ｶﾅ", 2), ("Ａ", 2), ("", 0), ("ñ", 1)]
)
def test_width_counts_columns_of_a_terminal(text: str, columns: int) -> None:
    assert width(text) == columns


def test_a_plain_table_is_aligned_by_columns_of_a_terminal() -> None:
    table = Table(
        columns=(Column("Name"), Column("Entries", number=True), Column("Why")),
        rows=(("東京", "7", "new"), ("Gym", "1,200", "")),
    )
    assert plain([table]) == ("Name  Entries  Why\n東京        7  new\nGym     1,200\n")


def test_a_table_without_rows_says_so_and_an_empty_block_leaves_no_gap() -> None:
    empty = Table(columns=(Column("Name"),), rows=(), nothing="Nothing here.")
    silent = Table(columns=(Column("Name"),), rows=())
    assert plain([silent, empty, Lines(("a", "b"))]) == "Nothing here.\n\na\nb\n"


def test_a_name_cannot_forge_a_row() -> None:
    table = Table(columns=(Column("Name"), Column("State")), rows=((HOSTILE, "failed"),))
    assert len(plain([table]).splitlines()) == 2


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0.04, "0.0 s"), (1.25, "1.2 s"), (42.3, "42 s"), (60, "1 min"), (200, "3 min 20 s"), (3600, "1 h"),
        (18_600, "5 h 10 min"), (86_400, "1 day"), (190_000, "2 days 4 h"),
    ],
)  # fmt: skip
def test_durations(seconds: float, text: str) -> None:
    assert duration(seconds) == text


@pytest.mark.parametrize(
    ("shift", "text"),
    [
        (timedelta(), "now"), (timedelta(minutes=-5), "5 min ago"), (timedelta(hours=-9), "9 h ago"),
        (timedelta(days=-3), "3 days ago"), (timedelta(hours=2, minutes=10), "in 2 h"),
        (timedelta(days=40), "in 40 days"),
    ],
)  # fmt: skip
def test_distances(shift: timedelta, text: str) -> None:
    assert distance(to_iso(NOW + shift), NOW) == text


def test_moments() -> None:
    assert moment("2026-11-21T03:00:40Z", NOW) == "2026-11-21 03:00 UTC (9 h ago)"
    assert moment(None, NOW) == "never"
    assert moment("soon", NOW) == "soon"
    assert distance(None, datetime(2026, 1, 1, tzinfo=UTC)) == "never"


def test_entries_are_named_when_all_are_of_one_kind() -> None:
    tracks, albums = [Item.TRACK, Item.TRACK], [Item.ALBUM]
    assert [entries(2, tracks), entries(1, albums), entries(3, tracks + albums), entries(1, ())] == [
        "2 tracks",
        "1 album",
        "3 entries",
        "1 entry",
    ]


def test_counts_and_numbers() -> None:
    assert [count(1, "track"), count(1200, "track"), count(2, "entry", "entries")] == [
        "1 track",
        "1,200 tracks",
        "2 entries",
    ]
    assert [number(0), number(1200)] == ["-", "1,200"]
