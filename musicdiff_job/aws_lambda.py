"""AWS Lambda: the same job, once for an event, with what is left of the function's time as its budget.

An event is empty, or ``{"profile": "alice"}``, from EventBridge Scheduler or from whoever calls the function; or it
holds messages of SQS, whose bodies are such events. What happened is the answer, the run's summary. Lambda knows no
exit codes, only answers and errors, so the outcomes that nobody should take for success are raised; of SQS's messages
those that are worth another delivery are named as failed.

Nothing is carried over to the next event: settings, credentials, log and stop flag are made anew, for a warm process
may be hours old. Nothing here ends the process: Lambda would take that for a crash and say nothing of why.
"""

from __future__ import annotations

import json
import logging
import os
import sys
from collections.abc import Mapping, Sequence
from enum import Enum
from pathlib import Path
from typing import Any, Protocol

import msgspec

from musicdiff_job import bootstrap, journal, settings
from musicdiff_job.clock import StopFlag, SystemClock
from musicdiff_job.core.errors import ConfigError, JobError, UsageError
from musicdiff_job.core.outcome import TABLE, ExitCodes, Outcome
from musicdiff_job.core.secret import Redactor
from musicdiff_job.core.summary import Summary
from musicdiff_job.performing import Surroundings, Wish, perform_and_tell, refuse_and_tell, run_id
from musicdiff_job.report.emf import emf_line
from musicdiff_job.report.silent import Silent
from musicdiff_job.settings import EVERY, Settings
from musicdiff_job.settings.aws_secrets import with_secrets
from musicdiff_job.settings.choices import TargetKind
from musicdiff_job.settings.places import DEFAULT_PROFILE
from musicdiff_job.settings.scopes import APP, GROUPS, prefix_of

MARGIN = 20.0
"""Seconds of the function's time that a run does not get: to save, to tell the sinks, to answer. Of a short time a
third."""
SINK_SECONDS = 5.0
"""What one sink may take of them."""
LEAST = 15.0
"""Seconds below which a message is left for its next delivery."""


class Reaction(Enum):
    """What becomes of an event whose run has come to an outcome."""

    ANSWER = "the summary is the answer"
    AGAIN = "an error; another try may succeed"
    NEVER = "an error; another try would end like this one"


REACTIONS: dict[Outcome, Reaction] = {
    Outcome.IN_SYNC: Reaction.ANSWER,
    Outcome.CHANGED: Reaction.ANSWER,
    Outcome.MORE_TO_DO: Reaction.ANSWER,
    Outcome.RATE_LIMITED: Reaction.ANSWER,
    Outcome.LOCKED: Reaction.ANSWER,
    Outcome.PAUSED: Reaction.ANSWER,
    Outcome.PARTIAL: Reaction.ANSWER,
    Outcome.CONFLICT: Reaction.ANSWER,
    Outcome.AUTH: Reaction.ANSWER,
    Outcome.LOST_LEASE: Reaction.ANSWER,
    Outcome.INTERRUPTED: Reaction.ANSWER,
    Outcome.UNAVAILABLE: Reaction.AGAIN,
    Outcome.CHECKPOINT_UNWRITABLE: Reaction.AGAIN,
    Outcome.CRASH: Reaction.NEVER,
    Outcome.CHECKPOINT_INVALID: Reaction.NEVER,
    Outcome.CONFIG: Reaction.NEVER,
    Outcome.USAGE: Reaction.NEVER,
}
"""For every outcome. What needs a person and no error is told by the ``Unhealthy`` metric and its alarm."""


class RunFailed(Exception):
    """A run has failed, and would again. The message is its outcome and what went wrong first."""


class RunFailedForNow(RunFailed):
    """A run has failed, and another one may not."""


class Context(Protocol):
    """What Lambda tells of an invocation."""

    def get_remaining_time_in_millis(self) -> int:
        """Until the process is killed."""
        ...


def handler(event: object, context: Context) -> dict[str, Any]:
    """What Lambda calls. Gives the summary, or for messages of SQS those to be delivered again. Raises ``RunFailed``,
    and nothing else: whatever another exception says would be logged as it is."""
    journal.configure(format="json", level="info", stream=sys.stderr, stream_is_terminal=False, redactor=Redactor())
    try:
        if isinstance(event, Mapping) and isinstance(records := event.get("Records"), Sequence):
            return _each(records, context)
        summary = _once(event, context)
    except Exception as error:  # a bug in this module; its text may hold anything
        journal.event("run.crashed", logging.ERROR, error=error)
        raise RunFailed(f"crash: {type(error).__name__}; the log has the traceback") from None
    finally:
        journal.reset()
    if REACTIONS[summary.outcome] is not Reaction.ANSWER:
        raise _failure(summary)
    answer: dict[str, Any] = msgspec.to_builtins(summary)
    return answer


