"""The tracks without a counterpart."""

from __future__ import annotations

import msgspec
from checkpoint_sample import LIVE, LOST, LOST_TRACK, NEAR, NOW, sample

from musicdiff_job.core.checkpoint import Checkpoint
from musicdiff_job.core.likeness import Penalty, Scored
from musicdiff_job.core.match import Reason, Unmatched
from musicdiff_job.core.model import TargetId
from musicdiff_job.core.terms import Terms
from musicdiff_job.report.text import text_of
from musicdiff_job.report.unmatched import ORDER, track_name, unmatched_lines, unmatched_text, why_not


def test_only_decided_ones_with_their_candidates_and_collections() -> None:
    (line,) = unmatched_lines(sample())
    assert (line.id, line.reason, line.tries, line.retry_at) == (LOST, "only other versions", 2, "2026-11-23T03:00:00Z")
    assert line.collections == ("Gym",)
    assert [found.id for found in line.candidates] == [LIVE.id, NEAR.id]
    found = line.candidates[0]
    assert found.link == "https://www.deezer.com/track/3135556"
    assert (found.duration_ms, found.refused == found.why, bool(found.penalties)) == (250_000, True, True)
    assert (line.rejected, line.by_you, line.duration_ms) == (("777",), False, 301_000)


def test_what_a_person_can_choose_from_comes_first() -> None:
    assert set(ORDER) == set(Reason) and len(ORDER) == len(Reason)
    record = sample().matches[LOST]
    tracks = {
        f"{at}": msgspec.structs.replace(record, decision=Unmatched(reason))
        for at, reason in enumerate((Reason.NOT_FOUND, Reason.REJECTED, Reason.AMBIGUOUS, Reason.ONLY_OTHER_VERSIONS))
    }
    checkpoint = Checkpoint(matches=tracks)  # type: ignore[arg-type]
    assert [line.id for line in unmatched_lines(checkpoint)] == ["2", "3", "0", "1"]


def test_rejections_of_command_and_file_are_told() -> None:
    record = msgspec.structs.replace(sample().matches[LOST], terms=Terms((TargetId("778"),)))
    (line,) = unmatched_lines(Checkpoint(matches={LOST: record}))
    assert line.rejected == ("777", "778")


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
    assert lines[:4] == [
        "くるり, Quruli - 東京 (Live)",
        "  only other versions; next try in 39 h",
        f"  https://open.spotify.com/track/{LOST}",
        "  rejected by you: https://www.deezer.com/track/777",
    ]
    dated = unmatched_text(unmatched_lines(sample()), NOW, dated=True)
    assert text_of(dated[1]) == "  only other versions; next try 2026-11-23 03:00 UTC (in 39 h)"
    assert lines[4].startswith("  0.") and "くるり - 東京 (図鑑, 4:10): " in lines[4]
    assert lines[5] == "        https://www.deezer.com/track/3135556"
    assert unmatched_text((), NOW) == ("Every track has its counterpart.",)


def test_the_worst_difference_is_named() -> None:
    small, large = Penalty("album", 0.04, 1.0, "another album"), Penalty("duration", 0.4, 0.5, "9 s apart")
    reason = Reason.BELOW_THRESHOLD
    assert why_not(Scored(LIVE, 0.7, (small, large)), reason) == "9 s apart"
    assert why_not(Scored(LIVE, 0.7, (small, large), refused="another song"), reason) == "another song"
    assert why_not(Scored(NEAR, 0.7, (small,)), reason) == "not available in your country"
    assert why_not(Scored(LIVE, 0.99, ()), reason) == ""
    assert why_not(Scored(LIVE, 0.99, (small,)), Reason.AMBIGUOUS) == "another recording is as good"
    assert why_not(Scored(LIVE, 0.99, ()), Reason.REFUSED) == "Deezer did not take it"


def test_a_name_without_artists() -> None:
    assert track_name("Intro", ()) == "Intro"
    assert track_name("a\x1bb", ("c\nd",)) == "c d - a\ufffdb"
