"""Two runs that begin at the same instant on one checkpoint in S3: one works, the other ends without a call.

Whoever works is held at its first call to a service until the other one has ended, so it is never over too soon to be
met. Most races are between forks of a process that has imported everything, which come closer to each other than
two commands can; some are between real commands. ``MUSICDIFF_TORTURE`` makes it 100 races.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest
from rig import Rig, open_rig
from s3_stage import Between, environment

from musicdiff_job.core import document
from musicdiff_job.sandbox.faults import Dropped
from musicdiff_job.sandbox.http import Request, Response
from musicdiff_job.sandbox.world import synthetic_world

FORKED, COMMANDS = (96, 4) if os.environ.get("MUSICDIFF_TORTURE") else (4, 1)
SCRIPT = Path(__file__).with_name("racing_runs.py")
KEY = "checkpoint.json"

Ended = dict[str, Any]
Race = Callable[[], tuple[Callable[[], Ended], Callable[[], Ended]]]
"""Begins a race; gives what waits for the first one to end, and what waits for the second."""


class Gate:
    """Holds every call to the sandbox until it is opened, and counts who waits."""

    def __init__(self, rig: Rig) -> None:
        self.waiting = 0
        self.is_open = threading.Event()
        self._lock = threading.Lock()
        self._respond = rig.sandbox.respond

    def respond(self, service: str, request: Request) -> Response | Dropped:
        with self._lock:
            self.waiting += 1
        assert self.is_open.wait(120), "nobody ended"
        with self._lock:
            self.waiting -= 1
        return self._respond(service, request)


@pytest.fixture
def rig(between: Between, tmp_path: Path) -> Iterator[Rig]:
    bucket = between.moto.bucket()
    library = synthetic_world(playlists=1, tracks_each=3, liked=1, seed=9)
    extra: dict[str, Any] = {
        **environment(between.url),
        "MUSICDIFF_CHECKPOINT_URL": f"s3://{bucket}/{KEY}",
        "MUSICDIFF_LOG_LEVEL": "error",
    }
    with open_rig(tmp_path, library, **extra) as rig:
        yield rig


@pytest.fixture
def gate(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> Iterator[Gate]:
    gate = Gate(rig)
    monkeypatch.setattr(rig.sandbox, "respond", gate.respond)
    yield gate
    gate.is_open.set()


def variables(rig: Rig) -> dict[str, str]:
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "COVERAGE_PROCESS_START") if name in os.environ}
    return {**kept, **rig.environment()}


@contextmanager
def forks(rig: Rig) -> Iterator[Race]:
    with subprocess.Popen(
        [sys.executable, str(SCRIPT)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=rig.folder
    ) as server:
        assert server.stdin is not None
        assert server.stdout is not None
        to, of = server.stdin, server.stdout

        def hear() -> Ended:
            ended: Ended = json.loads(of.readline())
            return ended

        def begin() -> tuple[Callable[[], Ended], Callable[[], Ended]]:
            to.write(json.dumps(variables(rig)) + "\n")
            to.flush()
            return hear, hear

        yield begin
        to.close()
        server.wait(timeout=60)


@contextmanager
def commands(rig: Rig) -> Iterator[Race]:
    with ExitStack() as stack:

        def begin() -> tuple[Callable[[], Ended], Callable[[], Ended]]:
            command = [sys.executable, "-m", "musicdiff_job", "run", "--exit-codes", "detailed"]
            running = [
                stack.enter_context(
                    subprocess.Popen(
                        command, env=variables(rig), cwd=rig.folder, stdin=subprocess.DEVNULL,
                        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                    )
                )
                for _ in range(2)
            ]  # fmt: skip
            pause = threading.Event()

            def next_end() -> Ended:
                while all(one.poll() is None for one in running):
                    pause.wait(0.01)
                ended = next(one for one in running if one.poll() is not None)
                running.remove(ended)
                output, _ = ended.communicate()
                return {"status": ended.returncode, "summary": json.loads(output.splitlines()[-1])}

            return next_end, next_end

        yield begin


def settle(rig: Rig, gate: Gate, race: Race, pool: ThreadPoolExecutor) -> None:
    """One race, and everything that must be so after it."""
    gate.is_open.clear()
    before = len(rig.sandbox.log.all())
    first_end, second_end = race()
    first = pool.submit(first_end)
    pause = threading.Event()
    while not first.done():
        assert gate.waiting < 2, "two runs are at work"
        pause.wait(0.005)
    loser = first.result()
    assert (loser["status"], loser["summary"]["outcome"]) == (12, "locked")
    assert set(loser["summary"]["api_calls"].values()) == {0}
    assert len(rig.sandbox.log.all()) == before
    gate.is_open.set()
    winner = second_end()
    assert (winner["status"], winner["summary"]["outcome"]) in {(0, "changed"), (0, "in_sync")}
    assert len(rig.sandbox.log.all()) == before + sum(winner["summary"]["api_calls"].values())
    assert winner["summary"]["run_id"] in loser["summary"]["errors"][0]["message"]


@pytest.mark.parametrize(("racers", "rounds"), [(forks, FORKED), (commands, COMMANDS)], ids=["forks", "commands"])
def test_of_two_that_begin_together_one_works(
    rig: Rig,
    gate: Gate,
    between: Between,
    racers: Callable[[Rig], Any],
    rounds: int,
    record_property: Callable[[str, object], None],
) -> None:
    bucket = rig.environment()["MUSICDIFF_CHECKPOINT_URL"].split("/")[2]
    decided_by_s3 = 0
    with ThreadPoolExecutor(1) as pool, racers(rig) as race:
        for count in range(rounds):
            if count % 2 == 0:  # both create it; in the others both replace it
                between.moto.delete(bucket, KEY)
            between.tally()
            settle(rig, gate, race, pool)
            conditions = [
                ("if-none-match" if count % 2 == 0 else "if-match") in one.headers for one in between.seen("PUT")
            ]
            assert conditions[0]
            decided_by_s3 += any(one.status == 412 for one in between.seen("PUT"))
            header = document.read_header(between.moto.get(bucket, KEY) or b"")
            assert header.lease is None
    record_property("rounds", rounds)
    record_property("decided by a refused write", decided_by_s3)
    sys.stdout.write(f"{rounds} races tried, {decided_by_s3} of them decided by a refused write\n")
    assert rig.sandbox.deezer.refused_duplicates() == 0
