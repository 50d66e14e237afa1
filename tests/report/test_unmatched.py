"""The tracks without a counterpart."""

from __future__ import annotations

import msgspec
from checkpoint_sample import LIVE, LOST, LOST_TRACK, NEAR, NOW, sample

from musicdiff_job.core.checkpoint import Checkpoint
from musicdiff_job.core.likeness import Penalty, Scored
from musicdiff_job.report.text import text_of
from musicdiff_job.report.unmatched import track_name, unmatched_lines, unmatched_text, why_not


def test_only_decided_ones_with_their_candidates_and_collections() -> None:
    (line,) = unmatched_lines(sample())
    assert (line.id, line.reason, line.tries, line.retry_at) == (LOST, "only other versions", 2, "2026-11-23T03:00:00Z")
    assert line.collections == ("Gym",)
    assert [found.id for found in line.candidates] == [LIVE.id, NEAR.id]
    assert line.candidates[0].link == "https://www.deezer.com/track/3135556"


def test_they_are_sorted_by_artist_and_title() -> None:
    record = sample().matches[LOST]
    names = [("b", "y"), ("A", "z"), ("a", "x")]
    tracks = {
        f"{at}": msgspec.structs.replace(
            record, track=msgspec.structs.replace(LOST_TRACK, title=title, artists=(artist,))
        )
        for at, (artist, title) in enumerate(names)
    }
    checkpoint = Checkpoint(matches=tracks)  # type: ignore[arg-type]
    assert [line.id for line in unmatched_lines(checkpoint)] == ["2", "1", "0"]


def test_the_text() -> None:
    lines = [text_of(line) for line in unmatched_text(unmatched_lines(sample()), NOW)]
    assert lines[:3] == [
        "くるり, Quruli - 東京 (Live)",
        "  only other versions; next try in 39 h",
        f"  https://open.spotify.com/track/{LOST}",
    ]
    assert lines[3].startswith("  0.") and "くるり - 東京: " in lines[3]
    assert lines[4] == "        https://www.deezer.com/track/3135556"
    assert unmatched_text((), NOW) == ("Every track has its counterpart.",)


def test_the_worst_difference_is_named() -> None:
    small, large = Penalty("album", 0.04, 1.0, "another album"), Penalty("duration", 0.4, 0.5, "9 s apart")
    assert why_not(Scored(LIVE, 0.7, (small, large))) == "9 s apart"
    assert why_not(Scored(LIVE, 0.7, (small, large), refused="another song")) == "another song"
    assert why_not(Scored(NEAR, 0.7, (small,))) == "not available in your country"
    assert why_not(Scored(LIVE, 0.99, ())) == ""


def test_a_name_without_artists() -> None:
    assert track_name("Intro", ()) == "Intro"
    assert track_name("a\x1bb", ("c\nd",)) == "c d - a\ufffdb"
