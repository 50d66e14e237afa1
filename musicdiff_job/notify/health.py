"""Pings in the manner of healthchecks.io: a monitor that raises the alarm when the good ones stop.

``/start`` when a run begins, then one more: success for a run that went well (also with work left), ``/log`` for one
that was kept from working, so that the monitor's own clock goes on, and a failure for one that somebody should look
at: by its status where that tells what to do. ``rid`` ties the two together. The first is sent while the run goes on,
for nothing waits for a monitor; the body of the second is a short summary.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable
from enum import StrEnum
from functools import partial
from urllib.parse import SplitResult, urlencode, urlsplit, urlunsplit

from musicdiff_job.core.outcome import TABLE, Outcome
from musicdiff_job.core.secret import Redactor, Secret
from musicdiff_job.core.summary import Summary
from musicdiff_job.notify.bounded import Gave
from musicdiff_job.report.run import error_line
from musicdiff_job.report.text import clean, named
from musicdiff_job.sinks import Ended

TRIES = 2
SECONDS = 5.0
"""For one try."""
BODY_AT_MOST = 10_000
"""Bytes that healthchecks keeps of a body, by default."""


class Ping(StrEnum):
    """What the monitor is told at the end of a run."""

    SUCCESS = "success"
    LOG = "log"
    FAIL = "fail"
    STATUS = "status"
    """The exit status, which is a failure unless it is 0."""


PINGS: dict[Outcome, Ping] = {
    Outcome.IN_SYNC: Ping.SUCCESS,
    Outcome.CHANGED: Ping.SUCCESS,
    Outcome.MORE_TO_DO: Ping.SUCCESS,
    Outcome.RATE_LIMITED: Ping.LOG,
    Outcome.LOCKED: Ping.LOG,
    Outcome.PAUSED: Ping.LOG,
    Outcome.LOST_LEASE: Ping.LOG,
    Outcome.INTERRUPTED: Ping.LOG,
    Outcome.PARTIAL: Ping.STATUS,
    Outcome.CONFLICT: Ping.STATUS,
    Outcome.UNAVAILABLE: Ping.FAIL,
    Outcome.CRASH: Ping.FAIL,
    Outcome.CHECKPOINT_INVALID: Ping.FAIL,
    Outcome.CHECKPOINT_UNWRITABLE: Ping.FAIL,
    Outcome.AUTH: Ping.FAIL,
    Outcome.USAGE: Ping.FAIL,
    Outcome.CONFIG: Ping.FAIL,
}


class NoAnswer(Exception):
    """The monitor did not take a ping. Says nothing of its address, which is a secret."""


class HealthPings:
    """Pings ``url``. ``clock`` never goes back."""

    name = "health.ping_url"

    def __init__(self, url: Secret, redactor: Redactor, clock: Callable[[], float]) -> None:
        self._url = url
        self._redactor = redactor
        self._clock = clock
        self._begun: Gave[None] | None = None

    def begin(self, run_id: str) -> None:
        """Say that a run begins; the answer is not waited for."""
        self._begun = Gave(partial(_post, address(self._url, "start", run_id), b""))

    def end(self, ended: Ended) -> None:
        """Say how it ended. Raises ``NoAnswer``."""
        until = self._clock() + ended.seconds
        if self._begun is not None:
            self._begun.wait(ended.seconds)  # else the monitor might hear of the end before the beginning
        summary = ended.summary
        body = body_of(summary, self._redactor)
        last = Gave(partial(_post, address(self._url, signal_of(summary), summary.run_id), body))
        if not last.wait(until - self._clock()):
            raise NoAnswer("the monitor does not answer")
        if last.error is not None:
            raise last.error


def signal_of(summary: Summary) -> str:
    """What follows the address for this end of a run; "" for success."""
    match PINGS[summary.outcome]:
        case Ping.SUCCESS:
            return ""
        case Ping.STATUS:
            return str(summary.exit_code)
        case Ping.LOG | Ping.FAIL as ping:
            return ping.value


def address(url: Secret, signal: str, run_id: str) -> Secret:
    """Where a ping goes. The query of ``url`` (``create=1``) stays."""
    parts = urlsplit(url.reveal())
    rid = urlencode({"rid": str(uuid.uuid5(uuid.NAMESPACE_OID, run_id))})
    path = parts.path.rstrip("/") + (f"/{signal}" if signal else "")
    query = f"{parts.query}&{rid}" if parts.query else rid
    return Secret(urlunsplit(SplitResult(parts.scheme, parts.netloc, path, query, "")))


def body_of(summary: Summary, redactor: Redactor) -> bytes:
    """The run in a few lines."""
    totals, calls = summary.totals, summary.api_calls
    lines = [
        f"{summary.outcome}: {TABLE[summary.outcome].meaning}",
        f"run {summary.run_id}, profile {summary.profile}, {summary.duration_seconds:.1f} s",
        f"{totals.collections} collections, {totals.added} added, {totals.removed} removed, "
        f"{totals.pending} unfinished, {totals.failed} failed, {totals.conflicts} open conflicts",
        f"calls: Spotify {calls.get('spotify', 0)}, Deezer {calls.get('deezer', 0)}",
    ]
    if summary.retry_at:
        lines.append(f"not before {summary.retry_at}")
    lines += [error_line(line.where, line.message, line.hint) for line in summary.errors]
    lines += [f"conflict in {named(line.name)}: {line.message}" for line in summary.conflicts]
    text = "\n".join(clean(redactor.scrub(line)) for line in lines)
    return text.encode(errors="replace")[:BODY_AT_MOST].decode(errors="ignore").encode()


def _post(url: Secret, body: bytes) -> None:
    """Ping, twice if need be. Redirects are not followed: the address is what proves who pings."""
    import requests

    reason = ""
    for _ in range(TRIES):
        try:
            answer = requests.post(url.reveal(), data=body, timeout=SECONDS, allow_redirects=False)
        except (requests.RequestException, ValueError) as error:
            reason = type(error).__name__
            continue
        if answer.ok and not answer.is_redirect:
            return
        reason = f"HTTP {answer.status_code}"
        if answer.status_code < 500:
            break  # asked again it would say the same
    raise NoAnswer(f"the monitor did not take the ping ({reason})")
