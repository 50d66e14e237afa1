"""The verdict at a glance."""

from __future__ import annotations

import msgspec
import pytest
from checkpoint_sample import GYM, NOW, mirror
from report_sample import in_step, overview, troubled

from musicdiff_job.core.checkpoint import Checkpoint, NotBefore, Pause
from musicdiff_job.core.summary import CollectionState
from musicdiff_job.report.html.health import Health, health_of
from musicdiff_job.report.text import Tone


def health(checkpoint: Checkpoint) -> Health:
    return health_of(overview(checkpoint), NOW)


PENDING = mirror(GYM, "Gym", CollectionState.PENDING, entries=9, seen_at="2026-11-21T03:00:00Z")


@pytest.mark.parametrize(
    ("checkpoint", "tone", "headline"),
    [
        (Checkpoint(), Tone.BUSY, "Nothing has run yet"),
        (troubled(), Tone.BAD, "Somebody should look"),
        (in_step(), Tone.GOOD, "All is in step"),
        (msgspec.structs.replace(in_step(), paused=Pause("2026-11-20T00:00:00Z", "")), Tone.BUSY, "Paused"),
        (in_step().with_mirror(PENDING), Tone.BUSY, "More to do"),
        (
            msgspec.structs.replace(in_step().with_mirror(PENDING), last_success_at=None),
            Tone.BUSY,
            "First sync under way",
        ),
        (
            msgspec.structs.replace(in_step(), not_before={"spotify": NotBefore("2026-11-21T18:00:00Z", "quota")}),
            Tone.BUSY,
            "Waiting",
        ),
    ],
)
def test_health_at_a_glance(checkpoint: Checkpoint, tone: Tone, headline: str) -> None:
    told = health(checkpoint)
    assert (told.tone, told.headline) == (tone, headline)
    assert told.sentence.endswith(".")


def test_who_is_waited_for_is_said_in_the_first_sync_too() -> None:
    waiting = msgspec.structs.replace(
        in_step().with_mirror(PENDING), last_success_at=None,
        not_before={"deezer": NotBefore("2026-11-21T18:00:00Z", "quota")},
    )  # fmt: skip
    assert health(waiting).sentence.startswith("Deezer asked to wait until 21 Nov, 18:00 UTC; ")
