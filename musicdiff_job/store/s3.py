"""The checkpoint as an object in S3, or in a store that speaks its language.

Theory. S3 has no locks, but it replaces an object only if it is still the one that was read (see ``bucket``). So
whoever would write has first written a lease into the document itself (a ``Claim`` in its header, the body
unchanged), which others respect until it expires; every save renews it and the last one leaves it out. Each of these
writes names the ETag that it replaces. Two runs that come at the same instant, a lease that is taken over because its
holder seemed dead, clocks that disagree: whatever happens, of two writes on one state S3 carries out one, and the
other run ends without having overwritten anything. The lease only spares it the work.

``<key>``         the checkpoint. One of generation 0 holds nothing but the claim of a first run
``<key>.prev``    the checkpoint as it was before the latest run first saved; a copy made within S3
``<key>.v<N>``    the last checkpoint of schema N, kept when a newer version saved over it
``<key>.pack-…``  the bulk of a large library, which these name (see ``packing``)
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

from musicdiff_job.clock import StopFlag
from musicdiff_job.core import document
from musicdiff_job.core.checkpoint import Checkpoint
from musicdiff_job.core.document import DocumentHeader
from musicdiff_job.core.errors import CheckpointInvalid, CheckpointUnwritable, Locked
from musicdiff_job.ports import Clock
from musicdiff_job.store.bucket import Bucket, Busy, Held, Moved, Unanswered
from musicdiff_job.store.hints import BEGIN_ANEW
from musicdiff_job.store.s3_document import ATTEMPTS, PAUSE, S3Document
from musicdiff_job.store.s3_lease import S3Lease, take
from musicdiff_job.store.s3_rehearsal import rehearse


class S3Store:
    """A ``CheckpointStore`` at ``s3://bucket/key``; gzip when the key ends in ``.gz``, either kind is read.

    ``stop`` is the run's stop flag. Constructing reaches nothing. All methods raise ``CheckpointUnwritable`` when S3
    refuses or is out of reach, those that only read too.
    """

    def __init__(self, bucket: str, key: str, *, clock: Clock, app_version: str, stop: StopFlag) -> None:
        self._at = S3Document(Bucket(bucket, stop), key, clock, app_version)

    @property
    def place(self) -> str:
        """``s3://bucket/key``."""
        return self._at.place

    def create(self, run_id: str) -> bool:
        """Create an empty checkpoint where there is none, and whether that was so. Needs no permission but to
        write."""
        header, content = self._at.sealed(Checkpoint(), 1, run_id, None)
        for attempt in range(1, ATTEMPTS + 1):
            try:
                self._at.bucket.write(self._at.key, content, None)
            except Busy:
                self._at.clock.wait(PAUSE * attempt)
            except Moved:
                return self._is_there(header)  # boto3 may have repeated what it got no answer to
            except Unanswered:
                if self._is_there(header):
                    return True
                raise
            else:
                return True
        raise self._at.refused()

    def peek(self) -> Checkpoint | None:
        """The checkpoint without taking the lease; None when there is none. Raises ``CheckpointInvalid``."""
        found = self._at.find()
        return None if found is None else found.checkpoint

    def peek_header(self) -> DocumentHeader | None:
        """The header alone, unverified, for the price of a few kilobytes; None when there is no checkpoint. Raises
        ``CheckpointInvalid``."""
        held = self._at.bucket.read(self._at.key, document.HEADER_ROOM)
        try:
            return None if held is None else document.read_header(held.content)
        except CheckpointInvalid as error:
            raise self._at.invalid(error) from error

    def prove_free(self) -> None:
        """Raise ``Locked`` when the document carries a lease that has not expired, ``CheckpointInvalid``."""
        self._at.respect(self.peek_header())

    def rehearse(self) -> tuple[str, ...]:
        """Try on an object beside the checkpoint what a run does to it; see ``s3_rehearsal``. Raises
        ``CheckpointUnwritable``."""
        return rehearse(self._at.bucket, self._at.key)

    def verify(self) -> DocumentHeader:
        """Read all of the checkpoint, check it, and give its header. Raises ``CheckpointInvalid``, also when there
        is none."""
        found = self._at.find()
        if found is None:
            raise CheckpointInvalid(f"there is no checkpoint ({self.place})", "the first run creates it")
        return found.header

    def previous_header(self) -> DocumentHeader | None:
        """The header of what ``restore_previous`` would restore, checked; None when there is nothing whole that may
        be read."""
        return self._at.previous_header()

    def restore_previous(self) -> DocumentHeader:
        """Put the state before the latest run back, which undoes that run's memory (not its changes on Deezer), and
        give its header. The present checkpoint, whole or not, becomes the previous one; so doing it twice brings a
        whole one back. Raises ``Locked``, ``CheckpointInvalid`` when there is nothing whole to go back to."""
        bucket, key = self._at.bucket, self._at.key
        present, previous = bucket.read(key), bucket.read(self._at.previous)
        if present is not None:
            self._at.respect(_header_of(present))
        header, content = self._restorable(previous)
        try:
            bucket.write(key, content, present.etag if present else None)
        except (Moved, Unanswered) as trouble:
            if not self._is_there(header):
                if isinstance(trouble, Unanswered):
                    raise
                raise Locked("another run has just written the checkpoint", "try again when it is over") from None
        if present is not None and previous is not None:
            self._keep(present, previous)
        return header

    @contextmanager
    def lease(self, run_id: str, until: datetime) -> Iterator[S3Lease]:
        """Hold the lease for a run that ends by ``until``. Raises ``Locked`` when another run has one that has not
        expired, ``CheckpointInvalid``, ``CheckpointUnwritable``."""
        lease = take(self._at, run_id, until)
        try:
            yield lease
        finally:
            lease.end()

    def _is_there(self, header: DocumentHeader) -> bool:
        """Whether the document with this header is what is there now, as far as it may be read."""
        try:
            present = self._at.glimpse()
        except CheckpointUnwritable:
            return False
        return present is not None and present.header == header

    def _restorable(self, previous: Held | None) -> tuple[DocumentHeader, bytes]:
        """The previous document without the lease that it was copied with, and its header."""
        try:
            if previous is not None:
                document.decode(previous.content, packs=self._at.packs.fetch)
                return document.with_lease(previous.content, None, compress=self._at.compress)
        except CheckpointInvalid:
            pass  # for whoever goes back, damaged is as good as gone
        place = self._at.bucket.place(self._at.previous)
        raise CheckpointInvalid(f"there is no whole previous checkpoint to go back to ({place})", BEGIN_ANEW)

    def _keep(self, present: Held, previous: Held) -> None:
        """Make what was there until now the previous one, unless a run that came meanwhile has done so."""
        try:
            self._at.bucket.write(self._at.previous, present.content, previous.etag)
        except Moved:
            pass
        except CheckpointUnwritable as error:
            told = f"the previous checkpoint is back, but what it replaced could not be kept: {error.message}"
            raise CheckpointUnwritable(told, error.hint) from None


def _header_of(held: Held) -> DocumentHeader | None:
    """What a document says of itself, None when it is damaged and so nobody's."""
    try:
        return document.read_header(held.content)
    except CheckpointInvalid:
        return None
