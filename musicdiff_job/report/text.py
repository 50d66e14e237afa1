"""Text for people: what a name may contain, tables, durations and dates.

Names of playlists, tracks and artists come from strangers. An escape sequence in one could rewrite the terminal's
title or its screen, a bidirectional control could turn a line around, a line break could fake a line of output, and
what reads ``::add-mask::`` is obeyed by CI systems, ``<0>`` by systemd's journal. So every renderer here passes each
piece of text through ``clean``, a name besides through ``named``, and nothing else is ever printed.

A ``Table`` is a value. ``plain`` renders it for pipes and files: aligned, never cut, no colour. ``report.terminal``
renders the same table for a terminal.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from itertools import accumulate, takewhile

from musicdiff_job.core.ci_commands import defused
from musicdiff_job.core.harmless import JOINERS, UNSHOWABLE
from musicdiff_job.core.model import Item
from musicdiff_job.core.timestamps import from_iso

NAME_COLUMNS = 300
"""No name is shown wider. Spotify's playlists have at most 200 characters (observed), and few tracks more than 300."""
LONGEST = 2_000
"""Columns of any one piece of text, with whatever names are in it."""
MOST_MARKS = 10
"""Accents on one letter; no script stacks as many, and more of them paint over the lines above and below."""


def clean(text: str) -> str:
    """``text`` on one line, with everything that could act on a terminal or a CI system made visible as U+FFFD.

    Line breaks, tabs and other separators become a space. Ordinary text of any script is returned unchanged.
    """
    if not (text.isascii() and text.isprintable()):
        text = "".join(_shown(char) for char in _unflooded(text))
    return defused(text, "\ufffd") if "::" in text or "#" in text or "<" in text or not text.isascii() else text


def named(name: str) -> str:
    """A name, cleaned and at most ``NAME_COLUMNS`` columns wide."""
    return shortened(clean(name), NAME_COLUMNS)


def shortened(text: str, columns: int) -> str:
    """``text`` cut to ``columns`` columns of a terminal, ending in ``…`` when something was left out."""
    if width(text) <= columns:
        return text
    taken = accumulate(map(_columns, text))
    kept = sum(1 for _ in takewhile(lambda total: total < columns, taken))
    return f"{text[:kept]}…"


def _unflooded(text: str) -> Iterator[str]:
    marks = 0
    for char in text:
        marks = marks + 1 if unicodedata.category(char) in {"Mn", "Me"} else 0
        if marks <= MOST_MARKS:
            yield char


def _shown(char: str) -> str:
    if char in "\t\n\r\v\f\x85\u2028\u2029":
        return " "
    if char not in JOINERS and unicodedata.category(char) in UNSHOWABLE:
        return "\ufffd"
    return char


class Tone(StrEnum):
    """How a cell is meant; terminals show it as a colour."""

    PLAIN = "plain"
    GOOD = "good"
    BUSY = "busy"
    BAD = "bad"
    FAINT = "faint"


@dataclass(frozen=True, slots=True)
class Cell:
    """A piece of text and how it is meant."""

    text: str
    tone: Tone = Tone.PLAIN


class Fit(StrEnum):
    """What a column does in a narrow terminal: keep its width, cut its text (which is a name's), or wrap it."""

    KEEP = "keep"
    CUT = "cut"
    WRAP = "wrap"


@dataclass(frozen=True, slots=True)
class Column:
    """A column's heading. ``number`` aligns to the right."""

    heading: str
    number: bool = False
    fit: Fit = Fit.KEEP


@dataclass(frozen=True, slots=True)
class Table:
    """Rows under headings. ``nothing`` is what to say instead when there are none."""

    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell | str, ...], ...]
    nothing: str = ""
    title: str = ""


@dataclass(frozen=True, slots=True)
class Lines:
    """Sentences, one a line."""

    lines: tuple[Cell | str, ...]


Block = Table | Lines


def text_of(cell: Cell | str) -> str:
    """The text of a cell, cleaned and of bounded width."""
    return shortened(clean(cell.text if isinstance(cell, Cell) else cell), LONGEST)


