"""The checkpoint as bytes: one JSON document, a header and a body, plain or gzip.

Theory. A document is read by a later run, perhaps of another version, perhaps after a disk has dropped a bit, so it
says what it is before it says anything else, and nothing in it is believed until its checksum agrees::

    {"format": "musicdiff-checkpoint", "schema": 1, "generation": 7, "run_id": ..., "saved_at": ...,
     "app_version": ..., "sha256": ..., "body": {...}}

- The header's fields come first, so that its beginning is enough to read it.
- ``sha256`` covers the body's exact bytes and then the header's own fields (with ``sha256`` itself empty). Plain JSON
  alone lets about half of all single-bit errors pass unnoticed (measured); here an error either changes nothing or
  is noticed. In schema 1 the header came first, so that no save could go on from the hash of the one before.
- An uncompressed body is indented as long as it is small, because then somebody looks at it or keeps it in git. A
  large one (indenting adds half its size again) and a compressed one (``zcat | jq`` shows it) stay on one line.
- A compressed document is a row of gzip members, see ``pieces``; equal checkpoints are equal bytes.
- One of a large library has its bulk in a pack, which its header names and so its checksum covers; see ``packs``.

Whether bytes are gzip is told by their first two bytes, never by a name. Nothing here touches a disk; the store adds
the place to the messages.
"""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Iterator, Mapping, Sequence

import msgspec

from musicdiff_job.core.checkpoint import SCHEMA, Checkpoint
from musicdiff_job.core.errors import CheckpointInvalid
from musicdiff_job.core.migrate import MIGRATIONS, Body, Migration, migrate
from musicdiff_job.core.packs import Label, Pack, Packs, completed, fetched
from musicdiff_job.core.pieces import SECTIONS, Parts, Pieces, Reader, Stored, differing, packed
from musicdiff_job.core.sound import flaw

FORMAT = "musicdiff-checkpoint"
INDENTED_UP_TO = 1 << 20
"""Bytes of an uncompressed body up to which it is indented."""
HEADER_ROOM = 1 << 14
"""Bytes within which a header ends. A document's first ``HEADER_ROOM`` bytes suffice for ``read_header``."""

UNPACKED_AT_MOST = 1 << 26
"""Bytes that a compressed document of any size may unpack to."""
UNPACKED_TIMES = 100
"""A larger one may unpack to this many times its size. Titles and ids pack three to one; a thousand to one, which gzip
can do, is a trap that would fill the memory."""

_GZIP_MAGIC = b"\x1f\x8b"
_BODY = b'"body":'
_END = b"}\n"
_FED = 1 << 16
"""Bytes that are unpacked at a time. What follows a member is copied, so it must not be all the rest."""
# Wrong types (ValidationError) are a DecodeError too; RecursionError is what nesting without end ends in.
_MALFORMED = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)


