"""``auth status``: what is set and where, without a call and without a value."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from command_line import CommandLine

ALL = {
    "SPOTIFY_CLIENT_ID": "client-value",
    "SPOTIFY_CLIENT_SECRET": "secret-value",
    "SPOTIFY_REFRESH_TOKEN": "refresh-value",
    "DEEZER_ARL": "arl-value",
}


def days_ago(days: int) -> str:
    return (datetime.now(UTC).date() - timedelta(days=days)).isoformat()  # noqa: TID251 - as the command asks


def test_nothing_is_set(command: CommandLine) -> None:
    result = command("auth", "status")
    assert result.exit_code == 77
    assert "Spotify: missing SPOTIFY_CLIENT_ID and SPOTIFY_REFRESH_TOKEN" in result.stdout
    assert "`musicdiff-job auth spotify`" in result.stdout
    assert "Deezer: missing DEEZER_ARL or DEEZER_ACCESS_TOKEN" in result.stdout


def test_all_is_set_and_no_value_is_shown(command: CommandLine) -> None:
    command.env |= ALL | {"SPOTIFY_AUTHORIZED_AT": days_ago(10)}
    result = command("auth", "status")
    assert result.exit_code == 0
    assert f"Spotify: ok; consent given on {days_ago(10)}, ends on" in result.stdout
    assert "Deezer: ok, by the ARL" in result.stdout
    assert "-value" not in result.output
    assert not list(command.home.iterdir())  # nothing is created by looking


def test_where_each_comes_from(command: CommandLine) -> None:
    (command.home / "secret").write_text("secret-value\n")
    (command.home / "c.env").write_text(
        "SPOTIFY_CLIENT_ID=ignored-value\n\nSPOTIFY_REFRESH_TOKEN=refresh-value\nSPOTIFY_CLIENT_SECRET_FILE=secret\n"
        "DEEZER_ACCESS_TOKEN=token-value\n"
    )
    command.env["SPOTIFY_CLIENT_ID"] = "client-value"
    result = command("auth", "status", "--env-file", "c.env")
    assert result.exit_code == 0
    rows = {line.split()[0]: " ".join(line.split()[1:]) for line in result.stdout.splitlines()[1:7]}
    assert rows == {
        "SPOTIFY_CLIENT_ID": "by SPOTIFY_CLIENT_ID in the environment",
        "SPOTIFY_CLIENT_SECRET": "by SPOTIFY_CLIENT_SECRET_FILE (c.env, line 4)",
        "SPOTIFY_REFRESH_TOKEN": "by SPOTIFY_REFRESH_TOKEN (c.env, line 3)",
        "SPOTIFY_AUTHORIZED_AT": "not set",
        "DEEZER_ARL": "not set",
        "DEEZER_ACCESS_TOKEN": "by DEEZER_ACCESS_TOKEN (c.env, line 5)",
    }
    assert "when the consent ends is not known" in result.stdout
    assert "Deezer: ok, by an access token" in result.stdout


def test_a_consent_that_has_run_out_is_77(command: CommandLine) -> None:
    command.env |= ALL | {"SPOTIFY_AUTHORIZED_AT": days_ago(190)}
    result = command("auth", "status")
    assert result.exit_code == 77
    assert "ran out" in result.stdout
    assert "Deezer: ok" in result.stdout


def test_quiet_leaves_the_status(command: CommandLine) -> None:
    result = command("auth", "status", "-q")
    assert (result.exit_code, result.output) == (77, "")


@pytest.mark.parametrize(
    ("variable", "kind", "said"),
    [
        ("MUSICDIFF_TARGET_KIND", "files", "Deezer: not needed"),
        ("MUSICDIFF_SOURCE_KIND", "export", "Spotify: not needed"),
    ],
)
def test_what_is_not_needed_is_not_missed(command: CommandLine, variable: str, kind: str, said: str) -> None:
    place = command.home / "place"
    place.mkdir()
    command.env |= {variable: kind, variable.replace("KIND", "PATH"): str(place)}
    result = command("auth", "status")
    assert said in result.stdout
    assert result.exit_code == 77  # the other one is missing


def test_credentials_that_contradict_each_other_are_78(command: CommandLine) -> None:
    command.env |= {"DEEZER_ARL": "arl-value", "DEEZER_ACCESS_TOKEN": "token-value"}
    result = command("auth", "status")
    assert result.exit_code == 78
    assert "-value" not in result.output
