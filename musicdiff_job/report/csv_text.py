"""Rows of CSV for spreadsheets: every cell quoted, because some part at semicolons, and none that one would
calculate."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable

from musicdiff_job.report.text import LONGEST, clean, shortened

_FORMULA = frozenset("=+-@\t\r＝＋－＠")
"""With what a cell begins that a spreadsheet would calculate."""


def csv_row(cells: Iterable[str]) -> str:
    """One row, ended. Each cell is text of bounded width: what would begin a formula is preceded by an apostrophe,
    whatever blanks stand before it."""
    out = io.StringIO()
    csv.writer(out, quoting=csv.QUOTE_ALL, lineterminator="\n").writerow(map(_harmless, cells))
    return out.getvalue()


def _harmless(cell: str) -> str:
    formula = cell[:1] in _FORMULA or cell.strip()[:1] in _FORMULA
    return shortened(clean(f"'{cell}" if formula and cell else cell), LONGEST)
