"""A run and the history as tables."""

from __future__ import annotations

import msgspec
import pytest
from checkpoint_sample import HOSTILE, NOW, run_summary, sample

from musicdiff_job.core.outcome import Outcome
from musicdiff_job.core.summary import (
    CollectionResult,
    CollectionState,
    ErrorLine,
    Playback,
    Summary,
    Totals,
    totals_of,
)
from musicdiff_job.report.run import SHOWN, history_table, run_blocks
from musicdiff_job.report.text import Cell, Lines, Tone, plain


def test_a_run_tells_what_was_not_simply_in_step_and_then_the_sums() -> None:
    text = plain(run_blocks(run_summary(21, Outcome.PARTIAL, 3), NOW))
    assert "Liked songs" not in text
    assert "Gym" in text
    assert "partial: at least one collection failed, the others are done" in text
    assert "4 collections: 1 in step, 1 changed, 1 failed, 1 left alone" in text
    assert "1 decided by you, 200 known from before, 30 by ISRC, 9 by search, 1 without a counterpart" in text
    assert "API calls: Spotify 3, Deezer 1,207 (39 look-ups, 7 writes), sign-in 2; 42 s" in text


@pytest.mark.parametrize(("outcome", "tone"), [(Outcome.LOCKED, Tone.BUSY), (Outcome.AUTH, Tone.BAD)])
def test_what_mends_itself_does_not_look_like_a_failure(outcome: Outcome, tone: Tone) -> None:
    run = run_summary(21, outcome, 0, errors=(ErrorLine("", "token gone"),))
    sentences = run_blocks(run, NOW)[-1]
    assert isinstance(sentences, Lines)
    (told,) = (line for line in sentences.lines if isinstance(line, Cell) and "token gone" in line.text)
    assert told.tone is tone


def test_every_collection_on_demand() -> None:
    assert "Liked songs" in plain(run_blocks(run_summary(21, Outcome.PARTIAL, 3), NOW, every=True))


def test_a_dry_run_and_a_wait_are_said() -> None:
    run = msgspec.structs.replace(
        run_summary(21, Outcome.RATE_LIMITED, 0), dry_run=True, retry_at="2026-11-21T13:30:00Z"
    )
    text = plain(run_blocks(run, NOW))
    assert "(dry run: nothing was written)" in text
    assert "next try: 2026-11-21 13:30 UTC (in 90 min)" in text


def test_a_long_list_is_cut_and_counted() -> None:
    line = CollectionResult("spotify:playlist:x", "playlist", "", CollectionState.CHANGED, "")
    run = Summary(
        "r", Outcome.CHANGED, "2026-11-21T03:00:00Z", "2026-11-21T03:00:00Z", 1.0, collections=(line,) * (SHOWN + 5)
    )
    text = plain(run_blocks(run, NOW))
    assert text.count("spotify:playlist:x") == SHOWN
    assert "... and 5 more collections" in text


def test_collections_that_wait_for_one_reason_take_two_rows() -> None:
    def waits(name: str, reason: str = "waits: budget spent", added: int = 0) -> CollectionResult:
        return CollectionResult(name, "playlist", name, CollectionState.PENDING, reason, added)

    lines = (
        waits("a", "budget spent", 3),
        *(waits(name) for name in "bcde"),
        waits("f", "waits: rate limit"),
        waits("g"),
    )
    run = msgspec.structs.replace(run_summary(21, Outcome.MORE_TO_DO, 3), collections=lines)
    rows = plain(run_blocks(run, NOW)).split("\n\n")[0].splitlines()[1:]
    assert [row.split("  ")[0] for row in rows] == ["a", "b", "... and 3 more collections", "f", "g"]


@pytest.mark.parametrize(
    ("kinds", "told"),
    [
        (("playlist", "liked"), "6 tracks added, 2 tracks removed"),
        (("albums",), "3 albums added, 1 album removed"),
        (("artists",), "3 artists added, 1 artist removed"),
        (("albums", "artists"), "6 entries added, 2 entries removed"),
        (("liked", "albums"), "6 entries added, 2 entries removed"),
    ],
)
def test_what_was_done_is_named_by_what_the_collections_hold(kinds: tuple[str, ...], told: str) -> None:
    changed = CollectionState.CHANGED
    lines = tuple(CollectionResult(kind, kind, kind, changed, "", added=3, removed=1) for kind in kinds)
    idle = CollectionResult("idle", "playlist", "idle", CollectionState.IN_SYNC, "")
    run = msgspec.structs.replace(
        run_summary(21, Outcome.CHANGED, 3), collections=(*lines, idle), totals=totals_of(lines, 0)
    )
    assert f"done: {told}\n" in plain(run_blocks(run, NOW))


def test_a_run_that_was_refused_has_no_table() -> None:
    run = Summary("r", Outcome.LOCKED, "2026-11-21T03:00:00Z", "2026-11-21T03:00:00Z", 0.1, totals=Totals())
    assert plain(run_blocks(run, NOW)).startswith("locked: another run is at work\nAPI calls: Spotify 0")


def test_history_is_newest_first_with_the_first_error() -> None:
    lines = plain([history_table(sample().runs, NOW)]).splitlines()
    assert [line[:16] for line in lines[1:]] == [f"2026-11-{day} 03:00" for day in (21, 20, 19, 18)]
    assert "token expired" in lines[2]
    assert "+3 -2" in lines[1]
    assert plain([history_table((), NOW)]) == "No run yet.\n"


def test_hostile_names_stay_in_their_line() -> None:
    text = plain(run_blocks(run_summary(21, Outcome.CHANGED, 1, name=HOSTILE), NOW))
    assert not any(line.startswith("forged") for line in text.splitlines())
    assert not set(text) & set("\x1b\x07\x9b\u202e\u2066\u200f\r")


def test_new_plays_and_what_may_be_missing_of_them_are_said() -> None:
    run = msgspec.structs.replace(run_summary(21, Outcome.IN_SYNC, 0), playback=Playback(3, (f"gap {HOSTILE}",)))
    text = plain(run_blocks(run, NOW))
    assert "listening history: 3 new plays\n" in text
    assert "listening history: gap " in text and not set(text) & set("\x1b\x07\x9b\u202e\r")
    assert "listening history" not in plain(run_blocks(run_summary(21, Outcome.IN_SYNC, 0), NOW))
