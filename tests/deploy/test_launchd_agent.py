"""The launch agent, as far as no Mac is needed."""

from __future__ import annotations

import plistlib
from typing import Any

from rig import Rig
from shipped import ROOT, env_file, program, started

from musicdiff_job.scaffold.kinds import KINDS
from musicdiff_job.scaffold.rendering import render
from musicdiff_job.scaffold.schedule import read_schedule

AGENT: dict[str, Any] = plistlib.loads((ROOT / "deploy" / "launchd" / "local.musicdiff.plist").read_bytes())


def test_it_is_started_at_the_same_times_as_everywhere() -> None:
    assert AGENT["StartCalendarInterval"] == [{"Minute": 17}]
    assert "StartInterval" not in AGENT
    assert "KeepAlive" not in AGENT, "a job that ends is not to be started again"
    assert "RunAtLoad" not in AGENT


def test_every_path_is_absolute_because_launchd_expands_nothing() -> None:
    paths = [AGENT["ProgramArguments"][0], AGENT["StandardErrorPath"], AGENT["WorkingDirectory"]]
    assert all(path.startswith("/Users/you/") for path in paths)
    assert "~" not in str(AGENT)
    assert AGENT["Umask"] == 0o077


def test_awkward_values_stay_what_they_are() -> None:
    values = {"home": "/Users/a & <b>", "schedule": read_schedule("0,30 6 * * 1"), "profile": "alice"}
    (file,) = render(KINDS["launchd"], values)
    agent = plistlib.loads(file.text.encode())
    assert agent["WorkingDirectory"] == "/Users/a & <b>/musicdiff"
    assert agent["StartCalendarInterval"] == [{"Weekday": 1, "Hour": 6, "Minute": minute} for minute in (0, 30)]
    assert agent["ProgramArguments"][-2:] == ["--profile", "alice"]


def test_the_command_runs_in_what_launchd_gives(rig: Rig) -> None:
    home = rig.folder / "you"
    (home / "musicdiff" / "bin").mkdir(parents=True)
    program(home / "musicdiff" / "bin")
    env_file(rig).rename(home / "musicdiff" / "musicdiff.env")
    (file,) = render(KINDS["launchd"], {"home": str(home)})
    agent = plistlib.loads(file.text.encode())
    env = {"HOME": str(home), "PATH": "/usr/bin:/bin", **agent["EnvironmentVariables"]}
    for _ in range(2):
        done = started(agent["ProgramArguments"], env, home / "musicdiff")
        assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert [run.outcome for run in rig.checkpoint().runs] == ["changed", "in_sync"]
    assert (home / "Library" / "Logs" / "musicdiff.log").is_file()
