"""The JSON Schema of the settings file, made from the same rows as the parser.

``python -m musicdiff_job.settings.schema > musicdiff_job/settings/musicdiff.schema.json`` writes the shipped copy; a
test compares both. Editors use it by a ``#:schema`` comment at the head of the file or by their own settings.
"""

from __future__ import annotations

import json
import sys

from musicdiff_job.settings.document import PROFILE_NAME, PROFILES, RULES
from musicdiff_job.settings.kinds import Schema
from musicdiff_job.settings.model import PlaylistRule
from musicdiff_job.settings.rows import ROWS, RULE_ROWS, SECTIONS, Row

DIALECT = "https://json-schema.org/draft/2020-12/schema"


def json_schema() -> Schema:
    """The schema, as a JSON document."""
    definitions = {section: _table(rows, _doc(SECTIONS[section])) for section, rows in ROWS.items()}
    definitions[RULES] = _table(RULE_ROWS, _doc(PlaylistRule))
    sections: Schema = {section: {"$ref": f"#/$defs/{section}"} for section in ROWS}
    sections[RULES] = {
        "type": "array",
        "items": {"$ref": f"#/$defs/{RULES}"},
        "description": "Rules for playlists; the first that matches counts.",
    }
    definitions["profile"] = {
        "type": "object",
        "description": "Overlays the sections of the file.",
        "properties": sections,
        "additionalProperties": False,
    }
    profiles = {
        "type": "object",
        "description": "Settings for each of several accounts, selected by --profile.",
        "propertyNames": {"pattern": PROFILE_NAME},
        "additionalProperties": {"$ref": "#/$defs/profile"},
    }
    return {
        "$schema": DIALECT,
        "title": "Settings of musicdiff-job",
        "type": "object",
        "properties": {**sections, PROFILES: profiles},
        "additionalProperties": False,
        "$defs": definitions,
    }


def written() -> str:
    """The schema as the text of the shipped file."""
    return json.dumps(json_schema(), indent=2, ensure_ascii=False) + "\n"


def _doc(struct: type) -> str:
    return " ".join((struct.__doc__ or "").split())


def _table(rows: dict[str, Row], description: str) -> Schema:
    return {
        "type": "object",
        "description": description,
        "properties": {name: _property(row) for name, row in rows.items()},
        "additionalProperties": False,
    }


def _property(row: Row) -> Schema:
    default: Schema = {} if row.default is None else {"default": row.kind.show(row.default)}
    return {**row.kind.schema(), "description": row.meaning, **default}


if __name__ == "__main__":
    sys.stdout.write(written())
