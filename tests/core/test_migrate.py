"""Schema migrations: the mechanism, with migrations made up for the test."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from musicdiff_job.core.checkpoint import SCHEMA
from musicdiff_job.core.errors import CheckpointInvalid
from musicdiff_job.core.migrate import FIRST_SCHEMA, MIGRATIONS, assert_total, migrate


def _rename(body: dict[str, Any]) -> dict[str, Any]:
    return {**{key: value for key, value in body.items() if key != "lists"}, "mirrors": body["lists"]}


def _count(body: dict[str, Any]) -> dict[str, Any]:
    return {**body, "count": len(body["mirrors"])}


CHAIN = {1: _rename, 2: _count}


def test_every_older_schema_has_exactly_one_migration() -> None:
    assert_total(MIGRATIONS, SCHEMA)
    assert_total(CHAIN, 3)


@pytest.mark.parametrize("migrations", [{}, {1: _rename}, {2: _count}, {**CHAIN, 3: _count}, {0: _count, **CHAIN}])
def test_a_gap_or_a_surplus_is_found(migrations: dict[int, Any]) -> None:
    with pytest.raises(AssertionError, match=r"needed are \[1, 2\]"):
        assert_total(migrations, 3)


def test_migrations_are_applied_in_order_from_the_documents_schema_on() -> None:
    oldest = {"lists": {"a": 1, "b": 2}}
    before = copy.deepcopy(oldest)
    assert migrate(oldest, 1, to=3, migrations=CHAIN) == {"mirrors": {"a": 1, "b": 2}, "count": 2}
    assert migrate({"mirrors": {}}, 2, to=3, migrations=CHAIN) == {"mirrors": {}, "count": 0}
    assert oldest == before


def test_the_present_schema_is_left_as_it_is() -> None:
    body = {"anything": 1}
    assert migrate(body, SCHEMA) is body


@pytest.mark.parametrize("schema", [FIRST_SCHEMA - 1, -1, 4])
def test_a_schema_that_never_existed_is_refused(schema: int) -> None:
    with pytest.raises(CheckpointInvalid, match=f"schema is {schema}"):
        migrate({}, schema, to=3, migrations=CHAIN)
