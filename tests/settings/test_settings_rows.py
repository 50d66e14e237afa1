"""The rows: every setting has one, its default is of its kind, and the documentation's settings are these."""

from __future__ import annotations

import json
import os
import re
import tomllib
from pathlib import Path

import pytest

from musicdiff_job.settings import describe
from musicdiff_job.settings.document import read_document
from musicdiff_job.settings.findings import Findings
from musicdiff_job.settings.rows import ROWS, RULE_ROWS

ALL = [*(row for rows in ROWS.values() for row in rows.values()), *RULE_ROWS.values()]


@pytest.mark.parametrize("row", [row for row in ALL if row.default is not None], ids=lambda row: row.key)
def test_a_default_is_of_its_kind(row: object) -> None:
    kind, default = row.kind, row.default  # type: ignore[attr-defined]
    assert kind.read(kind.show(default)) == default


def test_the_description_is_complete_and_is_toml() -> None:
    described = describe()
    assert [entry.key for entry in described] == [row.key for row in ALL]
    for entry in described:
        assert entry.meaning and entry.accepted
        assert entry.variable == "MUSICDIFF_" + (
            "PLAYLIST" if entry.key.startswith("playlist.") else entry.key.replace(".", "_").upper()
        )
        if entry.default:
            assert tomllib.loads(f"x = {entry.default}")["x"] == json.loads(entry.default)


def test_the_product_description_names_the_same_settings_with_the_same_defaults() -> None:
    folder = os.environ.get("MUSICDIFF_REFERENCE_DATA")
    page = Path(folder or "/nonexistent").parent / "design" / "product.md"
    if not folder or not page.exists():
        pytest.skip("MUSICDIFF_REFERENCE_DATA does not point to the reference folder")
    found = re.search(r"```toml\n(.*?)```", page.read_text(encoding="utf-8"), re.DOTALL)
    assert found
    # Some lines of the page hold several settings with semicolons between them, for brevity.
    text = re.sub(r'(?<=["\]0-9]); (?=[a-z_]+ = )', "\n", found[1])
    tables = tomllib.loads(text)
    findings = Findings()
    document = read_document(tables, str, Path("/"), findings)
    assert not findings.problems
    rows = {row.key: row for row in ALL}
    for key, given in document.values.items():
        if key != "playlist":
            assert given.value == rows[key].default, key
    ours = {"deezer.requests_per_5s", "deezer.write_interval", "spotify.token_store", "spotify.interval"}
    assert set(rows) - set(document.values) == ours | {"source.path", "target.path"} | {
        row.key for row in RULE_ROWS.values()
    }
