"""Every cell of the tables in ``docs/hostile-services.md``: the fault is put in force, the job runs, and what the table
says must be what happens; then the fault is lifted, and all must end well.

By default a sample that has every fault, every endpoint and every word of every table; with ``MUSICDIFF_TORTURE`` set,
all of them. ``python tests/torture_hostile.py`` does the same without pytest and counts.
"""

from __future__ import annotations

import os

import pytest
from hostile_faults import ALL_FAULTS
from hostile_stage import WORLDS, prepared
from hostile_table import cells, columns, entries, sample, words
from hostile_trial import MEANINGS, Cell, attempt

ALL = list(cells())
CHOSEN = ALL if os.environ.get("MUSICDIFF_TORTURE") else sample(ALL)


def test_every_endpoint_that_the_job_calls_has_its_column_and_no_other() -> None:
    called = {endpoint for world in WORLDS for endpoint in prepared(world).endpoints()}
    named = [endpoint for endpoints in columns().values() for endpoint in endpoints]
    assert set(named) == called
    assert len(named) == len(called), "an endpoint stands in two columns"
    assert {entry.column for entry in entries()} == set(columns())


def test_every_fault_and_every_word_is_used_and_explained() -> None:
    assert {entry.fault for entry in entries()} == set(ALL_FAULTS)
    assert words() == set(MEANINGS)
    assert {entry.word(times) for entry in entries() for times in ("once", "always")} == words()


def test_a_dash_stands_where_there_is_no_such_fault() -> None:
    tested = {(cell.fault, cell.endpoint) for cell in ALL}
    for entry in entries():
        assert any((entry.fault, endpoint) in tested for endpoint in columns()[entry.column]), entry


def test_the_sample_has_every_fault_every_endpoint_and_every_word() -> None:
    chosen = sample(ALL)
    assert {cell.fault for cell in chosen} == {cell.fault for cell in ALL}
    assert {cell.endpoint for cell in chosen} == {cell.endpoint for cell in ALL}
    assert {cell.word for cell in chosen} == words()


@pytest.mark.parametrize("cell", CHOSEN, ids=str)
def test_what_the_table_says_is_what_happens(cell: Cell) -> None:
    assert attempt(cell) == []