def fitted(cell: Cell | str, fit: Fit) -> str:
    """The text of a cell, cleaned, and cut where it is a name's."""
    text = text_of(cell)
    return shortened(text, NAME_COLUMNS) if fit is Fit.CUT else text


def width(text: str) -> int:
    """How many columns ``text`` takes in a terminal: two for East Asian wide characters, none for marks."""
    if text.isascii():
        return len(text)
    return sum(map(_columns, text))


def _columns(char: str) -> int:
    if unicodedata.category(char) in {"Mn", "Me", "Cf"}:
        return 0
    return 2 if unicodedata.east_asian_width(char) in {"W", "F"} else 1


def pad(text: str, columns: int, *, right: bool = False) -> str:
    """``text`` filled with spaces to ``columns`` columns of a terminal."""
    fill = " " * (columns - width(text))
    return fill + text if right else text + fill


def plain(blocks: Iterable[Block]) -> str:
    """Blocks as text without colours, an empty line between two blocks, each line ended."""
    return "\n".join(part for part in (_plain(block) for block in blocks) if part)


def _plain(block: Block) -> str:
    match block:
        case Lines():
            return "".join(f"{text_of(line)}\n" for line in block.lines)
        case Table():
            return _plain_table(block)


def _plain_table(table: Table) -> str:
    if not table.rows:
        return f"{clean(table.nothing)}\n" if table.nothing else ""
    grid = [
        [column.heading for column in table.columns],
        *([fitted(cell, column.fit) for cell, column in zip(row, table.columns, strict=True)] for row in table.rows),
    ]
    widths = [max(map(width, texts)) for texts in zip(*grid, strict=True)]
    lines = [
        "  ".join(
            pad(text, columns, right=column.number)
            for text, columns, column in zip(row, widths, table.columns, strict=True)
        ).rstrip()
        for row in grid
    ]
    return "\n".join([*([clean(table.title)] if table.title else []), *lines, ""])


def count(number: int, noun: str, plural: str = "") -> str:
    """``1 track``, ``2 tracks``, ``1,200 tracks``."""
    return f"{number:,} {noun if number == 1 else plural or noun + 's'}"


def entries(number: int, items: Iterable[Item]) -> str:
    """``1 track``, ``2 albums``, ``3 entries`` where ``items`` are of several kinds or unknown."""
    kinds = set(items)
    return count(number, kinds.pop()) if len(kinds) == 1 else count(number, "entry", "entries")


def number(value: int) -> str:
    """A number in a table; nothing for zero, so that what happened stands out."""
    return f"{value:,}" if value else "-"


def duration(seconds: float) -> str:
    """``0.4 s``, ``12 s``, ``3 min 20 s``, ``5 h 10 min``, ``2 days 4 h``."""
    if seconds < 10:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    for name, unit, below, smaller in (("days", 86_400, "h", 3_600), ("h", 3_600, "min", 60), ("min", 60, "s", 1)):
        if whole >= unit:
            rest = whole % unit // smaller
            name = "day" if name == "days" and whole // unit == 1 else name
            return f"{whole // unit} {name}" + (f" {rest} {below}" if rest else "")
    return f"{whole} s"


def moment(iso: str | None, now: datetime) -> str:
    """``2026-11-21 12:00 UTC (5 min ago)`` or ``(in 2 h)``; ``never`` for None; text that is no time as it is."""
    if not iso:
        return "never"
    try:
        then = from_iso(iso)
    except ValueError:
        return iso
    seconds = (now - then).total_seconds()
    if abs(seconds) < 60:
        distance = "now"
    elif seconds > 0:
        distance = f"{_roughly(seconds)} ago"
    else:
        distance = f"in {_roughly(-seconds)}"
    return f"{then.astimezone(UTC):%Y-%m-%d %H:%M} UTC ({distance})"


def distance(iso: str | None, now: datetime) -> str:
    """Only how long ago, or how far ahead: ``5 min ago``, ``in 2 h``, ``never``."""
    return moment(iso, now).rpartition("(")[2].rstrip(")")


def _roughly(seconds: float) -> str:
    for unit, size in (("days", 86_400), ("h", 3_600)):
        if seconds >= 2 * size:
            return f"{seconds / size:.0f} {unit}"
    return f"{seconds / 60:.0f} min"
