"""A progress bar on a terminal: ``ports.Observer`` drawn by rich.

One line for the collections, one for the phase under way, each with the time it will take, and the calls left. The bar
is drawn on stderr, so that stdout can be piped away.

A line that is wider than the terminal breaks in two, and what is drawn over it next leaves its first half standing. So
every part has a width that follows from the terminal's, and names lose what terminals disagree about.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from types import TracebackType
from typing import NamedTuple, Self, TextIO

from rich.console import Console
from rich.progress import BarColumn, Progress, ProgressColumn, Task, TextColumn, TimeRemainingColumn
from rich.table import Column
from rich.text import Text

from musicdiff_job.core.summary import CollectionResult
from musicdiff_job.report.silent import Silent
from musicdiff_job.report.text import clean, shortened

NAME_WIDTH = 40
"""Columns for the phase's name, which may contain a playlist's, where there is room."""
OVERALL = "sync"
"""The phase whose steps are collections."""

_COUNT, _TIME, _CALLS = len("1,000/1,000"), len("1:00:00"), len("100,000 calls left")
_DISPUTED = frozenset({"So", "Sk", "Cf", "Me"})
"""Categories of characters that one terminal draws in two columns, the next in one or none: emoji, and what joins and
tints them."""


class _Widths(NamedTuple):
    name: int
    bar: int
    calls: bool

    @classmethod
    def within(cls, columns: int) -> _Widths:
        """What fits. Where little does, the calls left go first."""
        room = columns - _COUNT - _TIME - 5  # a space between any two parts, and a column that stays free
        if calls := room - _CALLS >= 18:
            room -= _CALLS
        bar = min(24, max(4, room * 2 // 5))
        return cls(min(NAME_WIDTH, max(8, room - bar)), bar, calls)


class _Done(ProgressColumn):
    def render(self, task: Task) -> Text:
        return Text("" if task.total is None else f"{int(task.completed):,}/{int(task.total):,}")


class _CallsLeft(ProgressColumn):
    """Told once, on the first line that is drawn."""

    def __init__(self, bar: ProgressBar, column: Column) -> None:
        super().__init__(column)
        self._bar = bar

    def render(self, task: Task) -> Text:
        left = self._bar.calls_left() if self._bar.calls_left and self._bar.is_first(task) else None
        return Text(f"{left:,} calls left" if left is not None else "", style="dim")


class ProgressBar(Silent):
    """A bar for the collections and one for the phase under way. A context manager; gone from the screen when it ends.

    A ``silent.ShowsCalls``.
    """

    def __init__(self, *, file: TextIO | None = None, width: int | None = None) -> None:
        self.calls_left: Callable[[], int] | None = None
        console = Console(file=file, stderr=file is None, width=width, highlight=False, markup=False, emoji=False)
        widths = _Widths.within(console.width)
        self._name_width = widths.name
        columns: list[ProgressColumn] = [
            TextColumn("{task.description}", markup=False, table_column=_column(widths.name)),
            BarColumn(bar_width=widths.bar),
            _Done(_column(_COUNT, right=True)),
            TimeRemainingColumn(compact=True, table_column=_column(_TIME)),
        ]
        if widths.calls:
            columns.append(_CallsLeft(self, _column(_CALLS)))
        self._progress = Progress(*columns, console=console, transient=True)
        self._whole = self._progress.add_task("collections", total=None, visible=False)
        self._phase = self._progress.add_task("", total=None, visible=False)

    def is_first(self, task: Task) -> bool:
        """Whether this is the first line that is drawn."""
        return task.id == next((one.id for one in self._progress.tasks if one.visible), None)

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
            told = shortened(_undisputed(clean(name)), self._name_width)
            self._progress.reset(self._phase, total=total, description=told, visible=True)

    def advance(self, steps: int = 1) -> None:
        """Move the phase's bar on."""
        self._progress.advance(self._phase, steps)

    def finished(self, result: CollectionResult) -> None:
        """Move the bar of the collections on."""
        self._progress.advance(self._whole)


def _column(width: int, *, right: bool = False) -> Column:
    return Column(width=width, no_wrap=True, overflow="ellipsis", justify="right" if right else "left")


def _undisputed(name: str) -> str:
    """The name without what a terminal may draw wider than rich reckons; in a bar nobody misses it."""
    return " ".join("".join(char for char in name if not _is_disputed(char)).split())


def _is_disputed(char: str) -> bool:
    if char == "\ufffd":  # what ``clean`` has made of a control
        return False
    return unicodedata.category(char) in _DISPUTED or "\ufe00" <= char <= "\ufe0f"
