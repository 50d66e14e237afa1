"""What a person should do now, with the exact command; nothing when there is nothing to do."""

from __future__ import annotations

import re
import shlex

import msgspec

from musicdiff_job.core.conflict import Conflict, ConflictKind, Side
from musicdiff_job.core.outcome import TABLE, Outcome
from musicdiff_job.core.summary import ErrorLine
from musicdiff_job.report.overview import Overview
from musicdiff_job.report.run import error_line
from musicdiff_job.report.text import count

SOON = 30
"""Days before the end of a consent from which to renew it."""
DECISIONS = 5
"""Conflicts whose commands are given; of more, the command that lists them."""
ERRORS = 5
"""Errors of the last run that are told; of more, the command that lists them."""
_COMMAND = re.compile(r"`(musicdiff-job [^`]+)`")
_AT_THE_END = re.compile(r"(?:[:,]? ?(?:or )?(?:with |see )?`musicdiff-job [^`]+`)+$", re.IGNORECASE)

LOOK: dict[Outcome, str] = {
    Outcome.PARTIAL: "musicdiff-job playlists",
    Outcome.AUTH: "musicdiff-job auth status",
    Outcome.CHECKPOINT_INVALID: "musicdiff-job checkpoint verify",
    Outcome.LOST_LEASE: "musicdiff-job checkpoint show",
    Outcome.CRASH: "musicdiff-job run -v",
    Outcome.CHECKPOINT_UNWRITABLE: "musicdiff-job checkpoint show",
    Outcome.UNAVAILABLE: "musicdiff-job run",
    Outcome.CONFIG: "musicdiff-job status",
}
"""Where to look when an error names no command."""

TAKES: dict[ConflictKind, tuple[str, str]] = {
    ConflictKind.MASS_REMOVAL: ("remove them from Deezer too", "keep them on Deezer"),
    ConflictKind.HAND_REMOVED: ("add them to Deezer again", "leave them out"),
    ConflictKind.HAND_ADDED: ("remove them from Deezer", "keep them on Deezer"),
    ConflictKind.RENAMED: ("take Spotify's title", "keep Deezer's title"),
    ConflictKind.DELETED_ON_TARGET: ("make the playlist again", "do without it"),
    ConflictKind.MASS_REMOVAL_BACK: ("put them back on Deezer", "remove them from Spotify too"),
    ConflictKind.CONTRADICTION: ("as it is on Spotify", "as it is on Deezer"),
}
"""What taking Spotify's side means, and what taking Deezer's."""


class Choice(msgspec.Struct, frozen=True):
    """A command, and what it does; "" where that is plain."""

    command: str
    does: str = ""


class Step(msgspec.Struct, frozen=True):
    """One thing to do: why, and the commands to choose from or to use one after the other. ``about`` is the name of
    the collection that it is about. ``urgent``: all is not well without it."""

    why: str
    choices: tuple[Choice, ...] = ()
    about: str = ""
    urgent: bool = True


def command_for(profile: str, *words: str) -> str:
    """A command line for a shell, for this profile."""
    named = () if profile == "default" else ("--profile", profile)
    return shlex.join(("musicdiff-job", *words, *named))


def choices_of(conflict: Conflict, profile: str) -> tuple[Choice, ...]:
    """The two commands that decide a conflict."""
    return tuple(
        Choice(command_for(profile, "resolve", conflict.id, "--take", side.value), does)
        for side, does in zip((Side.SPOTIFY, Side.DEEZER), TAKES[conflict.kind], strict=True)
    )


def question_of(conflict: Conflict) -> str:
    """What is asked, without what the answers do, which stands beside the commands."""
    told = conflict.message.rpartition("; take ")[0] or conflict.message
    return f"{told[:1].upper()}{told[1:]}"


def steps_for(overview: Overview) -> tuple[Step, ...]:
    """What to do, the most urgent first; what ``decisions_for`` tells comes on top."""
    status = overview.status
    profile = status.profile

    def does(*words: str) -> tuple[Choice, ...]:
        return (Choice(command_for(profile, *words)),)

    if status.last_run is None and not status.paused:
        return (Step("No run has been made yet.", does("run"), urgent=False),)
    steps: list[Step] = []
    if status.paused:
        reason = f": {status.paused.reason}" if status.paused.reason else ""
        steps.append(Step(f"Runs do nothing while the job is paused{reason}.", does("resume"), urgent=False))
    last = status.last_run
    if last is not None and not TABLE[last.outcome].healthy and last.outcome is not Outcome.CONFLICT:
        steps += [_of_error(error, last.outcome, profile) for error in last.errors[:ERRORS]]
        if len(last.errors) > ERRORS:
            steps.append(Step(f"{count(len(last.errors) - ERRORS, 'more error')}.", does("playlists")))
        if not last.errors:
            told = f"The last run ended with {last.outcome}: {TABLE[last.outcome].meaning}."
            steps.append(Step(told, _looks(last.outcome, profile)))
    days = min((one.days_left for one in status.credentials.values() if one.days_left is not None), default=None)
    if days is not None and days <= SOON:
        told = f"Spotify's consent ends in {count(days, 'day')}." if days > 0 else "Spotify's consent has ended."
        steps.append(Step(told, does("auth", "spotify"), urgent=days <= 0))
    if overview.ailments and not status.conflicts and not any(step.urgent for step in steps):
        told = f"{overview.ailments[0][:1].upper()}{overview.ailments[0][1:]}. Is the schedule still at work?"
        steps.append(Step(told, does("run")))
    return tuple(sorted(steps, key=lambda step: not step.urgent))


def decisions_for(overview: Overview) -> tuple[Step, ...]:
    """The questions that only a person may decide."""
    profile = overview.status.profile
    asked = [one for one in overview.conflicts if one.decision is None]
    steps = [Step(f"{question_of(one)}.", choices_of(one, profile), one.name) for one in asked[:DECISIONS]]
    if len(asked) > DECISIONS:
        more = count(len(asked) - DECISIONS, "more question")
        steps.append(Step(f"{more} that only you can answer.", (Choice(command_for(profile, "conflicts")),)))
    return tuple(steps)


def _of_error(error: ErrorLine, outcome: Outcome, profile: str) -> Step:
    named = tuple(Choice(_profiled(found, profile)) for found in dict.fromkeys(_COMMAND.findall(error.hint)))
    # The command stands below the sentence, so "Renew the ARL: `...`" need not name it.
    hint = _AT_THE_END.sub("", error.hint).replace("`", "")
    told = f"{error_line('', error.message, hint)}."
    why = told if error.where else f"{told[:1].upper()}{told[1:]}"
    return Step(why, named or _looks(outcome, profile), error.where)


def _looks(outcome: Outcome, profile: str) -> tuple[Choice, ...]:
    look = LOOK.get(outcome)
    return (Choice(_profiled(look, profile)),) if look else ()


def _profiled(command: str, profile: str) -> str:
    return command_for(profile, *command.split()[1:])
