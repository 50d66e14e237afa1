"""The listening history as tables and as CSV."""

from __future__ import annotations

import csv

from checkpoint_sample import HOSTILE, NOW

from musicdiff_job.core.play_counts import count_plays
from musicdiff_job.core.plays import Gap, Line, NotALine, Play
from musicdiff_job.report.plays import COLUMNS, GAPS_SHOWN, listening_blocks, play_csv
from musicdiff_job.report.text import plain


def play(day: int, track: str, title: str, *artists: str) -> Play:
    at = f"2026-11-{day:02}T12:00:00.000Z"
    return Play(played_at=at, track=track, title=title, artists=artists, album="Album", duration_ms=180_000)


PLAYS: list[Line | NotALine] = [play(1, "a", "東京", "くるり"), play(2, "a", "東京", "くるり"), play(3, "b", "B", "X")]


def test_counts_then_what_was_played_most() -> None:
    assert plain(listening_blocks(count_plays(PLAYS, 10), NOW)).split("\n\n") == [
        "3 plays of 2 tracks by 2 artists, 9 min if each was heard to its end\n"
        "from 2026-11-01 12:00 UTC (20 days ago) to 2026-11-03 12:00 UTC (18 days ago)",
        "Month    Plays\n2026-11      3",
        "Plays  Track\n    2  くるり - 東京\n    1  X - B",
        "Plays  Artist\n    2  くるり\n    1  X\n",
    ]


def test_what_is_missing_and_what_is_not_understood_is_said() -> None:
    gaps = [Gap(after=None if not day else f"2026-11-{day:02}T00:00:00.000Z", before="2026-11-20T00:00:00.000Z")
            for day in range(GAPS_SHOWN + 3)]  # fmt: skip
    text = plain(listening_blocks(count_plays([*PLAYS, *gaps, NotALine("x", 1)], 1), NOW))
    assert f"{GAPS_SHOWN + 3} gaps: more was played between two runs than Spotify shows" in text
    assert text.count("plays may be missing") == GAPS_SHOWN
    assert "  between 2026-11-07T00:00:00.000Z and 2026-11-20T00:00:00.000Z plays may be missing" in text
    assert "1 line of the history cannot be understood" in text
    assert "  before 2026-11-20" in plain(listening_blocks(count_plays([*PLAYS, gaps[0]], 1), NOW))


def test_names_cannot_act_on_a_terminal() -> None:
    text = plain(listening_blocks(count_plays([play(1, "a", HOSTILE, HOSTILE)], 1), NOW))
    assert not set(text) & set("\x1b\x07\x9b\u202e\u2066\u200f\r")
    assert len(text.splitlines()) == 11


def test_the_csv_has_a_row_for_each_play() -> None:
    rows = list(csv.DictReader(play_csv([PLAYS[0], Gap(after=None, before="2026-11-02T00:00:00.000Z"), NotALine("x", 1),
                                         play(2, "b", "=1+1", "A", "B")])))  # fmt: skip
    assert tuple(rows[0]) == COLUMNS
    assert rows[0] == {
        "played_at": "2026-11-01T12:00:00.000Z", "spotify_id": "a", "title": "東京", "artists": "くるり",
        "album": "Album", "isrc": "", "duration_ms": "180000", "context": "",
    }  # fmt: skip
    assert (len(rows), rows[1]["title"], rows[1]["artists"]) == (2, "'=1+1", "A; B")
    assert list(play_csv([])) == [",".join(f'"{name}"' for name in COLUMNS) + "\n"]
