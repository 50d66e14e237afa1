"""The checkpoint as a local file.

Theory. Four files share a folder, all private to their owner:

``<name>``        the checkpoint; replaced atomically by every save, so a reader needs no lock and always sees one
                  whole generation
``<name>.prev``   the checkpoint as it was before the latest run first saved. A run saves hundreds of times; going
                  back one *save* would be of no use to anybody, going back one *run* undoes it
``<name>.v<N>``   the last checkpoint of schema N, kept when a newer version saved over it
``<name>.lock``   held while a run lives (see ``lock``)

A path that is a symbolic link stays one: the files are those beside what it points to. Before every save the store
checks that the checkpoint is still the one it read or wrote last; if not, somebody wrote in spite of the lock, and
the run ends without overwriting. How often to save is the job's business.
"""

from __future__ import annotations

import errno
import os
import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from musicdiff_job.core import document
from musicdiff_job.core.checkpoint import SCHEMA, Checkpoint
from musicdiff_job.core.document import DocumentHeader
from musicdiff_job.core.errors import CheckpointInvalid, CheckpointUnwritable, LostLease
from musicdiff_job.core.pieces import Pieces
from musicdiff_job.core.timestamps import to_iso
from musicdiff_job.ports import Clock
from musicdiff_job.private import make_folders
from musicdiff_job.store import durable
from musicdiff_job.store.hints import BEGIN_ANEW, HINTS, unwritable, way_back
from musicdiff_job.store.lock import Holder, locked, prove_free

RESTORING = "checkpoint restore-previous"
"""What stands in place of a run id while ``restore_previous`` holds the lock."""
SPARE_BYTES = 64 * 1024
"""Free space asked for besides twice the checkpoint's size (the next generation and what it grows by)."""

_TRIAL_BYTES = 4096


@dataclass(frozen=True, slots=True)
class Found:
    """A whole checkpoint, and the state of the file it was read from."""

    identity: durable.Identity
    header: DocumentHeader
    checkpoint: Checkpoint
    pieces: Pieces


@dataclass(frozen=True, slots=True)
class _Known:
    """What the file was when a lease last read or wrote it."""

    identity: durable.Identity
    header: DocumentHeader


