"""Loading as a whole: the order of the sources, and all problems at once."""

from __future__ import annotations

import stat
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from musicdiff_job.core.errors import ConfigError
from musicdiff_job.core.outcome import Outcome
from musicdiff_job.core.secret import Redactor
from musicdiff_job.settings import load
from musicdiff_job.settings.environment import VARIABLES
from musicdiff_job.settings.model import BaseUrls, Budget, Log, Sync

HOME = {"HOME": "/home/me"}


def write(path: Path, text: str) -> Path:
    path.write_text(text)
    path.chmod(stat.S_IRUSR | stat.S_IWUSR)
    return path


def problems(**arguments: Any) -> tuple[str, ...]:
    with pytest.raises(ConfigError) as caught:
        load(**arguments)
    assert caught.value.outcome is Outcome.CONFIG
    return caught.value.problems


def test_nothing_is_needed(tmp_path: Path) -> None:
    loaded = load(env=HOME, cwd=tmp_path)
    assert loaded.sources == ("defaults",) and loaded.warnings == ()
    assert loaded.settings.profile == "default"
    assert loaded.settings.sync == Sync() and loaded.settings.budget == Budget(600.0, 5000, 1000, 30000)
    assert loaded.settings.checkpoint.url == "/home/me/.local/state/musicdiff/checkpoint.json.gz"
    assert loaded.settings.urls == BaseUrls()
    assert len(loaded.credentials.require()) == 3


def test_each_source_goes_before_the_one_below(tmp_path: Path) -> None:
    write(tmp_path / "musicdiff.toml", "[budget]\ncalls = 1\n[profiles.a.budget]\ncalls = 2\n")
    env_file = write(tmp_path / "job.env", "MUSICDIFF_BUDGET_CALLS=3\n")
    steps: list[tuple[int, dict[str, Any]]] = [
        (1, {"env": HOME}),
        (2, {"env": HOME, "profile": "a"}),
        (2, {"env": HOME | {"MUSICDIFF_PROFILE": "a"}}),
        (1, {"env": HOME | {"MUSICDIFF_PROFILE": "a"}, "profile": "default"}),
        (3, {"env": HOME, "profile": "a", "env_file": env_file}),
        (4, {"env": HOME | {"MUSICDIFF_BUDGET_CALLS": "4"}, "profile": "a", "env_file": env_file}),
        (5, {"env": HOME | {"MUSICDIFF_BUDGET_CALLS": "4"}, "overrides": {"budget.calls": 5}}),
        (5, {"env": HOME | {"MUSICDIFF_BUDGET_CALLS": "4"}, "overrides": {"budget.calls": "5"}}),
        (4, {"env": HOME | {"MUSICDIFF_BUDGET_CALLS": "4"}, "overrides": {"budget.calls": None}}),
    ]
    for calls, arguments in steps:
        assert load(cwd=tmp_path, **arguments).settings.budget.calls == calls


def test_the_sources_are_told_without_values(tmp_path: Path) -> None:
    write(tmp_path / "musicdiff.toml", "[profiles.a.budget]\ncalls = 2\n")
    loaded = load(
        env=HOME
        | {"MUSICDIFF_BUDGET_TIME": "1m", "MUSICDIFF_DEEZER_API_URL": "http://localhost:1", "DEEZER_ARL": "hush"},
        cwd=tmp_path,
        profile="a",
        env_file=write(tmp_path / "job.env", ""),
        overrides={"log.level": "debug"},
    )
    assert loaded.sources == (
        "defaults",
        f"file {tmp_path}/musicdiff.toml",
        "profile a",
        f"variables of {tmp_path}/job.env",
        "environment MUSICDIFF_BUDGET_TIME, MUSICDIFF_DEEZER_API_URL",
        "flags for log.level",
    )


def test_the_example_of_the_documentation(tmp_path: Path) -> None:
    config = write(
        tmp_path / "c.toml",
        """
        [checkpoint]
        url = "s3://bucket/{profile}.json.gz"
        [[playlist]]
        match = "Gym*"
        every = "6h"
        window = "02:00-06:00"
        timezone = "Europe/Paris"
        [log]
        format = "auto"
        file = "logs/job.log"
        [profiles.alice]
        sync.include = ["owner:me"]
        [[profiles.alice.playlist]]
        match = "x"
        """,
    )
    base, alice = (load(config=config, env={}, cwd=Path("/"), profile=name).settings for name in ("default", "alice"))
    assert (base.checkpoint.url, alice.checkpoint.url) == ("s3://bucket/default.json.gz", "s3://bucket/alice.json.gz")
    assert (base.playlist[0].match, alice.playlist[0].match) == ("Gym*", "x")
    assert (base.sync.include, alice.sync.include) == (("*",), ("owner:me",))
    assert base.log == Log(file=f"{tmp_path}/logs/job.log")
    assert (base.profile, alice.profile) == ("default", "alice")


