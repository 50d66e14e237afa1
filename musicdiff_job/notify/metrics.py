"""Metrics for Prometheus: a textfile for the node exporter, or a push to a Pushgateway.

Every value is a gauge and every name ends in its unit, by Prometheus' conventions; docs/metrics.md lists them with
their alerts. All carry the profile. A Pushgateway keeps what it was told last (a push replaces only the metrics that
it names), so the time of the last success is not lost by a run that could not read the checkpoint.
"""

from __future__ import annotations

import importlib.util
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import SplitResult, unquote, urlsplit, urlunsplit

from musicdiff_job.core.checkpoint import Checkpoint
from musicdiff_job.core.errors import JobError
from musicdiff_job.core.failing import row_with
from musicdiff_job.core.model import Service
from musicdiff_job.core.notices import remembers
from musicdiff_job.core.outcome import Outcome
from musicdiff_job.core.secret import Secret
from musicdiff_job.core.summary import CollectionState, Summary
from musicdiff_job.core.timestamps import from_iso
from musicdiff_job.notify.bounded import Gave
from musicdiff_job.report.status import progress_of
from musicdiff_job.sinks import Ended

if TYPE_CHECKING:
    from prometheus_client import CollectorRegistry

JOB = "musicdiff"
TEXTFILE_MODE = 0o644
"""The node exporter is another user."""


class Sample(NamedTuple):
    """One value, with its label besides the profile if it has one."""

    name: str
    help: str
    value: float
    label: tuple[str, str] | None = None


class NotPushed(Exception):
    """The Pushgateway did not take the metrics. Says nothing of its address, which may hold a password."""


def is_installed() -> bool:
    """Whether the client library is there, without importing it."""
    return importlib.util.find_spec("prometheus_client") is not None


def samples(summary: Summary, checkpoint: Checkpoint | None, consent_ends: date | None) -> Iterator[Sample]:
    """All values after a run. ``checkpoint`` is None where there is none or it cannot be read; what only it knows is
    left out then."""
    yield Sample("musicdiff_last_run_timestamp_seconds", "When the last run ended", _seconds(summary.finished_at))
    yield Sample("musicdiff_run_duration_seconds", "How long the last run took", summary.duration_seconds)
    for outcome in Outcome:
        yield Sample(
            "musicdiff_run_outcome",
            "1 for what the last run came to, 0 for all else",
            float(outcome is summary.outcome),
            ("outcome", outcome.value),
        )
    yield Sample("musicdiff_run_exit_code", "The exit status of the last run", summary.exit_code)
    for service in ("spotify", "deezer", "auth"):
        yield Sample(
            "musicdiff_run_api_calls",
            "API calls of the last run; sign-ins apart",
            summary.api_calls.get(service, 0),
            ("service", service),
        )
    for change in ("added", "removed"):
        told = f"Entries that the last run {change} on Deezer"
        yield Sample(f"musicdiff_run_entries_{change}", told, getattr(summary.totals, change))
    yield Sample(
        "musicdiff_run_errors", "Lines of the last run's summary that say what went wrong", len(summary.errors)
    )
    if consent_ends is not None:
        ends = datetime.combine(consent_ends, time(), UTC).timestamp()
        yield Sample("musicdiff_consent_expires_timestamp_seconds", "When Spotify's consent ends", ends)
    if checkpoint is not None:
        yield from _lasting(summary, checkpoint)


