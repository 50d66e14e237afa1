"""The files of an export, in a zip, in a folder, or one alone.

Theory. Nothing is ever unpacked to disk, so the names in a zip are names and nothing else: whatever they say, no file
is written. What is read is read into memory, up to a limit that no real export comes near, whatever size a zip
declares. An export that cannot be read whole is refused in words, with the file that is to blame: it must never look
like a library with less in it.

Spotify's zips hold their files one folder deep (measured 2026-09), so files are known by their last name. Zips made by
macOS hold a shadow of each file (``__MACOSX/._name``).
"""

from __future__ import annotations

import os
import re
import stat
import zipfile
import zlib
from collections.abc import Callable, Iterator
from functools import partial
from lzma import LZMAError
from pathlib import Path

from musicdiff_job.core.errors import ConfigError
from musicdiff_job.settings.findings import printable
from musicdiff_job.store import durable

LARGEST = 1 << 28
"""Bytes of one file. Spotify cuts its files at some 12 MB (observed)."""
MOST = 1 << 30
"""Bytes of all files that one run reads."""
MOST_FILES = 20_000
"""Files in an export, known or not."""
DEEPEST = 2
"""Folders below the one that is named."""

_SPOILT = (
    zipfile.BadZipFile, zlib.error, LZMAError, EOFError, OSError, NotImplementedError, RuntimeError, ValueError,
    OverflowError, IndexError,
)  # fmt: skip
"""What the standard library raises for archives that are torn, encrypted or not made of what they say."""


def refusal(place: str, what: str, hint: str = "") -> ConfigError:
    """The error that says which file of the export cannot be used, and why."""
    return ConfigError([f"source.path: {printable(place)}: {what}"], hint)


class Archive:
    """What stands at ``path``: the files by their names, and their content. Raises ``ConfigError`` throughout."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._left = MOST
        try:
            mode = path.stat().st_mode
            if stat.S_ISDIR(mode):
                self._files = _in_folder(path)
            elif not stat.S_ISREG(mode):
                raise refusal(str(path), "is neither a file nor a folder")
            elif zipfile.is_zipfile(path) or path.suffix.casefold() == ".zip":
                self._files = _in_zip(path)
            else:
                self._files = {path.name: partial(_file, path)}
        except _SPOILT as error:
            raise refusal(str(path), f"cannot be read ({_reason(error)})", "Download it again") from None

    def matching(self, name: re.Pattern[str]) -> dict[str, str]:
        """The files whose last name matches, by that name, in order. Raises when there are two of one name."""
        found: dict[str, str] = {}
        for place in self._files:
            last = last_name(place)
            if not name.fullmatch(last):
                continue
            if last in found:
                both = f"as {printable(found[last])} and {printable(place)}"
                hint = "Name the folder of one export, or take the older one away"
                raise refusal(str(self.path), f"holds {printable(last)} twice, {both}", hint)
            found[last] = place
        return found

    def every(self, suffix: str) -> tuple[str, ...]:
        """The files whose names end so, whatever their case, in order."""
        return tuple(place for place in self._files if place.casefold().endswith(suffix))

    def read(self, place: str) -> bytes:
        """The content of a file."""
        try:
            content = self._files[place]()
        except _SPOILT as error:
            hint = "Download the export again"
            raise refusal(self.told(place), f"cannot be read ({_reason(error)})", hint) from None
        self._left -= len(content)
        if len(content) > LARGEST or self._left < 0:
            raise refusal(self.told(place), "is larger than any export", "Name the export itself")
        return content

    def text(self, place: str) -> str:
        """The content of a file that is UTF-8 text, with or without a mark at its beginning."""
        content = self.read(place)
        try:
            return content.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            line = content.count(b"\n", 0, error.start) + 1
            told = f"line {line} is not UTF-8 text"
            raise refusal(self.told(place), told, "Use the file as it was downloaded") from None

    def told(self, place: str) -> str:
        """A file as messages call it."""
        return place if place == self.path.name else f"{self.path.name}: {place}"


def last_name(place: str) -> str:
    """The last part of a path, with the separators of any system."""
    return re.split(r"[/\\]", place)[-1]


Files = dict[str, Callable[[], bytes]]


def _in_folder(folder: Path) -> Files:
    return {str(path.relative_to(folder)): partial(_file, path) for path in sorted(_below(folder))}


def _below(folder: Path) -> Iterator[Path]:
    count = 0
    for here, folders, names in os.walk(folder, onerror=_raise):
        depth = len(Path(here).relative_to(folder).parts)
        folders[:] = [] if depth == DEEPEST else [name for name in folders if not _is_shadow(name)]
        for name in names:
            count += 1
            if count > MOST_FILES:
                raise refusal(str(folder), f"holds more than {MOST_FILES} files", "Name the folder of the export alone")
            if not _is_shadow(name):
                yield Path(here) / name


def _raise(error: OSError) -> None:
    raise error


def _file(path: Path) -> bytes:
    found = durable.read(path, LARGEST + 1)
    if found is None:
        raise FileNotFoundError("it is gone")
    return found[1]


def _in_zip(path: Path) -> Files:
    with zipfile.ZipFile(path) as archive:
        members = archive.infolist()
    if len(members) > MOST_FILES:
        raise refusal(str(path), f"holds more than {MOST_FILES} files", "Name the zip that was downloaded")
    files: Files = {}
    for member in members:
        place = _name(member)
        if member.is_dir() or any(_is_shadow(part) for part in re.split(r"[/\\]", place)):
            continue
        if place in files:
            raise refusal(str(path), f"holds {printable(place)} twice", "Download it again")
        files[place] = partial(_member, path, member)
    return {place: files[place] for place in sorted(files)}


def _member(path: Path, member: zipfile.ZipInfo) -> bytes:
    with zipfile.ZipFile(path) as archive, archive.open(member) as file:
        return file.read(LARGEST + 1)


def _name(member: zipfile.ZipInfo) -> str:
    """A member's name. One that is not marked as UTF-8 often is UTF-8 all the same (macOS)."""
    if member.flag_bits & 0x800:
        return member.filename
    try:
        return member.filename.encode("cp437").decode()
    except UnicodeError:
        return member.filename


def _is_shadow(name: str) -> bool:
    return name.startswith(".") and name.strip(".") != ""


def _reason(error: BaseException) -> str:
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    return printable(str(error)) or type(error).__name__
