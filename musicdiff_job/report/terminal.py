"""Tables and sentences on a terminal, with colours and fitted to its width. The only module besides ``progress``
that imports rich.

Text reaches rich only as ``Text``, never as markup, so a name cannot format anything.

A table is fitted in three steps. Columns that must keep their width do, names get what they need as far as it goes, and
what remains is for columns that wrap. A text that is wider than such a column goes on below itself if the column is
the last and wide enough to read; else it stands below its row, where it has the whole width, instead of as a tower of
single words. Where not even short names would fit, each row becomes a paragraph.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TextIO, assert_never

from rich.cells import cell_len
from rich.console import Console, Group
from rich.padding import Padding
from rich.text import Text

from musicdiff_job.report.text import Block, Cell, Column, Fit, Lines, Table, Tone, clean, text_of

STYLES = {Tone.PLAIN: "", Tone.GOOD: "green", Tone.BUSY: "yellow", Tone.BAD: "bold red", Tone.FAINT: "dim"}

GAP = 2
"""Columns between two of a table's."""
NAME = 16
"""Columns that a name should have at least, where it needs as many."""
READABLE = 40
"""Columns in which sentences can be read."""


def show_blocks(blocks: Iterable[Block], *, file: TextIO | None = None, width: int | None = None) -> None:
    """Write blocks to a terminal (stdout unless ``file`` is given), an empty line between two of them.

    NO_COLOR and the terminal's width are respected; ``width`` overrides the latter.
    """
    console = Console(file=file, width=width, highlight=False, markup=False, emoji=False)
    first = True
    for block in blocks:
        rendered = _rendered(block, console)
        if rendered is None:
            continue
        if not first:
            console.print()
        first = False
        console.print(rendered)


def _rendered(block: Block, console: Console) -> Text | Group | None:
    match block:
        case Lines():
            return Group(*map(_line, block.lines)) if block.lines else None
        case Table():
            if not block.rows:
                return Text(clean(block.nothing)) if block.nothing else None
            title = [Text(clean(block.title), style="bold")] if block.title else []
            return Group(*title, *_table(block, console))
        case _:
            assert_never(block)


def _line(line: Cell | str) -> Text | Padding:
    """A line whose continuation, where the terminal is too narrow, begins below its own beginning."""
    text = _text(line)
    indent = len(text.plain) - len(text.plain.lstrip(" "))
    return Padding(text[indent:], (0, 0, 0, indent), expand=False) if indent else text


def _table(table: Table, console: Console) -> Iterator[Text | Padding]:
    rows = [[_text(cell) for cell in row] for row in table.rows]
    widths = _widths(table.columns, rows, console.width)
    if widths is None:
        for row in rows:
            yield from _paragraph(table.columns, row)
        return
    yield _row([Text(column.heading, style="bold") for column in table.columns], table.columns, widths)
    before = sum(widths[:-1]) + GAP * (len(widths) - 1)
    for row in rows:
        further: list[Text] = []
        if table.columns[-1].fit is Fit.WRAP and widths[-1] >= READABLE:
            row[-1], *further = row[-1].wrap(console, widths[-1])
        below = [
            at
            for at, column in enumerate(table.columns)
            if column.fit is Fit.WRAP and cell_len(row[at].plain) > widths[at]
        ]
        yield _row([Text() if at in below else text for at, text in enumerate(row)], table.columns, widths)
        yield from (Padding(text, (0, 0, 0, before), expand=False) for text in further)
        for at in below:
            told = Text.assemble((f"{table.columns[at].heading.lower()}: ", "dim"), row[at])
            yield Padding(told, (0, 0, 0, 2), expand=False)


def _widths(columns: Sequence[Column], rows: list[list[Text]], width: int) -> list[int] | None:
    """How wide each column becomes; None where the table does not fit."""
    wanted = [
        max(cell_len(column.heading), *(cell_len(row[at].plain) for row in rows)) for at, column in enumerate(columns)
    ]
    least = [
        need
        if column.fit is Fit.KEEP
        else min(need, NAME)
        if column.fit is Fit.CUT
        else min(need, cell_len(column.heading))
        for need, column in zip(wanted, columns, strict=True)
    ]
    left = width - sum(least) - GAP * (len(columns) - 1)
    if left < 0:
        return None
    # First what is short in columns that wrap, then names that are not excessively long, then reasons, then any name.
    for fit, most in ((Fit.WRAP, 8), (Fit.CUT, 40), (Fit.WRAP, width), (Fit.CUT, width)):
        for at, column in enumerate(columns):
            if column.fit is fit:
                more = max(0, min(left, min(wanted[at], most) - least[at]))
                least[at] += more
                left -= more
    return least


def _row(cells: Sequence[Text], columns: Sequence[Column], widths: Sequence[int]) -> Text:
    line = Text(no_wrap=True, end="")
    for at, (cell, column, wide) in enumerate(zip(cells, columns, widths, strict=True)):
        cell = cell.copy()
        cell.truncate(wide, overflow="ellipsis")
        fill = " " * (wide - cell_len(cell.plain))
        line.append_text(Text(fill) + cell if column.number else cell + Text(fill))
        line.append(" " * GAP if at < len(columns) - 1 else "")
    line.rstrip()
    line.end = "\n"
    return line


def _paragraph(columns: Sequence[Column], row: Sequence[Text]) -> Iterator[Text | Padding]:
    """The first cell, and below it all others that say something, each after its heading."""
    row[0].stylize("bold")
    yield row[0]
    told = [
        Text.assemble((f"{column.heading.lower()} ", "dim"), text)
        for column, text in list(zip(columns, row, strict=True))[1:]
        if text.plain not in ("", "-")
    ]
    yield Padding(Text(", ").join(told), (0, 0, 0, 2), expand=False)


def _text(cell: Cell | str) -> Text:
    return Text(text_of(cell), style=STYLES[cell.tone] if isinstance(cell, Cell) else "")
