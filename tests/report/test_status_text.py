"""``status`` for people."""

from __future__ import annotations

import msgspec
from checkpoint_sample import NOW, sample

from musicdiff_job.core.budget import deezer_rule, spotify_rule
from musicdiff_job.core.checkpoint import Checkpoint, Pause
from musicdiff_job.core.model import Service
from musicdiff_job.core.outcome import Outcome
from musicdiff_job.core.policy import Policy
from musicdiff_job.report.status import Expiry, ailments, status_of
from musicdiff_job.report.status_text import status_blocks
from musicdiff_job.report.text import plain


def told(checkpoint: Checkpoint, *, every: bool = False, profile: str = "default", expiry: Expiry | None = None) -> str:
    status = status_of(
        checkpoint,
        None,
        now=NOW,
        profile=profile,
        ledgers={Service.SPOTIFY: spotify_rule(1000), Service.DEEZER: deezer_rule(0)},
        expiry={Service.SPOTIFY: expiry or Expiry()},
        policy=Policy(),
    )
    return plain(status_blocks(status, ailments(checkpoint, NOW), NOW, place="/x/c.json", every=every))


def test_a_healthy_one() -> None:
    lines = told(sample()).splitlines()
    assert lines[0] == "healthy"
    assert "last run: 2026-11-21 03:00 UTC (9 h ago), changed" in lines
    assert "tracks: 4 of 14 placed, 1 without a counterpart (42.8 % settled)" in lines
    assert "at this pace done in 1 more run, about 2026-11-22 03:00 UTC (in 15 h)" in lines
    assert "Deezer: 0 calls in the last hour" in lines
    wait = "Spotify: 0 of 1,000 calls in the last 24 h; not to be called before 2026-11-21 18:00 UTC (in 6 h)"
    assert wait in lines
    assert "checkpoint: none yet at /x/c.json" in lines


def test_only_what_tells_something_is_listed() -> None:
    assert "Liked songs" not in told(sample())
    assert "2 other collections: see `musicdiff-job playlists`" in told(sample())
    assert "Liked songs" in told(sample(), every=True)
    assert "other collection" not in told(sample(), every=True)


def test_an_ill_one_says_why() -> None:
    lines = told(sample(last=Outcome.PARTIAL), profile="alice").splitlines()
    assert lines[0] == "alice: somebody should look"
    assert lines[1].startswith("  the last run ended with partial: at least one collection failed")
    assert "2 runs in a row have failed" in lines


def test_a_pause_and_its_reason() -> None:
    paused = msgspec.structs.replace(sample(), paused=Pause("2026-11-21T11:00:00Z", "moving house"))
    assert told(paused).startswith("paused since 2026-11-21 11:00 UTC (60 min ago) (moving house)\n")


def test_the_end_of_a_consent() -> None:
    soon = Expiry("2026-06-01T00:00:00Z", "2026-12-01T00:00:00Z", 9)
    assert "Spotify consent ends 2026-12-01 00:00 UTC (in 10 days)" in told(sample(), expiry=soon)
    assert "consent" not in told(sample())


def test_before_the_first_run() -> None:
    assert told(Checkpoint()).splitlines()[:3] == [
        "somebody should look",
        "  no run has been made yet",
        "last run: never",
    ]


def test_hostile_names_do_nothing() -> None:
    assert not set(told(sample(), every=True)) & set("\x1b\x07\x9b\u202e\u2066\u200f\r")
