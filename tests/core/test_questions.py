"""What is asked, and how answers are sifted."""

from __future__ import annotations

import pytest

from musicdiff_job.core.model import Track
from musicdiff_job.core.questions import ByFields, ById, ByIsrc, BySearch, nearest, questions


def track(title: str, *artists: str, isrc: str | None = None, id_: str = "1", seconds: int = 200) -> Track:
    return Track(id=id_, title=title, artists=artists, isrc=isrc, duration_ms=seconds * 1000)


def test_order() -> None:
    wanted = track("Song", "Singer", "Other", isrc="us-rc1-76-07839")
    assert list(questions(wanted, ["7"])) == [
        ByIsrc("USRC17607839"),
        ById("7"),
        BySearch("Song Singer"),
        ByFields("Singer", "Song"),
    ]


def test_without_isrc_or_artist() -> None:
    assert list(questions(track("Song", isrc="DUM_22832"))) == [BySearch("Song")]
    assert list(questions(track("Song", "Various Artists", "Singer")))[-1] == ByFields("Singer", "Song")


@pytest.mark.parametrize(
    ("title", "text", "field"),
    [
        ("Song - 2011 Remaster", "Song", "Song"),
        ("Song (feat. Guest)", "Song", "Song"),
        ("Song - Mono Version", "Song", "Song"),
        ("Song (Live at Wembley)", "Song live", "Song"),
        ("Song - Tiësto Remix", "Song tiesto remix", "Song"),
        ("Song (Remix)", "Song remix", "Song"),
        ("Love Story (Taylor's Version)", "Love Story taylors version", "Love Story"),
        ("Song (Re-Recorded)", "Song", "Song"),
        ("Song (Spanish Version)", "Song spanish version", "Song"),
        ("Doo Wop (That Thing)", "Doo Wop That Thing", "Doo Wop"),
        ('"Heroes"', "Heroes", "Heroes"),
        ("Title: Song", "Title Song", "Title Song"),
        ("東京", "東京", "東京"),
        ("(((", "(((", "((("),
    ],
)
def test_words_of_a_query(title: str, text: str, field: str) -> None:
    assert list(questions(track(title, "Singer"))) == [BySearch(f"{text} Singer"), ByFields("Singer", field)]


def test_nearest_first_and_copies_last() -> None:
    song, copy, other = (
        track("Song", "Singer", id_="1"),
        track("Song", "Singer", id_="2"),
        track("Something Else", "Nobody", id_="3"),
    )
    found = nearest(BySearch("Song Singer"), [other, song, copy])
    assert [item.id for item in found] == ["1", "3", "2"]
    assert [item.id for item in nearest(ByFields("Singer", "Song"), [other, copy])] == ["2", "3"]


def test_other_lengths_are_no_copies() -> None:
    found = nearest(BySearch("Song Singer"), [track("Song", "Singer", id_=str(n), seconds=n) for n in (100, 200, 300)])
    assert [item.id for item in found] == ["100", "200", "300"]
