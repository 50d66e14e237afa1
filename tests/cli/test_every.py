"""``--profile all`` and ``--profile-index`` on the command line: each profile for itself, and one total."""

from __future__ import annotations

import json
import signal
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import msgspec
import pytest
from checkpoint_sample import NOW
from command_line import CommandLine

from musicdiff_job.cli.session import Session
from musicdiff_job.core.checkpoint import Checkpoint, Pause
from musicdiff_job.core.outcome import Outcome
from musicdiff_job.core.summary import ProfilesSummary, Summary
from musicdiff_job.sandbox.server import Sandbox
from musicdiff_job.sandbox.world import synthetic_world
from musicdiff_job.store.file import FileStore

USERS = ("SPOTIFY_REFRESH_TOKEN", "SPOTIFY_AUTHORIZED_AT", "DEEZER_ARL")


@pytest.fixture
def sandbox(command: CommandLine) -> Iterator[Sandbox]:
    """One account, which both profiles open; each remembers it in a checkpoint of its own."""
    with Sandbox(synthetic_world(1, 3, 1)) as served:
        command.env |= served.environment() | {"MUSICDIFF_DEEZER_WRITE_INTERVAL": "0s"}
        command.env["MUSICDIFF_CHECKPOINT_URL"] = f"{command.home}/{{profile}}.json"
        for name in USERS:
            if value := command.env.pop(name, ""):
                command.env |= {f"MUSICDIFF_{who}_{name}": value for who in ("ALICE", "BOB")}
        (command.home / "musicdiff.toml").write_text("[profiles.bob]\n[profiles.alice]\n")
        yield served


def lines(text: str) -> tuple[list[Summary], ProfilesSummary]:
    *each, total = text.rstrip().splitlines()
    return [msgspec.json.decode(line, type=Summary) for line in each], msgspec.json.decode(total, type=ProfilesSummary)


def store(command: CommandLine, profile: str) -> FileStore:
    command.path = command.home / f"{profile}.json"
    return command.store


def test_a_line_for_each_and_the_total_last(command: CommandLine, sandbox: Sandbox) -> None:
    result = command("run", "--profile", "all", "--summary-file", "s.json")
    assert result.exit_code == 0, result.output
    each, total = lines(result.stdout)
    assert [one.profile for one in each] == ["bob", "alice"]
    assert [one.outcome for one in each] == ["changed", "in_sync"] or each[1].outcome == "changed"
    assert total.profiles == tuple(each)
    assert total.totals.collections == sum(one.totals.collections for one in each) > 0
    assert msgspec.json.decode((command.home / "s.json").read_bytes(), type=ProfilesSummary) == total
    told = json.loads(result.stdout.splitlines()[-1])
    assert set(told) == {"schema", "profiles", "outcome", "exit_code", "totals"} and told["schema"] == 1
    assert store(command, "bob").peek() and store(command, "alice").peek()


def test_one_that_fails_leaves_the_others_alone(command: CommandLine, sandbox: Sandbox) -> None:
    command.env["MUSICDIFF_BOB_SPOTIFY_REFRESH_TOKEN"] = "revoked-long-ago"
    result = command("run", "--profile", "all")
    each, total = lines(result.stdout)
    assert [one.outcome for one in each] == ["auth", "changed"]
    assert (result.exit_code, total.outcome, total.exit_code) == (77, "auth", 77)


def test_ones_wrong_settings_and_broken_checkpoint_are_its_own(command: CommandLine, sandbox: Sandbox) -> None:
    (command.home / "musicdiff.toml").write_text(
        '[profiles.bob]\n[profiles.alice]\n[profiles.carol]\n[profiles.dave]\nlog.file = "/proc/none/x"\n'
    )
    command.env["MUSICDIFF_BOB_DEEZER_ARL"] = "two words"
    store(command, "alice").path.write_text("{}")
    command.env |= {f"MUSICDIFF_CAROL_{name}": command.env[f"MUSICDIFF_ALICE_{name}"] for name in (USERS[0], USERS[2])}
    each, total = lines(command("run", "--profile", "all").stdout)
    assert [one.outcome for one in each] == ["config", "checkpoint_invalid", "changed", "config"]
    assert [one.exit_code for one in each] == [78, 65, 0, 78]
    assert total.exit_code == 65


