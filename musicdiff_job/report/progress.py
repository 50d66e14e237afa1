"""A progress bar on a terminal: ``ports.Observer`` drawn by rich.

One line for the collections, one for the phase under way, with the calls left and the time it will take. The bar is
drawn on stderr, so that stdout can be piped away.
"""

from __future__ import annotations

from collections.abc import Callable
from types import TracebackType
from typing import Self, TextIO

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, ProgressColumn, Task, TextColumn, TimeRemainingColumn
from rich.text import Text

from musicdiff_job.core.summary import CollectionResult
from musicdiff_job.report.silent import Silent
from musicdiff_job.report.text import clean, shortened

NAME_WIDTH = 40
"""Columns for the phase's name, which may contain a playlist's."""
OVERALL = "sync"
"""The phase whose steps are collections."""


class _CallsLeft(ProgressColumn):
    max_refresh = 0.5

    def __init__(self, bar: ProgressBar) -> None:
        super().__init__()
        self._bar = bar

    def render(self, task: Task) -> Text:
        left = self._bar.calls_left() if self._bar.calls_left else None
        return Text(f"{left:,} calls left" if left is not None else "", style="dim")


class ProgressBar(Silent):
    """A bar for the collections and one for the phase under way. A context manager; gone from the screen when it ends.

    A ``silent.ShowsCalls``.
    """

    def __init__(self, *, file: TextIO | None = None, width: int | None = None) -> None:
        self.calls_left: Callable[[], int] | None = None
        console = Console(file=file, stderr=file is None, width=width, highlight=False, markup=False, emoji=False)
        self._progress = Progress(
            TextColumn("{task.description}", markup=False),
            BarColumn(bar_width=24),
            MofNCompleteColumn(),
            TimeRemainingColumn(compact=True),
            _CallsLeft(self),
            console=console,
            transient=True,
        )
        self._whole = self._progress.add_task("collections", total=None, visible=False)
        self._phase = self._progress.add_task("", total=None, visible=False)

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._progress.stop()

    def phase(self, name: str, total: int | None) -> None:
        """Begin the phase's bar anew; "sync" is the bar of the collections, which ``finished`` moves."""
        if name == OVERALL:
            self._progress.update(self._whole, total=total, visible=True)
            self._progress.update(self._phase, visible=False)
        else:
            self._progress.reset(self._phase, total=total, description=shortened(clean(name), NAME_WIDTH), visible=True)

    def advance(self, steps: int = 1) -> None:
        """Move the phase's bar on."""
        self._progress.advance(self._phase, steps)

    def finished(self, result: CollectionResult) -> None:
        """Move the bar of the collections on."""
        self._progress.advance(self._whole)
