"""How a run is told while it lasts, what is wrong with it on stderr, and its summary in a file."""

from __future__ import annotations

import sys
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING

from musicdiff_job.cli.output import can_draw, complain, json_text
from musicdiff_job.core.outcome import TABLE
from musicdiff_job.core.summary import ProfilesSummary, Summary
from musicdiff_job.report.run import error_line
from musicdiff_job.report.silent import Silent
from musicdiff_job.report.text import named
from musicdiff_job.store.replacing import replace_file

if TYPE_CHECKING:
    from musicdiff_job.cli.command import Shared
    from musicdiff_job.ports import Observer


def is_watched(options: Shared) -> bool:
    """Whether there is somebody to see a progress bar; with ``-v`` the log takes its place."""
    return can_draw(sys.stderr) and not options.verbosity


def watcher(options: Shared) -> AbstractContextManager[Observer]:
    """A progress bar, or nobody."""
    if is_watched(options):
        from musicdiff_job.report.progress import ProgressBar  # imports rich

        return ProgressBar()
    return nullcontext(Silent())


def complain_of(summary: Summary) -> None:
    """What is wrong with a run, on stderr."""
    complain(f"{summary.outcome}: {TABLE[summary.outcome].meaning}")
    complain(*(error_line(line.where, line.message, line.hint) for line in summary.errors))
    complain(*(f"conflict {line.id} in {named(line.name)}: {line.message}" for line in summary.conflicts))


def write_summary(path: Path, summary: Summary | ProfilesSummary) -> None:
    """Write it where it was asked for."""
    try:
        replace_file(path, f"{json_text(summary)}\n".encode())
    except OSError as error:
        # The run itself is done and saved; a place for the summary cannot change how it went.
        complain(f"the summary cannot be written to {path}: {error.strerror}")