class FileStore:
    """A ``Store`` in a file. The file is gzip when ``path`` ends in ``.gz``; either kind is read.

    ``path`` must be absolute or relative to the working directory (no ``~``). Constructing touches nothing.
    """

    def __init__(self, path: Path, *, clock: Clock, app_version: str) -> None:
        self.path = Path(os.path.realpath(path))
        self._compress = path.name.endswith(".gz")
        self._clock = clock
        self._app_version = app_version

    @property
    def place(self) -> str:
        """The path."""
        return str(self.path)

    @property
    def previous(self) -> Path:
        """Where the state before the latest run is kept."""
        return _previous_path(self.path)

    def create(self, run_id: str) -> bool:
        """Create an empty checkpoint where there is none, under the lock, and whether that was so. Whatever is there,
        whole or not, is not touched. Raises ``Locked``, ``CheckpointUnwritable``."""
        now = self._clock.now()
        with self.lease(run_id, now) as lease:
            if os.path.lexists(self.path):
                return False
            lease.save(Checkpoint(), last=True)
        return True

    def peek(self) -> Checkpoint | None:
        """The checkpoint without taking the lock; None when there is none. Raises ``CheckpointInvalid``."""
        found = self.find()
        return None if found is None else found.checkpoint

    def peek_header(self) -> DocumentHeader | None:
        """The header alone, unverified, for the price of reading a few kilobytes; None when there is no checkpoint.
        Raises ``CheckpointInvalid``."""
        try:
            found = durable.read(self.path, document.HEADER_ROOM)
            return None if found is None else document.read_header(found[1])
        except (OSError, CheckpointInvalid) as error:
            raise _invalid(self.path, error) from error

    def prove_free(self) -> None:
        """Raise ``Locked`` when a run holds the lock, ``CheckpointUnwritable`` when that cannot be seen."""
        path = _lock_path(self.path)
        try:
            prove_free(path)
        except OSError as error:
            raise unwritable(path, error, "the checkpoint cannot be locked") from error

    def rehearse(self) -> tuple[str, ...]:
        """Do what ``FileLease.prove_writable`` does; folders that are missing are created and removed again. Nothing
        is left unproven. Raises ``CheckpointUnwritable``."""
        made: list[Path] = []
        try:
            durable.prove_regular(self.path)
            made = make_folders(self.path.parent)
            _prove_writable(self.path)
        except OSError as error:
            raise unwritable(self.path, error) from error
        finally:
            with suppress(OSError):  # a run that has begun meanwhile has put its files there
                for folder in reversed(made):
                    folder.rmdir()
        return ()

    def verify(self) -> DocumentHeader:
        """Read all of the checkpoint, check it, and give its header. Raises ``CheckpointInvalid``, also when there
        is none."""
        found = self.find()
        if found is None:
            raise CheckpointInvalid(f"there is no checkpoint ({self.path})", "the first run creates it")
        return found.header

    def previous_header(self) -> DocumentHeader | None:
        """The header of what ``restore_previous`` would restore, checked; None when there is nothing whole."""
        return _previous(self.path)

    def restore_previous(self) -> DocumentHeader:
        """Put the state before the latest run back, which undoes that run's memory (not its changes on Deezer), and
        give its header. The present checkpoint, whole or not, becomes the previous one; so doing it twice brings a
        whole one back. Raises ``Locked``, ``CheckpointInvalid`` when there is nothing whole to go back to, and
        ``CheckpointUnwritable``."""
        now = self._clock.now()
        with self._locked(RESTORING, now, now):
            header = _previous(self.path)
            if header is None:
                raise CheckpointInvalid(
                    f"there is no whole previous checkpoint to go back to ({self.previous})", BEGIN_ANEW
                )
            try:
                if self.path.exists():
                    durable.swap(self.path, self.previous)
                else:
                    durable.keep(self.previous, self.path)
                    durable.sync_folder(self.path.parent)
            except OSError as error:
                raise unwritable(self.path, error) from error
        return header

    @contextmanager
    def lease(self, run_id: str, until: datetime) -> Iterator[FileLease]:
        """Hold the lock for a run. Creates the folder, and removes what killed runs left over. Raises ``Locked``
        when another process holds it, ``CheckpointUnwritable`` when there can be no lock there."""
        now = self._clock.now()
        with self._locked(run_id, now, until):
            with suppress(OSError):  # untidy is no reason not to run
                durable.sweep(self.path.parent, (self.path.name, self.previous.name), now)
            lease = FileLease(self, run_id)
            try:
                yield lease
            finally:
                lease.ended = True

    def find(self) -> Found | None:
        """The checkpoint, whole and checked; None when there is none. Raises ``CheckpointInvalid``."""
        try:
            held = durable.read(self.path)
            if held is None:
                return None
            return Found(held[0], *document.decode_in_pieces(held[1], compress=self._compress))
        except (OSError, CheckpointInvalid) as error:
            raise _invalid(self.path, error) from error

    def pieces(self) -> Pieces:
        """Those of a checkpoint that was never saved."""
        return Pieces(compress=self._compress)

    def sealed(
        self, checkpoint: Checkpoint, generation: int, run_id: str, pieces: Pieces
    ) -> tuple[DocumentHeader, bytes]:
        """A checkpoint as this store writes it, saved now."""
        return document.encode(
            checkpoint,
            generation=generation,
            run_id=run_id,
            saved_at=to_iso(self._clock.now()),
            app_version=self._app_version,
            compress=self._compress,
            pieces=pieces,
        )

    @contextmanager
    def _locked(self, run_id: str, now: datetime, until: datetime) -> Iterator[None]:
        holder = Holder(run_id, socket.gethostname(), os.getpid(), to_iso(now), to_iso(until))
        with ExitStack() as stack:
            try:
                durable.prove_regular(self.path)
                durable.make_folder(self.path.parent)
                stack.enter_context(locked(_lock_path(self.path), holder))
            except OSError as error:
                raise unwritable(self.path, error, "the checkpoint cannot be locked") from error
            yield


