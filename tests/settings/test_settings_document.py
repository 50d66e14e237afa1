"""Walking a document: unknown names, credentials, rules and profiles."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from musicdiff_job.settings.choices import Direction, HandEdits
from musicdiff_job.settings.document import Document, is_profile_name, read_document, read_rules
from musicdiff_job.settings.findings import CREDENTIALS, Findings
from musicdiff_job.settings.model import PlaylistRule
from musicdiff_job.settings.quantities import Window

FOLDER = Path("/folder")


def read(tables: dict[str, Any]) -> tuple[Document, list[str]]:
    findings = Findings()
    return read_document(tables, lambda path: ".".join(map(str, path)), FOLDER, findings), findings.problems


def test_typed_values_by_key() -> None:
    document, problems = read({"budget": {"time": "1h", "calls": 5}, "profiles": {"a": {"budget": {"calls": 6}}}})
    assert not problems
    assert {key: given.value for key, given in document.values.items()} == {"budget.time": 3600.0, "budget.calls": 5}
    assert document.profiles["a"]["budget.calls"].value == 6
    assert document.values["budget.calls"].folder == FOLDER


def test_rules() -> None:
    rule = {"match": "Gym*", "every": "6h", "window": "02:00-06:00", "timezone": "Europe/Paris", "priority": 10}
    document, problems = read({"playlist": [rule | {"hand_edits": "overwrite", "direction": "both"}, {}]})
    assert not problems
    assert document.values["playlist"].value == (
        PlaylistRule("Gym*", 21600.0, Window(120, 360), "Europe/Paris", 10, HandEdits.OVERWRITE, Direction.BOTH),
        PlaylistRule(),
    )


@pytest.mark.parametrize(
    ("tables", "problem"),
    [
        ({"sync": {"inclde": 1}}, "sync.inclde: sync.inclde is not a setting; did you mean sync.include?"),
        ({"sync": {"calls": 1}}, "sync.calls: sync.calls is not a setting; did you mean budget.calls?"),
        (
            {"log": {"zzzz": 1}},
            "log.zzzz: log.zzzz is not a setting; log takes format, level, file, max_bytes, backups",
        ),
        ({"budgt": {}}, "budgt: budgt is not a section; did you mean budget?"),
        ({"calls": 1}, "calls: calls is not a section; did you mean budget.calls?"),
        ({"sync": 1}, "sync: sync must be a table, [sync]"),
        ({"playlist": {}}, "playlist: playlist must be a list of rules, each [[playlist]]"),
        ({"playlist": [1]}, "playlist: playlist must be a list of rules, each [[playlist]]"),
        (
            {"playlist": [{}, {"evry": 1}]},
            "playlist.1.evry: playlist.evry is not a setting; did you mean playlist.every?",
        ),
        ({"profiles": 1}, "profiles: profiles must be a table of profiles, [profiles.NAME]"),
        ({"profiles": {"a": 1}}, "profiles.a: profiles.a must be a table"),
        ({"profiles": {"a": {"sync": {"inclde": 1}}}}, "profiles.a.sync.inclde: sync.inclde is not a setting"),
        ({"profiles": {"../x": {}}}, 'profiles.../x: profiles."../x" is no name for a profile'),
        ({"profiles": {"a": {"profiles": {}}}}, "profiles.a.profiles: profiles.a.profiles is not a section"),
        ({"spotify": {"token_stroe": "x"}}, "did you mean spotify.token_store?"),
        ({"sync": {"a\x1bb": 1}}, 'sync."a\\u001bb" is not a setting'),
    ],
)
def test_problems(tables: dict[str, Any], problem: str) -> None:
    _, problems = read(tables)
    assert len(problems) == 1 and problem in problems[0]


def test_a_profile_of_a_wrong_name_is_refused_though_its_settings_are_read() -> None:
    _, problems = read({"profiles": {"a b": {"budget": {"calls": 0}}}})
    assert len(problems) == 2


@pytest.mark.parametrize(
    ("section", "key", "variable"),
    [
        ("spotify", "client_secret", "SPOTIFY_CLIENT_SECRET"),
        ("spotify", "clientSecret", "SPOTIFY_CLIENT_SECRET"),
        ("spotify", "refresh_token", "SPOTIFY_REFRESH_TOKEN"),
        ("spotify", "client_id", "SPOTIFY_CLIENT_ID"),
        ("spotify", "authorized_at", "SPOTIFY_AUTHORIZED_AT"),
        ("deezer", "arl", "DEEZER_ARL"),
        ("deezer", "ARL", "DEEZER_ARL"),
        ("deezer", "access_token", "DEEZER_ACCESS_TOKEN"),
        ("sync", "DEEZER_ARL", "DEEZER_ARL"),
        ("credentials", "spotify_refresh_token", "SPOTIFY_REFRESH_TOKEN"),
        ("deezer", "cookie", "environment"),
        ("deezer", "apiKey", "environment"),
        ("notify", "password", "environment"),
    ],
)
def test_credentials_are_refused_and_not_echoed(section: str, key: str, variable: str) -> None:
    for tables in ({section: {key: "hush-hush"}}, {"profiles": {"a": {section: {key: "hush-hush"}}}}):
        _, problems = read(tables)
        text = "\n".join(problems)
        assert "is a credential" in text and "hush" not in text
        assert variable in text or section == "credentials"


@pytest.mark.parametrize("name", CREDENTIALS)
def test_credentials_at_the_top_are_refused(name: str) -> None:
    _, problems = read({name: "hush-hush", name.lower(): "hush-hush"})
    assert len(problems) == 2
    assert all(f"set {name}," in problem and "hush" not in problem for problem in problems)


def test_credentials_in_an_unknown_section_are_found_too() -> None:
    _, problems = read({"account": {"arl": "hush", "arl_token": "hush"}})
    assert len(problems) == 3 and "hush" not in "".join(problems)


def test_rules_alone_are_not_returned_with_problems() -> None:
    findings = Findings()
    assert read_rules([{"every": "soon"}], str, FOLDER, findings) is None
    assert len(findings.problems) == 1


@pytest.mark.parametrize(
    ("name", "good"), [("default", True), ("a.b-c_1", True), ("", False), (".a", False), ("a/b", False), ("a\n", False)]
)
def test_profile_names(name: str, good: bool) -> None:
    assert is_profile_name(name) is good
