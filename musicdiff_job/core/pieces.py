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

A large library's tables are in a pack (see ``packs``); the pieces are then those of what differs from it. A pack's own
text is cut in the same way, so that the next one too is work on what has changed.
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

from musicdiff_job.core import packs
from musicdiff_job.core.checkpoint import Checkpoint, MatchRecord, Mirror
from musicdiff_job.core.model import CollectionId, SourceId
from musicdiff_job.core.packs import Pack, Table, completed, labelled

if TYPE_CHECKING:
    from hashlib import _Hash

SECTIONS = {"matches": 1024, "mirrors": 16}
"""The tables that are cut, in the order in which they are written, and the entries of one piece."""

_TABLES: dict[str, Any] = {"matches": dict[SourceId, MatchRecord], "mirrors": dict[CollectionId, Mirror]}
_DIFFERING: dict[str, Any] = {
    "matches": dict[SourceId, MatchRecord | None],
    "mirrors": dict[CollectionId, Mirror | None],
}

Stored: TypeAlias = bytes | memoryview
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
    """The body of one document through its saves. ``compress`` is as in ``document.encode``; ``pack`` is what the
    document names, None while all is in it."""

    def __init__(self, *, compress: bool) -> None:
        self.compress = compress
        self.pack: Pack | None = None
        self.close = self._piece(_CLOSE)
        self.tables: dict[str, Table] = {}
        self.known: dict[str, list[Piece]] = {}
        self._hashed: list[tuple[Piece, _Hash]] = []
        self._packing: Pieces | None = None

    def of(self, checkpoint: Checkpoint) -> tuple[list[Stored], _Hash]:
        """The body of ``checkpoint`` as it is stored, piece by piece, and the SHA-256 of its text so far."""
        row = self._sections(checkpoint)
        rest = msgspec.json.encode(msgspec.structs.replace(checkpoint, matches={}, mirrors={}))
        if row:
            rest = rest.replace(b"{", b",", 1) if rest != b"{}" else b"}"
        row.append(self._piece(rest))
        return [piece.stored for piece in row], self._hash(row)

    def renewed(self, checkpoint: Checkpoint, seal: str) -> tuple[Pack, bytes] | None:
        """A new pack and its bytes when there should be one before ``checkpoint`` is saved, else None. It is to be
        stored and then given to ``adopt``. Only compressed documents have one: who keeps plain text wants to read it,
        in one file."""
        if not self.compress:
            return None
        size = _size(self._sections(checkpoint))
        if self.pack is None:
            stays = size <= packs.WHOLE_UP_TO
        else:  # else it would go on being read for the sake of what was forgotten
            stays = size <= packs.APART_UP_TO and 2 * len(checkpoint.matches) >= self.pack.label.matches
        if stays:
            return None
        packing = self._packing or Pieces(compress=True)
        if self.pack is None:
            packing.tables, packing.known = dict(self.tables), dict(self.known)
        self._packing = packing
        row = packing._sections(checkpoint)
        if _size(row) <= packs.WHOLE_UP_TO:  # most of it was forgotten
            self.adopt(None)
            return None
        row.append(self._piece(b',"seal":"%s"}' % seal.encode()))
        content = b"".join(piece.stored for piece in row)
        tables = {name: getattr(checkpoint, name) for name in SECTIONS}
        return Pack(labelled(content, len(checkpoint.matches)), tables), content

    def adopt(self, pack: Pack | None) -> None:
        """From now on the document names this pack."""
        self.pack = pack
        self.tables, self.known = {}, {}

    def _sections(self, checkpoint: Checkpoint) -> list[Piece]:
        row: list[Piece] = []
        for name in SECTIONS:
            if section := self._section(name, getattr(checkpoint, name), first=not row):
                row += section
                row.append(self.close)
        return row

    def _section(self, name: str, table: Table, *, first: bool) -> list[Piece]:
        known = self.known.get(name, [])
        if self.tables.get(name) is table and (not known or known[0].opening == _opening(name, first=first)):
            return known
        pieces = []
        told = table if self.pack is None else self.pack.differing(name, table)
        for at, (opening, keys, entries) in enumerate(_cuts(name, told, first=first)):
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


class Parts:
    """Puts a checkpoint together from the texts that it was cut into. Decoding one by one takes a third of the memory.
    ``differing``: the tables are what differs from a pack's."""

    def __init__(self, *, differing: bool = False) -> None:
        self.tables: dict[str, dict[Any, Any]] = {}
        self.rest = Checkpoint()
        self._types = _DIFFERING if differing else _TABLES
        self._within = ""

    def take(self, text: bytes) -> tuple[str, bytes, dict[Any, Any]]:
        """The next text: the table that it belongs to, "" for none, what stands before its entries, and these. Raises
        what msgspec raises."""
        opening = next((one for name in SECTIONS for one in _openings(name) if text.startswith(one)), b",")
        if opening != b",":
            self._within = opening[2:-3].decode()
            self.tables[self._within] = {}
        if not self._within:
            self.rest = msgspec.json.decode(b"{" + text.lstrip(b"{,"), type=Checkpoint)
        elif text == _CLOSE:
            self._within = ""
        else:
            table = msgspec.json.decode(b"".join((b"{", text[len(opening) :], b"}")), type=self._types[self._within])
            self.tables[self._within].update(table)
            return self._within, opening, table
        return "", b"", {}

    def checkpoint(self, pack: Pack | None = None) -> Checkpoint:
        """All of it, with what the pack holds."""
        if pack is not None:
            self.tables = {name: completed(pack.tables[name], self.tables.get(name, {})) for name in SECTIONS}
        return msgspec.structs.replace(self.rest, **self.tables)


class Reader(Parts):
    """The same, keeping the pieces for the next save."""

    def __init__(self, *, differing: bool) -> None:
        super().__init__(differing=differing)
        self._pieces = Pieces(compress=True)

    def read(self, stored: Stored, text: bytes) -> None:
        """The next piece, packed and not. Raises what msgspec raises."""
        name, opening, table = self.take(text)
        if name:
            piece = Piece(stored, True, opening, tuple(table), tuple(table.values()))
            self._pieces.known.setdefault(name, []).append(piece)
        else:
            piece = self._pieces.close if text == _CLOSE else Piece(stored, True)
        self._pieces.note(piece, text)

    def end(self, pack: Pack | None) -> tuple[Checkpoint, Pieces]:
        """All of it."""
        checkpoint = self.checkpoint(pack)
        self._pieces.pack = pack
        self._pieces.tables.update(self.tables)
        return checkpoint, self._pieces


def differing(body: bytes) -> Parts:
    """A body in one piece that names a pack. Raises what msgspec raises."""
    parts = Parts()
    fields = msgspec.json.decode(body, type=dict[str, msgspec.Raw])
    parts.tables = {
        name: msgspec.json.decode(fields.pop(name), type=_DIFFERING[name]) for name in SECTIONS if name in fields
    }
    parts.rest = msgspec.json.decode(msgspec.json.encode(fields), type=Checkpoint)
    return parts


def packed(text: bytes) -> bytes:
    """``text`` as a gzip member. Level 1: higher ones gain little; the time stamp is 0, so that equal texts are equal
    bytes."""
    return gzip.compress(text, compresslevel=1, mtime=0)


def _size(row: list[Piece]) -> int:
    return sum(len(piece.stored) for piece in row)


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
