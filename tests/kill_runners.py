"""How the processes that ``killing`` kills are started: by forks, which cost little, or as anybody would start them."""

from __future__ import annotations

import contextlib
import os
import selectors
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

import msgspec
from killed_process import Start

PROCESS = Path(__file__).with_name("killed_process.py")
LONGEST = 120.0
"""Seconds that one run may take before it counts as hanging."""


class Runner(Protocol):
    """Starts processes, one at a time."""

    def start(self, start: Start) -> None:
        """Start one."""
        ...

    def kill(self) -> None:
        """Kill it with SIGKILL; nothing happens when it has ended."""
        ...

    def end(self) -> int:
        """Wait until it has ended; its exit status, or the number of the signal that ended it, negative. Raises
        ``AssertionError`` when that takes longer than ``LONGEST``."""
        ...


class Forks:
    """Processes forked from one that has imported everything. A child is reaped when the next one is asked for."""

    def __init__(self) -> None:
        self._server = subprocess.Popen([sys.executable, PROCESS], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self._child = 0

    def start(self, start: Start) -> None:
        assert self._server.stdin is not None
        self._server.stdin.write(msgspec.json.encode(start) + b"\n")
        self._server.stdin.flush()
        self._child = self._number()

    def kill(self) -> None:
        os.kill(self._child, signal.SIGKILL)

    def end(self) -> int:
        assert self._server.stdout is not None
        with selectors.DefaultSelector() as selector:
            selector.register(self._server.stdout, selectors.EVENT_READ)
            hangs = not selector.select(LONGEST)
        if hangs:
            self.kill()
        status = self._number()
        assert not hangs, f"a run hangs for {LONGEST:.0f} s"
        return status

    def close(self) -> None:
        self._server.kill()
        self._server.communicate()

    def _number(self) -> int:
        assert self._server.stdout is not None
        return int(self._server.stdout.readline())


@contextlib.contextmanager
def forks() -> Iterator[Forks]:
    """A runner for as long as it is needed."""
    runner = Forks()
    try:
        yield runner
    finally:
        runner.close()


class Execs:
    """Processes that are started as anybody would start them, but for those that die at a save."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None

    def start(self, start: Start) -> None:
        if start.die_at:
            self._process = subprocess.Popen([sys.executable, PROCESS, "once", msgspec.json.encode(start).decode()])
            return
        with Path(start.output).open("wb") as output, Path(start.errors).open("wb") as errors:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "musicdiff_job", *start.arguments],
                env=start.environment,
                cwd=start.folder,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=errors,
            )

    def kill(self) -> None:
        assert self._process is not None
        self._process.kill()

    def end(self) -> int:
        assert self._process is not None
        try:
            return self._process.wait(LONGEST)
        except subprocess.TimeoutExpired:
            self._process.kill()
            raise AssertionError(f"a run hangs for {LONGEST:.0f} s") from None
