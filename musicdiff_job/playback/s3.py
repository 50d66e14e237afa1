"""The listening history under a prefix in S3: one object a month and run, written once and never changed.

``<prefix>2026/11/<end of its last play>-<run id>.ndjson``

Theory. S3 cannot append, so each run that has news writes an object of its own, under a condition: only if there is
none of that name. An answer that gets lost, and the repetition that is then refused, are settled by reading what is
there. Names sort by the last play in the object. So whatever holds a play has a name that is not before it, and a run
that died between its object and the checkpoint is found by listing from the oldest play that seems new; ordinarily
that list is empty.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from musicdiff_job.core.errors import CheckpointUnwritable, ConfigError, HistoryUnusable
from musicdiff_job.core.play_counts import Period
from musicdiff_job.core.plays import (
    Line,
    Month,
    NotALine,
    Play,
    PlayKey,
    by_month,
    decode,
    encode,
    key,
    moment_of,
)
from musicdiff_job.store.bucket import Bucket, Moved, Unanswered, Use

HISTORY = Use(
    "the listening history",
    "playback.url",
    "allow s3:GetObject and s3:PutObject below the prefix, and s3:ListBucket for it; see docs/playback.md",
)
"""What the bucket's errors call it."""


class S3History:
    """A ``History`` below ``prefix`` ("" or ending in a slash). ``run_id`` tells the objects of one run from those of
    others. Constructing reaches nothing."""

    def __init__(self, bucket: Bucket, prefix: str, run_id: str) -> None:
        self._bucket = bucket
        self._prefix = prefix
        self._run_id = run_id

    @property
    def place(self) -> str:
        """``s3://bucket/prefix/``."""
        return self._bucket.place(self._prefix)

    def is_empty(self) -> bool:
        """See ``History.is_empty``."""
        return next(self._objects(), None) is None

    def holding(self, plays: Sequence[Play]) -> frozenset[PlayKey]:
        """See ``History.holding``. One listing a month, and a read of each object that may hold one of them."""
        wanted = {key(play) for play in plays}
        return frozenset(
            key(line)
            for month, found in by_month(sorted(plays, key=moment_of))
            for name in self._objects(month, min(map(moment_of, found)))
            for line in self._lines(name)
            if isinstance(line, Play) and key(line) in wanted
        )

    def append(self, lines: Sequence[Line]) -> None:
        """See ``History.append``."""
        for month, found in by_month(sorted(lines, key=moment_of)):
            name = f"{self._folder(month)}{_stamp(moment_of(found[-1]))}-{self._run_id}.ndjson"
            with _told():
                self._write_once(name, encode(found))

    def read(self, period: Period) -> Iterator[Line | NotALine]:
        """See ``History.read``."""
        for name in self._objects():
            year, month = name.removeprefix(self._prefix).split("/")[:2]
            if period.touches(f"{year}-{month}"):
                for line in self._lines(name):
                    if isinstance(line, NotALine) or period.holds(line):
                        yield line

    def _folder(self, month: Month) -> str:
        return f"{self._prefix}{month.replace('-', '/')}/"

    def _objects(self, month: Month | None = None, since: str = "") -> Iterator[str]:
        """The names of our objects, in order; on demand those of a month, of ``since`` or later."""
        within = self._folder(month) if month else self._prefix
        with _told():
            for name in self._bucket.names(within, f"{within}{_stamp(since)}" if since else ""):
                if name.endswith(".ndjson") and name.removeprefix(self._prefix).count("/") == 2:
                    yield name

    def _lines(self, name: str) -> Iterator[Line | NotALine]:
        with _told():
            held = self._bucket.read(name)
        for number, text in enumerate(held.content.splitlines() if held else (), 1):
            yield decode(text) or NotALine(self._bucket.place(name), number)

    def _write_once(self, name: str, content: bytes) -> None:
        try:
            self._bucket.write(name, content, None)
        except (Moved, Unanswered) as trouble:
            held = self._bucket.read(name)
            if held is not None and held.content == content:
                return  # boto3 repeated what it got no answer to
            if isinstance(trouble, Unanswered):
                raise
            raise HistoryUnusable(
                f"another object has the name of this run's plays ({self._bucket.place(name)})",
                "Nothing was overwritten; the next run writes them under a name of its own",
            ) from None


def _stamp(moment: str) -> str:
    """A moment without colons, which some tools cannot copy to a file of that name."""
    return moment.replace(":", "")


@contextmanager
def _told() -> Iterator[None]:
    """S3's refusals as those of the history."""
    try:
        yield
    except (CheckpointUnwritable, ConfigError) as error:
        raise HistoryUnusable(error.message, error.hint) from None