def test_a_bug_in_ones_run_is_not_the_others_end(
    command: CommandLine, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    from musicdiff_job.performing import perform_and_tell

    def stumble(session: Session, *given: Any, **named: Any) -> Summary:
        if session.loaded.settings.profile == "bob":
            raise ZeroDivisionError("with hush in it")
        return perform_and_tell(session, *given, **named)

    monkeypatch.setattr("musicdiff_job.every_profile.perform_and_tell", stumble)
    result = command("run", "--profile", "all")
    each, total = lines(result.stdout)
    assert [one.outcome for one in each] == ["crash", "changed"]
    assert (result.exit_code, total.outcome) == (70, "crash")
    assert "run.crashed" in result.stderr


def test_after_a_signal_the_others_are_not_begun(
    command: CommandLine, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stopped(session: Session, *_: object, **__: object) -> Summary:
        session.stop.set(signal.SIGTERM)
        return Summary("r", Outcome.INTERRUPTED, "2026-11-21T12:00:00Z", "2026-11-21T12:00:04Z", 4.0, profile="bob")

    left: list[int] = []
    monkeypatch.setattr("musicdiff_job.performing.perform", stopped)
    monkeypatch.setattr("musicdiff_job.cli.every.leave", left.append)
    result = command("run", "--profile", "all")
    each, _ = lines(result.stdout)
    assert [(one.profile, one.outcome) for one in each] == [("bob", "interrupted"), ("alice", "interrupted")]
    assert left == [143] and store(command, "alice").peek() is None
    assert sandbox.calls("spotify") == 0


def test_the_most_urgent_is_the_status(command: CommandLine, sandbox: Sandbox) -> None:
    with store(command, "bob").lease("r", NOW + timedelta(minutes=1)) as lease:
        lease.save(Checkpoint(paused=Pause("2026-11-21T00:00:00Z", "holiday")))
    result = command("run", "--profile", "all", "--exit-codes", "detailed")
    assert [one.exit_code for one in lines(result.stdout)[0]] == [13, 0]
    assert result.exit_code == 13


def test_quiet_says_only_what_is_wrong_and_with_whom(command: CommandLine, sandbox: Sandbox) -> None:
    assert command("run", "--profile", "all", "-q").output == ""
    command.env["MUSICDIFF_BOB_SPOTIFY_REFRESH_TOKEN"] = "revoked-long-ago"
    result = command("run", "--profile", "all", "-q")
    assert (result.exit_code, result.stdout) == (77, "")
    assert result.stderr.startswith("profile bob:\nauth: ") and "alice" not in result.stderr


def test_nobodys_secret_gets_into_anothers_log(
    command: CommandLine, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    from musicdiff_job.journal import event
    from musicdiff_job.performing import perform_and_tell

    def leak(session: Session, *given: Any, **named: Any) -> Summary:
        event("leak.tried", text=f"x {command.env['MUSICDIFF_ALICE_DEEZER_ARL']} y alices-own-hush-hush z")
        return perform_and_tell(session, *given, **named)

    command.env["MUSICDIFF_ALICE_SPOTIFY_CLIENT_ID"] = command.env["SPOTIFY_CLIENT_ID"]
    command.env["MUSICDIFF_ALICE_SPOTIFY_CLIENT_SECRET"] = "alices-own-hush-hush"
    monkeypatch.setattr("musicdiff_job.every_profile.perform_and_tell", leak)
    result = command("run", "--profile", "all", "--log-format", "json")
    assert result.stderr.count('"leak.tried"') >= 2
    assert "alices-own-hush-hush" not in result.output
    assert command.env["MUSICDIFF_ALICE_DEEZER_ARL"] not in result.output


def test_the_status_of_all(command: CommandLine, sandbox: Sandbox) -> None:
    command("run", "--profile", "alice")
    told = command.json("status", "--profile", "all", "--json")
    assert (told["schema"], told["healthy"]) == (1, False)
    assert [(one["profile"], one["healthy"]) for one in told["profiles"]] == [("bob", False), ("alice", True)]
    table = command("status", "--profile", "all").stdout
    assert "alice" in table and "never" in table
    check = command("status", "--profile", "all", "--check")
    assert (check.exit_code, check.stdout) == (20, "")
    assert check.stderr.startswith("profile bob: ") and "alice" not in check.stderr
    command("run", "--profile", "bob")
    assert command("status", "--profile", "all", "--check").exit_code == 0


def test_a_checkpoint_that_cannot_be_read_is_one_line_of_the_status(command: CommandLine, sandbox: Sandbox) -> None:
    command("run", "--profile", "alice")
    store(command, "bob").path.write_text("{}")
    told = command.json("status", "--profile", "all", "--json")["profiles"]
    assert told[0]["errors"][0]["message"] and told[1]["healthy"]
    assert command("status", "--profile", "all", "--check").exit_code == 20


@pytest.mark.parametrize("name", ["playlists", "history", "pause", "conflicts", "unmatched"])
def test_other_commands_take_one(command: CommandLine, sandbox: Sandbox, name: str) -> None:
    result = command(name, "--profile", "all")
    assert result.exit_code == 64 and "this takes one profile" in result.stderr


def test_the_environment_may_ask_for_all_too(command: CommandLine, sandbox: Sandbox) -> None:
    command.env["MUSICDIFF_PROFILE"] = "all"
    assert len(lines(command("run", "--dry-run").stdout)[0]) == 2
    assert command("history").exit_code == 64


def test_wrong_settings_for_all_are_78_in_one_summary(command: CommandLine, sandbox: Sandbox) -> None:
    command.env["MUSICDIFF_CHECKPOINT_URL"] = f"{command.home}/same.json"
    result = command("run", "--profile", "all")
    assert result.exit_code == 78
    assert "profiles bob and alice have the same checkpoint.url" in result.stderr
    assert msgspec.json.decode(result.stdout.splitlines()[-1], type=Summary).outcome == "config"


@pytest.mark.parametrize(
    ("arguments", "job_index", "profile"),
    [
        (["--profile-index", "0"], "", "bob"),
        (["--profile-index=1"], "0", "alice"),
        (["--profile-index"], "1", "alice"),
    ],
)
def test_by_index(command: CommandLine, sandbox: Sandbox, arguments: list[str], job_index: str, profile: str) -> None:
    command.env["JOB_COMPLETION_INDEX"] = job_index
    assert command.json("run", "--dry-run", *arguments)["profile"] == profile


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["run", "--profile-index", "2"], "the settings file has 2 of them (0 to 1)"),
        (["run", "--profile-index"], "without a number it takes JOB_COMPLETION_INDEX, which is not set here"),
        (["--profile-index", "run"], "without a number it stands last"),
        (["run", "--profile-index", "0", "--profile", "bob"], "both name a profile"),
    ],
)
def test_no_such_index_is_a_usage_error(
    command: CommandLine, sandbox: Sandbox, arguments: list[str], told: str
) -> None:
    result = command(*arguments)
    assert result.exit_code == 64, result.output
    assert told in " ".join(result.stderr.split())
