"""The three files of each playlist, kept together in one folder.

Theory. The JSPF file is what counts; it is written last, so that a run that dies in between finds the playlist as it
was and makes the same change again, which writes all three. A change of the title moves the files: the two beside the
JSPF go first, then it is renamed, then all are written. Until then the change stays an intent of the checkpoint, and a
change of a title in flight is made again. Every file is replaced whole, and not at all when it would stay the same.

Files of others are left alone, also those that have the name that a playlist would get. A JSPF file that cannot be
understood may be ours, so it stops the run: ours would look deleted.
"""

from __future__ import annotations

import hashlib
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

from musicdiff_job.core.errors import BadAnswer, ConfigError
from musicdiff_job.core.model import PlaylistId
from musicdiff_job.files import jspf, names, renditions
from musicdiff_job.files.jspf import Jspf
from musicdiff_job.store import durable

JSPF = ".jspf"
BESIDE = {".m3u8": renditions.m3u8, ".csv": renditions.sheet}
"""What is written beside the JSPF file, by suffix."""
LARGEST = 1 << 28
"""Bytes of a file that is read; no playlist has so many."""


class Kept(NamedTuple):
    """A playlist as it stands in the folder, without its tracks: all lists together may have 100,000."""

    stem: str
    id: PlaylistId
    title: str
    tracks: int
    fingerprint: str


class Folder:
    """The folder of a backup. Methods let ``OSError`` through."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._swept = False

    def scan(self) -> dict[PlaylistId, Kept]:
        """The playlists that are ours, in the order of their names; none where there is no folder yet. Raises
        ``ConfigError`` when it is no folder, ``BadAnswer`` for a file that may be ours and cannot be understood."""
        if not self.path.exists():
            return {}
        if not self.path.is_dir():
            raise ConfigError([f"target.path: {self.path} is not a folder"])
        found: dict[PlaylistId, Kept] = {}
        for path in sorted(self.path.iterdir()):
            if path.suffix != JSPF or path.name.startswith(".") or (read := _read(path)) is None:
                continue
            kept = _kept(path.stem, *read)
            if (other := found.get(kept.id)) is not None:
                both = f"{other.stem}{JSPF} and {path.name}"
                raise BadAnswer(f"{both} in {self.path} are the same playlist", "Move the copy away")
            found[kept.id] = kept
        return found

    def read(self, kept: Kept) -> Jspf | None:
        """The playlist as it is now; None when it is gone. Raises ``BadAnswer``."""
        found = _read(self.path / (kept.stem + JSPF))
        return found[0] if found is not None and found[0].id == kept.id else None

    def write(self, playlist: Jspf, before: Kept | None, now: datetime) -> Kept:
        """Write a playlist in place of what it was ``before``."""
        durable.make_folder(self.path)
        wanted = names.stem(playlist.title)
        stem = before.stem if before else ""
        if not names.is_for(stem, wanted) or before is None:
            stem = names.free(wanted, self._taken(without=stem))
        self._sweep(stem, now)
        if before is not None and before.stem != stem:
            self._remove_beside(before.stem)
            (self.path / (before.stem + JSPF)).rename(self.path / (stem + JSPF))
        for suffix, render in BESIDE.items():
            self._put(stem + suffix, render(playlist))
        content = jspf.encode(playlist)
        self._put(stem + JSPF, content)
        durable.sync_folder(self.path)
        return _kept(stem, playlist, content)

    def remove(self, kept: Kept) -> None:
        """Remove a playlist's files."""
        self._remove_beside(kept.stem)
        (self.path / (kept.stem + JSPF)).unlink(missing_ok=True)
        durable.sync_folder(self.path)

    def _put(self, name: str, content: bytes) -> None:
        path = self.path / name
        with suppress(OSError):  # what cannot be read is replaced, or says so then
            if (present := durable.read(path)) is not None and present[1] == content:
                return
        with durable.temporary(path, content) as (written, _):
            written.replace(path)

    def _remove_beside(self, stem: str) -> None:
        for suffix in BESIDE:
            (self.path / (stem + suffix)).unlink(missing_ok=True)

    def _taken(self, *, without: str) -> set[str]:
        """The stems that are not free, also those of others' files."""
        suffixes = (JSPF, *BESIDE)
        found = (path.name for path in self.path.iterdir())
        stems = (name[: -len(suffix)] for name in found for suffix in suffixes if name.casefold().endswith(suffix))
        return {names.same(stem) for stem in stems if stem != without}

    def _sweep(self, stem: str, now: datetime) -> None:
        """Remove what runs have left behind that died while they wrote."""
        if not self._swept:
            every = {path.name for path in self.path.iterdir() if path.suffix in (JSPF, *BESIDE)}
            durable.sweep(self.path, every | {stem + suffix for suffix in (JSPF, *BESIDE)}, now)
            self._swept = True


def _read(path: Path) -> tuple[Jspf, bytes] | None:
    """The playlist of a file and its bytes; None when it is somebody else's, or gone."""
    try:
        found = durable.read(path, LARGEST + 1)
    except OSError as error:
        raise BadAnswer(f"{path} cannot be read ({error.strerror})", "Make it readable, or move it away") from None
    if found is None:
        return None
    content = found[1]
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise BadAnswer(f"{path} is not UTF-8 text", "Mend the file, or move it away if it is not the job's") from None
    playlist = jspf.decode(text, str(path))
    return None if playlist is None else (playlist, content)


def _kept(stem: str, playlist: Jspf, content: bytes) -> Kept:
    return Kept(stem, playlist.id, playlist.title, len(playlist.rows), hashlib.sha256(content).hexdigest()[:32])
