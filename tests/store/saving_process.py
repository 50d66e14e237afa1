"""A process of its own that uses a checkpoint, for tests that race it, starve it or kill it.

Run as ``python saving_process.py MODE PATH [ARGUMENT...]``; every line it prints is an outcome.
"""

from __future__ import annotations

import itertools
import os
import signal
import sys
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from pack_suite import records
from stopped_clock import StoppedClock

from musicdiff_job.core import packs
from musicdiff_job.core.checkpoint import Checkpoint
from musicdiff_job.core.errors import JobError, Locked
from musicdiff_job.store.file import FileStore

RUNS = itertools.count()
UNTIL = datetime(2026, 11, 21, 12, 10, tzinfo=UTC)


def say(*words: object) -> None:
    sys.stdout.write(" ".join(map(str, words)) + "\n")
    sys.stdout.flush()


def store_at(path: str) -> FileStore:
    return FileStore(Path(path), clock=StoppedClock(), app_version="0.1.0")


def hold(path: str, run_id: str) -> None:
    """At the first line of input try to take the lease, keep it until the input ends."""
    say("ready")
    sys.stdin.readline()
    try:
        with store_at(path).lease(run_id, UNTIL):
            say("held")
            sys.stdin.read()
    except Locked as error:
        say("locked", error)
        sys.stdin.read()


def save_on_and_on(path: str) -> None:
    """For every line of input, a child that saves until it is killed; then ``dead``."""
    for _ in sys.stdin:
        child = os.fork()
        if child == 0:
            with store_at(path).lease(f"run-{os.getpid()}-{next(RUNS)}", UNTIL) as lease:
                for count in itertools.count():
                    lease.save(Checkpoint(overrides=f"{count}" * 100_000))
                    say("saved", os.getpid(), store_at(path).verify().generation)
        os.waitpid(child, 0)
        say("dead")


def run(store: FileStore) -> None:
    """A run with two saves."""
    with store.lease("run-3", UNTIL) as lease:
        lease.prove_writable()
        lease.save(Checkpoint(overrides="run-3, first"))
        lease.save(Checkpoint(overrides="run-3, second"))


def restore(store: FileStore) -> None:
    """One going back."""
    store.restore_previous()


def die_everywhere(
    act: Callable[[FileStore], None],
    folder: str,
    name: str = "checkpoint.json",
    saved: Sequence[Checkpoint] = (Checkpoint(overrides="run-1"), Checkpoint(overrides="run-2")),
) -> None:
    """``act`` killed at its first, second, third... step on the file system, each time on a checkpoint of its own
    that already has two generations. Ends with the number of times it was killed."""
    for step in itertools.count(1):
        store = store_at(f"{folder}/{step}/{name}")
        for checkpoint in saved:
            with store.lease(f"run-{os.getpid()}-{next(RUNS)}", UNTIL) as lease:
                lease.save(checkpoint)
        child = os.fork()
        if child == 0:
            sys.addaudithook(_killed_at(step))
            act(store)
            os._exit(0)
        if os.waitpid(child, 0)[1] == 0:
            say(step - 1)
            return


def run_with_packs(store: FileStore) -> None:
    """A run with two saves, each of which stores a pack."""
    with store.lease("run-3", UNTIL) as lease:
        lease.save(Checkpoint(matches=records(range(100), "run-3, first")))
        lease.save(Checkpoint(matches=records(range(100), "run-3, second")))


def die_everywhere_with_packs(folder: str) -> None:
    """As ``die_everywhere``, on two generations with a pack each."""
    packs.WHOLE_UP_TO, packs.APART_UP_TO = 3000, 1500
    saved = [Checkpoint(matches=records(range(100), run_id)) for run_id in ("run-1", "run-2")]
    die_everywhere(run_with_packs, folder, "checkpoint.json.gz", saved)


def _killed_at(step: int) -> Callable[[str, tuple[object, ...]], None]:
    steps = 0

    def hook(event: str, _: tuple[object, ...]) -> None:
        nonlocal steps
        if event == "open" or event.startswith("os."):
            steps += 1
            if steps == step:
                os.kill(os.getpid(), signal.SIGKILL)

    return hook


def attempt(path: str, *sizes: str) -> None:
    """For each size a run that proves the checkpoint writable and saves that many bytes."""
    for size in sizes:
        checkpoint = Checkpoint(overrides="x" * int(size))
        try:
            with store_at(path).lease(f"run-{os.getpid()}-{next(RUNS)}", UNTIL) as lease:
                for action in (lease.prove_writable, partial(lease.save, checkpoint)):
                    try:
                        action()
                        say("ok")
                    except JobError as error:
                        say(type(error).__name__, error)
        except JobError as error:
            say(type(error).__name__, error)
    say("generation", store_at(path).verify().generation)
    say(*sorted(entry.name for entry in Path(path).parent.iterdir()))


MODES: dict[str, Callable[..., None]] = {
    "hold": hold,
    "save": save_on_and_on,
    "die-running": partial(die_everywhere, run),
    "die-packing": die_everywhere_with_packs,
    "die-restoring": partial(die_everywhere, restore),
    "attempt": attempt,
}

if __name__ == "__main__":
    MODES[sys.argv[1]](*sys.argv[2:])
