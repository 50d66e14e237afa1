"""Rows of CSV that no spreadsheet calculates."""

from __future__ import annotations

import csv

import pytest
from checkpoint_sample import HOSTILE
from hypothesis import given
from hypothesis import strategies as st

from musicdiff_job.report.csv_text import csv_row


def test_every_cell_is_quoted_and_the_row_ended() -> None:
    assert csv_row(("a", 'b"c', "d;e", "")) == '"a","b""c","d;e",""\n'


@pytest.mark.parametrize("begin", ["=", "+", "-", "@", "\t", "\r", " =", "\u3000=", "＝", "\n="])
def test_no_cell_is_a_formula(begin: str) -> None:
    (cell,) = next(csv.reader([csv_row((f"{begin}1+1",))]))
    assert cell.startswith("'") and cell.endswith("1+1")


@given(st.lists(st.text(st.characters()) | st.just(HOSTILE), min_size=1, max_size=4))
def test_whatever_the_cells_hold_it_is_one_line(cells: list[str]) -> None:
    row = csv_row(cells)
    assert row.count("\n") == 1 and row.endswith("\n")
    assert not set(row) & set("\x1b\x07\x9b\u202e\u2066\r\0")
    assert len(next(csv.reader([row]))) == len(cells)
