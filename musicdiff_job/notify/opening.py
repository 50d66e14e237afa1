"""The sinks of this package that the settings ask for."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from pathlib import Path

from musicdiff_job.core.expiry import consent_ends
from musicdiff_job.core.secret import Redactor, Secret
from musicdiff_job.notify import delivery, metrics
from musicdiff_job.notify.health import HealthPings
from musicdiff_job.notify.notifications import Notifications
from musicdiff_job.ports import Store
from musicdiff_job.settings import Loaded, Settings
from musicdiff_job.settings.choices import NotifyOn, SourceKind
from musicdiff_job.settings.kinds import Wrong
from musicdiff_job.settings.recipients import recipients
from musicdiff_job.settings.rows import ROWS
from musicdiff_job.sinks import Sink


def missing(settings: Settings) -> list[str]:
    """The settings whose library is not installed, each a sentence that says how to install it."""
    problems = []
    if settings.notify.urls and not delivery.is_installed():
        problems.append("notify.urls: notifications need Apprise: pip install 'musicdiff-job[notify]'")
    if (settings.metrics.textfile or settings.metrics.pushgateway) and not metrics.is_installed():
        problems.append("metrics: these need prometheus-client: pip install 'musicdiff-job[metrics]'")
    return problems


def open_sinks(
    loaded: Loaded, env: Mapping[str, str], store: Store | None, redactor: Redactor, clock: Callable[[], float]
) -> tuple[Sink, ...]:
    """What the settings ask for and can be had. Reaches nothing."""
    settings = loaded.settings
    ends = consent_of(loaded)
    sinks: list[Sink] = []
    if settings.health.ping_url:
        sinks.append(HealthPings(settings.health.ping_url, redactor, clock))
    if settings.metrics.textfile and metrics.is_installed():
        sinks.append(metrics.Textfile(Path(settings.metrics.textfile), ends))
    if settings.metrics.pushgateway and metrics.is_installed():
        sinks.append(metrics.Push(settings.metrics.pushgateway, ends))
    if settings.notify.urls and delivery.is_installed():
        told = recipients(settings.notify.urls, settings.notify.on)
        sinks.append(Notifications(told, ends, store, settings.checkpoint.url, env, redactor, clock))
    return tuple(sinks)


def open_without_settings(env: Mapping[str, str], clock: Callable[[], float]) -> tuple[Sink, ...]:
    """Who can be told that the settings cannot be read: those whom the environment itself names."""
    urls, ping = _typed(env, "notify", "urls"), _typed(env, "health", "ping_url")
    redactor = Redactor()
    sinks: list[Sink] = []
    if isinstance(ping, Secret) and ping:
        redactor.learn(ping)
        sinks.append(HealthPings(ping, redactor, clock))
    if isinstance(urls, tuple) and urls and delivery.is_installed():
        redactor.learn(*urls)
        told = recipients(urls, tuple(NotifyOn))
        sinks.append(Notifications(told, None, None, "", env, redactor, clock))
    return tuple(sinks)


def consent_of(loaded: Loaded) -> date | None:
    """The day on which Spotify's consent ends; None where nobody knows, or no consent is needed."""
    day = loaded.credentials.spotify_authorized_at
    return consent_ends(day) if day and loaded.settings.source.kind is SourceKind.SPOTIFY else None


def _typed(env: Mapping[str, str], section: str, name: str) -> object:
    row = ROWS[section][name]
    try:
        return row.kind.read(row.kind.from_text(env.get(row.variable, "")))
    except Wrong:
        return None
