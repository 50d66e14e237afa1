"""The lease on a checkpoint in S3: taken by a write, renewed by every save, given back by the last one.

How each write is decided is told in ``s3``. Nobody can hold two leases on one document: a claim is written only over
the exact state in which there was none.
"""

from __future__ import annotations

import logging
import secrets
import socket
from dataclasses import replace
from datetime import datetime

from musicdiff_job.core import document
from musicdiff_job.core.checkpoint import SCHEMA, Checkpoint
from musicdiff_job.core.document import Claim, DocumentHeader
from musicdiff_job.core.errors import CheckpointUnwritable, JobError, LostLease
from musicdiff_job.core.pieces import Pieces
from musicdiff_job.core.timestamps import to_iso
from musicdiff_job.journal import event
from musicdiff_job.store.bucket import Moved, Unanswered
from musicdiff_job.store.s3_document import ATTEMPTS, PAUSE, Found, Glimpse, S3Document, held_by


def take(at: S3Document, run_id: str, until: datetime) -> S3Lease:
    """The lease for a run that ends by ``until``. Raises ``Locked`` when another run has one that has not expired,
    ``CheckpointInvalid``, ``CheckpointUnwritable``."""
    claim = Claim(run_id, socket.gethostname(), to_iso(until), secrets.token_hex(8))
    trouble: Unanswered | None = None
    for attempt in range(1, ATTEMPTS + 1):
        found = at.find()
        if found is not None and found.header.lease == claim:
            return S3Lease(at, run_id, claim, found)  # it was carried out, only the answer was lost
        at.respect(found.header if found else None)
        claimed, expected = _claimed(at, found, run_id, claim)
        try:
            etag = at.bucket.write(at.key, claimed.content, expected)
        except Moved:
            at.clock.wait(PAUSE * (attempt - 1))  # whoever was faster is seen by looking again
        except Unanswered as error:
            trouble = error
        else:
            return S3Lease(at, run_id, claim, replace(claimed, etag=etag))
    raise trouble or at.refused()


def _claimed(at: S3Document, found: Found | None, run_id: str, claim: Claim) -> tuple[Found, str | None]:
    """What is there, under our claim, and the ETag that it must have to be replaced by that. Where there is nothing,
    an empty checkpoint of generation 0: a claim is no save."""
    if found is None:
        empty, pieces = Checkpoint(), Pieces(compress=at.compress)
        header, content = at.sealed(empty, 0, run_id, claim, pieces)
        return Found("", content, header, empty, pieces), None
    header, content = document.with_lease(found.content, claim, compress=at.compress)
    return Found("", content, header, found.checkpoint, found.pieces), found.etag


