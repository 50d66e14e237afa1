"""The shipped schema is the generated one, is valid, and says what the parser does."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from hypothesis import given
from hypothesis import settings as steady
from hypothesis import strategies as st

from musicdiff_job import settings
from musicdiff_job.settings.document import read_document
from musicdiff_job.settings.findings import Findings
from musicdiff_job.settings.rows import ROWS, RULE_ROWS
from musicdiff_job.settings.schema import json_schema, written

SHIPPED = Path(settings.__file__).parent / "musicdiff.schema.json"
VALIDATOR = jsonschema.Draft202012Validator(json_schema())
BEYOND = {"sync.include", "sync.exclude", "matching.retry_unmatched", "playlist.match", "playlist.timezone"}
"""Keys for which the parser asks more than a schema can."""

SAMPLES: dict[str, list[object]] = {
    "duration": ["10m", "1h30m", 90, 0.5, "7d"],
    "percent": ["30%", "0%"],
    "window": ["02:00-06:00", "22:00-24:00"],
    "text": ["x", "{name}", "a {name} b"],
    "place": ["x", "s3://bucket/key", ""],
    "url": ["https://x.example/y", "json://host", ""],
    "number": [1, 5, 50, 0, 0.5],
    "flag": [True, False],
    "list": [[], ["*"], ["liked", "albums"], ["json://x"], ["1d", "3d"], ["failure"]],
    "choice": ["keep", "detach", "private", "favourites", "spotify", "deezer", "auto", "info", "both", "export"],
}
ANY = st.one_of(
    st.sampled_from([sample for samples in SAMPLES.values() for sample in samples]),
    st.none(),
    st.integers(),
    # JSON, which a schema speaks of, has no "not a number"; that the parser refuses it is tested with the kinds.
    st.floats(allow_nan=False),
    st.text(max_size=5).filter(lambda text: not text.endswith("\n")),
    st.lists(st.one_of(st.text(max_size=3).filter(lambda text: not text.endswith("\n")), st.integers()), max_size=2),
    st.dictionaries(st.text(max_size=3), st.integers(), max_size=2),
)
EXACT = [row for rows in ROWS.values() for row in rows.values() if row.key not in BEYOND]
EXACT_RULES = [row for row in RULE_ROWS.values() if row.key not in BEYOND]


def parses(tables: dict[str, Any]) -> bool:
    findings = Findings()
    read_document(tables, str, Path("/"), findings)
    return not findings.problems


def accepts(tables: dict[str, Any]) -> bool:
    return VALIDATOR.is_valid(tables)  # type: ignore[arg-type, unused-ignore]


def test_the_schema_itself_is_valid() -> None:
    jsonschema.Draft202012Validator.check_schema(json_schema())
    assert settings.json_schema() == json_schema()


def test_the_shipped_schema_is_the_generated_one() -> None:
    assert SHIPPED.read_text(encoding="utf-8") == written()


def test_the_command_writes_it() -> None:
    command = [sys.executable, "-W", "error", "-m", "musicdiff_job.settings.schema"]
    assert subprocess.run(command, capture_output=True, check=True, text=True).stdout == written()


@pytest.mark.parametrize("row", EXACT, ids=lambda row: row.key)
def test_schema_and_parser_agree_on_every_key(row: Any) -> None:
    default = {row.section: {row.name: row.kind.show(row.default)}}
    assert accepts(default) and parses(default)

    @given(ANY)
    @steady(max_examples=30)
    def agree(value: object) -> None:
        tables = {row.section: {row.name: value}}
        assert accepts(tables) is parses(tables)
        assert accepts({"profiles": {"a": tables}}) is parses({"profiles": {"a": tables}})

    agree()


@given(st.lists(st.dictionaries(st.sampled_from([row.name for row in EXACT_RULES]), ANY, max_size=3), max_size=3))
def test_schema_and_parser_agree_on_rules(rules: list[dict[str, object]]) -> None:
    assert accepts({"playlist": rules}) is parses({"playlist": rules})


@given(st.dictionaries(st.sampled_from(sorted(BEYOND)), ANY, max_size=5))
def test_what_the_schema_refuses_the_parser_refuses(values: dict[str, object]) -> None:
    tables: dict[str, Any] = {}
    for key, value in values.items():
        section, name = key.split(".")
        if section == "playlist":
            tables["playlist"] = [{name: value}]
        else:
            tables.setdefault(section, {})[name] = value
    if parses(tables):
        assert accepts(tables)


@given(
    st.recursive(
        ANY, lambda inner: st.dictionaries(st.sampled_from(["sync", "profiles", "playlist", "a", "name", "arl"]), inner)
    )
)
def test_schema_and_parser_agree_on_shapes(tables: object) -> None:
    if isinstance(tables, dict):
        assert accepts(tables) is parses(tables)


@pytest.mark.parametrize(
    "tables",
    [
        {"sync": {"inclde": []}},
        {"deezer": {"arl": "x"}},
        {"SPOTIFY_CLIENT_SECRET": "x"},
        {"profiles": {"../x": {}}},
        {"profiles": {"a": {"profiles": {}}}},
        {"playlist": [{"evry": "6h"}]},
        {"playlist": {}},
        {"budget": []},
    ],
)
def test_what_both_refuse(tables: dict[str, Any]) -> None:
    assert not accepts(tables) and not parses(tables)


def test_every_property_is_explained() -> None:
    for name, table in json.loads(written())["$defs"].items():
        assert table["description"]
        if name != "profile":
            assert all(row["description"] for row in table["properties"].values())
