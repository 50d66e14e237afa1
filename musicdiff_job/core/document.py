"""The checkpoint as bytes: one JSON document, a header and a body, plain or gzip.

Theory. A document is read by a later run, perhaps of another version, perhaps after a disk has dropped a bit, so it
says what it is before it says anything else, and nothing in it is believed until its checksum agrees::

    {"format": "musicdiff-checkpoint", "schema": 1, "generation": 7, "run_id": ..., "saved_at": ...,
     "app_version": ..., "sha256": ..., "body": {...}}

- The header's fields come first, so that its beginning is enough to read it.
- ``sha256`` covers the header's own fields (with ``sha256`` itself empty) and the body's exact bytes. Plain JSON
  alone lets about half of all single-bit errors pass unnoticed (measured); here an error either changes nothing or
  is noticed.
- An uncompressed body is indented as long as it is small, because then somebody looks at it or keeps it in git. A
  large one (indenting adds half its size again) and a compressed one (``zcat | jq`` shows it) stay on one line.
- gzip at level 1: half the size for a third of a second on 100,000 tracks; higher levels gain little. Its time stamp
  is 0, so equal checkpoints are equal bytes.

Whether bytes are gzip is told by their first two bytes, never by a name. Nothing here touches a disk; the store adds
the place to the messages.
"""

from __future__ import annotations

import gzip
import hashlib
import zlib
from collections.abc import Mapping

import msgspec

from musicdiff_job.core.checkpoint import SCHEMA, Checkpoint
from musicdiff_job.core.errors import CheckpointInvalid
from musicdiff_job.core.migrate import MIGRATIONS, Body, Migration, migrate
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

    ``generation`` counts saves, from 1. ``run_id`` is the run that saved, ``saved_at`` when (ISO-8601, UTC).
    """

    format: str
    schema: int
    generation: int
    run_id: str
    saved_at: str
    app_version: str
    sha256: str
    lease: Claim | None = None


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
) -> tuple[DocumentHeader, bytes]:
    """The document for a checkpoint, and the header it carries. Equal arguments give equal bytes."""
    body = msgspec.json.encode(checkpoint)
    indented = not compress and len(body) <= INDENTED_UP_TO
    if indented:
        # JSON has no line breaks inside strings, so every one of these is the formatter's.
        body = msgspec.json.format(body, indent=2).replace(b"\n", b"\n  ")
    unsigned = DocumentHeader(
        format=FORMAT,
        schema=SCHEMA,
        generation=generation,
        run_id=run_id,
        saved_at=saved_at,
        app_version=app_version,
        sha256="",
        lease=lease,
    )
    return _sealed(unsigned, body, indented=indented, compress=compress)


def with_lease(content: bytes, lease: Claim | None, *, compress: bool) -> tuple[DocumentHeader, bytes]:
    """The same document under another lease, and its header. The body stays as it is, byte for byte and of its old
    schema if it is old, and so does what the header says of the last save. Raises ``CheckpointInvalid``."""
    header, body = _opened(content, SCHEMA)
    indented = not compress and (b"\n" in body or len(body) <= INDENTED_UP_TO)
    return _sealed(msgspec.structs.replace(header, lease=lease), body, indented=indented, compress=compress)


def read_header(content: bytes, *, schema: int = SCHEMA) -> DocumentHeader:
    """The header of a document, or of its first ``HEADER_ROOM`` bytes, without reading the body.

    Whether the checksum agrees is for ``decode`` to say. Raises ``CheckpointInvalid`` when there is no header, it is
    damaged, or it is of a schema above ``schema``.
    """
    fields, body, _ = _inflated(content, HEADER_ROOM).partition(_BODY)
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
    content: bytes, *, schema: int = SCHEMA, migrations: Mapping[int, Migration] = MIGRATIONS
) -> tuple[DocumentHeader, Checkpoint]:
    """The header and the checkpoint in a document, migrated to ``schema`` if it is older.

    Raises ``CheckpointInvalid`` saying what is wrong: not a checkpoint, cut short, damaged, of a newer schema, or
    holding what its schema does not allow or what makes no sense (see ``sound``).
    """
    header, body = _opened(content, schema)
    try:
        if header.schema == schema:
            checkpoint = msgspec.json.decode(body, type=Checkpoint)
        else:
            older = msgspec.json.decode(body, type=Body)
            migrated = migrate(older, header.schema, to=schema, migrations=migrations)
            checkpoint = msgspec.convert(migrated, Checkpoint)
    except _MALFORMED as error:
        raise CheckpointInvalid(f"the checkpoint does not hold what schema {header.schema} holds ({error})") from error
    if nonsense := flaw(checkpoint):
        raise CheckpointInvalid(f"the checkpoint holds what makes no sense ({nonsense})")
    return header, checkpoint


def _opened(content: bytes, schema: int) -> tuple[DocumentHeader, bytes]:
    """The header and the body's bytes, once the checksum agrees."""
    header = read_header(content, schema=schema)
    try:
        body = bytes(msgspec.json.decode(_inflated(content), type=_Document).body)
    except _MALFORMED as error:
        raise CheckpointInvalid(f"the checkpoint is cut short or damaged ({error})") from error
    if header.sha256 != _digest(header, body):
        raise CheckpointInvalid("the checkpoint is damaged or was edited: its checksum does not agree")
    return header, body


def _sealed(unsigned: DocumentHeader, body: bytes, *, indented: bool, compress: bool) -> tuple[DocumentHeader, bytes]:
    """The document of these parts, signed."""
    header = msgspec.structs.replace(unsigned, sha256=_digest(unsigned, body))
    fields = msgspec.json.encode(header)
    if indented:
        opening = msgspec.json.format(fields, indent=2).removesuffix(b"\n}")
        return header, b"".join((opening, b",\n  ", _BODY, b" ", body, b"\n}\n"))
    plain = b"".join((fields.removesuffix(b"}"), b",", _BODY, body, b"}\n"))
    return header, gzip.compress(plain, compresslevel=1, mtime=0) if compress else plain


def _digest(header: DocumentHeader, body: bytes) -> str:
    digest = hashlib.sha256(msgspec.json.encode(msgspec.structs.replace(header, sha256="")))
    digest.update(body)
    return digest.hexdigest()


def _inflated(content: bytes, at_most: int | None = None) -> bytes:
    """The JSON text in ``content``: all of it, which must then be whole, or its first ``at_most`` bytes."""
    if not content.startswith(_GZIP_MAGIC):
        return content[:at_most]
    stream = zlib.decompressobj(wbits=zlib.MAX_WBITS | 16)  # 16: a gzip wrapping, whose own checksum is verified
    limit = at_most or max(UNPACKED_AT_MOST, UNPACKED_TIMES * len(content))
    try:
        text = stream.decompress(content, limit)
    except zlib.error as error:
        raise CheckpointInvalid(f"the checkpoint's compression is damaged ({error})") from error
    if at_most is not None:
        return text
    if stream.unconsumed_tail:
        raise CheckpointInvalid(
            f"the checkpoint's {len(content)} bytes unpack to more than {limit}: it is none of ours"
        )
    if not stream.eof:
        raise CheckpointInvalid("the checkpoint is cut short: its compressed data do not end")
    if stream.unused_data:
        raise CheckpointInvalid(
            f"the checkpoint is followed by {len(stream.unused_data)} bytes that do not belong to it"
        )
    return text
