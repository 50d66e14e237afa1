"""The real command, in a process that can be killed at a save. Used by ``killing``.

Reads one JSON line for each process that is wanted (``Start``), forks, and runs ``python -m musicdiff_job`` in the
child: same entry point, arguments, environment and signals. Everything is imported before the first fork, so a process
costs milliseconds instead of most of a second. Answers with the child's id, then with how it ended. Run as
``python killed_process.py once START`` it becomes the command itself, for those who want a process that was started
the usual way.

A *save* is whatever the operating system is asked to do that changes the file named as checkpoint: a rename to it, or
an opening of it for writing. So is what changes a folder that is named as watched, for a listening history or a backup:
a rename to it, an opening for writing, a removal. A death before the save prevents the call; one after it makes the
call, and dies before the program learns of it; where a file is opened so that lines are added to it, half of them are.
What was not put onto the disk by then is lost, as in a power cut.
"""

from __future__ import annotations

import gc
import importlib
import os
import runpy
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, BinaryIO
from unittest import mock

import msgspec

from musicdiff_job.core.checkpoint import Checkpoint

LATE = (
    "_strptime", "deezer", "httpcore", "requests", "spotipy",
    "musicdiff_job.bootstrap", "musicdiff_job.cli.root", "musicdiff_job.cli.run",
    "musicdiff_job.deezer.catalogue", "musicdiff_job.deezer.gateway", "musicdiff_job.deezer.public_api",
    "musicdiff_job.deezer.rest", "musicdiff_job.spotify.auth", "musicdiff_job.spotify.client",
    "musicdiff_job.spotify.wire",
)  # fmt: skip
"""What the command imports when it needs it, and how long a process takes to start."""


class Start(msgspec.Struct, frozen=True):
    """A process that is wanted: ``output`` receives its stdout, ``errors`` its stderr, ``saves`` a line with the time
    (``time.monotonic``) of each save. With ``die_at`` it is killed at that save (1 is the first), ``late`` says on
    which side of it."""

    arguments: tuple[str, ...]
    environment: dict[str, str]
    folder: str
    checkpoint: str
    output: str
    errors: str
    saves: str
    die_at: int = 0
    late: bool = False
    watched: str = ""


class Watched:
    """An audit hook that sees every save, and dies at one."""

    def __init__(self, start: Start) -> None:
        self._start = start
        self._checkpoint = os.path.realpath(start.checkpoint)
        self._watched = os.path.realpath(start.watched) + os.sep if start.watched else ""
        self._diary = os.open(start.saves, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        self._saves = 0
        self._is_torn = False
        self._synced: set[int] = set()
        mock.patch("os.fsync", self._note_sync).start()
        sys.addaudithook(self._hear)

    def _note_sync(self, descriptor: Any) -> None:
        # Noted, not done: a killed process loses nothing that the kernel has, and a busy disk takes its time.
        self._synced.add(os.fstat(descriptor).st_ino)

    def _hear(self, event: str, given: tuple[Any, ...]) -> None:
        if event == "os.rename" and self._is_saved(given[1]):
            self._at_save(lambda: self._rename(given[0], given[1]))
        elif event == "os.remove" and self._is_saved(given[0]):
            self._at_save(lambda: Path(given[0]).unlink())
        elif event == "open" and given[2] & (os.O_WRONLY | os.O_RDWR) and self._is_saved(given[0]):
            self._at_save(lambda: self._open(given[0], given[2]))

    def _is_saved(self, path: Any) -> bool:
        if not isinstance(path, str | os.PathLike):
            return False
        real = os.fspath(os.path.realpath(path))
        return real == self._checkpoint or bool(self._watched and real.startswith(self._watched))

    def _at_save(self, carry_out: Callable[[], None]) -> None:
        self._saves += 1
        os.write(self._diary, f"{time.monotonic()}\n".encode())
        if self._saves == self._start.die_at:
            if self._start.late:
                self._checkpoint = self._watched = ""  # this call is ours
                carry_out()
                if self._is_torn:
                    return
            os.kill(os.getpid(), signal.SIGKILL)

    def _rename(self, new: str, name: str) -> None:
        if Path(new).stat().st_ino not in self._synced:
            os.truncate(new, 0)  # the name may reach the disk before the content does
        Path(new).rename(name)

    def _open(self, path: str, flags: int) -> None:
        if os.path.realpath(path).endswith(".ndjson"):
            self._is_torn = True
            mock.patch("os.write", self._tear).start()
        else:
            os.close(os.open(path, flags, 0o600))

    def _tear(self, descriptor: int, content: bytes) -> int:
        os.pwrite(descriptor, content[: len(content) // 2], os.lseek(descriptor, 0, os.SEEK_CUR))
        os.kill(os.getpid(), signal.SIGKILL)
        return 0


def become(start: Start) -> None:
    """Turn this process into the command."""
    os.chdir(start.folder)
    os.environ.clear()
    os.environ.update(start.environment)
    for descriptor, path in ((1, start.output), (2, start.errors)):
        opened = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        os.dup2(opened, descriptor)
        os.close(opened)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    mock.patch("musicdiff_job.clock.StopFlag.wait").start()  # waiting takes no time
    Watched(start)
    sys.argv = ["musicdiff-job", *start.arguments]
    try:
        runpy.run_module("musicdiff_job", run_name="__main__")
    except SystemExit as end:
        sys.stdout.flush()
        os._exit(end.code if isinstance(end.code, int) else 1)  # what Python does at its end costs most of a run


def serve(wanted: BinaryIO, said: BinaryIO) -> None:
    """Fork a process for each line. A child is reaped when the next one is asked for: until then its id is its own,
    and killing it late hurts nobody."""
    child = 0
    for line in wanted:
        if child:
            os.waitpid(child, 0)
        child = os.fork()
        if child == 0:
            become(msgspec.json.decode(line, type=Start))
            os._exit(0)
        _say(said, child)
        ended = os.waitid(os.P_PID, child, os.WEXITED | os.WNOWAIT)
        assert ended is not None
        _say(said, ended.si_status if ended.si_code == os.CLD_EXITED else -ended.si_status)


def _say(said: BinaryIO, number: int) -> None:
    said.write(f"{number}\n".encode())
    said.flush()


if __name__ == "__main__":
    if sys.argv[1:2] == ["once"]:
        become(msgspec.json.decode(sys.argv[2], type=Start))
    else:
        for module in LATE:
            importlib.import_module(module)
        msgspec.json.decode(b"{}", type=Checkpoint)  # the first decoding of a type costs as much as an import
        gc.freeze()
        serve(sys.stdin.buffer, sys.stdout.buffer)
