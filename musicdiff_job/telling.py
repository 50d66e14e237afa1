"""Who is told of runs: the sinks that the settings and the surroundings ask for, each imported when it is."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from musicdiff_job import bootstrap
from musicdiff_job.clock import StopFlag, SystemClock
from musicdiff_job.core.errors import ConfigError
from musicdiff_job.core.secret import Redactor
from musicdiff_job.ports import Store
from musicdiff_job.settings import Loaded
from musicdiff_job.sinks import Sink


def open_sinks(
    loaded: Loaded | None, env: Mapping[str, str], store: Store | None = None, redactor: Redactor | None = None
) -> tuple[Sink, ...]:
    """Who is told of runs: by the settings (None where they cannot be read), and by what ``env`` says of the place
    that the process runs in; those beside us first. ``store`` and ``redactor`` are the run's. Reaches nothing. Raises
    ``ConfigError`` where a library that the settings need is not installed."""
    return (*_open_surroundings(env), *_open_report(loaded), *_open_notify(loaded, env, store, redactor))


def _open_surroundings(env: Mapping[str, str]) -> tuple[Sink, ...]:
    """The scheduler that the run is under, where that has a place to be told."""
    if "GITHUB_ACTIONS" in env:
        from musicdiff_job.report.github import github_sinks

        return github_sinks(env)
    if env.get("KUBERNETES_SERVICE_HOST"):
        from musicdiff_job.report import termination

        return (termination.TerminationLog(termination.TERMINATION_LOG),)
    return ()


def _open_report(loaded: Loaded | None) -> tuple[Sink, ...]:
    """The dashboard."""
    if loaded is None or not (url := loaded.settings.report.html):
        return ()
    from musicdiff_job.publishing import HtmlReport, to_bucket, to_file

    settings = loaded.settings
    if url.startswith("s3://"):
        name, _, key = url.removeprefix("s3://").partition("/")
        if key.endswith("/"):
            raise ConfigError([f"report.html: {url} is a folder; it must name an object, s3://bucket/index.html"])
        with bootstrap.needing_boto3("report.html: a report"):
            from musicdiff_job.store.bucket import Bucket, Use
        put = to_bucket(Bucket(name, StopFlag(), Use("the report", "report.html")), key)
    else:
        put = to_file(Path(url))
    view = bootstrap.standpoint_of(loaded)
    return (HtmlReport(view, lambda now: bootstrap.listened(settings, now), put),)


def _open_notify(
    loaded: Loaded | None, env: Mapping[str, str], store: Store | None, redactor: Redactor | None
) -> tuple[Sink, ...]:
    """Notifications, health pings, metrics and the hooks after a run."""
    clock = SystemClock(StopFlag())
    if loaded is None:
        if not (env.get("MUSICDIFF_NOTIFY_URLS") or env.get("MUSICDIFF_HEALTH_PING_URL")):
            return ()
        from musicdiff_job.notify.opening import open_without_settings

        return open_without_settings(env, clock.monotonic)
    sinks: list[Sink] = []
    settings = loaded.settings
    if redactor is None:
        redactor = Redactor()
        redactor.learn(*loaded.secrets())
    if settings.hooks.after_success or settings.hooks.after_failure:
        from musicdiff_job.hooks import AfterHooks

        sinks.append(AfterHooks(loaded, env, redactor, clock))
    if settings.notify.urls or settings.health.ping_url or settings.metrics.textfile or settings.metrics.pushgateway:
        from musicdiff_job.notify import opening

        sinks += opening.open_sinks(loaded, env, store, redactor, clock.monotonic)
    return tuple(sinks)