class Claim(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A lease written into the document, for stores that have no locks: run ``run_id`` on ``host`` may write until
    ``expires_at`` (ISO-8601, UTC). ``nonce`` is random: who finds it in a document knows that it is their own, whatever
    two runs may be called."""

    run_id: str
    host: str
    expires_at: str
    nonce: str


class DocumentHeader(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """What a document says of itself. ``schema`` is the one on disk, so older than ours where it was migrated.

    ``generation`` counts saves, from 1. ``run_id`` is the run that saved, ``saved_at`` when (ISO-8601, UTC). ``pack``
    holds the bulk of a large library.
    """

    format: str
    schema: int
    generation: int
    run_id: str
    saved_at: str
    app_version: str
    sha256: str
    lease: Claim | None = None
    pack: Label | None = None


class _Document(DocumentHeader, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    body: msgspec.Raw


class _Probe(msgspec.Struct, frozen=True):
    """As much of any version's header as is needed to refuse it."""

    format: str
    schema: int
    app_version: str = "a newer version"


def encode(
    checkpoint: Checkpoint,
    *,
    generation: int,
    run_id: str,
    saved_at: str,
    app_version: str,
    lease: Claim | None = None,
    compress: bool,
    pieces: Pieces | None = None,
) -> tuple[DocumentHeader, bytes]:
    """The document for a checkpoint, and the header it carries. Equal arguments give equal bytes. ``pieces`` are those
    of the document's last reading or saving, and spare the work on what has not changed since; they are brought up to
    date."""
    unsigned = DocumentHeader(
        format=FORMAT,
        schema=SCHEMA,
        generation=generation,
        run_id=run_id,
        saved_at=saved_at,
        app_version=app_version,
        sha256="",
        lease=lease,
        pack=pieces.pack.label if pieces and pieces.pack else None,
    )
    if not compress:
        body = msgspec.json.encode(checkpoint)
        indented = len(body) <= INDENTED_UP_TO
        if indented:
            # JSON has no line breaks inside strings, so every one of these is the formatter's.
            body = msgspec.json.format(body, indent=2).replace(b"\n", b"\n  ")
        return _sealed(unsigned, body, indented=indented, compress=False)
    stored, digest = (pieces or Pieces(compress=True)).of(checkpoint)
    digest.update(msgspec.json.encode(unsigned))
    return _packed(msgspec.structs.replace(unsigned, sha256=digest.hexdigest()), stored)


def with_lease(content: bytes, lease: Claim | None, *, compress: bool) -> tuple[DocumentHeader, bytes]:
    """The same document under another lease, and its header. The body stays as it is, byte for byte and of its old
    schema if it is old, and so does what the header says of the last save. Raises ``CheckpointInvalid``."""
    header = read_header(content)
    members = list(_body_of(content, header))
    unsigned = msgspec.structs.replace(header, lease=lease)
    body = b"".join(text for _, text in members)
    stored = [one for one, _ in members if one is not None]
    if compress and stored:
        return _packed(msgspec.structs.replace(unsigned, sha256=_digest(unsigned, body)), stored)
    indented = not compress and (b"\n" in body or len(body) <= INDENTED_UP_TO)
    return _sealed(unsigned, body, indented=indented, compress=compress)


def read_header(content: bytes, *, schema: int = SCHEMA) -> DocumentHeader:
    """The header of a document, or of its first ``HEADER_ROOM`` bytes, without reading the body.

    Whether the checksum agrees is for ``decode`` to say. Raises ``CheckpointInvalid`` when there is no header, it is
    damaged, or it is of a schema above ``schema``.
    """
    fields, body, _ = _beginning(content).partition(_BODY)
    if not content:
        raise CheckpointInvalid("the checkpoint is empty")
    if not body:
        raise CheckpointInvalid("the checkpoint has no header: it is cut short, or it is another kind of file")
    text = fields.rstrip().removesuffix(b",") + b"}"
    try:
        probe = msgspec.json.decode(text, type=_Probe)
        if probe.format != FORMAT:
            raise CheckpointInvalid(f"the checkpoint's format is {probe.format[:40]!r}, not {FORMAT!r}")
        if probe.schema > schema:
            raise CheckpointInvalid(
                f"the checkpoint has schema {probe.schema}, written by musicdiff_job {probe.app_version[:40]}; "
                f"this version knows schemas up to {schema}",
                f"upgrade musicdiff_job to {probe.app_version[:40]} or later",
            )
        return msgspec.json.decode(text, type=DocumentHeader)
    except _MALFORMED as error:
        raise CheckpointInvalid(f"the checkpoint's header is damaged ({error})") from error


def decode(
    content: bytes,
    *,
    packs: Packs | None = None,
    schema: int = SCHEMA,
    migrations: Mapping[int, Migration] = MIGRATIONS,
) -> tuple[DocumentHeader, Checkpoint]:
    """The header and the checkpoint in a document, migrated to ``schema`` if it is older. ``packs`` fetches the pack
    that it may name.

    Raises ``CheckpointInvalid`` saying what is wrong: not a checkpoint, cut short, damaged, without its pack, of a
    newer schema, or holding what its schema does not allow or what makes no sense (see ``sound``).
    """
    header = read_header(content, schema=schema)
    body = b"".join(text for _, text in _body_of(content, header))
    try:
        if header.schema != schema:
            older = _with_pack(msgspec.json.decode(body, type=Body), header.pack, packs)
            migrated = migrate(older, header.schema, to=schema, migrations=migrations)
            checkpoint = msgspec.convert(migrated, Checkpoint)
        elif header.pack is not None:
            checkpoint = differing(body).checkpoint(_pack(header.pack, packs))
        else:
            checkpoint = msgspec.json.decode(body, type=Checkpoint)
    except _MALFORMED as error:
        raise _misshapen(header.schema, error) from error
    return header, _sound(checkpoint)


def decode_in_pieces(
    content: bytes, *, compress: bool, packs: Packs | None = None
) -> tuple[DocumentHeader, Checkpoint, Pieces]:
    """As ``decode``, with the pieces for saving it again as ``compress`` says."""
    header = read_header(content)
    if not (compress and content.startswith(_GZIP_MAGIC) and header.schema == SCHEMA):
        return *decode(content, packs=packs), Pieces(compress=compress)
    reader = Reader(differing=header.pack is not None)
    for stored, text in _body_of(content, header):
        if stored is None:  # it was packed in one
            return *decode(content, packs=packs), Pieces(compress=compress)
        try:
            reader.read(stored, text)
        except _MALFORMED:  # cut elsewhere, or not at all, or not what its schema holds
            return *decode(content, packs=packs), Pieces(compress=compress)
    checkpoint, pieces = reader.end(_pack(header.pack, packs) if header.pack else None)
    return header, _sound(checkpoint), pieces


def _pack(label: Label, packs: Packs | None) -> Pack:
    """The pack of this label. Raises ``CheckpointInvalid``."""
    parts = Parts()
    try:
        for _, text in _members(fetched(label, packs)):
            parts.take(text)
    except _MALFORMED as error:
        raise _misshapen(SCHEMA, error) from error
    return Pack(label, {name: parts.tables.get(name, {}) for name in SECTIONS})


def _with_pack(older: Body, label: Label | None, packs: Packs | None) -> Body:
    """An older body with what its pack holds."""
    if label is None:
        return older
    text = b"".join(text for _, text in _members(fetched(label, packs)))
    packed = msgspec.json.decode(text, type=Body)
    return older | {name: completed(packed.get(name, {}), older.get(name, {})) for name in SECTIONS}


def _misshapen(schema: int, error: Exception) -> CheckpointInvalid:
    return CheckpointInvalid(f"the checkpoint does not hold what schema {schema} holds ({error})")


def _sound(checkpoint: Checkpoint) -> Checkpoint:
    if nonsense := flaw(checkpoint):
        raise CheckpointInvalid(f"the checkpoint holds what makes no sense ({nonsense})")
    return checkpoint


def _body_of(content: bytes, header: DocumentHeader) -> Iterator[tuple[Stored | None, bytes]]:
    """The body's text member by member, each with what it was unpacked from, or in one with None. Raises
    ``CheckpointInvalid``, after the last one if the checksum does not agree."""
    digest = _Digest(header)
    for stored, text in _parts(content):
        digest.update(text)
        yield stored, text
    if header.sha256 != digest.end():
        raise CheckpointInvalid("the checkpoint is damaged or was edited: its checksum does not agree")


def _parts(content: bytes) -> Iterator[tuple[Stored | None, bytes]]:
    if not content.startswith(_GZIP_MAGIC):
        yield None, _body(content)
        return
    members = _members(content)
    _, first = next(members)
    if not first.endswith(_BODY):
        yield None, _body(b"".join((first, *(text for _, text in members))))
        return
    last: tuple[Stored, bytes] | None = None
    for member in members:
        if last is not None:
            yield last
        last = member
    if last is None or last[1] != _END:
        raise CheckpointInvalid("the checkpoint is cut short: its end is missing")


def _body(text: bytes) -> bytes:
    """The body's exact bytes in a document's text."""
    try:
        return bytes(msgspec.json.decode(text, type=_Document).body)
    except _MALFORMED as error:
        raise CheckpointInvalid(f"the checkpoint is cut short or damaged ({error})") from error


def _sealed(unsigned: DocumentHeader, body: bytes, *, indented: bool, compress: bool) -> tuple[DocumentHeader, bytes]:
    """The document of these parts, signed."""
    header = msgspec.structs.replace(unsigned, sha256=_digest(unsigned, body))
    if compress:
        return _packed(header, [packed(body)])
    fields = msgspec.json.encode(header)
    if indented:
        opening = msgspec.json.format(fields, indent=2).removesuffix(b"\n}")
        return header, b"".join((opening, b",\n  ", _BODY, b" ", body, b"\n}\n"))
    return header, b"".join((fields.removesuffix(b"}"), b",", _BODY, body, _END))


def _digest(header: DocumentHeader, body: bytes) -> str:
    digest = _Digest(header)
    digest.update(body)
    return digest.end()


def _packed(header: DocumentHeader, stored: Sequence[Stored]) -> tuple[DocumentHeader, bytes]:
    """The compressed document of a signed header and the body's members."""
    fields = msgspec.json.encode(header).removesuffix(b"}")
    return header, b"".join((packed(b"".join((fields, b",", _BODY))), *stored, packed(_END)))


class _Digest:
    """The checksum of a document with this header (whose own ``sha256`` does not count)."""

    def __init__(self, header: DocumentHeader) -> None:
        self._fields = msgspec.json.encode(msgspec.structs.replace(header, sha256=""))
        self._is_first = header.schema == 1
        self._sum = hashlib.sha256(self._fields if self._is_first else b"")
        self.update = self._sum.update

    def end(self) -> str:
        if not self._is_first:
            self.update(self._fields)
        return self._sum.hexdigest()


def _beginning(content: bytes) -> bytes:
    """The first ``HEADER_ROOM`` bytes of the text, or less: what the first member holds."""
    if not content.startswith(_GZIP_MAGIC):
        return content[:HEADER_ROOM]
    try:
        return _unpacker().decompress(content, HEADER_ROOM)
    except zlib.error as error:
        raise CheckpointInvalid(f"the checkpoint's compression is damaged ({error})") from error


def _members(content: bytes) -> Iterator[tuple[memoryview, bytes]]:
    """The gzip members that ``content`` is made of, as they are and unpacked."""
    view = memoryview(content)
    limit = left = max(UNPACKED_AT_MOST, UNPACKED_TIMES * len(content))
    begins = at = 0
    while begins < len(content):
        if view[begins : begins + len(_GZIP_MAGIC)] != _GZIP_MAGIC:
            raise CheckpointInvalid(
                f"the checkpoint is followed by {len(content) - begins} bytes that do not belong to it"
            )
        stream, texts = _unpacker(), list[bytes]()
        while not stream.eof:
            if not (fed := view[at : at + _FED]):
                raise CheckpointInvalid("the checkpoint is cut short: its compressed data do not end")
            try:
                texts.append(stream.decompress(fed, left + 1))
            except zlib.error as error:
                raise CheckpointInvalid(f"the checkpoint's compression is damaged ({error})") from error
            left -= len(texts[-1])
            if left < 0:
                raise CheckpointInvalid(
                    f"the checkpoint's {len(content)} bytes unpack to more than {limit}: it is none of ours"
                )
            at += len(fed) - len(stream.unused_data)
        yield view[begins:at], b"".join(texts)
        begins = at


def _unpacker() -> zlib._Decompress:
    return zlib.decompressobj(wbits=zlib.MAX_WBITS | 16)  # 16: a gzip wrapping, whose own checksum is verified
