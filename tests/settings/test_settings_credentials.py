"""Credentials: one word each, never shown, and what is missing is told with its command."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from musicdiff_job.core.secret import Secret
from musicdiff_job.settings.choices import SourceKind, TargetKind
from musicdiff_job.settings.credentials import Credentials, Missing, read_credentials
from musicdiff_job.settings.findings import CREDENTIALS, Findings, Variable

ALL = {
    "SPOTIFY_CLIENT_ID": "client",
    "SPOTIFY_CLIENT_SECRET": "hush-1",
    "SPOTIFY_REFRESH_TOKEN": "hush-2",
    "SPOTIFY_AUTHORIZED_AT": "2026-11-21",
    "DEEZER_ARL": "hush-3",
}


def read(env: dict[str, str]) -> tuple[Credentials, list[str]]:
    findings = Findings()
    variables = {name: Variable(text, name, Path("/")) for name, text in env.items()}
    return read_credentials(variables, findings), findings.problems


def test_all() -> None:
    credentials, problems = read(ALL)
    assert not problems
    assert credentials == Credentials(
        "client", Secret("hush-1"), Secret("hush-2"), date(2026, 11, 21), Secret("hush-3"), None
    )
    assert credentials.secrets() == (Secret("hush-1"), Secret("hush-2"), Secret("hush-3"))
    assert "hush" not in repr(credentials)
    assert set(ALL) | {"DEEZER_ACCESS_TOKEN"} == set(CREDENTIALS)


def test_white_space_around_a_value_is_not_part_of_it() -> None:
    assert read({"DEEZER_ARL": " hush\n"})[0].deezer_arl == Secret("hush")


@pytest.mark.parametrize("value", ["hush hush", "hush\nhush", "hush\x00", "húsh", '"hush"', "'hush'", " "])
@pytest.mark.parametrize("name", [name for name in CREDENTIALS if name != "SPOTIFY_AUTHORIZED_AT"])
def test_values_that_cannot_be_meant_are_not_shown(name: str, value: str) -> None:
    _, problems = read({name: value})
    assert len(problems) == 1 and problems[0].startswith(f"{name}: ")
    assert "hush" not in problems[0] and "húsh" not in problems[0]


@pytest.mark.parametrize("value", ["2026-11-21", "2026-11-21T12:00:00Z", " 2026-11-21\n"])
def test_dates(value: str) -> None:
    assert read({"SPOTIFY_AUTHORIZED_AT": value})[0].spotify_authorized_at == date(2026, 11, 21)


def test_what_is_no_date_is_shown_only_if_it_looks_like_one() -> None:
    assert read({"SPOTIFY_AUTHORIZED_AT": "21.11.2026"})[1] == [
        'SPOTIFY_AUTHORIZED_AT: "21.11.2026" is not a date such as 2026-11-21'
    ]
    assert read({"SPOTIFY_AUTHORIZED_AT": "hush"})[1] == ["SPOTIFY_AUTHORIZED_AT: is not a date such as 2026-11-21"]


def test_both_of_deezers_are_an_error_that_says_which_to_drop() -> None:
    _, problems = read({"DEEZER_ARL": "hush-1", "DEEZER_ACCESS_TOKEN": "hush-2"})
    assert len(problems) == 1 and "unset DEEZER_ACCESS_TOKEN" in problems[0]


def test_what_is_missing() -> None:
    spotify = [Missing(name, "musicdiff-job auth spotify") for name in ("SPOTIFY_CLIENT_ID", "SPOTIFY_REFRESH_TOKEN")]
    deezer = [Missing("DEEZER_ARL or DEEZER_ACCESS_TOKEN", "musicdiff-job auth deezer")]
    assert Credentials().require() == (*spotify, *deezer)
    assert Credentials().require(source=SourceKind.EXPORT) == (*deezer,)
    assert Credentials().require(target=TargetKind.FILES) == (*spotify,)
    assert Credentials().require(SourceKind.EXPORT, TargetKind.FILES) == ()
    assert read(ALL)[0].require() == ()
    assert Credentials(deezer_access_token=Secret("x")).require(source=SourceKind.EXPORT) == ()
