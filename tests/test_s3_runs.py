"""Whole runs and commands on a checkpoint in S3: sandbox, moto and, where it matters, processes of their own."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from real_command import running, summary_of, wait_for
from rig import Rig, open_rig
from s3_stage import ALWAYS, Between, environment

from musicdiff_job import journal
from musicdiff_job.cli.root import root
from musicdiff_job.clock import StopFlag, SystemClock
from musicdiff_job.core import document
from musicdiff_job.core.checkpoint import Checkpoint
from musicdiff_job.core.document import DocumentHeader
from musicdiff_job.core.outcome import Outcome
from musicdiff_job.sandbox.world import synthetic_world

KEY = "music/default/checkpoint.json.gz"


class LateClock(SystemClock):
    """The real clock, an hour ahead."""

    def now(self) -> datetime:
        return super().now() + timedelta(hours=1)


@pytest.fixture
def bucket(between: Between) -> str:
    return between.moto.bucket()


@pytest.fixture
def rig(between: Between, bucket: str, tmp_path: Path) -> Iterator[Rig]:
    """A rig with its checkpoint in S3, on a small library."""
    library = synthetic_world(playlists=2, tracks_each=6, liked=3, seed=9)
    url = f"s3://{bucket}/music/{{profile}}/checkpoint.json.gz"
    extra: dict[str, Any] = {**environment(between.url), "MUSICDIFF_CHECKPOINT_URL": url}
    with open_rig(tmp_path, library, **extra) as rig:
        yield rig
    journal.reset()


@pytest.fixture
def saved(between: Between, bucket: str) -> Callable[[], DocumentHeader]:
    """The header of what is in the bucket now."""

    def header() -> DocumentHeader:
        return document.read_header(between.moto.get(bucket, KEY) or b"")

    return header


@pytest.fixture
def command(rig: Rig) -> Callable[..., Result]:
    """The command line in this process."""

    def invoke(*arguments: str) -> Result:
        hidden = {name: None for name in os.environ if name.startswith(("MUSICDIFF_", "SPOTIFY_", "DEEZER_"))}
        return CliRunner(env={**hidden, **rig.environment()}).invoke(root, list(arguments))

    return invoke


def calls(summary: dict[str, Any]) -> int:
    return sum(summary["api_calls"].values())


def test_a_library_is_mirrored_and_then_left_alone(
    rig: Rig, between: Between, bucket: str, saved: Callable[[], DocumentHeader]
) -> None:
    assert rig.run().outcome is Outcome.CHANGED
    assert between.moto.keys(bucket) == {KEY}
    between.tally()
    assert rig.run().outcome is Outcome.IN_SYNC
    assert between.tally() == [f"GET {KEY} 200", f"PUT {KEY} 200", f"COPY {KEY}.prev 200", f"PUT {KEY} 200"]
    assert between.moto.keys(bucket) == {KEY, f"{KEY}.prev"}
    assert saved().lease is None
    for key in (KEY, f"{KEY}.prev"):
        assert (between.moto.get(bucket, key) or b"").startswith(b"\x1f\x8b")


def test_a_dry_run_only_reads(rig: Rig, between: Between, bucket: str) -> None:
    rig.run(dry_run=True)
    assert {one.method for one in between.seen()} == {"GET"}
    assert between.moto.keys(bucket) == set()


def test_the_commands(rig: Rig, command: Callable[..., Result], bucket: str, between: Between) -> None:
    assert command("checkpoint", "show").stdout == (
        f"There is no checkpoint yet at s3://{bucket}/{KEY}; the first run creates it.\n"
    )
    assert command("checkpoint", "verify").exit_code == 65
    assert command("checkpoint", "init").stdout == f"created: s3://{bucket}/{KEY}\n"
    assert command("checkpoint", "init").stdout == (
        f"There is a checkpoint already at s3://{bucket}/{KEY}; nothing was changed.\n"
    )
    first = command("run")
    assert (first.exit_code, summary_of(first.stdout)["outcome"]) == (0, "changed")
    told = json.loads(command("status", "--json").stdout)
    assert (told["healthy"], told["last_run"]["outcome"]) == (True, "changed")
    assert told["checkpoint"]["generation"] > 1
    assert command("status", "--check").exit_code == 0

    assert command("pause", "--reason", "moving house").exit_code == 0
    before = len(rig.sandbox.log.all())
    paused = command("run", "--exit-codes", "detailed")
    assert (paused.exit_code, calls(summary_of(paused.stdout))) == (13, 0)
    assert len(rig.sandbox.log.all()) == before
    assert command("resume").stdout == "Runs work again.\n"
    assert command("conflicts").exit_code == 0
    assert summary_of(command("run").stdout)["outcome"] == "in_sync"

    shown = command("checkpoint", "show").stdout
    assert f"place: s3://{bucket}/{KEY}" in shown
    assert "previous: generation" in shown
    assert "held by" not in shown
    generation = json.loads(command("checkpoint", "show", "--json").stdout)["header"]["generation"]
    assert f"whole: generation {generation}" in command("checkpoint", "verify").stdout
    assert f"restored: generation {generation - 1}" in command("checkpoint", "restore-previous").stdout
    assert f"restored: generation {generation} " in command("checkpoint", "restore-previous").stdout

    between.moto.put(bucket, KEY, b"damaged")
    ruined = command("run")
    assert (ruined.exit_code, summary_of(ruined.stdout)["outcome"]) == (65, "checkpoint_invalid")
    assert "restore-previous" in ruined.stdout
    assert command("checkpoint", "restore-previous").exit_code == 0
    assert summary_of(command("run").stdout)["outcome"] == "in_sync"


def test_killed_in_the_middle_it_holds_the_lease_until_that_expires(
    rig: Rig, command: Callable[..., Result], saved: Callable[[], DocumentHeader]
) -> None:
    rig.sandbox.latency = 0.02
    with running(rig, "run") as process:
        wait_for(lambda: len(rig.sandbox.deezer.writes()) >= 2)
        process.send_signal(signal.SIGKILL)
        process.wait(timeout=60)
    rig.sandbox.latency = 0
    lease = saved().lease
    assert lease is not None
    before = len(rig.sandbox.log.all())
    locked = command("run", "--exit-codes", "detailed")
    assert locked.exit_code == 12
    assert lease.run_id in locked.stdout
    assert lease.expires_at in locked.stdout
    assert (
        f"held by: run {lease.run_id} on {lease.host}, until {lease.expires_at}" in command("checkpoint", "show").stdout
    )
    for edit in (("pause",), ("checkpoint", "restore-previous")):
        assert command(*edit).exit_code == 12
    assert len(rig.sandbox.log.all()) == before
    rig.clock = LateClock(StopFlag())
    assert rig.run().outcome is Outcome.CHANGED
    assert rig.run().outcome is Outcome.IN_SYNC
    assert rig.sandbox.deezer.refused_duplicates() == 0


def test_stopped_in_the_middle_it_saves_and_gives_the_lease_back(rig: Rig, saved: Callable[[], DocumentHeader]) -> None:
    rig.sandbox.latency = 0.02
    with running(rig, "run") as process:
        wait_for(lambda: len(rig.sandbox.deezer.writes()) >= 2)
        process.send_signal(signal.SIGTERM)
        output, _ = process.communicate(timeout=60)
    assert (process.returncode, summary_of(output)["outcome"]) == (143, "interrupted")
    assert saved().lease is None
    rig.sandbox.latency = 0
    assert rig.run().outcome is Outcome.CHANGED


def test_stopped_while_s3_hangs_it_ends_all_the_same(rig: Rig, between: Between) -> None:
    process: subprocess.Popen[str]
    between.spoil(skip=3, hang=True, meanwhile=lambda: process.send_signal(signal.SIGTERM))
    between.spoil(skip=3, times=ALWAYS, hang=True)
    with running(rig, "run") as process:
        output, _ = process.communicate(timeout=60)
    assert (process.returncode, summary_of(output)["outcome"]) == (74, "checkpoint_unwritable")
    assert "cannot be saved: S3 did not answer before the run had to stop" in output
    assert len(between.seen("PUT")) == 5, "what hung was not repeated; once it was tried to give the lease back"


def test_a_run_that_lost_its_lease_makes_no_call_after_that(rig: Rig, between: Between, bucket: str) -> None:
    theirs = document.encode(
        Checkpoint(), generation=40, run_id="other", saved_at="t", app_version="0.1.0", compress=True
    )[1]
    seen: list[int] = []

    def usurp() -> None:
        between.moto.put(bucket, KEY, theirs)
        seen.append(len(rig.sandbox.log.all()))

    between.spoil(key=KEY, skip=4, meanwhile=usurp)
    summary = rig.run()
    assert (summary.outcome, summary.exit_code) == (Outcome.LOST_LEASE, 75)
    assert seen == [len(rig.sandbox.log.all())]
    assert between.moto.get(bucket, KEY) == theirs


@pytest.mark.parametrize("every", [1, 3])
def test_lost_answers_change_nothing(rig: Rig, between: Between, monkeypatch: pytest.MonkeyPatch, every: int) -> None:
    """Of every write to S3, or of every third, the answer is lost, and boto3 does not ask again."""
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    between.spoil(key=KEY, times=ALWAYS, every=every, lose=True)
    assert rig.run().outcome is Outcome.CHANGED
    lost = [one.status for one in between.seen("PUT") if one.key == KEY].count(0)
    assert lost >= 3
    between.spoils.clear()
    assert rig.run().outcome is Outcome.IN_SYNC
    assert rig.sandbox.deezer.refused_duplicates() == 0


@pytest.mark.parametrize("fault", ["SignatureDoesNotMatch", "gone"])
def test_no_secret_is_said_at_any_level(rig: Rig, between: Between, fault: str) -> None:
    rig.extra |= {"AWS_MAX_ATTEMPTS": "2", "AWS_SESSION_TOKEN": "T0kenOfATest", "MUSICDIFF_LOG_FILE": "job.log"}
    status = 0 if fault == "gone" else 403
    for method, skip in (("PUT", 2), ("GET", 1)):
        between.spoil(
            method, skip=skip, times=ALWAYS, status=status, code=fault, lose=fault == "gone",
            message="AKIDOFATEST s3cr3tOfATest T0kenOfATest",
        )  # fmt: skip
    with running(rig, "-vv", "run") as process:
        output, errors = process.communicate(timeout=120)
    assert process.returncode == 74
    assert "run.started" in errors, "nothing was logged, so nothing was tested"
    log = (rig.folder / "job.log").read_text(encoding="utf-8")
    for secret in ("AKIDOFATEST", "s3cr3tOfATest", "T0kenOfATest", rig.environment()["DEEZER_ARL"]):
        assert secret not in output + errors + log
    assert not re.search(r"\b[Ss]ignature=|AWS4-HMAC", output + errors + log)
