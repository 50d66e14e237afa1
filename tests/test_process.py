"""The real command as a process of its own: signals, kills, two at once, and what it says."""

from __future__ import annotations

import signal
from collections.abc import Callable
from pathlib import Path

import pytest
from real_command import running, summary_of, wait_for
from rig import Credential, Rig, open_rig

from musicdiff_job.core.outcome import Outcome
from musicdiff_job.sandbox.faults import ALWAYS, Effect, Fault, Hang, Status, TokenExpired
from musicdiff_job.sandbox.world import SpotifyAccount, synthetic_world


def library() -> SpotifyAccount:
    return synthetic_world(playlists=4, tracks_each=30, liked=10, seed=9)


def writes(rig: Rig, least: int) -> Callable[[], bool]:
    return lambda: len(rig.sandbox.deezer.writes()) >= least


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_in_the_middle_saves_and_the_next_run_completes(tmp_path: Path, number: signal.Signals) -> None:
    with open_rig(tmp_path, library()) as rig:
        rig.sandbox.latency = 0.02
        with running(rig, "run") as process:
            wait_for(writes(rig, 3))
            process.send_signal(number)
            output, _ = process.communicate(timeout=30)
        assert process.returncode == 128 + number
        assert summary_of(output)["outcome"] == "interrupted"
        assert summary_of(output)["exit_code"] == 128 + number
        rig.sandbox.latency = 0
        assert rig.store().verify() is not None
        assert rig.run().outcome is Outcome.CHANGED
        assert rig.run().outcome is Outcome.IN_SYNC
        assert rig.sandbox.deezer.refused_duplicates() == 0


def test_a_service_that_hangs_does_not_hold_a_signal_up(tmp_path: Path) -> None:
    with open_rig(tmp_path, library()) as rig:
        rig.sandbox.misbehave(Fault(service="deezer", path="/track/*", effect=Hang(3600), count=ALWAYS))
        with running(rig, "run") as process:
            wait_for(lambda: rig.sandbox.calls("spotify") >= 3)
            process.send_signal(signal.SIGTERM)
            process.communicate(timeout=60)
        assert process.returncode == 143


@pytest.mark.parametrize("credential", ["arl", "token"])
def test_killed_again_and_again_it_reaches_the_same_state(tmp_path: Path, credential: Credential) -> None:
    (tmp_path / "whole").mkdir()
    with open_rig(tmp_path / "whole", library(), credential=credential) as whole:
        whole.run()
        expected = whole.sandbox.deezer.state()
    (tmp_path / "killed").mkdir()
    with open_rig(tmp_path / "killed", library(), credential=credential) as rig:
        rig.sandbox.latency = 0.005
        for least in (1, 2, 4, 7, 11):
            with running(rig, "run") as process:
                wait_for(writes(rig, least))
                process.send_signal(signal.SIGKILL)
        rig.sandbox.latency = 0
        rig.run()
        assert rig.run().outcome is Outcome.IN_SYNC
        assert rig.sandbox.deezer.state() == expected


def test_of_two_started_together_one_works(tmp_path: Path) -> None:
    with open_rig(tmp_path, library()) as rig:
        rig.sandbox.latency = 0.02
        with running(rig, "run") as one:
            wait_for(lambda: bool(rig.sandbox.log.all()))
            calls = len(rig.sandbox.log.all())
            with running(rig, "run", "--exit-codes", "detailed") as other:
                output, _ = other.communicate(timeout=60)
            assert other.returncode == 12
            assert summary_of(output)["outcome"] == "locked"
            assert summary_of(output)["api_calls"] == {"spotify": 0, "deezer": 0, "auth": 0}
            assert calls
            output, _ = one.communicate(timeout=120)
            assert summary_of(output)["outcome"] == "changed"


# What any service can do at any call is tried in cli/test_secrecy.py, in one process and without waiting.
FAILURES: list[tuple[str, Effect]] = [
    ("accounts", Status(400, body='{"error": "invalid_grant"}')),
    ("deezer", TokenExpired()),
    ("gateway", Status(403, body="<html>Access Denied</html>")),
]


@pytest.mark.parametrize(("service", "effect"), FAILURES)
def test_no_secret_is_said_at_any_level(tmp_path: Path, service: str, effect: Effect) -> None:
    credential: Credential = "token" if service == "deezer" else "arl"
    spotify = synthetic_world(playlists=1, tracks_each=5, liked=2, seed=9)
    with open_rig(tmp_path, spotify, credential=credential, MUSICDIFF_LOG_FILE=str(tmp_path / "job.log")) as rig:
        skip = 0 if service == "accounts" else 1
        rig.sandbox.misbehave(Fault(service=service, effect=effect, count=ALWAYS, skip=skip))
        with running(rig, "-vv", "run", "--max-seconds", "12", "--summary-file", "summary.json") as process:
            output, errors = process.communicate(timeout=120)
        said = output + errors
        files = [path for path in tmp_path.iterdir() if path.is_file()]
        assert {"job.log", "summary.json"} <= {path.name for path in files}
        said += "".join(path.read_text(encoding="utf-8", errors="replace") for path in files)
        assert "run.started" in errors, "nothing was logged, so nothing was tested"
        assert summary_of(output)["outcome"] not in ("crash", "changed", "in_sync")
        secrets = [value for name, value in rig.environment().items() if name.startswith(("SPOTIFY_", "DEEZER_"))]
        tokens = [*rig.sandbox.grants.issued(), *rig.sandbox.deezer.credentials.issued()]
        assert tokens
        public = {rig.environment()["SPOTIFY_CLIENT_ID"], rig.environment()["SPOTIFY_AUTHORIZED_AT"]}
        for secret in {*secrets, *tokens} - public:
            assert secret not in said
