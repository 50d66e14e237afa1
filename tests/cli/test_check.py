"""``check`` as a person or a script sees it."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from command_line import CommandLine
from s3_stage import Between, environment

from musicdiff_job.sandbox.server import Sandbox
from musicdiff_job.sandbox.world import SpotifyAccount


@pytest.fixture
def sandbox(command: CommandLine) -> Iterator[Sandbox]:
    with Sandbox(SpotifyAccount()) as served:
        command.env |= served.environment()
        yield served


def test_one_line_each_and_0(command: CommandLine, sandbox: Sandbox) -> None:
    result = command("check")
    assert result.exit_code == 0, result.output
    heading, *lines, empty, last = result.stdout.splitlines()
    assert heading.split() == ["state", "check", "what"]
    assert [line.split()[:2] for line in lines] == [
        ["ok", part]
        for part in ("settings", "checkpoint", "lock", "writable", "spotify", "scopes", "consent", "deezer", "clock")
    ]
    assert (empty, last.startswith("A run can begin: `musicdiff-job run`")) == ("", True)
    assert list(command.home.iterdir()) == []
    assert command("check", "-q").output == ""


def test_what_failed_is_followed_by_what_to_do(command: CommandLine, sandbox: Sandbox) -> None:
    command.env["DEEZER_ARL"] = "dead-and-gone"
    result = command("check", "-q")
    assert result.exit_code == 77
    _, failed, hint = result.stdout.splitlines()
    assert failed.startswith("failed  deezer  Deezer does not accept the ARL")
    assert hint.strip() == "Renew the ARL: `musicdiff-job auth deezer`"
    assert "A run would end with auth (77)" in command("check").stdout
    assert "dead-and-gone" not in result.output


def test_settings_that_cannot_be_read_are_78_in_both_forms(command: CommandLine, sandbox: Sandbox) -> None:
    (command.home / "musicdiff.toml").write_text("[budget]\ntiem = 3\ncalls = 0\n")
    result = command("check")
    assert result.exit_code == 78
    assert [line.split()[0] for line in result.stdout.splitlines()[1:3]] == ["failed", "failed"]
    assert "did you mean budget.time?" in result.stdout
    told = json.loads(command("check", "--json").stdout)
    assert (told["exit_code"], [one["exit_code"] for one in told["checks"]]) == (78, [78, 78])
    assert sandbox.log.all() == ()


def test_json_is_one_object_with_every_check(command: CommandLine, sandbox: Sandbox) -> None:
    told = command.json("check", "--json")
    assert (told["schema"], told["profile"], told["exit_code"]) == (1, "default", 0)
    assert told["checks"][0] == {
        "check": "settings", "verdict": "ok", "hint": "", "exit_code": None,
        "message": told["checks"][0]["message"],
    }  # fmt: skip


@pytest.mark.parametrize("deaf", [False, True])
def test_a_checkpoint_in_s3(
    command: CommandLine, sandbox: Sandbox, between: Between, monkeypatch: pytest.MonkeyPatch, deaf: bool
) -> None:
    bucket = between.moto.bucket()
    command.env["MUSICDIFF_CHECKPOINT_URL"] = f"s3://{bucket}/state/checkpoint.json"
    if deaf:
        between.spoil("PUT", skip=1, deaf=True)
    result = command("check")
    assert result.exit_code == (74 if deaf else 0), result.output
    (line,) = (line for line in result.stdout.splitlines() if "S3 writes" in line)
    assert line.startswith("failed" if deaf else "ok")
    assert between.moto.keys(bucket) == set()


def test_an_s3_out_of_reach_is_told_for_reading_and_for_writing(
    command: CommandLine, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in environment("http://127.0.0.1:9").items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    command.env["MUSICDIFF_CHECKPOINT_URL"] = "s3://bucket/checkpoint.json"
    told = json.loads(command("check", "--json").stdout)
    assert told["exit_code"] == 74
    assert [one["check"] for one in told["checks"] if one["verdict"] != "ok"] == ["checkpoint", "S3 writes"]


def test_an_address_that_no_object_has_is_a_setting(command: CommandLine, sandbox: Sandbox, between: Between) -> None:
    command.env["MUSICDIFF_CHECKPOINT_URL"] = "s3://NO BUCKET/checkpoint.json"
    assert command("check").exit_code == 78
