"""The body of a document in pieces, each of which is encoded, compressed and hashed once.

Theory. A run on a large library saves thousands of times, and each time nearly all of its memory is what it was: with
100,000 matches a save changed a few kilobytes of 47 megabytes and took 0.9 s of computing. So the two large tables are
cut into pieces of some entries each. The checkpoint's values are immutable, so a piece whose entries are the very
objects that they were is the very text that it was; this is told by identity, and never by comparing.

Compressed, every piece is a gzip member of its own. Members in a row are one gzip file (RFC 1952, 2.2), and unpacked
they are the same text as in one piece, so nothing else changes: ``zcat`` shows one JSON document. What was read can be
written again as it was, provided that it was cut in the same places.

The hash runs over the text from the first piece on, and its state is kept behind each. The matches come first because
most saves of a run that writes change a mirror and no match.
"""

from __future__ import annotations

import gzip
import hashlib
import operator
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Any, TypeAlias

import msgspec

from musicdiff_job.core.checkpoint import Checkpoint, MatchRecord, Mirror
from musicdiff_job.core.model import CollectionId, SourceId

if TYPE_CHECKING:
    from hashlib import _Hash

SECTIONS = {"matches": 1024, "mirrors": 16}
"""The tables that are cut, in the order in which they are written, and the entries of one piece."""

_TABLES: dict[str, Any] = {"matches": dict[SourceId, MatchRecord], "mirrors": dict[CollectionId, Mirror]}

Stored: TypeAlias = bytes | memoryview
Table: TypeAlias = dict[Any, Any]
_CLOSE = b"}"


@dataclass(frozen=True, slots=True, eq=False)
class Piece:
    """A stretch of the body as it is stored, and the entries in it."""

    stored: Stored
    packed: bool
    opening: bytes = b""
    keys: tuple[object, ...] = ()
    entries: tuple[object, ...] = ()

    def text(self) -> bytes:
        """Its JSON text."""
        return gzip.decompress(self.stored) if self.packed else bytes(self.stored)

    def holds(self, opening: bytes, keys: tuple[object, ...], entries: tuple[object, ...]) -> bool:
        """Whether it is the text of these entries: of the same objects, not of equal ones."""
        return (
            self.opening == opening
            and len(self.entries) == len(entries)
            and all(map(operator.is_, self.entries, entries))
            and self.keys == keys
        )


class Pieces:
    """The body of one document through its saves. ``compress`` is as in ``document.encode``."""

    def __init__(self, *, compress: bool) -> None:
        self.compress = compress
        self.close = self._piece(_CLOSE)
        self.tables: dict[str, Table] = {}
        self.known: dict[str, list[Piece]] = {}
        self._hashed: list[tuple[Piece, _Hash]] = []

    def of(self, checkpoint: Checkpoint) -> tuple[list[Stored], _Hash]:
        """The body of ``checkpoint`` as it is stored, piece by piece, and the SHA-256 of its text so far."""
        row: list[Piece] = []
        for name in SECTIONS:
            table: Table = getattr(checkpoint, name)
            if table:
                row += self._section(name, table, first=not row)
                row.append(self.close)
        rest = msgspec.json.encode(msgspec.structs.replace(checkpoint, matches={}, mirrors={}))
        if row:
            rest = rest.replace(b"{", b",", 1) if rest != b"{}" else b"}"
        row.append(self._piece(rest))
        return [piece.stored for piece in row], self._hash(row)

    def _section(self, name: str, table: Table, *, first: bool) -> list[Piece]:
        known = self.known.get(name, [])
        if self.tables.get(name) is table and known[0].opening == _opening(name, first=first):
            return known
        pieces = []
        for at, (opening, keys, entries) in enumerate(_cuts(name, table, first=first)):
            if at < len(known) and known[at].holds(opening, keys, entries):
                pieces.append(known[at])
            else:
                text = msgspec.json.encode(dict(zip(keys, entries, strict=True)))
                pieces.append(self._piece(opening + text[1:-1], opening, keys, entries))
        self.tables[name], self.known[name] = table, pieces
        return pieces

    def _piece(
        self, text: bytes, opening: bytes = b"", keys: tuple[object, ...] = (), entries: tuple[object, ...] = ()
    ) -> Piece:
        return Piece(packed(text) if self.compress else text, self.compress, opening, keys, entries)

    def _hash(self, row: list[Piece]) -> _Hash:
        same = 0
        for (known, _), piece in zip(self._hashed, row, strict=False):
            if known is not piece:
                break
            same += 1
        del self._hashed[same:]
        for piece in row[same:]:
            self.note(piece, piece.text())
        return self._hashed[-1][1].copy()

    def note(self, piece: Piece, text: bytes) -> None:
        """Hash the text of the next piece."""
        running = self._hashed[-1][1].copy() if self._hashed else hashlib.sha256()
        running.update(text)
        self._hashed.append((piece, running))


class Reader:
    """Puts a checkpoint together from the pieces that it was saved in, and keeps these for its next save. Decoding
    piece by piece takes a third of the memory."""

    def __init__(self) -> None:
        self._pieces = Pieces(compress=True)
        self._tables: dict[str, Table] = {}
        self._within = ""
        self._rest = Checkpoint()

    def take(self, stored: Stored, text: bytes) -> None:
        """The next piece, packed and not. Raises what msgspec raises."""
        opening = next((one for name in SECTIONS for one in _openings(name) if text.startswith(one)), b",")
        if opening != b",":
            self._within = opening[2:-3].decode()
            self._tables[self._within] = {}
        if not self._within:
            piece = Piece(stored, True)
            self._rest = msgspec.json.decode(b"{" + text.lstrip(b"{,"), type=Checkpoint)
        elif text == _CLOSE:
            piece, self._within = self._pieces.close, ""
        else:
            table = msgspec.json.decode(b"".join((b"{", text[len(opening) :], b"}")), type=_TABLES[self._within])
            self._tables[self._within].update(table)
            piece = Piece(stored, True, opening, tuple(table), tuple(table.values()))
            self._pieces.known.setdefault(self._within, []).append(piece)
        self._pieces.note(piece, text)

    def end(self) -> tuple[Checkpoint, Pieces]:
        """All of it."""
        checkpoint = msgspec.structs.replace(self._rest, **self._tables)
        self._pieces.tables.update(self._tables)
        return checkpoint, self._pieces


def packed(text: bytes) -> bytes:
    """``text`` as a gzip member. Level 1: higher ones gain little; the time stamp is 0, so that equal texts are equal
    bytes."""
    return gzip.compress(text, compresslevel=1, mtime=0)


def _openings(name: str) -> tuple[bytes, bytes]:
    """What stands before a table: where something does before it, and where it comes first."""
    return b',"%s":{' % name.encode(), b'{"%s":{' % name.encode()


def _opening(name: str, *, first: bool) -> bytes:
    return _openings(name)[first]


def _cuts(name: str, table: Table, *, first: bool) -> Iterator[tuple[bytes, tuple[object, ...], tuple[object, ...]]]:
    """The table's keys and entries, piece by piece, each with the text that stands before them."""
    opening = _opening(name, first=first)
    keys, entries = iter(table), iter(table.values())
    while taken := tuple(islice(keys, SECTIONS[name])):
        yield opening, taken, tuple(islice(entries, SECTIONS[name]))
        opening = b","