def _each(records: Sequence[Any], context: Context) -> dict[str, Any]:
    """Every message for itself; whose turn does not come, or whose run may succeed another time, is delivered again."""
    again: list[dict[str, str]] = []
    for record in records:
        left = context.get_remaining_time_in_millis() / 1000
        if left < LEAST or REACTIONS[_once(_event_of(record), context).outcome] is Reaction.AGAIN:
            again.append({"itemIdentifier": str(record.get("messageId", ""))})
    return {"batchItemFailures": again}


def _event_of(record: Mapping[str, Any]) -> object:
    body = record.get("body")
    if not isinstance(body, str) or not body.strip():
        return {}
    try:
        return json.loads(body)
    except ValueError:
        return body  # refused, since it is no event


def _once(event: object, context: Context) -> Summary:
    """One run, told as a line of metrics too."""
    stop = StopFlag()
    clock = SystemClock(stop)
    profile = os.environ.get("MUSICDIFF_PROFILE") or DEFAULT_PROFILE
    try:
        profile = _profile(event) or profile
        around = _enter(profile, stop, clock)
    except JobError as error:
        summary = refuse_and_tell(error, stop, clock, profile, ExitCodes.SIMPLE)
    else:
        left = context.get_remaining_time_in_millis() / 1000
        seconds = max(1.0, min(around.loaded.settings.budget.time, left - min(MARGIN, left / 3)))
        summary = perform_and_tell(around, Wish(max_seconds=seconds), Silent(), seconds=SINK_SECONDS)
    told = [error.message for error in summary.errors]
    if TABLE[summary.outcome].healthy:
        journal.event("lambda.answered", profile=profile, outcome=str(summary.outcome), errors=told)
    else:
        journal.event("lambda.failed", logging.ERROR, profile=profile, outcome=str(summary.outcome), errors=told)
    sys.stdout.write(f"{emf_line(summary)}\n")
    return summary


def _profile(event: object) -> str:
    """The profile that an event names, "" for none. Raises ``UsageError``."""
    if event is None or event == "":
        return ""
    name = event.get("profile", "") if isinstance(event, Mapping) else None
    if not isinstance(name, str) or name == EVERY:
        raise UsageError('an event is {} or {"profile": "NAME"}', "For several profiles make a schedule for each")
    return name


def _enter(profile: str, stop: StopFlag, clock: SystemClock) -> Surroundings:
    """Everything that a run needs, read now. Raises ``JobError``."""
    env = with_secrets(os.environ, profile)
    nobodys = _take_out_own_tokens(env, profile)
    loaded = settings.load(profile=profile, env=env, cwd=Path.cwd())
    _refuse_fleeting(loaded.settings)
    redactor = Redactor()
    redactor.learn(*loaded.secrets())
    name = run_id(clock.now())
    log = loaded.settings.log
    journal.configure(
        format=log.format.value,
        level=log.level.value,
        stream=sys.stderr,
        stream_is_terminal=False,
        redactor=redactor,
        file=log.file,
        max_bytes=log.max_bytes,
        backups=log.backups,
        run_id=name,
    )
    for warning in (*nobodys, *loaded.warnings):
        journal.event("settings.warning", logging.WARNING, warning=warning)
    store = bootstrap.open_store(loaded.settings, clock, stop)
    return Surroundings(loaded, stop, clock, redactor, store, name)


def _take_out_own_tokens(env: dict[str, str], profile: str) -> list[str]:
    """Take the function's own tokens out of ``env`` where an event names somebody else; a warning for each. Without a
    settings file nobody else would know that there are several profiles."""
    if profile == (env.get("MUSICDIFF_PROFILE") or DEFAULT_PROFILE):
        return []
    tokens = [f"{name}{form}" for group in GROUPS if group is not APP for name in group for form in ("", "_FILE")]
    return [
        f"{name} is not used for the profile {profile} of an event; set {prefix_of(profile)}{name}"
        for name in tokens
        if env.pop(name, "")
    ]


def _refuse_fleeting(chosen: Settings) -> None:
    """Refuse to remember things where they are forgotten: a function's own disk does not outlive it. ``/mnt`` is where
    Lambda mounts file systems, and nothing else (documented)."""
    places = {
        "checkpoint.url": chosen.checkpoint.url,
        "playback.url": chosen.playback.url if chosen.playback.enabled else "",
        "spotify.token_store": chosen.spotify.token_store,
        "target.path": chosen.target.path if chosen.target.kind is TargetKind.FILES else "",
    }
    problems = [
        f"{key}: {place} does not outlive a Lambda function; give an address in S3, or a path below /mnt/ (EFS)"
        for key, place in places.items()
        if place and not place.startswith(("s3://", "/mnt/"))
    ]
    if problems:
        raise ConfigError(problems)


def _failure(summary: Summary) -> RunFailed:
    kind = RunFailedForNow if REACTIONS[summary.outcome] is Reaction.AGAIN else RunFailed
    first = f": {summary.errors[0].message}" if summary.errors else ""
    return kind(f"{summary.outcome}{first}")
