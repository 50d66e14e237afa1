"""In which line of a TOML text each key stands; ``tomllib`` reads the values but does not say.

The text has been accepted by ``tomllib``, so this scanner need not look for mistakes: it only has to step over
strings, comments and brackets, and to follow headers, dotted keys, inline tables and arrays of tables to the same
paths that ``tomllib`` builds. A path is a tuple of keys and, for elements of arrays, indexes. That both agree on every
document is tested on generated ones.
"""

from __future__ import annotations

import re
import tomllib

Path = tuple[str | int, ...]

_SPACE = re.compile(r"(?:[ \t\r\n]|#[^\n]*)*")
_BLANK = re.compile(r"[ \t]*")
_KEY = re.compile(r"[A-Za-z0-9_-]+|\"(?:[^\"\\]|\\.)*\"|'[^']*'")
_STRING = re.compile(
    # Up to two quotes may stand directly before the three that close a multi-line string.
    r'"""(?:[^\\]|\\.)*?"""(?:"{0,2})' r"|'''.*?'''(?:'{0,2})" r'|"(?:[^"\\]|\\.)*"' r"|'[^']*'",
    re.DOTALL,
)
_SCALAR = re.compile(r"[^,\]}\n#]*")


def locate(text: str) -> dict[Path, int]:
    """The line (from 1) of the first mention of every key, table and array element in a valid document."""
    # tomllib does the same first, so that line numbers are those of an editor.
    return _Scanner(text.replace("\r\n", "\n")).document()


class _Scanner:
    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0
        self._counted = 0
        self._line = 1
        self._lines: dict[Path, int] = {}
        self._lengths: dict[Path, int] = {}

    def document(self) -> dict[Path, int]:
        table: Path = ()
        self._skip(_SPACE)
        while self._at < len(self._text):
            if self._text.startswith("[", self._at):
                table = self._header()
            else:
                self._pair(table)
            self._skip(_SPACE)
        return self._lines

    def _header(self) -> Path:
        array = self._text.startswith("[[", self._at)
        self._at += 2 if array else 1
        parts = self._key()
        self._at += 2 if array else 1
        *above, last = parts
        path = self._enter((), above)
        if not array:
            return self._enter(path, [last])
        path = (*path, last)
        index = self._lengths.get(path, 0)
        self._lengths[path] = index + 1
        self._note(path)
        self._note((*path, index))
        return (*path, index)

    def _enter(self, path: Path, parts: list[str]) -> Path:
        """The table that a dotted name means; in an array of tables, its last element so far."""
        for part in parts:
            path = (*path, part)
            self._note(path)
            if path in self._lengths:
                path = (*path, self._lengths[path] - 1)
        return path

    def _pair(self, table: Path) -> None:
        path = table
        for part in self._key():
            path = (*path, part)
            self._note(path)
        self._at += 1  # the equals sign
        self._value(path)

    def _key(self) -> list[str]:
        parts: list[str] = []
        while True:
            self._skip(_BLANK)
            written = self._take(_KEY)
            parts.append(tomllib.loads(f"k = {written}")["k"] if written[0] in "\"'" else written)
            self._skip(_BLANK)
            if not self._text.startswith(".", self._at):
                return parts
            self._at += 1

    def _value(self, path: Path) -> None:
        self._skip(_BLANK)
        match self._text[self._at]:
            case '"' | "'":
                self._skip(_STRING)
            case "[":
                self._at += 1
                index = 0
                while not self._closed("]"):
                    self._note((*path, index))
                    self._value((*path, index))
                    index += 1
            case "{":
                self._at += 1
                while not self._closed("}"):
                    self._pair(path)
            case _:
                self._skip(_SCALAR)

    def _closed(self, bracket: str) -> bool:
        """Step over white space and a comma; True, and past it, at the closing bracket."""
        self._skip(_SPACE)
        if self._text.startswith(",", self._at):
            self._at += 1
            self._skip(_SPACE)
        if self._text.startswith(bracket, self._at):
            self._at += 1
            return True
        return False

    def _skip(self, pattern: re.Pattern[str]) -> None:
        self._take(pattern)

    def _take(self, pattern: re.Pattern[str]) -> str:
        found = pattern.match(self._text, self._at)
        if found is None:
            raise ValueError(f"not TOML at character {self._at}")
        self._at = found.end()
        return found.group()

    def _note(self, path: Path) -> None:
        if path not in self._lines:
            self._line += self._text.count("\n", self._counted, self._at)
            self._counted = self._at
            self._lines[path] = self._line
