"""The user's own commands around a run: ``before`` decides whether it takes place, the others hear how it went.

A hook is an argument list, and no shell is involved. It sees the process's environment without what is secret in it,
its output goes to the log (``debug``), and when its time is over it is killed together with what it has started.
"""

from __future__ import annotations

import logging
import os
import shutil
import signal
import subprocess
import tempfile
import threading
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum

import msgspec

from musicdiff_job.clock import StopFlag
from musicdiff_job.core.errors import ConfigError, Interrupted
from musicdiff_job.core.outcome import Outcome
from musicdiff_job.core.secret import Redactor
from musicdiff_job.journal import event
from musicdiff_job.ports import Clock
from musicdiff_job.settings import Loaded
from musicdiff_job.settings.findings import CREDENTIALS
from musicdiff_job.settings.rows import ROWS
from musicdiff_job.sinks import Ended

SECONDS = 30.0
"""For ``before``."""
OUTPUT_AT_MOST = 10_000
"""Bytes of a hook's output that are logged."""
_LOOK_EVERY = 0.05
_SECRET_VARIABLES = frozenset(
    {*CREDENTIALS, *(row.variable for rows in ROWS.values() for row in rows.values() if row.kind.secret)}
)


class After(StrEnum):
    """Which hook hears of the end of a run."""

    SUCCESS = "after_success"
    FAILURE = "after_failure"
    NEITHER = ""
    """The run was kept from working, so that there is nothing to act on."""


AFTER: dict[Outcome, After] = {
    Outcome.IN_SYNC: After.SUCCESS,
    Outcome.CHANGED: After.SUCCESS,
    Outcome.MORE_TO_DO: After.SUCCESS,
    Outcome.RATE_LIMITED: After.NEITHER,
    Outcome.LOCKED: After.NEITHER,
    Outcome.PAUSED: After.NEITHER,
    Outcome.INTERRUPTED: After.NEITHER,
    Outcome.PARTIAL: After.FAILURE,
    Outcome.CONFLICT: After.FAILURE,
    Outcome.UNAVAILABLE: After.FAILURE,
    Outcome.LOST_LEASE: After.FAILURE,
    Outcome.CRASH: After.FAILURE,
    Outcome.CHECKPOINT_INVALID: After.FAILURE,
    Outcome.CHECKPOINT_UNWRITABLE: After.FAILURE,
    Outcome.AUTH: After.FAILURE,
    Outcome.USAGE: After.FAILURE,
    Outcome.CONFIG: After.FAILURE,
}


class HookFailed(Exception):
    """A hook could not be started, took too long, or ended with a status other than 0."""


def refusal(loaded: Loaded, env: Mapping[str, str], clock: Clock, stop: StopFlag) -> str:
    """Ask the hook ``before`` whether the run is to take place now: "" if it is, else what it said. Raises
    ``ConfigError`` if there is no such command, and ``Interrupted``."""
    argv = loaded.settings.hooks.before
    if not argv:
        return ""
    try:
        status = run(argv, "before", b"", SECONDS, clean_environment(loaded, env), clock, stop)
    except OSError as error:
        raise ConfigError(
            [f"hooks.before: {argv[0]} cannot be run ({error.strerror})"],
            "Give the full path of a program that may be executed",
        ) from None
    if stop.signal is not None:
        raise Interrupted(stop.signal)
    if status is None:
        return f"hooks.before ({argv[0]}) was not done after {SECONDS:.0f} s, so not now"
    return f"hooks.before ({argv[0]}) said not now (exit status {status})" if status else ""


@dataclass(frozen=True, slots=True)
class AfterHooks:
    """The sink that runs the hooks after a run, the summary as JSON on their standard input."""

    loaded: Loaded
    env: Mapping[str, str]
    redactor: Redactor
    clock: Clock
    name: str = "hooks"

    def begin(self, run_id: str) -> None:
        """The hook ``before`` was asked already."""

    def end(self, ended: Ended) -> None:
        """Run the hook for this end. Raises ``HookFailed``."""
        after = AFTER[ended.summary.outcome]
        hooks = self.loaded.settings.hooks
        argv = {After.SUCCESS: hooks.after_success, After.FAILURE: hooks.after_failure, After.NEITHER: ()}[after]
        if not argv:
            return
        document = self.redactor.scrub(msgspec.json.encode(ended.summary).decode()).encode()
        env = clean_environment(self.loaded, self.env)
        try:
            status = run(argv, after, document, ended.seconds, env, self.clock, None)
        except OSError as error:
            raise HookFailed(f"hooks.{after}: {argv[0]} cannot be run ({error.strerror})") from None
        if status is None:
            raise HookFailed(f"hooks.{after}: {argv[0]} was not done after {ended.seconds:.0f} s and was ended")
        if status:
            raise HookFailed(f"hooks.{after}: {argv[0]} ended with exit status {status}")


def clean_environment(loaded: Loaded, env: Mapping[str, str]) -> dict[str, str]:
    """``env`` without credentials, without addresses that hold passwords, and without whatever holds one of these."""
    secrets = [secret.reveal() for secret in loaded.secrets()]
    return {
        name: value
        for name, value in env.items()
        if name not in _SECRET_VARIABLES and not any(secret in value for secret in secrets)
    }


def run(
    argv: tuple[str, ...],
    name: str,
    document: bytes,
    seconds: float,
    env: Mapping[str, str],
    clock: Clock,
    stop: StopFlag | None,
) -> int | None:
    """Run a command with ``document`` on its standard input; its exit status (negative: the signal that ended it), None
    when it was killed because its time was over or ``stop`` was set. Raises OSError when it cannot be started."""
    program = shutil.which(argv[0], path=env.get("PATH", os.defpath)) or argv[0]
    with tempfile.TemporaryFile() as given:
        given.write(document)
        given.seek(0)
        process = subprocess.Popen(  # noqa: S603 - the user's own command, and no shell
            [program, *argv[1:]],
            stdin=given,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env=dict(env),
            start_new_session=True,
        )
    output = _Output(process)
    until = clock.monotonic() + seconds
    status: int | None = None
    while (status := process.poll()) is None and clock.monotonic() < until and (stop is None or stop.signal is None):
        _pause(process, min(_LOOK_EVERY, max(0.0, until - clock.monotonic())))
    if status is None:
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    event("hook.ended", logging.DEBUG, hook=name, status=status, output=output.text())
    return status


def _pause(process: subprocess.Popen[bytes], seconds: float) -> None:
    with suppress(subprocess.TimeoutExpired):
        process.wait(seconds)


class _Output:
    """What a process says, read as it comes, so that it never waits for a reader; the first of it is kept."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self._kept = bytearray()
        self._stream = process.stdout
        # What the hook has left behind may hold the pipe open for ever; nobody waits for that.
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def text(self) -> str:
        """What was kept, once the process is over."""
        self._thread.join(1.0)
        return bytes(self._kept).decode(errors="replace")

    def _read(self) -> None:
        if self._stream is not None:
            with self._stream as stream:
                while chunk := os.read(stream.fileno(), 8192):
                    self._kept += chunk[: max(0, OUTPUT_AT_MOST - len(self._kept))]
