"""The lock beside the checkpoint: who holds it may write.

Theory. The lock is ``flock`` on ``<checkpoint>.lock``, taken by filelock. The kernel gives it back when its holder
dies, however it dies, so a lock file that is left over is harmless. It is a file of its own because the checkpoint
is replaced at every save, and a lock on a replaced file excludes nobody (observed). It is never deleted, because a
rival that has it open would then hold a lock on nothing. What stands in it tells people who the holder is; nothing
is decided by it. On network file systems without working locks it may exclude nobody: there the store's second
check, whether the checkpoint is still as we left it, ends the run.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import filelock
import msgspec

from musicdiff_job.core.errors import Locked
from musicdiff_job.private import FILE_MODE

_NOTE_ROOM = 4096


class Holder(msgspec.Struct, frozen=True):
    """Who holds the lock, for people. Times are ISO-8601 in UTC; ``until`` is when the run ends at the latest."""

    run_id: str
    host: str
    pid: int
    started_at: str
    until: str


@contextmanager
def locked(path: Path, holder: Holder) -> Iterator[None]:
    """Hold the lock. Raises ``Locked`` at once when somebody else does, ``OSError`` when there can be no lock file."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, FILE_MODE)
    try:
        # A second name of some other file can be locked all the same, but what stands in that file is not ours.
        alone = os.fstat(descriptor).st_nlink == 1
        with suppress(PermissionError):  # somebody else's lock file: it can be locked all the same
            if alone:
                os.fchmod(descriptor, FILE_MODE)
        if not filelock.lock_descriptor(descriptor, blocking=False):
            raise _refusal(os.pread(descriptor, _NOTE_ROOM, 0))
        if alone:
            _note(descriptor, msgspec.json.encode(holder))
        try:
            yield
        finally:
            if alone:
                _note(descriptor, b"")  # so that nobody is told of a run that is over
    finally:
        os.close(descriptor)


def prove_free(path: Path) -> None:
    """Raise ``Locked`` when somebody holds the lock, ``OSError`` when that cannot be seen. A file that is not there is
    not created. The lock is held for the instant that it takes to see that it is free: it cannot be seen otherwise."""
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CLOEXEC | os.O_NOFOLLOW)
    except FileNotFoundError:
        return
    try:
        if not filelock.lock_descriptor(descriptor, blocking=False):
            raise _refusal(os.pread(descriptor, _NOTE_ROOM, 0))
    finally:
        os.close(descriptor)


def _note(descriptor: int, text: bytes) -> None:
    with suppress(OSError):  # a full disk must not stop a run that may still free the space of two generations
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, text, 0)


def _refusal(note: bytes) -> Locked:
    hint = "nothing to do: this run ends here and the next one goes on"
    try:
        holder = msgspec.json.decode(note, type=Holder)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return Locked("another run holds the checkpoint", hint)
    return Locked(
        f"another run holds the checkpoint: run {holder.run_id} on {holder.host}, process {holder.pid}, "
        f"started {holder.started_at}, ends by {holder.until}",
        hint,
    )
