"""Tables and sentences on a terminal, with colours and fitted to its width. The only module besides ``progress``
that imports rich.

Text reaches rich only as ``Text``, never as markup, so a name cannot format anything.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TextIO, assert_never

from rich.console import Console, Group
from rich.padding import Padding
from rich.table import Table as RichTable
from rich.text import Text

from musicdiff_job.report.text import Block, Cell, Fit, Lines, Table, Tone, clean, text_of

STYLES = {Tone.PLAIN: "", Tone.GOOD: "green", Tone.BUSY: "yellow", Tone.BAD: "bold red", Tone.FAINT: "dim"}


def show_blocks(blocks: Iterable[Block], *, file: TextIO | None = None, width: int | None = None) -> None:
    """Write blocks to a terminal (stdout unless ``file`` is given), an empty line between two of them.

    NO_COLOR and the terminal's width are respected; ``width`` overrides the latter.
    """
    console = Console(file=file, width=width, highlight=False, markup=False, emoji=False)
    first = True
    for block in blocks:
        rendered = _rendered(block)
        if rendered is None:
            continue
        if not first:
            console.print()
        first = False
        console.print(rendered)


def _rendered(block: Block) -> RichTable | Text | Group | None:
    match block:
        case Lines():
            return Group(*map(_line, block.lines)) if block.lines else None
        case Table():
            if not block.rows:
                return Text(clean(block.nothing)) if block.nothing else None
            return _table(block)
        case _:
            assert_never(block)


def _line(line: Cell | str) -> Text | Padding:
    """A line whose continuation, where the terminal is too narrow, begins below its own beginning."""
    text = _text(line)
    indent = len(text.plain) - len(text.plain.lstrip(" "))
    return Padding(text[indent:], (0, 0, 0, indent), expand=False) if indent else text


def _table(table: Table) -> RichTable:
    rich = RichTable(
        box=None,
        pad_edge=False,
        padding=(0, 2, 0, 0),
        header_style="bold",
        title=Text(clean(table.title)) if table.title else None,
        title_justify="left",
        title_style="bold",
    )
    for column in table.columns:
        rich.add_column(
            Text(column.heading),
            justify="right" if column.number else "left",
            no_wrap=column.fit is Fit.KEEP,
            min_width=min(12, len(column.heading)) if column.fit is not Fit.KEEP else None,
        )
    for row in table.rows:
        rich.add_row(*(_cell(cell, column.fit) for cell, column in zip(row, table.columns, strict=True)))
    return rich


def _cell(cell: Cell | str, fit: Fit) -> Text:
    text = _text(cell)
    # A column that may shrink must be wrappable in rich's eyes; that its text is cut instead is said here.
    text.no_wrap = fit is not Fit.WRAP
    text.overflow = "ellipsis" if fit is Fit.CUT else "fold"
    return text


def _text(cell: Cell | str) -> Text:
    return Text(text_of(cell), style=STYLES[cell.tone] if isinstance(cell, Cell) else "")
