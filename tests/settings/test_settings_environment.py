"""The environment: every setting by its variable, and nothing unknown."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from musicdiff_job.core.secret import Secret
from musicdiff_job.settings.base_urls import BASE_URLS
from musicdiff_job.settings.environment import (
    OTHER_VARIABLES,
    VARIABLES,
    Environment,
    read_environment,
    variables_of,
    warn_of_unused,
)
from musicdiff_job.settings.findings import CREDENTIALS, Findings, Variable
from musicdiff_job.settings.model import PlaylistRule

CWD = Path("/cwd")


def read(env: Mapping[str, str]) -> tuple[Environment, list[str]]:
    findings = Findings()
    return read_environment(variables_of(env, {}, CWD), findings), findings.problems


def test_no_two_settings_share_a_variable() -> None:
    names = [*VARIABLES, *BASE_URLS, *OTHER_VARIABLES, *CREDENTIALS, "MUSICDIFF_PLAYLIST"]
    names += [f"{name}_FILE" for name, row in VARIABLES.items() if row.kind.secret]
    assert len(names) == len(set(names))


@pytest.mark.parametrize(
    ("variable", "text", "key", "value"),
    [
        ("MUSICDIFF_BUDGET_TIME", "1h30m", "budget.time", 5400.0),
        ("MUSICDIFF_BUDGET_TIME", "90", "budget.time", 90.0),
        ("MUSICDIFF_SYNC_HAND_EDITS", "ask", "sync.hand_edits", "ask"),
        ("MUSICDIFF_SYNC_INCLUDE", "Gym*, owner:me", "sync.include", ("Gym*", "owner:me")),
        ("MUSICDIFF_SYNC_INCLUDE", '["a, b"]', "sync.include", ("a, b",)),
        ("MUSICDIFF_SYNC_EXCLUDE", "[]", "sync.exclude", ()),
        ("MUSICDIFF_MATCHING_MIN_SCORE", "0.9", "matching.min_score", 0.9),
        ("MUSICDIFF_MATCHING_RETRY_UNMATCHED", "1d,3d", "matching.retry_unmatched", (86400.0, 259200.0)),
        ("MUSICDIFF_PLAYBACK_ENABLED", "true", "playback.enabled", True),
        ("MUSICDIFF_LOG_FILE", "x.log", "log.file", "x.log"),
        ("MUSICDIFF_DEEZER_REQUESTS_PER_5S", "20", "deezer.requests_per_5s", 20),
        ("MUSICDIFF_PLAYLIST", '[{"match": "Gym*", "priority": 3}]', "playlist", (PlaylistRule("Gym*", priority=3),)),
        (
            "MUSICDIFF_NOTIFY_URLS",
            "mailto://a:b@c?to=d,e, json://host/x ntfys://t",
            "notify.urls",
            (Secret("mailto://a:b@c?to=d,e"), Secret("json://host/x"), Secret("ntfys://t")),
        ),
    ],
)
def test_settings(variable: str, text: str, key: str, value: object) -> None:
    environment, problems = read({variable: text})
    assert not problems
    assert {key: given.value for key, given in environment.values.items()} == {key: value}
    assert environment.values[key].origin == variable


def test_an_empty_variable_counts_as_not_set() -> None:
    environment, problems = read(dict.fromkeys([*VARIABLES, *BASE_URLS, "MUSICDIFF_PLAYLIST", "MUSICDIFF_X"], ""))
    assert not environment.values and not problems


@pytest.mark.parametrize(
    ("variable", "text", "problem"),
    [
        ("MUSICDIFF_BUDGET_TIMES", "1", "MUSICDIFF_BUDGET_TIMES: no setting has this variable; did you mean "
         "MUSICDIFF_BUDGET_TIME?"),
        ("MUSICDIFF_DEEZER_API_UR", "1", "did you mean MUSICDIFF_DEEZER_API_URL?"),
        ("MUSICDIFF_XYZ", "hush", "MUSICDIFF_XYZ: no setting has this variable"),
        ("MUSICDIFF_DEEZER_ARL", "hush", "credentials have no MUSICDIFF_ in front; set DEEZER_ARL"),
        ("MUSICDIFF_SPOTIFY_REFRESH_TOKEN_FILE", "hush", "set SPOTIFY_REFRESH_TOKEN_FILE"),
        ("MUSICDIFF_BUDGET_CALLS", "many", 'MUSICDIFF_BUDGET_CALLS: budget.calls is "many"; it must be a whole number'),
        ("MUSICDIFF_PLAYLIST", "Gym*", "MUSICDIFF_PLAYLIST: playlist must be a JSON list"),
        ("MUSICDIFF_PLAYLIST", "[" * 9999, "MUSICDIFF_PLAYLIST: playlist must be a JSON list"),
        ("MUSICDIFF_PLAYLIST", '[{"evry": 1}]', "did you mean playlist.every?"),
        ("MUSICDIFF_HEALTH_PING_URL", "hush", "MUSICDIFF_HEALTH_PING_URL: health.ping_url has a value that"),
    ],
)  # fmt: skip
def test_problems(variable: str, text: str, problem: str) -> None:
    _, problems = read({variable: text})
    assert len(problems) == 1 and problem in problems[0] and "hush" not in problems[0]


def test_settings_with_passwords_can_be_mounted(tmp_path: Path) -> None:
    (tmp_path / "urls").write_text("json://a\nntfy://b\n")
    environment, problems = read({"MUSICDIFF_NOTIFY_URLS_FILE": str(tmp_path / "urls")})
    assert not problems
    assert environment.values["notify.urls"].value == (Secret("json://a"), Secret("ntfy://b"))


def test_names_of_other_programs_and_of_kubernetes_are_no_problem() -> None:
    names = ["PATH", "MUSICDIFFX", "MUSICDIFF_CONFIG", "MUSICDIFF_PROFILE", "MUSICDIFF_SERVICE_HOST", "MUSICDIFF_PORT"]
    names += ["MUSICDIFF_WEB_SERVICE_PORT_HTTP", "MUSICDIFF_PORT_80_TCP", "MUSICDIFF_WEB_PORT_80_TCP_ADDR"]
    assert not read(dict.fromkeys(names, "tcp://10.0.0.1:80"))[1]


def test_the_process_environment_goes_before_the_file() -> None:
    file = {
        name: Variable("file", f"{name} (job.env, line 1)", Path("/etc"))
        for name in ("DEEZER_ARL_FILE", "SPOTIFY_CLIENT_ID", "MUSICDIFF_LOG_FILE", "HOME")
    }
    variables = variables_of({"DEEZER_ARL": "env", "SPOTIFY_CLIENT_ID": "", "MUSICDIFF_LOG_LEVEL": "debug"}, file, CWD)
    assert {name: variable.text for name, variable in variables.items()} == {
        "DEEZER_ARL": "env",
        "MUSICDIFF_LOG_LEVEL": "debug",
        "SPOTIFY_CLIENT_ID": "file",
        "MUSICDIFF_LOG_FILE": "file",
    }
    assert variables["MUSICDIFF_LOG_FILE"].folder == Path("/etc")


def test_names_in_the_file_that_nothing_reads_are_told() -> None:
    findings = Findings()
    names = ("DEEZER_ALR", "AWS_REGION", "DEEZER_ARL", "DEEZER_ARL_FILE", "MUSICDIFF_X")
    warn_of_unused({name: Variable("hush", name, CWD) for name in names}, findings)
    assert len(findings.warnings) == 2 and "hush" not in "".join(findings.warnings)
    assert findings.warnings[0].endswith("did you mean DEEZER_ARL?") and findings.warnings[1].startswith("AWS_REGION")


@given(
    st.dictionaries(st.sampled_from([*VARIABLES, *BASE_URLS, "MUSICDIFF_PLAYLIST"]), st.text(max_size=20), max_size=4)
)
def test_any_text_is_read_or_refused(env: dict[str, str]) -> None:
    read(env)
