"""Packs beside a checkpoint in S3. They are written without a condition: each has a name of its own."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta

from musicdiff_job.core import document
from musicdiff_job.core.document import DocumentHeader
from musicdiff_job.core.errors import CheckpointInvalid, CheckpointUnwritable
from musicdiff_job.core.packs import SUFFIX, Fetched, Label
from musicdiff_job.store.bucket import Bucket, Denied
from musicdiff_job.store.packing import Unseen


class S3Packs:
    """A ``PackPlace`` beside the object at ``key``."""

    free = False

    def __init__(self, bucket: Bucket, key: str) -> None:
        self._bucket = bucket
        self._key = key

    def fetch(self, label: Label) -> Fetched:
        """The bytes of a pack. Raises ``CheckpointInvalid`` when they may not be read, ``CheckpointUnwritable``."""
        key = f"{self._key}{label.suffix}"
        place = self._bucket.place(key)
        try:
            held = self._bucket.read(key)
        except Denied as error:
            # So S3 also answers for what does not exist, unless it may be listed.
            told = f"the checkpoint's pack is missing, or s3:GetObject is not allowed on it: {place}"
            raise CheckpointInvalid(told) from error
        return Fetched(place, None if held is None else held.content)

    def put(self, suffix: str, content: bytes) -> None:
        """Store a pack. Raises ``CheckpointUnwritable``."""
        self._bucket.put(f"{self._key}{suffix}", content)

    def remove(self, suffix: str) -> None:
        """Remove a pack, if that is possible and allowed."""
        self._bucket.discard(f"{self._key}{suffix}")

    def header(self, suffix: str) -> DocumentHeader | None:
        """What a document beside the checkpoint says of itself; None when there is none. Raises ``Unseen``."""
        try:
            held = self._bucket.read(f"{self._key}{suffix}", document.HEADER_ROOM)
            return None if held is None else document.read_header(held.content)
        except (CheckpointInvalid, CheckpointUnwritable) as error:
            raise Unseen from error

    def old(self, age: timedelta) -> Iterable[str]:
        """The suffixes of the packs that are older by S3's clock, as far as they may be listed."""
        found = self._bucket.older(f"{self._key}{SUFFIX}", age)
        return [key.removeprefix(self._key) for key in found]
