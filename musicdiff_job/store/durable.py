"""Files that are replaced whole: privately, durably, and without an instant in which there is none.

Theory. New content goes into a temporary file in the same folder (a rename across file systems is not possible) and
onto the disk, then the name is moved over to it and the folder is put onto the disk. A process killed anywhere in
between leaves the old file or the new one, at worst with an orphaned temporary file beside it, which ``sweep``
removes a day later. Files get mode 0600 and folders 0700 whatever the umask is, because a library says much about
its owner. All functions let ``OSError`` through; it is for the caller to say what it means.
"""

from __future__ import annotations

import errno
import os
import re
import secrets
import shutil
import stat
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta
from pathlib import Path
from typing import NamedTuple

from musicdiff_job.private import FILE_MODE, make_folders

ORPHANED_AFTER = timedelta(days=1)
"""A temporary file normally lives for milliseconds."""

# File systems without the notion say so in one of these ways (FUSE, SMB, some network mounts).
_NO_SYNC = frozenset({errno.EINVAL, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS})
_NO_LINKS = frozenset({errno.EPERM, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK})


class Identity(NamedTuple):
    """What tells one state of a file from the next without reading it."""

    inode: int
    modified_ns: int
    size: int


def identity(path: Path) -> Identity | None:
    """The file's identity, None when there is no file."""
    try:
        return _identity(path.stat())
    except FileNotFoundError:
        return None


def read(path: Path, at_most: int = -1) -> tuple[Identity, bytes] | None:
    """The file's content, or its first ``at_most`` bytes, and the identity of exactly that state; None when there is
    no file."""
    try:
        with open(path, "rb", opener=_at_once) as file:
            status = os.fstat(file.fileno())
            _prove_regular(status)
            return _identity(status), file.read(at_most)
    except FileNotFoundError:
        return None


def prove_regular(path: Path) -> None:
    """Raise ``OSError`` (EISDIR, or ENXIO for a pipe, a socket or a device) when what is there is no regular file."""
    with suppress(FileNotFoundError):
        _prove_regular(path.stat())


def make_folder(folder: Path) -> None:
    """As ``private.make_folders``, and their names are on the disk."""
    for made in make_folders(folder):
        sync_folder(made.parent)


@contextmanager
def temporary(path: Path, content: bytes) -> Iterator[tuple[Path, Identity]]:
    """A file beside ``path`` with this content, on the disk; gone afterwards unless it was renamed."""
    descriptor, name = tempfile.mkstemp(prefix=f".{path.name}.", suffix=".tmp", dir=path.parent)
    try:
        with os.fdopen(descriptor, "wb") as file:
            os.fchmod(descriptor, FILE_MODE)
            file.write(content)
            file.flush()
            _sync(descriptor)
            state = _identity(os.fstat(descriptor))
        yield Path(name), state
    finally:
        Path(name).unlink(missing_ok=True)


def keep(path: Path, kept: Path) -> None:
    """Make ``kept`` the file that ``path`` is now, as a second link to it (a copy where links are not possible).

    ``path`` is not touched; ``kept`` is replaced atomically. Safe because files here are replaced, never rewritten.
    """
    with _second(path) as second:
        with suppress(PermissionError):  # somebody else's file, which a group may share
            second.chmod(FILE_MODE)  # a backup that was put back may be open to all
        second.replace(kept)


def prove_replaceable(path: Path) -> None:
    """Raise ``OSError`` (EXDEV) when the file is a mount point: its name could not be moved over. Linux refuses a
    second link to it for the same reason that it refuses the rename, and a link changes nothing."""
    with _second(path):
        pass


def free_bytes(folder: Path) -> int | None:
    """Bytes that may still be written there; None where the file system does not say."""
    space = os.statvfs(folder)
    return space.f_bavail * space.f_frsize if space.f_blocks else None


def swap(path: Path, other: Path) -> None:
    """Exchange two files. Killed midway, ``path`` is already what ``other`` was; it always exists."""
    with _second(path) as present, _second(other) as wanted:
        wanted.replace(path)
        present.replace(other)
    sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Put a folder's names onto the disk."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        _sync(descriptor)
    finally:
        os.close(descriptor)


def sweep(folder: Path, names: Iterable[str], now: datetime) -> None:
    """Remove temporary files of these files that are older than ``ORPHANED_AFTER``. Only to be called by who alone may
    write them. What cannot be removed stays: it costs space, nothing else."""
    pattern = re.compile(rf"\.(?:{'|'.join(map(re.escape, names))})\.[^.]+\.tmp")
    oldest = (now - ORPHANED_AFTER).timestamp()
    for entry in folder.iterdir():
        with suppress(OSError):
            if pattern.fullmatch(entry.name) and entry.lstat().st_mtime < oldest:
                entry.unlink()


@contextmanager
def _second(path: Path) -> Iterator[Path]:
    """A second name for a file, or a copy, under a temporary name; gone afterwards unless it was renamed (renaming it
    over another link to the same file does nothing, so then it is removed here too)."""
    second = path.with_name(f".{path.name}.{secrets.token_hex(8)}.tmp")
    try:
        try:
            second.hardlink_to(path)
        except OSError as error:
            if error.errno not in _NO_LINKS:
                raise
            _copy(path, second)
        yield second
    finally:
        second.unlink(missing_ok=True)


def _copy(path: Path, copy: Path) -> None:
    descriptor = os.open(copy, os.O_WRONLY | os.O_CREAT | os.O_EXCL, FILE_MODE)
    with path.open("rb") as source, os.fdopen(descriptor, "wb") as target:
        os.fchmod(descriptor, FILE_MODE)
        shutil.copyfileobj(source, target)
        target.flush()
        _sync(descriptor)


def _prove_regular(status: os.stat_result) -> None:
    if stat.S_ISDIR(status.st_mode):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
    if not stat.S_ISREG(status.st_mode):
        raise OSError(errno.ENXIO, "Not a regular file")


def _at_once(path: str, flags: int) -> int:
    # Opening a pipe would wait until somebody writes into it.
    return os.open(path, flags | os.O_NONBLOCK)


def _identity(status: os.stat_result) -> Identity:
    return Identity(status.st_ino, status.st_mtime_ns, status.st_size)


def _sync(descriptor: int) -> None:
    try:
        os.fsync(descriptor)
    except OSError as error:
        if error.errno not in _NO_SYNC:
            raise
