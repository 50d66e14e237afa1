"""The settings file to begin with says what the settings are, and nothing else."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

import msgspec
import pytest

from musicdiff_job import settings
from musicdiff_job.settings.choices import Entity, HandEdits
from musicdiff_job.settings.commented import WIDTH, commented
from musicdiff_job.settings.model import PlaylistRule, Settings
from musicdiff_job.settings.rows import ROWS, RULE_ROWS

CHOSEN: dict[str, object] = {
    "sync.entities": (Entity.LIKED, Entity.PLAYLISTS),
    "sync.hand_edits": HandEdits.ASK,
    "checkpoint.url": 's3://bucket/a "quoted" \\ кey\x7f',
}


def parsed(tmp_path: Path, text: str) -> Settings:
    (tmp_path / "musicdiff.toml").write_text(text, encoding="utf-8")
    loaded = settings.load(env={"HOME": str(tmp_path)}, cwd=tmp_path)
    assert loaded.warnings == ()
    return loaded.settings


def opened(text: str) -> str:
    """With every default in force."""
    return re.sub(r"^#(?=[a-z\[])", "", text, flags=re.MULTILINE)


@pytest.mark.parametrize("chosen", [{}, CHOSEN], ids=["none", "three"])
def test_what_is_in_force_is_what_was_chosen(chosen: dict[str, object]) -> None:
    tables = tomllib.loads(commented(chosen))
    inside = {f"{section}.{name}": value for section, rows in tables.items() for name, value in rows.items()}
    assert inside == {key: ROWS[key.split(".")[0]][key.split(".")[1]].kind.show(chosen[key]) for key in chosen}


@pytest.mark.parametrize("open_up", [False, True], ids=["as written", "every # taken away"])
@pytest.mark.parametrize("answers", [{}, CHOSEN], ids=["none", "three"])
def test_it_is_the_defaults_and_the_answers(tmp_path: Path, answers: dict[str, object], open_up: bool) -> None:
    chosen = {key: value for key, value in answers.items() if key != "checkpoint.url"}
    text = commented(chosen)
    expected = parsed(tmp_path, "")
    if open_up:
        expected = msgspec.structs.replace(expected, playlist=(PlaylistRule(),))
    if chosen:
        sync = msgspec.structs.replace(
            expected.sync, entities=chosen["sync.entities"], hand_edits=chosen["sync.hand_edits"]
        )
        expected = msgspec.structs.replace(expected, sync=sync)
    assert parsed(tmp_path, opened(text) if open_up else text) == expected


def test_every_key_is_there_once_with_its_meaning() -> None:
    text = commented({})
    flowing = " ".join(text.replace("\n#", " ").split())
    for section, rows in [*ROWS.items(), ("playlist", RULE_ROWS)]:
        body = text.partition(f"[{section}]")[2]
        for row in rows.values():
            assert len(re.findall(rf"^# ?{row.name} = ", body, re.MULTILINE)) >= 1, row.key
            assert f"{row.meaning} (" in flowing, row.key
    assert max(map(len, text.splitlines())) <= max(WIDTH, 120)


def test_with_every_default_in_force_each_profile_parses_too() -> None:
    tables: dict[str, Any] = tomllib.loads(opened(commented({})))
    assert set(tables) == {*ROWS, "playlist", "profiles"}
    assert tables["playlist"] == [
        {name: row.kind.show(row.default) for name, row in RULE_ROWS.items() if row.default is not None}
    ]
