"""Well-typed and senseless: each such checkpoint is refused by what is wrong with it."""

from __future__ import annotations

import msgspec
import pytest
from checkpoint_sample import GYM, sample

from musicdiff_job.core.checkpoint import Checkpoint, Mirror, NotBefore, Part
from musicdiff_job.core.document import decode, encode
from musicdiff_job.core.errors import CheckpointInvalid
from musicdiff_job.core.flow_back import Flow, Sent, Stay
from musicdiff_job.core.model import LIKED, Kind, PlaylistId, SourceId, TargetId
from musicdiff_job.core.plan import LikeTrack
from musicdiff_job.core.sound import flaw

WHOLE = sample()
BOUND = WHOLE.mirrors[GYM].parts[0]


def gym(**fields: object) -> Checkpoint:
    mirror: Mirror = msgspec.structs.replace(WHOLE.mirrors[GYM], **fields)
    return WHOLE.with_mirror(mirror)


def with_run(**fields: object) -> Checkpoint:
    last = msgspec.structs.replace(WHOLE.runs[-1], **fields)
    changed: Checkpoint = msgspec.structs.replace(WHOLE, runs=(*WHOLE.runs[:-1], last))
    return changed


def test_what_runs_leave_behind_is_sound() -> None:
    assert flaw(WHOLE) == flaw(Checkpoint()) == ""


def test_what_flows_back_is_sound_only_as_a_whole() -> None:
    sent = (Sent(SourceId("a"), TargetId("1")),)
    assert (
        flaw(gym(flow=Flow(sent=sent, acknowledged=1, stay=(Stay(TargetId("1"), "", "", 1, "2026-11-21T12:00:00Z"),))))
        == ""
    )
    for wrong in (2, -1):
        assert (
            flaw(gym(flow=Flow(sent=sent, acknowledged=wrong))) == f"of 1 edits sent to Spotify {wrong} are confirmed"
        )
    assert "is not a time" in flaw(gym(flow=Flow(stay=(Stay(TargetId("1"), "", "", 1, "soon"),))))


NO_TIMES = ["yesterday", "", "2026-11-21", "2026-11-21T12:00:00", "2026-02-30T12:00:00Z", "0001-01-01T00:00:00+14:00"]


@pytest.mark.parametrize("text", NO_TIMES)
@pytest.mark.parametrize("field", ["synced_at", "verified_at", "seen_at", "tried_at", "retry_at", "missing_since"])
def test_times_of_a_mirror_are_times(field: str, text: str) -> None:
    assert flaw(gym(**{field: text})) == f"{text!r} is not a time in UTC"


@pytest.mark.parametrize(
    "senseless",
    [
        with_run(started_at="soon"),
        with_run(finished_at="soon"),
        msgspec.structs.replace(WHOLE, last_success_at="soon"),
        msgspec.structs.replace(WHOLE, not_before={"deezer": NotBefore("soon", "")}),
        msgspec.structs.replace(WHOLE, not_before={"deezer": NotBefore("2026-11-21T12:00:00Z", "", since="soon")}),
        msgspec.structs.replace(
            WHOLE, matches={key: msgspec.structs.replace(one, retry_at="soon") for key, one in WHOLE.matches.items()}
        ),
    ],
)
def test_all_other_times_that_are_read_are_times(senseless: Checkpoint) -> None:
    assert flaw(senseless) == "'soon' is not a time in UTC"


MISNAMED = msgspec.structs.replace(WHOLE, mirrors={GYM: WHOLE.mirrors[LIKED]})
UNASKED = msgspec.structs.replace(WHOLE, conflicts={"other": next(iter(WHOLE.conflicts.values()))})
TWICE = WHOLE.with_mirror(Mirror(LIKED, Kind.LIKED, "Liked", parts=(BOUND,)))
LIKED_ONE = LikeTrack(TargetId("1"))


@pytest.mark.parametrize(
    ("senseless", "told"),
    [
        (MISNAMED, f"'spotify:liked' stands under the name '{GYM}'"),
        (UNASKED, "stands under the name 'other'"),
        (gym(parts=(BOUND, BOUND)), "playlist '2' is the mirror of two collections, or of one twice"),
        (TWICE, "playlist '2' is the mirror of two collections"),
        (gym(parts=(Part(PlaylistId("9"), acknowledged=1),)), "of 0 changes in flight 1 are confirmed"),
        (gym(parts=(Part(PlaylistId("9"), in_flight=(LIKED_ONE,), acknowledged=-1),)), "in flight -1 are confirmed"),
        (msgspec.structs.replace(WHOLE, ledgers={"spotify": {"1": 3, "2": -1}}), "ledger of 'spotify' counts less"),
    ],
)
def test_what_contradicts_itself_is_told(senseless: Checkpoint, told: str) -> None:
    assert told in flaw(senseless)
    content = encode(senseless, generation=1, run_id="r", saved_at="t", app_version="1", compress=False)[1]
    with pytest.raises(CheckpointInvalid, match="holds what makes no sense"):
        decode(content)
