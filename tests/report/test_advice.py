"""What to do now: the most urgent first, each with a command that exists."""

from __future__ import annotations

import shlex
from dataclasses import replace
from datetime import timedelta

import click
import msgspec
import pytest
from checkpoint_sample import NOW
from report_sample import VIEW, in_step, overview, run, troubled

from musicdiff_job.cli.root import root
from musicdiff_job.core.checkpoint import Checkpoint, Pause
from musicdiff_job.core.conflict import ConflictKind
from musicdiff_job.core.outcome import TABLE, Outcome
from musicdiff_job.core.summary import ErrorLine
from musicdiff_job.report.advice import (
    DECISIONS,
    ERRORS,
    LOOK,
    TAKES,
    command_for,
    decisions_for,
    question_of,
    steps_for,
)
from musicdiff_job.report.overview import overview_of


def ended(outcome: Outcome, *errors: ErrorLine) -> Checkpoint:
    last = msgspec.structs.replace(run(0, outcome, 9, 1.0), errors=errors)
    return msgspec.structs.replace(in_step(), runs=(last,))


def test_nothing_to_do_is_nothing() -> None:
    view = overview_of(replace(VIEW, authorized_on=None), in_step(), None, NOW)
    assert steps_for(view) == ()
    assert decisions_for(view) == ()


def test_a_first_run_is_asked_for() -> None:
    (step,) = steps_for(overview(Checkpoint()))
    assert [one.command for one in step.choices] == ["musicdiff-job run"]


def test_the_hint_of_an_error_gives_the_command() -> None:
    error = ErrorLine("Deezer", "the ARL has ended", "Renew the ARL: `musicdiff-job auth deezer`")
    step = steps_for(overview(ended(Outcome.AUTH, error), profile="alice"))[0]
    assert (step.about, step.why, step.urgent) == ("Deezer", "the ARL has ended. Renew the ARL.", True)
    assert [one.command for one in step.choices] == ["musicdiff-job auth deezer --profile alice"]


@pytest.mark.parametrize(
    ("hint", "told", "commands"),
    [
        ("Make them with `musicdiff-job auth spotify`, `musicdiff-job auth deezer`", "It failed. Make them.", 2),
        ("See `musicdiff-job auth deezer`", "It failed.", 1),
        ("Look, or try again with `musicdiff-job run`", "It failed. Look, or try again.", 1),
        ("`musicdiff-job resume` goes on", "It failed. musicdiff-job resume goes on.", 1),
        ("Wait", "It failed. Wait.", 1),
    ],
)
def test_a_command_that_stands_below_is_not_missed_in_the_sentence(hint: str, told: str, commands: int) -> None:
    step = steps_for(overview(ended(Outcome.AUTH, ErrorLine("", "it failed", hint))))[0]
    assert step.why == told
    assert len(step.choices) == commands


@pytest.mark.parametrize("outcome", [one for one in Outcome if not TABLE[one].healthy and one is not Outcome.CONFLICT])
def test_every_outcome_that_is_not_healthy_is_urgent(outcome: Outcome) -> None:
    step = steps_for(overview(ended(outcome)))[0]
    assert step.urgent
    assert TABLE[outcome].meaning in step.why


def test_many_errors_are_counted() -> None:
    errors = (ErrorLine(f"list {at}", "not found") for at in range(ERRORS + 3))
    steps = [step for step in steps_for(overview(ended(Outcome.PARTIAL, *errors))) if step.urgent]
    assert len(steps) == ERRORS + 1
    assert steps[-1].why == "3 more errors."


def test_a_pause_a_consent_and_a_schedule_that_stands_still() -> None:
    paused = msgspec.structs.replace(in_step(), paused=Pause("2026-11-20T00:00:00Z", "holiday"))
    told = {step.why: step.choices[0].command for step in steps_for(overview(paused))}
    assert told["Runs do nothing while the job is paused: holiday."] == "musicdiff-job resume"
    assert told["Spotify's consent ends in 9 days."] == "musicdiff-job auth spotify"
    late = overview_of(VIEW, in_step(), None, NOW + timedelta(days=30))
    steps = steps_for(late)
    assert steps[0].why == "Spotify's consent has ended."
    without = replace(VIEW, authorized_on=None)
    (stale,) = steps_for(overview_of(without, in_step(), None, NOW + timedelta(days=30)))
    assert stale.why.startswith("No run has gone well since")
    assert stale.urgent


def test_the_urgent_comes_first() -> None:
    urgent = [step.urgent for step in steps_for(overview(troubled()))]
    assert urgent == sorted(urgent, reverse=True)
    assert len(set(urgent)) == 2


def test_a_conflict_is_decided_by_either_of_two_commands() -> None:
    first, second = decisions_for(overview(troubled(), profile="al ice"))
    assert second.why == "40 of 50 entries would be removed."
    assert [one.does for one in second.choices] == ["remove them from Deezer too", "keep them on Deezer"]
    words = shlex.split(first.choices[1].command)
    assert words[:2] == ["musicdiff-job", "resolve"]
    assert words[3:] == ["--take", "deezer", "--profile", "al ice"]
    assert words[2] in troubled().conflicts


def test_of_many_conflicts_the_rest_is_counted() -> None:
    one = next(iter(troubled().conflicts.values()))
    many = {str(at): msgspec.structs.replace(one, id=str(at)) for at in range(DECISIONS + 2)}
    steps = decisions_for(overview(msgspec.structs.replace(in_step(), conflicts=many)))
    assert len(steps) == DECISIONS + 1
    assert steps[-1].why.startswith("2 more questions")


def test_what_the_answers_do_is_not_told_twice() -> None:
    told = [question_of(one) for one in troubled().conflicts.values()]
    assert all("take" not in text for text in told)
    assert set(TAKES) == set(ConflictKind)


def test_a_name_cannot_become_another_command() -> None:
    assert command_for("default", "resolve", "a; rm -rf ~") == "musicdiff-job resolve 'a; rm -rf ~'"


@pytest.mark.parametrize("line", sorted(set(LOOK.values())))
def test_the_commands_exist(line: str) -> None:
    command: click.Command | None = root
    for word in line.split()[1:]:
        if isinstance(command, click.Group) and not word.startswith("-"):
            command = command.get_command(click.Context(command), word)
            assert command is not None
