"""The error tree, grouped by what the loop does when it meets one.

::

    JobError                    message (what happened, to what) and hint (what to do next)
    |-- StopRun                 the run ends here, saved; ``outcome`` says how
    |   |-- Locked  Declined  Interrupted  OutOfBudget
    |   |-- AuthError  WrongAccount
    |   |-- ConfigError  NoWayOut  UsageError  StalePlan
    |   |-- CheckpointInvalid  CheckpointUnwritable  LostLease
    |   `-- HistoryUnusable
    |-- Wait                    one service is closed until a time; the others' work goes on
    |   `-- RateLimited  LedgerSpent  Unavailable
    |-- SkipCollection          this collection is left as it is; the next one follows
    |   `-- NotFound  Forbidden  BadAnswer  UnknownOutcome  NotShownYet
    `-- CallFailed              one HTTP call failed; raised by adapters for the gate, never seen by the loop
        `-- Throttled  Transient  Unauthorized

Adapters translate every foreign exception into one of these ``from None``, because the foreign ones carry URLs with
tokens in them. Messages must not contain secrets.
"""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

from musicdiff_job.core.model import Service
from musicdiff_job.core.outcome import Outcome


class JobError(Exception):
    """Root of everything the job raises on purpose."""

    outcome: ClassVar[Outcome] = Outcome.CRASH

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message}. {self.hint}" if self.hint else self.message


class StopRun(JobError):
    """Ends the run; everything done so far is saved."""


class Locked(StopRun):
    """Another run holds the checkpoint."""

    outcome = Outcome.LOCKED


class Declined(StopRun):
    """The user's own hook does not want the run to take place now."""

    outcome = Outcome.PAUSED


class OutOfBudget(StopRun):
    """The run's time or calls are spent."""

    outcome = Outcome.MORE_TO_DO


class Interrupted(StopRun):
    """SIGTERM or SIGINT arrived; acts like an empty budget."""

    outcome = Outcome.INTERRUPTED

    def __init__(self, signal: int) -> None:
        super().__init__(f"stopped by signal {signal}")
        self.signal = signal


class AuthError(StopRun):
    """Credentials are missing, refused or expired; only a person can mend it."""

    outcome = Outcome.AUTH


class WrongAccount(AuthError):
    """The credentials belong to another account than the checkpoint; nothing was written."""


class ConfigError(StopRun):
    """Settings are wrong. ``problems`` lists all of them, each a sentence naming the file and line or variable."""

    outcome = Outcome.CONFIG

    def __init__(self, problems: tuple[str, ...] | list[str], hint: str = "") -> None:
        super().__init__("; ".join(problems), hint)
        self.problems = tuple(problems)


class NoWayOut(ConfigError):
    """A proxy, or certificates, that the environment names and no library can use; ``error`` is what it said."""

    def __init__(self, error: Exception) -> None:
        super().__init__(
            [f"the proxy or the certificates that the environment names cannot be used ({type(error).__name__})"],
            "Check HTTPS_PROXY, ALL_PROXY, NO_PROXY, REQUESTS_CA_BUNDLE, CURL_CA_BUNDLE, SSL_CERT_FILE, SSL_CERT_DIR",
        )


class UsageError(StopRun):
    """The command line is wrong."""

    outcome = Outcome.USAGE


class StalePlan(StopRun):
    """What a reviewed plan rests on has moved, so it is not carried out; only a person can say what is wanted now."""

    outcome = Outcome.CONFLICT


class CheckpointInvalid(StopRun):
    """The checkpoint is corrupt, torn, or from a newer version. It was not touched."""

    outcome = Outcome.CHECKPOINT_INVALID


class CheckpointUnwritable(StopRun):
    """The checkpoint cannot be saved. The previous one still stands."""

    outcome = Outcome.CHECKPOINT_UNWRITABLE


class LostLease(StopRun):
    """Another writer has saved in the meantime; nothing was overwritten."""

    outcome = Outcome.LOST_LEASE


class HistoryUnusable(StopRun):
    """The listening history cannot be read or written. Ends the commands that are about it; a run goes on without."""

    outcome = Outcome.CHECKPOINT_UNWRITABLE


class Wait(JobError):
    """One service takes no more calls in this run."""

    def __init__(self, message: str, hint: str = "", *, service: Service) -> None:
        super().__init__(message, hint)
        self.service = service


class RateLimited(Wait):
    """The service asked to wait until ``until`` (UTC), longer than a run may."""

    outcome = Outcome.RATE_LIMITED

    def __init__(self, message: str, hint: str = "", *, service: Service, until: datetime) -> None:
        super().__init__(message, hint, service=service)
        self.until = until


class LedgerSpent(Wait):
    """The calls that the user allows to this service within a day or an hour are spent until ``until`` (UTC)."""

    outcome = Outcome.MORE_TO_DO

    def __init__(self, message: str, hint: str = "", *, service: Service, until: datetime) -> None:
        super().__init__(message, hint, service=service)
        self.until = until


class Unavailable(Wait):
    """The service did not answer properly in spite of retries (network, 5xx, HTML where JSON belongs)."""

    outcome = Outcome.UNAVAILABLE


class SkipCollection(JobError):
    """This collection cannot be worked on now; its mirror stays as it is."""

    outcome = Outcome.PARTIAL


class NotFound(SkipCollection):
    """The service says that the thing does not exist (404, Deezer's code 800)."""


class Forbidden(SkipCollection):
    """The service says that the account may not (403, PERMISSION_ERROR)."""


class BadAnswer(SkipCollection):
    """The answer was well-formed JSON but not what the contract says; retrying would not help."""


class UnknownOutcome(SkipCollection):
    """A write was sent and no answer came: it may or may not have been applied. Only a read of the target can tell."""


class NotShownYet(SkipCollection):
    """Deezer acknowledged a write but does not show it yet."""


class CallFailed(JobError):
    """One HTTP call failed. Adapters raise these inside ``gate.call``; the gate retries or translates them."""


class Throttled(CallFailed):
    """The service refused the call for its rate or quota. ``retry_after`` is in seconds, None when it did not say.
    ``quota`` marks an exhausted long-term quota (Spotify's QUOTA_EXCEEDED) as opposed to a short rate limit."""

    def __init__(self, message: str, *, retry_after: float | None = None, quota: bool = False) -> None:
        super().__init__(message)
        self.retry_after = retry_after
        self.quota = quota


class Transient(CallFailed):
    """The call failed in a way that may pass: network, time-out, 5xx, a body that is not JSON. ``unsent`` is True
    only when the request certainly never reached the service (connection refused, name not resolved)."""

    def __init__(self, message: str, *, unsent: bool = False) -> None:
        super().__init__(message)
        self.unsent = unsent


class Unauthorized(CallFailed):
    """The access token or session was refused (401, CSRF token invalid). The adapter renews it and repeats once."""
