"""The commands that edit the checkpoint: match, pause, resume, reset, resolve."""

from __future__ import annotations

from datetime import timedelta

import msgspec
import pytest
from checkpoint_sample import DAFT, GYM, LOST, NOW, sample
from command_line import CommandLine

from musicdiff_job.core.checkpoint import Checkpoint, Pause
from musicdiff_job.core.conflict import Side
from musicdiff_job.core.match import Match, Method
from musicdiff_job.core.model import LIKED, TargetId

EDITS = [
    ("match", "set", LOST, "42"), ("match", "reject", LOST, "42"), ("match", "clear", LOST), ("pause",), ("resume",),
    ("reset", "--matches", "--yes"), ("resolve", "--all", "--take", "spotify"),
]  # fmt: skip


@pytest.mark.parametrize("arguments", EDITS, ids=" ".join)
def test_no_edit_while_a_run_is_at_work(arguments: tuple[str, ...], command: CommandLine) -> None:
    command.keep(sample())
    with command.store.lease("a run", NOW + timedelta(hours=1)):
        result = command(*arguments)
    assert (result.exit_code, result.stdout) == (12, "")
    assert command.kept() == sample()


@pytest.mark.parametrize("arguments", EDITS, ids=" ".join)
def test_quiet_edits_say_nothing(arguments: tuple[str, ...], command: CommandLine) -> None:
    command.keep(sample())
    assert (command(*arguments, "-q").output, command.kept() == sample()) == ("", arguments == ("resume",))


def test_match_set_takes_addresses(command: CommandLine) -> None:
    command.keep(sample())
    result = command(
        "match", "set", f"https://open.spotify.com/intl-fr/track/{LOST}?si=1", "https://www.deezer.com/fr/track/42?x=1"
    )
    assert result.stdout == (
        "くるり, Quruli - 東京 (Live) has the counterpart https://www.deezer.com/track/42, from the next run on.\n"
    )
    assert command.kept().matches[LOST].decision == Match("42", Method.OVERRIDE, 1.0)
    assert command.kept().mirrors[GYM].snapshot == ""
    assert command.kept().mirrors[LIKED].snapshot == "s"


def test_match_set_none_reject_and_clear(command: CommandLine) -> None:
    command.keep(sample())
    command("match", "set", DAFT, "none")
    assert not isinstance(command.kept().matches[DAFT].decision, Match)
    command("match", "clear", DAFT)
    assert command.kept().matches[DAFT].decision is None
    command("match", "set", DAFT, "7")
    command("match", "reject", DAFT)
    assert command.kept().matches[DAFT].rejected == (TargetId("7"),)
    assert command("match", "reject", DAFT).exit_code == 64


@pytest.mark.parametrize(
    "arguments", [("match", "set", "x", "1"), ("match", "set", LOST, "x"), ("match", "clear", "z" * 22)]
)
def test_a_match_of_nothing_is_64(arguments: tuple[str, ...], command: CommandLine) -> None:
    command.keep(sample())
    assert command(*arguments).exit_code == 64
    assert command.kept() == sample()


def test_resume_forgives_the_failures_before_it(command: CommandLine) -> None:
    paused = Pause("2026-11-21T12:00:00Z", "paused after 3 failed runs in a row")
    command.keep(msgspec.structs.replace(sample(), paused=paused, failed_runs=3))
    assert command("resume").exit_code == 0
    assert (command.kept().paused, command.kept().failed_runs) == (None, 0)


def test_pause_and_resume(command: CommandLine) -> None:
    assert command("pause", "--reason", "moving house").exit_code == 0
    paused = command.kept().paused
    assert paused is not None
    assert paused.reason == "moving house"
    assert "moving house" in command("status").stdout
    assert command("resume").stdout == "Runs work again.\n"
    assert command.kept() == Checkpoint()
    assert command("resume").stdout == "It was not paused.\n"


def test_a_reason_in_bytes_that_are_no_text_is_kept_as_well_as_can_be(command: CommandLine) -> None:
    assert command("pause", "--reason", "caf\udce9").exit_code == 0
    assert "(caf?)" in command("status").stdout


def test_reset_of_a_playlist(command: CommandLine) -> None:
    command.keep(sample())
    assert command("reset", "--playlist", "gy*", "--yes").stdout == "forgotten: Gym\n"
    assert command.kept().mirrors[GYM].parts[0].base == ()
    assert command("reset", "--playlist", "nothing", "--yes").exit_code == 64
    assert command("checkpoint", "restore-previous").exit_code == 0
    assert command.kept() == sample()


def test_reset_of_everything_and_of_the_matches(command: CommandLine) -> None:
    command.keep(sample())
    assert command("reset", "--matches", "--yes").stdout == "forgotten: 3 matches\n"
    assert set(command.kept().matches) == {LOST}
    command("reset", "--all", "--yes")
    assert not command.kept().mirrors
    assert not command.kept().accounts


@pytest.mark.parametrize("arguments", [(), ("--all", "--matches"), ("--all", "--playlist", "x")])
def test_reset_wants_exactly_one_thing(arguments: tuple[str, ...], command: CommandLine) -> None:
    assert command("reset", *arguments, "--yes").exit_code == 64


def test_reset_never_asks_where_nobody_can_answer(command: CommandLine) -> None:
    command.keep(sample())
    result = command("reset", "--all", input="y\n")
    assert result.exit_code == 64
    assert "--yes" in result.stderr
    assert command.kept() == sample()


@pytest.mark.parametrize(("answer", "status"), [("y\n", 0), ("n\n", 130)])
def test_reset_asks_at_a_terminal(
    answer: str, status: int, command: CommandLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    command.keep(sample())
    monkeypatch.setattr("musicdiff_job.cli.reset.is_terminal", lambda stream: True)
    assert command("reset", "--all", input=answer).exit_code == status
    assert (command.kept() == sample()) == bool(status)


def test_resolve_by_the_beginning_of_an_id(command: CommandLine) -> None:
    (one,) = sample().conflicts.values()
    longer = msgspec.structs.replace(one, id=one.id + "0")
    command.keep(sample().with_conflict(longer))
    assert command("resolve", one.id, "--take", "deezer").exit_code == 0
    assert command.kept().conflicts[longer.id].decision is None
    other = msgspec.structs.replace(one, id="mass_removal:" + LIKED)
    command.keep(sample().with_conflict(other))
    assert command("resolve", "mass", "--take", "deezer").exit_code == 64
    assert command("resolve", "nothing", "--take", "deezer").exit_code == 64
    assert (
        command("resolve", other.id, "--take", "deezer").stdout == "1 conflict decided; the next run carries it out.\n"
    )
    assert command.kept().conflicts[other.id].decision is Side.DEEZER
    assert command.kept().conflicts[one.id].decision is None
    command("resolve", "--all", "--take", "spotify")
    assert command.kept().conflicts[one.id].decision is Side.SPOTIFY
    assert command.kept().conflicts[other.id].decision is Side.DEEZER
    assert command("resolve", "--all", "--take", "spotify").stdout == "None is open.\n"
