"""``docs/hostile-services.md`` as values: its words, its columns, and one test for each cell's meaning."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Final, NamedTuple

from hostile_faults import ALL_FAULTS, FAULTS, ONE_PAGE, PAGED
from hostile_trial import Cell, service_of
from mortal import BEGINNING

DOC: Final = Path(__file__).parent.parent / "docs" / "hostile-services.md"
TIMES: Final = ("once", "always")
ABSENT: Final = "-"
"""What stands in the cell of a fault that a call cannot have."""


class Entry(NamedTuple):
    """One cell as it is written."""

    fault: str
    column: str
    text: str

    def word(self, times: str) -> str:
        """The word for a fault that strikes ``once`` or ``always``."""
        words = self.text.split(" / ")
        return words[0 if times == "once" else -1]


@cache
def tables() -> tuple[tuple[tuple[str, ...], ...], ...]:
    """Every table of the page: rows of cells, the heading's first."""
    found: list[list[tuple[str, ...]]] = []
    inside = False
    for line in DOC.read_text(encoding="utf-8").splitlines():
        if not line.startswith("|"):
            inside = False
            continue
        row = tuple(cell.strip() for cell in line.strip().strip("|").split("|"))
        if set("".join(row)) <= set("-: "):
            continue
        if not inside:
            found.append([])
        found[-1].append(row)
        inside = True
    return tuple(tuple(table) for table in found)


def beginning(heading: str) -> Iterator[tuple[tuple[str, ...], ...]]:
    """The tables whose first column is called so."""
    return (table for table in tables() if table[0][0] == heading)


def words() -> frozenset[str]:
    """The words that the page explains."""
    return frozenset(row[0] for table in beginning("word") for row in table[1:])


@cache
def columns() -> dict[str, tuple[str, ...]]:
    """The endpoints of each column."""
    return {row[0]: tuple(re.findall(r"`([^`]+)`", row[1])) for table in beginning("call") for row in table[1:]}


@cache
def other_addresses() -> tuple[str, ...]:
    """The endpoints that no table has, where only what always holds is tried."""
    return tuple(name for table in beginning("part") for row in table[1:] for name in re.findall(r"`([^`]+)`", row[1]))


def other_trials() -> Iterator[tuple[str, str, str]]:
    """Every fault at each of these, once and always, where there is such a fault."""
    for endpoint in other_addresses():
        for fault in FAULTS:
            for times in TIMES if _variants(fault, service_of(endpoint)) else ():
                yield fault, endpoint, times


def entries() -> list[Entry]:
    """All cells that are not empty."""
    return [
        Entry(fault, column, text)
        for table in beginning("fault")
        for row in table[1:]
        for fault in row[0].split("; ")
        for column, text in zip(table[0][1:], row[1:], strict=True)
        if text != ABSENT
    ]


def cells() -> Iterator[Cell]:
    """Every test of the page."""
    for entry in entries():
        several = entry.fault in PAGED
        for endpoint in (one for one in columns()[entry.column] if not (several and one in ONE_PAGE)):
            for variant in range(_variants(entry.fault, service_of(endpoint))):
                for times in TIMES:
                    yield Cell(entry.fault, variant, endpoint, times, entry.word(times))


@cache
def _variants(fault: str, service: str) -> int:
    return len(ALL_FAULTS[fault](service, BEGINNING))


def sample(chosen: list[Cell]) -> list[Cell]:
    """Few of these that have every fault, every endpoint and every word of every table among them; always the same
    ones. What hangs for ever takes seconds and is left to the long run."""
    left: set[object] = set()
    columns_of = [set(table[0]) for table in beginning("fault")]
    column_of = {endpoint: column for column, endpoints in columns().items() for endpoint in endpoints}

    def shown(cell: Cell) -> set[object]:
        column = column_of[cell.endpoint]
        table = next(number for number, those in enumerate(columns_of) if column in those)
        return {cell.fault, cell.endpoint, (table, cell.word)}

    quick = [cell for cell in chosen if not (cell.fault.startswith("hangs") and cell.times == "always")]
    for cell in quick:
        left |= shown(cell)
    found: list[Cell] = []
    while left:
        best = max(quick, key=lambda cell: len(shown(cell) & left))
        found.append(best)
        left -= shown(best)
    return found