class FileLease:
    """The ``Lease`` on a file; see ``FileStore.lease``."""

    def __init__(self, store: FileStore, run_id: str) -> None:
        self.ended = False
        self._store = store
        self._run_id = run_id
        self._loaded = False
        self._known: _Known | None = None  # None: there was no file
        self._pieces = store.pieces()
        self._kept = False

    def load(self) -> Checkpoint:
        """The checkpoint as it is on the disk; an empty one when there is none. Raises ``CheckpointInvalid``, and
        ``LostLease`` when somebody else has written since this lease last read or wrote."""
        if self._loaded:
            self._confirm()
        found = self._store.find()
        self._loaded = True
        self._known = None if found is None else _Known(found.identity, found.header)
        if found is None:
            return Checkpoint()
        self._pieces = found.pieces
        return found.checkpoint

    def prove_writable(self) -> None:
        """Write a trial file beside the checkpoint, put it onto the disk and remove it; check that there is room for
        two more generations, and that the checkpoint is a file that can be replaced (a mounted one cannot). Raises
        ``CheckpointUnwritable``."""
        _prove_writable(self._store.path)

    def save(self, checkpoint: Checkpoint, *, last: bool = False) -> None:
        """Replace the checkpoint atomically and durably; the first time in this lease, keep what was there before as
        ``.prev`` (and as ``.v<N>`` if it was of an older schema). Loads first if that has not happened, so a damaged
        checkpoint is never overwritten. The lock is held on after the ``last`` save, until the lease ends. Raises
        ``CheckpointUnwritable``, ``LostLease``, ``CheckpointInvalid``."""
        path = self._store.path
        if self.ended:
            raise LostLease(f"the lease on the checkpoint is over ({path})", "this is a bug; please report it")
        if self._loaded:
            self._confirm()
        else:
            self.load()
        generation = 1 + (self._known.header.generation if self._known else 0)
        header, content = self._store.sealed(checkpoint, generation, self._run_id, self._pieces)
        try:
            with durable.temporary(path, content) as (new, state):
                if not self._kept:
                    self._keep()
                new.replace(path)
                self._known = _Known(state, header)
            durable.sync_folder(path.parent)
        except OSError as error:
            raise unwritable(path, error) from error
        self.ended = last

    def _keep(self) -> None:
        if self._known is not None:
            path, schema = self._store.path, self._known.header.schema
            if schema < SCHEMA:
                durable.keep(path, path.with_name(f"{path.name}.v{schema}"))
            if self._known.header.run_id != self._run_id:  # else this run has kept what was before it
                durable.keep(path, self._store.previous)
        self._kept = True

    def _confirm(self) -> None:
        """Raise ``LostLease`` unless the file is what this lease last read or wrote. Costs one ``stat``."""
        path, known = self._store.path, self._known
        try:
            present = durable.identity(path)
        except OSError as error:
            raise unwritable(path, error) from error
        if present == (known.identity if known else None):
            return
        header = None
        with suppress(CheckpointInvalid):
            header = self._store.peek_header()
        if present and known and header == known.header:
            # Touched, or copied back from a backup: another file, the same document.
            self._known = _Known(present, known.header)
            return
        by = f"run {header.run_id} saved generation {header.generation}" if header else "it was removed or damaged"
        raise LostLease(
            f"the checkpoint was changed during this run: {by} ({path}); nothing was overwritten",
            "make sure that only one job uses this checkpoint, on one machine; network file systems may not lock",
        )


def _prove_writable(path: Path) -> None:
    """See ``FileLease.prove_writable``."""
    try:
        with durable.temporary(path, bytes(_TRIAL_BYTES)):
            pass
        present = durable.identity(path)
        if present is not None:
            durable.prove_replaceable(path)
        needed = SPARE_BYTES + 2 * (present.size if present else 0)
        free = durable.free_bytes(path.parent)
    except OSError as error:
        raise unwritable(path, error) from error
    if free is not None and free < needed:
        raise CheckpointUnwritable(
            f"the checkpoint cannot be saved: {needed:,} bytes may be needed, {free:,} are free ({path})",
            HINTS[errno.ENOSPC],
        )


def _lock_path(path: Path) -> Path:
    return path.with_name(f"{path.name}.lock")


def _previous_path(path: Path) -> Path:
    return path.with_name(f"{path.name}.prev")


def _previous(path: Path) -> DocumentHeader | None:
    with suppress(OSError, CheckpointInvalid):
        found = durable.read(_previous_path(path))
        return None if found is None else document.decode(found[1])[0]
    return None


def _invalid(path: Path, error: OSError | CheckpointInvalid) -> CheckpointInvalid:
    """The same with the file's name, and the way back in the hint unless there is a better one."""
    if isinstance(error, OSError):
        hint = HINTS.get(error.errno or 0, "")
        return CheckpointInvalid(f"the checkpoint cannot be read: {error.strerror} ({path})", hint)
    hint = error.hint or way_back(_previous(path), str(_previous_path(path)))
    return CheckpointInvalid(f"{error.message} ({path})", hint)
