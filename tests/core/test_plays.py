"""The lines of the listening history, and which plays of an answer are new."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from musicdiff_job.core.plays import (
    Gap,
    Line,
    Play,
    PlayKey,
    Shown,
    by_month,
    decode,
    encode,
    key,
    keys,
    moment_text,
    month_of,
    unknown,
)

AT = "2026-11-21T12:00:00.123Z"


def play(at: str = AT, track: str = "t", **fields: object) -> Play:
    return Play(played_at=at, track=track, **fields)  # type: ignore[arg-type]


def test_a_line_has_the_documented_fields() -> None:
    line = play(isrc="X", title="東京", artists=("くるり",), album="図鑑", duration_ms=1, context="spotify:album:1")
    (text,) = encode([line]).splitlines()
    assert json.loads(text) == {
        "kind": "play", "schema": 1, "played_at": AT, "track": "t", "isrc": "X", "title": "東京",
        "artists": ["くるり"], "album": "図鑑", "duration_ms": 1, "context": "spotify:album:1",
    }  # fmt: skip
    (text,) = encode([Gap(after=None, before=AT)]).splitlines()
    assert json.loads(text) == {"kind": "gap", "schema": 1, "after": None, "before": AT}


MOMENTS = st.integers(0, 253_402_300_799_999).map(
    lambda at: moment_text(datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=at))
)
WORDS = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
LINES: st.SearchStrategy[Line] = st.one_of(
    st.builds(
        Play, played_at=MOMENTS, track=WORDS, isrc=st.none() | WORDS, title=WORDS,
        artists=st.lists(WORDS, max_size=3).map(tuple), album=WORDS, duration_ms=st.none() | st.integers(0, 10**9),
        context=st.none() | WORDS, schema=st.just(1),
    ),
    st.builds(Gap, after=st.none() | MOMENTS, before=MOMENTS, schema=st.just(1)),
)  # fmt: skip


@given(st.lists(LINES, max_size=5))
def test_what_is_written_is_read(lines: list[Line]) -> None:
    texts = encode(lines).split(b"\n")
    assert texts.pop() == b""
    assert [decode(text) for text in texts] == lines


@given(LINES, st.integers(0, 10_000))
def test_a_torn_line_is_no_line(line: Line, cut: int) -> None:
    text = encode([line]).rstrip(b"\n")
    assert decode(text[: cut % len(text)]) is None


@pytest.mark.parametrize(
    "text",
    [
        b"", b"\xff\xfe", b"null", b"[]", b"{}", b"[" * 100_000, b'{"kind":"skip","schema":1}',
        encode([play()]).replace(b'"schema":1', b'"schema":2'),
        encode([play()]).replace(b"12:00:00.123Z", b"12:00:00Z"),
        encode([play()]).replace(b"2026-11-21T", b"21.11.2026 "),
    ],
)  # fmt: skip
def test_what_is_no_line_of_this_version_is_none(text: bytes) -> None:
    assert decode(text) is None


def test_fields_that_come_later_do_not_matter() -> None:
    assert decode(encode([play()]).replace(b'"schema":1', b'"schema":1,"mood":"sad"')) == play()


def test_new_plays_are_those_that_are_not_known_each_once_oldest_first() -> None:
    first, second, third = (play(f"2026-11-21T12:0{minute}:00.000Z") for minute in range(3))
    assert unknown([third, second, third, first], {key(second)}) == (first, third)


def test_two_tracks_that_end_together_are_two_plays() -> None:
    assert len(unknown([play(track="a"), play(track="b")], ())) == 2
    assert keys([play(track="a"), play(track="b"), play(track="a")]) == (PlayKey(AT, "a"), PlayKey(AT, "b"))


def test_lines_belong_to_the_month_in_utc() -> None:
    assert moment_text(datetime(2026, 12, 1, 0, 30, tzinfo=timezone(timedelta(hours=1)))) == "2026-11-30T23:30:00.000Z"
    lines = (play("2026-10-31T23:59:59.999Z"), Gap(after=None, before="2026-11-01T00:00:00.000Z"), play())
    assert [month_of(line) for line in lines] == ["2026-10", "2026-11", "2026-11"]
    assert by_month(lines) == (("2026-10", lines[:1]), ("2026-11", lines[1:]))


def test_rows_that_were_not_understood_are_counted() -> None:
    assert Shown((play(),), 3).odd == 2
