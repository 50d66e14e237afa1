"""Which sinks the settings open, and what they need."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest
from checkpoint_sample import NOW
from endpoints import Endpoint

from musicdiff_job import bootstrap, telling
from musicdiff_job import settings as settings_loader
from musicdiff_job.clock import StopFlag, SystemClock
from musicdiff_job.core.errors import ConfigError
from musicdiff_job.core.outcome import ExitCodes, Outcome
from musicdiff_job.core.secret import Redactor
from musicdiff_job.notify import delivery, metrics
from musicdiff_job.notify.opening import consent_of, open_without_settings
from musicdiff_job.performing import refuse_and_tell
from musicdiff_job.report.silent import Silent
from musicdiff_job.settings import Loaded

ALL = {
    "MUSICDIFF_NOTIFY_URLS": "json://localhost/",
    "MUSICDIFF_HEALTH_PING_URL": "https://hc.example/key",
    "MUSICDIFF_METRICS_TEXTFILE": "/tmp/x.prom",
    "MUSICDIFF_METRICS_PUSHGATEWAY": "http://localhost:9091",
    "MUSICDIFF_HOOKS_AFTER_FAILURE": '["true"]',
}


def load(folder: Path, **env: str) -> Loaded:
    return settings_loader.load(env={"HOME": str(folder), **env}, cwd=folder)


def assemble(loaded: Loaded) -> object:
    clock = SystemClock(StopFlag())
    return bootstrap.assemble(
        loaded, stop=StopFlag(), clock=clock, observer=Silent(), redactor=Redactor(), run_id="r",
        store=bootstrap.open_store(loaded.settings, clock),
    )  # fmt: skip


def test_each_setting_opens_its_sink(tmp_path: Path) -> None:
    assert telling.open_sinks(load(tmp_path), {}) == ()
    sinks = telling.open_sinks(load(tmp_path, **ALL), {})
    assert [sink.name for sink in sinks] == [
        "hooks", "health.ping_url", "metrics.textfile", "metrics.pushgateway", "notify.urls"
    ]  # fmt: skip


def test_what_is_missing_ends_the_run_before_it_begins(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    loaded = load(tmp_path, **ALL)
    assert assemble(loaded)
    monkeypatch.setattr(delivery, "is_installed", lambda: False)
    monkeypatch.setattr(metrics, "is_installed", lambda: False)
    with pytest.raises(ConfigError) as told:
        assemble(loaded)
    assert "pip install 'musicdiff-job[notify]'" in told.value.problems[0]
    assert "pip install 'musicdiff-job[metrics]'" in told.value.problems[1]
    assert [sink.name for sink in telling.open_sinks(loaded, {})] == ["hooks", "health.ping_url"]
    assert assemble(load(tmp_path))


def test_who_the_environment_names_is_told_of_wrong_settings_once(
    tmp_path: Path, endpoint: Endpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MUSICDIFF_NOTIFY_URLS", endpoint.url.replace("http", "failure=json"))
    monkeypatch.setenv("MUSICDIFF_HEALTH_PING_URL", f"{endpoint.url}/ping")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("XDG_STATE_HOME", raising=False)
    stop = StopFlag()
    for _ in range(2):
        told = refuse_and_tell(ConfigError(["a.b: no"]), stop, SystemClock(stop), "default", ExitCodes.SIMPLE)
        assert told.outcome is Outcome.CONFIG
    assert [path.partition("?")[0] for path in endpoint.paths] == ["/ping/fail", "/", "/ping/fail"]
    assert "- a.b: no" in json.loads(endpoint.asked[1].body)["message"]
    assert (tmp_path / ".local/state/musicdiff/default.told").exists()


@pytest.mark.parametrize("urls", ["", "what is this?", "[1]"])
def test_what_cannot_be_read_there_names_nobody(urls: str) -> None:
    assert (
        open_without_settings({"MUSICDIFF_NOTIFY_URLS": urls, "MUSICDIFF_HEALTH_PING_URL": urls}, time.monotonic) == ()
    )


def test_the_consent_counts_where_it_is_needed(tmp_path: Path) -> None:
    known = load(tmp_path, SPOTIFY_AUTHORIZED_AT="2026-11-21")
    ends = consent_of(known)
    assert ends is not None
    assert (ends - NOW.date()).days == 181
    assert consent_of(load(tmp_path)) is None
    files = {"MUSICDIFF_SOURCE_KIND": "export", "MUSICDIFF_SOURCE_PATH": str(tmp_path)}
    assert consent_of(load(tmp_path, SPOTIFY_AUTHORIZED_AT="2026-11-21", **files)) is None
