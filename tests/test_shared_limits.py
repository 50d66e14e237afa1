"""What one profile's run leaves to the next one's, in one process."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from rig import Rig, open_rig

from musicdiff_job.core.checkpoint import NotBefore
from musicdiff_job.core.model import Service
from musicdiff_job.core.outcome import Outcome
from musicdiff_job.sandbox.faults import ALWAYS, Fault, rate_limited
from musicdiff_job.sandbox.world import synthetic_world
from musicdiff_job.shared_limits import SharedLimits

SIZES = {Service.DEEZER: (50, 5.0)}


def test_a_window_goes_on_and_takes_the_new_size() -> None:
    shared = SharedLimits()
    window = shared.windows(SIZES)[Service.DEEZER]
    for _ in range(50):
        window.begin()
        window.end(0.0)
    for calls, delay in ((50, 5.01), (51, 0.0), (25, 5.01)):
        assert shared.windows({Service.DEEZER: (calls, 5.0)})[Service.DEEZER].delay(0.0) == delay
    assert shared.windows({Service.DEEZER: (50, 5.0)})[Service.DEEZER].delay(5.02) == 0.0


def test_deezer_closes_for_all_and_spotify_for_those_of_one_app() -> None:
    shared = SharedLimits()
    shared.note(
        {"spotify": NotBefore("2026-11-22T00:00:00Z", ""), "deezer": NotBefore("2026-11-21T13:00:00Z", "")}, "app"
    )
    assert set(shared.closures({}, "app")) == {"spotify", "deezer"}
    assert set(shared.closures({}, "another app")) == {"deezer"}


@pytest.mark.parametrize(("own", "counts"), [("2026-11-21T12:00:00Z", "13"), ("2026-11-21T14:00:00Z", "14")])
def test_the_later_of_two_ends_counts(own: str, counts: str) -> None:
    shared = SharedLimits()
    shared.note({"deezer": NotBefore("2026-11-21T13:00:00Z", "hers")}, "")
    assert shared.closures({"deezer": NotBefore(own, "his")}, "")["deezer"].until[11:13] == counts


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[Rig]:
    with open_rig(tmp_path, synthetic_world(1, 3, 1)) as opened:
        yield opened


@pytest.mark.parametrize("service", [Service.SPOTIFY, Service.DEEZER])
def test_where_one_run_is_told_to_stay_away_the_next_does(rig: Rig, service: Service) -> None:
    shared = SharedLimits()
    rig.sandbox.misbehave(Fault(service=service.value, effect=rate_limited(86400), count=ALWAYS))
    assert rig.run(shared=shared).outcome is Outcome.RATE_LIMITED
    rig.sandbox.log.forget()
    bob = {"MUSICDIFF_CHECKPOINT_URL": str(rig.folder / "bob.json")}
    second = rig.run(shared=shared, env=bob)
    assert second.outcome is Outcome.RATE_LIMITED and second.retry_at
    assert rig.sandbox.calls(service.value) == 0
    rig.sandbox.log.forget()
    assert rig.run(env={"MUSICDIFF_CHECKPOINT_URL": str(rig.folder / "carol.json")}).retry_at
    assert rig.sandbox.calls(service.value) > 0, "a process of its own does not know"


def test_two_runs_share_one_window(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    shared = SharedLimits()
    rig.run(shared=shared)
    window = shared.windows(SIZES)[Service.DEEZER]
    began, seen = window.begin, []

    def begin() -> None:
        seen.append(window)
        began()

    monkeypatch.setattr(window, "begin", begin)
    bob = rig.run(shared=shared, env={"MUSICDIFF_CHECKPOINT_URL": str(rig.folder / "bob.json")})
    assert len(seen) >= bob.api_calls["deezer"] > 0
