"""Older checkpoints, brought up to date by pure functions, one per schema, applied in order.

Theory. Schema ``N`` becomes ``N + 1`` by the function registered under ``N``; a document of any age walks the chain.
A migration works on plain JSON values, never on the structs, because the structs only know today's shape. It may
rely on the document being whole (its checksum was checked before), so it need not guard against damage, and it must
not change its argument. Adding one means: raise ``checkpoint.SCHEMA``, register the function under the old number,
and keep a document of the old schema among the tests.

Schema 2 holds the same as schema 1. Its checksum is computed in another order (see ``document``).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from musicdiff_job.core.checkpoint import SCHEMA
from musicdiff_job.core.errors import CheckpointInvalid

FIRST_SCHEMA = 1

Body = dict[str, Any]
"""A checkpoint's body as JSON values."""
Migration = Callable[[Body], Body]
"""The body of one schema in, the body of the next one out."""

MIGRATIONS: Mapping[int, Migration] = {1: dict}


def assert_total(migrations: Mapping[int, Migration], schema: int) -> None:
    """Raise ``AssertionError`` unless there is exactly one migration for every schema before ``schema``."""
    expected = set(range(FIRST_SCHEMA, schema))
    if set(migrations) != expected:
        raise AssertionError(f"migrations exist for {sorted(migrations)}, needed are {sorted(expected)}")


assert_total(MIGRATIONS, SCHEMA)


def migrate(body: Body, schema: int, *, to: int = SCHEMA, migrations: Mapping[int, Migration] = MIGRATIONS) -> Body:
    """``body`` of ``schema`` as it would be under schema ``to``; ``body`` itself when they are the same.

    Raises ``CheckpointInvalid`` for a schema that never existed. A schema above ``to`` must have been refused before.
    """
    if not FIRST_SCHEMA <= schema <= to:
        raise CheckpointInvalid(f"the checkpoint's schema is {schema}; this version knows {FIRST_SCHEMA} to {to}")
    for step in range(schema, to):
        body = migrations[step](body)
    return body
