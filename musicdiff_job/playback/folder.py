"""The listening history in a folder: one file of NDJSON a month, ``2026-11.ndjson``, to which lines are only added.

Theory. New lines go to the end of a file in one write and onto the disk. A process that dies meanwhile may leave the
last line torn. The next append removes what was torn off; the play in it is not known then, so it is written again.
Files get mode 0600 and folders 0700 whatever the umask is. Only the holder of the checkpoint's lease writes here.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from musicdiff_job.core.errors import HistoryUnusable
from musicdiff_job.core.play_counts import Period
from musicdiff_job.core.plays import (
    Line,
    Month,
    NotALine,
    Play,
    PlayKey,
    by_month,
    decode,
    encode,
    key,
    moment_of,
    month_of,
)
from musicdiff_job.private import open_private
from musicdiff_job.store import durable

_NAME = re.compile(r"(\d{4}-\d\d)\.ndjson", re.ASCII)
_LONGEST_LINE = 1 << 20
"""Bytes. A longer one is none of ours."""


class FolderHistory:
    """A ``History`` in a folder, which is created when there is something to write. Constructing touches nothing."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    @property
    def place(self) -> str:
        """The folder."""
        return str(self._folder)

    def is_empty(self) -> bool:
        """See ``History.is_empty``."""
        return not self._months()

    def holding(self, plays: Sequence[Play]) -> frozenset[PlayKey]:
        """See ``History.holding``. Reads the months of these plays."""
        wanted = {key(play) for play in plays}
        return frozenset(
            key(line)
            for month in sorted({month_of(play) for play in plays})
            for line in self._lines(month)
            if isinstance(line, Play) and key(line) in wanted
        )

    def append(self, lines: Sequence[Line]) -> None:
        """See ``History.append``."""
        for month, found in by_month(sorted(lines, key=moment_of)):
            path = self._path(month)
            try:
                durable.make_folder(self._folder)
                _append(path, encode(found))
                durable.sync_folder(self._folder)
            except OSError as error:
                raise _unusable("written", path, error) from None

    def read(self, period: Period) -> Iterator[Line | NotALine]:
        """See ``History.read``."""
        for month in self._months():
            if period.touches(month):
                for line in self._lines(month):
                    if isinstance(line, NotALine) or period.holds(line):
                        yield line

    def _path(self, month: Month) -> Path:
        return self._folder / f"{month}.ndjson"

    def _months(self) -> list[Month]:
        try:
            return sorted(Month(found[1]) for path in self._folder.iterdir() if (found := _NAME.fullmatch(path.name)))
        except FileNotFoundError:
            return []
        except OSError as error:
            raise _unusable("read", self._folder, error) from None

    def _lines(self, month: Month) -> Iterator[Line | NotALine]:
        path = self._path(month)
        try:
            durable.prove_regular(path)
            with path.open("rb") as file:
                number = 0
                while text := file.readline(_LONGEST_LINE):
                    number += 1
                    yield decode(text) or NotALine(str(path), number)
        except FileNotFoundError:
            return
        except OSError as error:
            raise _unusable("read", path, error) from None


def _append(path: Path, content: bytes) -> None:
    descriptor = open_private(path, os.O_RDWR)
    try:
        os.lseek(descriptor, _mended(descriptor), os.SEEK_SET)
        while content:
            content = content[os.write(descriptor, content) :]
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _mended(descriptor: int) -> int:
    """Where the file ends once its last line is whole: a line that only lacks its end gets it, a torn one goes."""
    size = os.lseek(descriptor, 0, os.SEEK_END)
    tail = os.pread(descriptor, _LONGEST_LINE, max(0, size - _LONGEST_LINE))
    begin = tail.rfind(b"\n") + 1
    if begin == len(tail):
        return size
    if decode(tail[begin:]) is not None:
        return size + os.pwrite(descriptor, b"\n", size)
    whole = size - (len(tail) - begin)
    os.ftruncate(descriptor, whole)
    return whole


def _unusable(done: str, path: Path, error: OSError) -> HistoryUnusable:
    hint = "Look at the folder, its rights and its disk, or name another one in playback.url"
    return HistoryUnusable(f"the listening history cannot be {done}: {error.strerror} ({path})", hint)