def test_a_relative_place_starts_from_whoever_names_it(tmp_path: Path) -> None:
    for name in ("etc", "env", "cwd"):
        (tmp_path / name).mkdir()
    config = write(tmp_path / "etc" / "c.toml", '[log]\nfile = "a"\n[report]\nhtml = "b"\n')
    env_file = write(tmp_path / "env" / "e", "MUSICDIFF_REPORT_HTML=c\n")
    env = HOME | {"MUSICDIFF_METRICS_TEXTFILE": "d"}
    settings = load(config=config, env=env, env_file=env_file, cwd=tmp_path / "cwd").settings
    assert settings.log.file == f"{tmp_path}/etc/a"
    assert settings.report.html == f"{tmp_path}/env/c"
    assert settings.metrics.textfile == f"{tmp_path}/cwd/d"
    assert settings.matching.overrides == f"{tmp_path}/etc/overrides.toml"


def test_all_problems_are_told_at_once(tmp_path: Path) -> None:
    write(tmp_path / "musicdiff.toml", '[budget]\ncalls = 0\n[sync]\ninclde = []\n[deezer]\narl = "hush"\n')
    write(tmp_path / "job.env", "DEEZER_ARL=hush hush\nbad\n")
    found = problems(
        env={"MUSICDIFF_LOG_LEVEL": "loud", "SPOTIFY_CLIENT_ID": "a b"},
        cwd=tmp_path,
        env_file=Path("job.env"),
        overrides={"budget.time": "soon", "no.such": 1},
        profile="a/b",
    )
    starts = [
        "job.env, line 1: ",
        "job.env, line 2: ",
        f"{tmp_path}/musicdiff.toml, line 2: budget.calls",
        f"{tmp_path}/musicdiff.toml, line 4: sync.inclde",
        f"{tmp_path}/musicdiff.toml, line 6: deezer.arl",
        'profile "a/b"',
        "MUSICDIFF_LOG_LEVEL: ",
        "flag for budget.time: ",
        'flag for "no.such": ',
        "default of checkpoint.url: ",
        "SPOTIFY_CLIENT_ID: ",
    ]
    assert len(found) == len(starts)
    assert all(problem.startswith(start) for problem, start in zip(found, starts, strict=True))
    assert "hush" not in "".join(found)


def test_a_value_that_is_overridden_must_be_right_all_the_same(tmp_path: Path) -> None:
    write(tmp_path / "musicdiff.toml", "[budget]\ncalls = 0\n")
    assert len(problems(env=HOME, cwd=tmp_path, overrides={"budget.calls": 5})) == 1


def test_a_profile_must_exist_where_there_are_profiles(tmp_path: Path) -> None:
    assert load(env=HOME, cwd=tmp_path, profile="bob").settings.profile == "bob"
    write(tmp_path / "musicdiff.toml", "[profiles.alice]\n")
    assert problems(env=HOME, cwd=tmp_path, profile="bob") == (
        "profile bob: the settings file has no [profiles.bob]; it has alice",
    )
    assert load(env=HOME, cwd=tmp_path).settings.profile == "default"


def test_everything_confidential_is_known_to_the_redactor(tmp_path: Path) -> None:
    env = HOME | {
        "DEEZER_ARL": "arl-hush-hush",
        "MUSICDIFF_NOTIFY_URLS": "mailto://me:pa%20ss-hush@mail.example, slack://TokenA-hush-hush/B/C",
        "MUSICDIFF_HEALTH_PING_URL": "https://hc.example/0123-hush-4567-89ab",
        "MUSICDIFF_METRICS_PUSHGATEWAY": "http://u:pushhush@gateway.example:9091",
    }
    loaded = load(env=env, cwd=tmp_path)
    assert "hush" not in repr(loaded)
    assert all(loaded.secrets())
    redactor = Redactor()
    redactor.learn(*loaded.secrets())
    shown = redactor.scrub('arl-hush-hush pa%20ss-hush "pa ss-hush" TokenA-hush-hush mail.example hc.example pushhush')
    assert shown == '*** *** "***" *** mail.example hc.example ***'
    assert redactor.scrub('https://hc.example:443 "POST /0123-hush-4567-89ab/start') == (
        'https://hc.example:443 "POST /***/start'
    )


def test_warnings_do_not_stop(tmp_path: Path) -> None:
    env_file = tmp_path / "job.env"
    env_file.write_text("OTHER=1\n")
    env_file.chmod(0o644)
    loaded = load(env=HOME, cwd=tmp_path, env_file=env_file, profile="bob")
    starts = [f"{env_file}: others may read", f"OTHER ({env_file}, line 1): not used", "profile bob uses the default"]
    assert len(loaded.warnings) == 3
    assert all(warning.startswith(start) for warning, start in zip(loaded.warnings, starts, strict=True))


@given(
    st.dictionaries(
        st.one_of(st.sampled_from([*VARIABLES, "DEEZER_ARL", "HOME"]), st.text(max_size=9)), st.text(), max_size=4
    ),
    st.text(max_size=9),
    st.dictionaries(
        st.sampled_from(["budget.time", "sync.include", "x"]), st.one_of(st.text(), st.integers(), st.none())
    ),
)
def test_whatever_is_given_is_read_or_refused(
    env: Mapping[str, str], profile: str, overrides: dict[str, object]
) -> None:
    try:
        loaded = load(env=env, profile=profile, overrides=overrides, cwd=Path("/nonexistent"))
    except ConfigError as error:
        assert error.problems
        assert all(char.isprintable() for problem in error.problems for char in problem)
    else:
        assert loaded.settings.profile