def _lasting(summary: Summary, checkpoint: Checkpoint) -> Iterator[Sample]:
    if checkpoint.last_success_at is not None:
        yield Sample(
            "musicdiff_last_success_timestamp_seconds",
            "When a run last ended with all in step",
            _seconds(checkpoint.last_success_at),
        )
    row = checkpoint.failed_runs
    if not remembers(checkpoint, summary):
        row = row_with(row, summary)
    yield Sample("musicdiff_failed_runs_in_a_row", "Failed runs in a row", row)
    yield Sample("musicdiff_paused", "1 while runs do nothing until `resume`", float(checkpoint.paused is not None))
    states = Counter(mirror.state for mirror in checkpoint.mirrors.values())
    for state in CollectionState:
        yield Sample("musicdiff_collections", "Collections by their state", states[state], ("state", state.value))
    tracks = progress_of(checkpoint, from_iso(summary.finished_at)).tracks
    for kind, value in (("matched", tracks.matched), ("unmatched", tracks.unmatched), ("placed", tracks.placed)):
        yield Sample("musicdiff_tracks", "Entries of the selected collections", value, ("state", kind))
    yield Sample(
        "musicdiff_conflicts",
        "Open conflicts, which only a person may decide",
        sum(one.decision is None for one in checkpoint.conflicts.values()),
    )
    for service in Service:
        if (closed := checkpoint.not_before.get(service)) is not None:
            yield Sample(
                "musicdiff_not_before_timestamp_seconds",
                "Until when a service asked not to be called; of the past while it is open again",
                _seconds(closed.until),
                ("service", service.value),
            )


def registry_of(profile: str, values: Iterator[Sample]) -> CollectorRegistry:
    """The values as the client library wants them."""
    from prometheus_client import CollectorRegistry, Gauge

    registry = CollectorRegistry()
    gauges: dict[str, Gauge] = {}
    for one in values:
        labels = ("profile",) if one.label is None else ("profile", one.label[0])
        if one.name not in gauges:
            gauges[one.name] = Gauge(one.name, one.help, labels, registry=registry)
        texts = (profile,) if one.label is None else (profile, one.label[1])
        gauges[one.name].labels(*texts).set(one.value)
    return registry


@dataclass(frozen=True, slots=True)
class Textfile:
    """Writes ``path``, whole or not at all, readable by everybody."""

    path: Path
    consent_ends: date | None
    name: str = "metrics.textfile"

    def begin(self, run_id: str) -> None:
        """Nothing: a run under way has no figures."""

    def end(self, ended: Ended) -> None:
        """Write the figures. Raises OSError."""
        from prometheus_client import write_to_textfile

        registry = _registry(ended, self.consent_ends)
        write_to_textfile(str(self.path), registry)
        self.path.chmod(TEXTFILE_MODE)


@dataclass(frozen=True, slots=True)
class Push:
    """Pushes to the Pushgateway at ``url``, which may hold a user and a password."""

    url: Secret
    consent_ends: date | None
    name: str = "metrics.pushgateway"

    def begin(self, run_id: str) -> None:
        """Nothing: a run under way has no figures."""

    def end(self, ended: Ended) -> None:
        """Push the figures. Raises ``NotPushed``."""
        registry = _registry(ended, self.consent_ends)
        pushed = Gave(partial(_push, self.url, registry, ended.summary.profile, ended.seconds))
        if not pushed.wait(ended.seconds):
            raise NotPushed("the Pushgateway does not answer")
        if pushed.error is not None:
            raise NotPushed(f"the Pushgateway did not take the metrics ({_reason(pushed.error)})")


def _registry(ended: Ended, consent_ends: date | None) -> CollectorRegistry:
    checkpoint = None
    with suppress(JobError):
        checkpoint = ended.look()
    return registry_of(ended.summary.profile, samples(ended.summary, checkpoint, consent_ends))


def _push(url: Secret, registry: CollectorRegistry, profile: str, seconds: float) -> None:
    from prometheus_client import exposition

    parts = urlsplit(url.reveal())
    user, password = unquote(parts.username or ""), unquote(parts.password or "")
    bare = urlunsplit(SplitResult(parts.scheme, parts.netloc.rpartition("@")[2], parts.path, "", ""))

    def handler(
        url: str, method: str, timeout: float | None, headers: list[tuple[str, str]], data: bytes
    ) -> Callable[[], None]:
        if not user:
            return exposition.default_handler(url, method, timeout, headers, data)
        return exposition.basic_auth_handler(url, method, timeout, headers, data, user, password)

    exposition.pushadd_to_gateway(bare, JOB, registry, {"profile": profile}, timeout=seconds, handler=handler)


def _reason(error: Exception) -> str:
    status = getattr(error, "code", None)
    return f"HTTP {status}" if isinstance(status, int) else type(error).__name__


def _seconds(text: str) -> float:
    return from_iso(text).timestamp()
