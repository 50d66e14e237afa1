"""The checkpoint's document in a bucket: found, looked at, made, and recognised as one's own.

A refusal to replace it, or a missing answer, does not tell who wrote last. The document does: one that carries the
header of what we sent (its checksum covers everything), or our own claim with its nonce, was written by us.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from musicdiff_job.core import document
from musicdiff_job.core.checkpoint import Checkpoint
from musicdiff_job.core.document import Claim, DocumentHeader
from musicdiff_job.core.errors import CheckpointInvalid, CheckpointUnwritable, Locked
from musicdiff_job.core.pieces import Pieces
from musicdiff_job.core.timestamps import from_iso, to_iso
from musicdiff_job.ports import Clock
from musicdiff_job.store.bucket import Bucket
from musicdiff_job.store.hints import way_back
from musicdiff_job.store.s3_packs import S3Packs

SKEW = timedelta(seconds=30)
"""By how much clocks may disagree before a lease is taken over that its holder still believes in."""
ATTEMPTS = 5
"""At a write that is refused although nothing is known to speak against it."""
PAUSE = 0.2
"""Seconds before the second of these attempts; growing."""


@dataclass(frozen=True, slots=True)
class Found:
    """A whole checkpoint, and the state of the object it was read from."""

    etag: str
    content: bytes
    header: DocumentHeader
    checkpoint: Checkpoint
    pieces: Pieces


@dataclass(frozen=True, slots=True)
class Glimpse:
    """What an object says of itself; ``header`` is None when that cannot be read."""

    etag: str
    header: DocumentHeader | None


class S3Document:
    """The document at ``key``. Everything that asks S3 raises ``CheckpointUnwritable``, see ``Bucket``."""

    def __init__(self, bucket: Bucket, key: str, clock: Clock, app_version: str) -> None:
        self.bucket = bucket
        self.key = key
        self.clock = clock
        self.compress = key.endswith(".gz")
        self._app_version = app_version
        self.packs = S3Packs(bucket, key)

    @property
    def place(self) -> str:
        """``s3://bucket/key``."""
        return self.bucket.place(self.key)

    @property
    def previous(self) -> str:
        """The key under which the state before the latest run is kept."""
        return f"{self.key}.prev"

    def find(self) -> Found | None:
        """All of it, checked; None when there is none. Raises ``CheckpointInvalid``."""
        for read in range(1, ATTEMPTS + 1):
            held = self.bucket.read(self.key)
            if held is None:
                return None
            try:
                decoded = document.decode_in_pieces(held.content, compress=self.compress, packs=self.packs.fetch)
                return Found(held.etag, held.content, *decoded)
            except CheckpointInvalid as error:
                # A run that replaces its pack removes the old one, which a reader may be about to read.
                if read == ATTEMPTS or not _names_pack(held.content) or self._etag() == held.etag:
                    raise self.invalid(error) from error
        raise AssertionError("the last read returns or raises")

    def glimpse(self) -> Glimpse | None:
        """What it says of itself, unverified, for the price of a few kilobytes; None when there is none."""
        held = self.bucket.read(self.key, document.HEADER_ROOM)
        if held is None:
            return None
        try:
            return Glimpse(held.etag, document.read_header(held.content))
        except CheckpointInvalid:
            return Glimpse(held.etag, None)

    def _etag(self) -> str:
        present = self.glimpse()
        return present.etag if present else ""

    def previous_header(self) -> DocumentHeader | None:
        """What the previous one says of itself, checked; None when there is nothing whole that may be read."""
        try:
            held = self.bucket.read(self.previous)
            return None if held is None else document.decode(held.content, packs=self.packs.fetch)[0]
        except (CheckpointInvalid, CheckpointUnwritable):
            return None

    def sealed(
        self,
        checkpoint: Checkpoint,
        generation: int,
        run_id: str,
        lease: Claim | None,
        pieces: Pieces | None = None,
    ) -> tuple[DocumentHeader, bytes]:
        """The document of a checkpoint that is saved now, and its header."""
        return document.encode(
            checkpoint,
            generation=generation,
            run_id=run_id,
            saved_at=to_iso(self.clock.now()),
            app_version=self._app_version,
            lease=lease,
            compress=self.compress,
            pieces=pieces,
        )

    def respect(self, header: DocumentHeader | None) -> None:
        """Raise ``Locked`` when the document belongs to a run that may still live."""
        if header is not None and header.lease is not None and _is_live(header.lease, self.clock.now()):
            raise Locked(
                f"another run holds the checkpoint: {held_by(header.lease)}",
                "nothing to do: this run ends here and the next one goes on; one that was killed holds it until then",
            )

    def invalid(self, error: CheckpointInvalid) -> CheckpointInvalid:
        """The same with the object's address, and the way back in the hint unless there is a better one."""
        hint = error.hint or way_back(self.previous_header(), self.bucket.place(self.previous))
        return CheckpointInvalid(f"{error.message} ({self.place})", hint)

    def refused(self) -> CheckpointUnwritable:
        """The error for a store that goes on refusing a write although the object is as expected."""
        return CheckpointUnwritable(
            f"the checkpoint cannot be saved: S3 refuses to replace it although nobody else has ({self.place})",
            "if this is not AWS, its conditional writes may not work, or a proxy alters the ETag",
        )


def _names_pack(content: bytes) -> bool:
    try:
        return document.read_header(content).pack is not None
    except CheckpointInvalid:
        return False


def held_by(claim: Claim) -> str:
    """Whose lease it is, for people."""
    return f"run {claim.run_id} on {claim.host}, until {claim.expires_at}"


def _is_live(claim: Claim, now: datetime) -> bool:
    try:
        return now < from_iso(claim.expires_at) + SKEW
    except (ValueError, OverflowError):
        return False  # what has no end binds nobody; the compare-and-swap protects its holder all the same
