"""What the dashboard says."""

from __future__ import annotations

import msgspec
from checkpoint_sample import NOW
from report_sample import NAMES, in_step, large, overview, troubled

from musicdiff_job.core.checkpoint import Checkpoint
from musicdiff_job.core.outcome import Outcome
from musicdiff_job.report.html.view import OPEN_ROWS, URGENT, Page, page_of
from musicdiff_job.report.text import Tone


def page(checkpoint: Checkpoint, *, listening: bool = False) -> Page:
    return page_of(overview(checkpoint, listening=listening), NOW)


def test_collections_that_need_something_come_first() -> None:
    rows = page(troubled()).rows
    states = [row.state.text for row in rows]
    urgent = [state.value for state in URGENT]
    assert states[:6] == sorted(states[:6], key=urgent.index)
    assert set(states[6:]) & set(urgent) == set()
    assert states[-2:] == ["skipped", "detached"]


def test_a_row_has_its_coverage_its_times_and_its_links() -> None:
    rows = {row.name: row for row in page(troubled()).rows}
    tokyo = rows[NAMES[0]]
    assert (tokyo.placed, tokyo.entries, tokyo.percent) == (60, 60, 100)
    assert tokyo.source == "https://open.spotify.com/playlist/0000000000000000000000"
    assert tokyo.targets == ("https://www.deezer.com/playlist/770",)
    assert tokyo.synced_at == "2026-11-21T03:00:40Z"
    assert tokyo.ahead == "when it changes, or 28 Nov, 03:00"
    assert rows["Gym 💪🔥"].percent == 32
    assert rows["Gym 💪🔥"].ahead == "next run"
    assert rows["Gym 💪🔥"].why == "budget spent"
    assert rows["Liked Songs"].source == ""
    assert rows["Liked Songs"].percent == 99, "rounded down, so that nearly all never reads as all"
    assert rows["한국 인디 산책"].why == "", "why it was worked on is of no use when it is in step"


def test_many_collections_are_folded_and_none_is_left_out() -> None:
    found = page(large(200, 10))
    assert len(found.rows) == OPEN_ROWS
    assert len(found.more_rows) == 200 - OPEN_ROWS


def test_conflicts_come_with_their_commands() -> None:
    questions = page(troubled()).questions
    assert [bool(one.decided) for one in questions] == [False, False, True]
    assert [len(one.choices) for one in questions] == [2, 2, 0]
    assert page(troubled()).asked == 2


def test_services_tell_their_windows_and_their_consent() -> None:
    spotify, deezer = page(troubled()).doors
    assert (spotify.name, spotify.calls, spotify.limit, spotify.percent) == ("Spotify", 870, 1000, 87)
    assert (spotify.closed_until, spotify.days_left) == ("2026-11-21T18:00:00Z", 9)
    assert (deezer.span, deezer.closed_until, deezer.expiry_known) == ("hour", None, False)


def test_methods_and_runs() -> None:
    found = page(troubled())
    assert [(one.words, one.number, one.share) for one in found.methods][:2] == [
        ("by ISRC", 960, 100), ("by search", 120, 12),
    ]  # fmt: skip
    assert found.matched == 1200
    assert found.runs[0].error == "Deezer refuses the ARL: it has ended"
    assert found.runs[0].outcome.tone is Tone.BAD
    assert len(found.runs) == 50


def test_two_tracks_of_one_name_are_two() -> None:
    known = overview(troubled(Outcome.CHANGED), listening=True)
    assert known.listening is not None
    twins = msgspec.structs.replace(known.listening, tracks=(known.listening.tracks[0],) * 2)
    plays = page_of(msgspec.structs.replace(known, listening=twins), NOW).plays
    assert plays is not None
    assert len(plays.tracks) == 2
    assert plays.months[0].words == "Sep 2026"
    assert page(in_step()).plays is None
