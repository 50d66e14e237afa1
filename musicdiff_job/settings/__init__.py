"""What the user asked for: flags over environment over file over defaults, as frozen values.

``load`` reads everything once, at the edge, and reports all problems together; the rest of the program only ever sees
``Settings`` and ``Credentials``. The parts, in reading order: ``model`` (every setting is one row), ``kinds`` and
``quantities`` (the grammar of values), ``loading`` (the order of the sources), ``document``, ``toml_file``,
``environment``, ``env_file``, ``credentials`` (the sources), ``places`` (paths), ``schema``.
"""

from __future__ import annotations

import json
from typing import Any

import msgspec

from musicdiff_job.settings.credentials import Credentials, Missing
from musicdiff_job.settings.document import EVERY
from musicdiff_job.settings.loading import Loaded, Reading, Refused, load
from musicdiff_job.settings.model import Settings
from musicdiff_job.settings.rows import ROWS, RULE_ROWS

__all__ = [
    "EVERY",
    "Credentials",
    "Described",
    "Loaded",
    "Missing",
    "Reading",
    "Refused",
    "Settings",
    "describe",
    "json_schema",
    "load",
]


class Described(msgspec.Struct, frozen=True):
    """One setting for the documentation: its key, its default as TOML ("" for none), what it means, the values it
    takes, and its environment variable."""

    key: str
    default: str
    meaning: str
    accepted: str
    variable: str


def describe() -> tuple[Described, ...]:
    """Every setting, in the order of the file; keys of playlist rules as ``playlist.match``."""
    rows = [*(row for section in ROWS.values() for row in section.values()), *RULE_ROWS.values()]
    return tuple(
        Described(
            row.key,
            # JSON writes texts, numbers, truth values and lists as TOML does.
            "" if row.default is None else json.dumps(row.kind.show(row.default), ensure_ascii=False),
            row.meaning,
            row.kind.accepted,
            "MUSICDIFF_PLAYLIST" if row.section == "playlist" else row.variable,
        )
        for row in rows
    )


def json_schema() -> dict[str, Any]:
    """The JSON Schema (draft 2020-12) of the settings file."""
    from musicdiff_job.settings import schema  # run as a program too, so it must not be imported with the package

    return schema.json_schema()
