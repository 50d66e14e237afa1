"""Metrics as Prometheus reads them, and the rules in the documentation."""

from __future__ import annotations

import base64
import re
import stat
from datetime import date
from pathlib import Path

import msgspec
import pytest
import yaml
from checkpoint_sample import NOW, run_summary, sample
from endpoints import Endpoint
from prometheus_client.parser import text_string_to_metric_families

from musicdiff_job.core.checkpoint import Checkpoint, Pause
from musicdiff_job.core.errors import CheckpointInvalid
from musicdiff_job.core.outcome import Outcome
from musicdiff_job.core.secret import Secret
from musicdiff_job.core.summary import Summary
from musicdiff_job.notify.metrics import NotPushed, Push, Textfile, samples
from musicdiff_job.sinks import Ended

PAGE = (Path(__file__).parents[2] / "docs" / "metrics.md").read_text(encoding="utf-8")
ENDS = date(2027, 5, 21)


def ended(checkpoint: Checkpoint | None = None, **fields: object) -> Ended:
    summary = msgspec.structs.replace(run_summary(21, Outcome.PARTIAL, 3), exit_code=20, **fields)
    return Ended(summary, NOW, lambda: checkpoint, 10.0)


def parsed(text: str) -> dict[tuple[str, str], float]:
    """The values by name and by the label besides the profile."""
    found = {}
    for family in text_string_to_metric_families(text):
        assert family.type == "gauge"
        assert family.documentation
        for one in family.samples:
            labels = {name: value for name, value in one.labels.items() if name != "profile"}
            assert one.labels["profile"] == "default"
            found[one.name, ",".join(labels.values())] = one.value
    return found


def test_a_textfile_has_the_figures_and_is_for_all_to_read(tmp_path: Path) -> None:
    file = tmp_path / "musicdiff.prom"
    paused = msgspec.structs.replace(sample(last=Outcome.PARTIAL), failed_runs=2, paused=Pause("x", "moving"))
    Textfile(file, ENDS).end(ended(paused))
    values = parsed(file.read_text())
    expected = {
        ("last_run_timestamp_seconds", ""): NOW.replace(hour=3, second=42).timestamp(),
        ("last_success_timestamp_seconds", ""): NOW.replace(day=17, hour=3, second=40).timestamp(),
        ("run_duration_seconds", ""): 42.3,
        ("run_outcome", "partial"): 1,
        ("run_outcome", "in_sync"): 0,
        ("run_exit_code", ""): 20,
        ("run_api_calls", "spotify"): 3,
        ("run_api_calls", "deezer"): 1207,
        ("run_entries_added", ""): 3,
        ("run_entries_removed", ""): 2,
        ("collections", "failed"): 1,
        ("collections", "in_sync"): 1,
        ("collections", "detached"): 0,
        ("tracks", "placed"): 4,
        ("tracks", "unmatched"): 1,
        ("conflicts", ""): 1,
        ("failed_runs_in_a_row", ""): 2,
        ("paused", ""): 1,
        ("not_before_timestamp_seconds", "spotify"): NOW.replace(hour=18).timestamp(),
        ("consent_expires_timestamp_seconds", ""): NOW.replace(year=2027, month=5, day=21, hour=0).timestamp(),
    }
    assert {key: values[f"musicdiff_{key[0]}", key[1]] for key in expected} == expected
    assert sum(value for (name, _), value in values.items() if name == "musicdiff_run_outcome") == 1
    assert stat.S_IMODE(file.stat().st_mode) == 0o644
    assert [one.name for one in tmp_path.iterdir()] == ["musicdiff.prom"]


def test_without_a_checkpoint_the_run_alone_is_told(tmp_path: Path) -> None:
    def broken() -> Checkpoint:
        raise CheckpointInvalid("damaged")

    file = tmp_path / "musicdiff.prom"
    Textfile(file, None).end(Ended(ended().summary, NOW, broken))
    values = parsed(file.read_text())
    assert values["musicdiff_run_outcome", "partial"] == 1
    assert not {name for name, _ in values} & {"musicdiff_conflicts", "musicdiff_last_success_timestamp_seconds"}


def test_a_failed_run_that_no_checkpoint_remembers_counts(tmp_path: Path) -> None:
    file = tmp_path / "musicdiff.prom"
    Textfile(file, None).end(ended(msgspec.structs.replace(sample(), failed_runs=2), run_id="another"))
    assert parsed(file.read_text())["musicdiff_failed_runs_in_a_row", ""] == 3


def test_a_push_adds_to_the_profiles_group(endpoint: Endpoint) -> None:
    url = endpoint.url.replace("http://", "http://ada:pass%20word@") + "/gateway/"
    Push(Secret(url), ENDS).end(ended(sample()))
    (asked,) = endpoint.asked
    assert (asked.method, asked.path) == ("POST", "/gateway/metrics/job/musicdiff/profile/default")
    assert asked.headers["Authorization"] == f"Basic {base64.b64encode(b'ada:pass word').decode()}"
    assert parsed(asked.body.decode())["musicdiff_run_outcome", "partial"] == 1


def test_without_a_password_none_is_sent(endpoint: Endpoint) -> None:
    Push(Secret(endpoint.url), None).end(ended(sample()))
    assert "Authorization" not in endpoint.asked[0].headers


def test_a_push_that_is_refused_says_so_without_the_address(endpoint: Endpoint) -> None:
    endpoint.status = lambda number: 503
    with pytest.raises(NotPushed) as told:
        Push(Secret(endpoint.url.replace("//", "//ada:sesame@")), None).end(ended(sample()))
    assert str(told.value) == "the Pushgateway did not take the metrics (HTTP 503)"


def test_a_gateway_that_hangs_is_left_behind(endpoint: Endpoint) -> None:
    endpoint.hang.set()
    late = Ended(ended().summary, NOW, lambda: None, 0.3)
    with pytest.raises(NotPushed):
        Push(Secret(endpoint.url), None).end(late)


def names() -> set[str]:
    summary = Summary("r", Outcome.CHANGED, "2026-11-21T12:00:00Z", "2026-11-21T12:00:00Z", 0.0)
    return {one.name for one in samples(summary, sample(), ENDS)}


def test_the_documentation_lists_what_there_is() -> None:
    assert set(re.findall(r"^\| `(musicdiff_[a-z_]+)", PAGE, re.MULTILINE)) == names()


def test_names_follow_the_conventions() -> None:
    for name in names():
        assert re.fullmatch(r"musicdiff_[a-z]+(?:_[a-z]+)*", name)
        assert not name.endswith(("_total", "_count", "_sum", "_bucket")), "these are for counters and histograms"
        assert ("timestamp" in name or "duration" in name) == name.endswith("_seconds")


def test_the_rules_shown_are_rules_on_metrics_that_exist() -> None:
    (block,) = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
    (group,) = yaml.safe_load(block)["groups"]
    assert len(group["rules"]) >= 4
    for rule in group["rules"]:
        assert set(rule) <= {"alert", "expr", "for", "labels", "annotations"}
        assert set(re.findall(r"musicdiff_[a-z_]+", rule["expr"])) <= names()
        assert rule["annotations"]["summary"]
