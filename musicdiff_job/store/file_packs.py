"""Packs beside a checkpoint file."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import suppress
from datetime import timedelta
from pathlib import Path

from musicdiff_job.core import document
from musicdiff_job.core.document import DocumentHeader
from musicdiff_job.core.errors import CheckpointInvalid
from musicdiff_job.core.packs import SUFFIX, Fetched, Label
from musicdiff_job.ports import Clock
from musicdiff_job.store import durable
from musicdiff_job.store.hints import HINTS, unwritable
from musicdiff_job.store.packing import Unseen


class FilePacks:
    """A ``PackPlace`` in the folder of the checkpoint at ``path``."""

    free = True

    def __init__(self, path: Path, clock: Clock) -> None:
        self._path = path
        self._clock = clock

    def fetch(self, label: Label) -> Fetched:
        """The bytes of a pack. Raises ``CheckpointInvalid`` when they cannot be read."""
        path = self._at(label.suffix)
        try:
            held = durable.read(path)
        except OSError as error:
            told = f"the checkpoint's pack cannot be read: {error.strerror}: {path}"
            raise CheckpointInvalid(told, HINTS.get(error.errno or 0, "")) from error
        return Fetched(str(path), None if held is None else held[1])

    def put(self, suffix: str, content: bytes) -> None:
        """Store a pack; its bytes and its name are on the disk. Raises ``CheckpointUnwritable``."""
        path = self._at(suffix)
        try:
            with durable.temporary(self._path, content) as (new, _):
                new.replace(path)
            durable.sync_folder(path.parent)
        except OSError as error:
            raise unwritable(path, error) from error

    def remove(self, suffix: str) -> None:
        """Remove a pack, if that is possible."""
        with suppress(OSError):
            self._at(suffix).unlink(missing_ok=True)

    def header(self, suffix: str) -> DocumentHeader | None:
        """What a document beside the checkpoint says of itself; None when there is none. Raises ``Unseen``."""
        try:
            held = durable.read(self._at(suffix), document.HEADER_ROOM)
            return None if held is None else document.read_header(held[1])
        except (OSError, CheckpointInvalid) as error:
            raise Unseen from error

    def old(self, age: timedelta) -> Iterator[str]:
        """The suffixes of the packs that are older."""
        pattern = re.compile(rf"{re.escape(self._path.name)}({re.escape(SUFFIX)}[0-9a-f]{{16}})")
        oldest = (self._clock.now() - age).timestamp()
        with suppress(OSError):  # untidy is no reason to stop
            for entry in self._path.parent.iterdir():
                with suppress(OSError):
                    if (named := pattern.fullmatch(entry.name)) and entry.lstat().st_mtime < oldest:
                        yield named[1]

    def _at(self, suffix: str) -> Path:
        return self._path.with_name(f"{self._path.name}{suffix}")