class S3Lease:
    """The ``Lease`` on an object; see ``take``."""

    def __init__(self, at: S3Document, run_id: str, claim: Claim, found: Found) -> None:
        self._at = at
        self._run_id = run_id
        self._claim = claim
        self._etag, self._content, self._header = found.etag, found.content, found.header
        self._loaded: Checkpoint | None = found.checkpoint  # until it is asked for
        self._pieces = found.pieces
        self._generation = found.header.generation
        self._kept = False
        self._is_ours = True  # what is there is known, and carries our claim
        self._ended = False

    def load(self) -> Checkpoint:
        """The checkpoint as it is in the bucket, the first time as it was when the lease was taken. Raises
        ``CheckpointInvalid``, and ``LostLease`` when somebody else has written since."""
        if self._loaded is not None:
            checkpoint, self._loaded = self._loaded, None
            return checkpoint
        found = self._at.find()
        if found is None or not self._wrote(found.header):
            raise self._lost(Glimpse(found.etag, found.header) if found else None)
        self._etag, self._content, self._header = found.etag, found.content, found.header
        self._pieces = found.pieces
        return found.checkpoint

    def prove_writable(self) -> None:
        """Nothing: the lease is written where the checkpoint goes, so it is proven."""

    def save(self, checkpoint: Checkpoint, *, last: bool = False) -> None:
        """Replace the checkpoint; the first time in this lease, keep what was there before as ``.prev`` (and as
        ``.v<N>`` if it was of an older schema). The ``last`` save gives the lease back. Raises
        ``CheckpointUnwritable``, ``LostLease``."""
        if self._ended:
            raise LostLease(
                f"the lease on the checkpoint is over ({self._at.place})", "this is a bug; please report it"
            )
        self._is_ours = False
        self._loaded = None
        self._keep()
        self._generation += 1
        claim = None if last else self._claim
        self._replace(*self._at.sealed(checkpoint, self._generation, self._run_id, claim, self._pieces))
        self._ended = last
        self._is_ours = not last

    def end(self) -> None:
        """Give the lease back unless that is done. Raises nothing that would hide how the run went: a lease that
        cannot be given back expires."""
        self._ended = True
        if not self._is_ours:
            return
        self._is_ours = False
        try:
            _, content = document.with_lease(self._content, None, compress=self._at.compress)
            self._at.bucket.write(self._at.key, content, self._etag)
        except (JobError, Moved) as error:
            event("lease.not_returned", logging.WARNING, reason=str(error), expires_at=self._claim.expires_at)

    def _keep(self) -> None:
        if not self._kept and self._header.generation > 0:
            schema = self._header.schema
            previous = [self._at.previous] * (self._header.run_id != self._run_id)  # else this run has kept it
            for key in [f"{self._at.key}.v{schema}"] * (schema < SCHEMA) + previous:
                self._copy(key)
        self._kept = True

    def _copy(self, key: str) -> None:
        for attempt in range(1, ATTEMPTS + 1):
            try:
                self._at.bucket.copy(self._at.key, key, self._etag)
            except Moved:
                self._go_on_from(self._at.glimpse())
                self._at.clock.wait(PAUSE * attempt)
            else:
                return
        raise self._at.refused()

    def _replace(self, header: DocumentHeader, content: bytes) -> None:
        for attempt in range(1, ATTEMPTS + 1):
            trouble: Unanswered | None = None
            try:
                self._etag = self._at.bucket.write(self._at.key, content, self._etag)
            except Moved:
                pass
            except Unanswered as error:
                trouble = error
            else:
                break
            present = self._look(trouble)
            if present is not None and present.header == header:
                self._etag = present.etag
                break  # it was carried out, only the answer was lost
            self._go_on_from(present)
            if trouble is not None:
                self._is_ours = present is not None and present.header == self._header
                raise trouble
            self._at.clock.wait(PAUSE * attempt)
        else:
            raise self._at.refused()
        self._header, self._content = header, content

    def _look(self, trouble: Unanswered | None) -> Glimpse | None:
        """What is there now; when that cannot be seen either, what was the ``trouble`` is the error to tell."""
        try:
            return self._at.glimpse()
        except CheckpointUnwritable as error:
            raise trouble or error from None

    def _go_on_from(self, present: Glimpse | None) -> None:
        """Take what is there for the state to replace, if it carries our claim: then a conflict is over (409), the
        document was copied over itself, or an earlier write of ours has arrived late. Else raise ``LostLease``."""
        if present is None or not self._wrote(present.header):
            raise self._lost(present)
        self._etag = present.etag

    def _wrote(self, header: DocumentHeader | None) -> bool:
        return header is not None and header.lease == self._claim

    def _lost(self, present: Glimpse | None) -> LostLease:
        self._is_ours = False
        if present is None:
            by = "it was removed"
        elif present.header is None:
            by = "it was damaged"
        elif present.header.lease is not None:
            by = f"{held_by(present.header.lease)}, holds it"
        else:
            by = f"run {present.header.run_id} saved generation {present.header.generation}"
        return LostLease(
            f"the checkpoint was changed during this run: {by} ({self._at.place}); nothing was overwritten",
            "make sure that only one job uses this checkpoint, and that its clocks are right; the lease of this run "
            f"ended at {self._claim.expires_at}",
        )
