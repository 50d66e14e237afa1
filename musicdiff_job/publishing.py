"""``[report] html``: the dashboard, written after every run to a file or to S3.

What a run that could not even reach the checkpoint came to is on the page as well: whoever looks at the page sees the
last run, whether or not the checkpoint remembers it.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from musicdiff_job.core.checkpoint import Checkpoint
from musicdiff_job.core.errors import HistoryUnusable, JobError
from musicdiff_job.core.outcome import TABLE
from musicdiff_job.core.play_counts import Listening
from musicdiff_job.report.overview import Standpoint, overview_of
from musicdiff_job.sinks import SECONDS, Ended
from musicdiff_job.store.replacing import replace_file

if TYPE_CHECKING:
    from musicdiff_job.store.bucket import Bucket  # imports boto3

AT_ONCE = 20_000
"""Matches of a library whose page is made in a fraction of the time that a signal leaves; a larger one's page waits
for the next run."""

Listened = Callable[[datetime], Listening | None]
"""What was listened to in the months before a time; None where that is not recorded. Raises ``HistoryUnusable``."""
Put = Callable[[bytes, float], None]
"""Puts a page in its place within some seconds. Raises ``OSError`` or ``JobError``."""


class HtmlReport:
    """A ``Sink`` that puts the dashboard in its place after every run."""

    name = "report.html"

    def __init__(self, view: Standpoint, listened: Listened, put: Put) -> None:
        self._view, self._listened, self._put = view, listened, put

    def begin(self, run_id: str) -> None:
        """Nothing: the page shows runs that have ended."""

    def end(self, ended: Ended) -> None:
        """Write the page."""
        from musicdiff_job.report.html import html_page  # imports Jinja2

        checkpoint, stopped, listening = _with_run(ended), ended.seconds < SECONDS, None
        if stopped and len(checkpoint.matches) > AT_ONCE:
            return
        if not stopped:  # or there is no time for it
            with suppress(HistoryUnusable):  # the run's own notes say so
                listening = self._listened(ended.now)
        overview = overview_of(self._view, checkpoint, None, ended.now, listening)
        self._put(html_page(overview, ended.now).encode(), ended.seconds)


def _with_run(ended: Ended) -> Checkpoint:
    """The checkpoint as it stands, and the run in it where it is one to worry about."""
    try:
        checkpoint = ended.look() or Checkpoint()
    except JobError:
        checkpoint = Checkpoint()  # why it cannot be read is what the run ended with
    summary = ended.summary
    remembered = any(run.run_id == summary.run_id for run in checkpoint.runs)
    return checkpoint if remembered or TABLE[summary.outcome].healthy else checkpoint.with_run(summary)


def to_file(path: Path) -> Put:
    """A file, replaced whole, which only its owner may read."""

    def put(page: bytes, _seconds: float) -> None:
        replace_file(path, page)

    return put


def to_bucket(bucket: Bucket, key: str) -> Put:
    """An object in S3."""

    def put(page: bytes, seconds: float) -> None:
        bucket.put(key, page, "text/html; charset=utf-8", seconds)

    return put
