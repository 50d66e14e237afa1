"""The service and its timer, as far as systemd is not needed."""

from __future__ import annotations

import shlex
from pathlib import Path

from rig import Rig
from shipped import ROOT, env_file, outcome, program, started

from musicdiff_job.core.outcome import TABLE, ExitCode, ExitCodes
from musicdiff_job.scaffold.kinds import KINDS
from musicdiff_job.scaffold.rendering import render
from musicdiff_job.scaffold.schedule import read_schedule
from musicdiff_job.settings.model import Budget

SERVICE = ROOT / "deploy" / "systemd" / "musicdiff.service"
TIMER = ROOT / "deploy" / "systemd" / "musicdiff.timer"


def assignments(text: str) -> list[tuple[str, str]]:
    return [
        (key, value)
        for key, sign, value in (line.partition("=") for line in text.splitlines())
        if sign and key[0] != "#"
    ]


def test_it_has_time_for_the_budget_and_more() -> None:
    said = dict(assignments(SERVICE.read_text(encoding="utf-8")))
    words = shlex.split(said["ExecStart"])
    budget = float(words[words.index("--max-seconds") + 1])
    assert budget == Budget().time
    assert int(said["TimeoutStartSec"]) >= budget + 60
    assert int(said["TimeoutStopSec"]) > 5


def test_success_is_what_nobody_need_look_at() -> None:
    said = dict(assignments(SERVICE.read_text(encoding="utf-8")))
    listed = {int(code) for code in said["SuccessExitStatus"].split()}
    assert listed == {int(ExitCode.INTERRUPTED_INT)} | {
        int(code) for row in TABLE.values() if row.healthy for code in (row.simple, row.detailed) if code
    }
    assert len(ExitCodes) == 2


def test_secrets_are_nowhere_in_the_unit_or_its_environment() -> None:
    said = assignments(SERVICE.read_text(encoding="utf-8"))
    assert [value for key, value in said if key == "LoadCredential"] == ["musicdiff.env:/etc/musicdiff/musicdiff.env"]
    assert "EnvironmentFile" not in dict(said)
    assert all(value.startswith("MUSICDIFF_") for key, value in said if key == "Environment")


def test_a_missed_start_is_made_up_for() -> None:
    said = dict(assignments(TIMER.read_text(encoding="utf-8")))
    assert said["OnCalendar"] == "*-*-* *:17:00"
    assert said["Persistent"] == "true"


def test_an_either_day_schedule_is_two_lines() -> None:
    made = render(KINDS["systemd"], {"schedule": read_schedule("0 3 13 * 5")})
    said = assignments(next(file.text for file in made if file.path == "musicdiff.timer"))
    assert [value for key, value in said if key == "OnCalendar"] == ["*-*-13 03:00:00", "Fri *-*-* 03:00:00"]


def test_the_command_runs_in_what_systemd_gives(rig: Rig) -> None:
    """The specifiers as systemd.unit(5) has them: %d is the folder of credentials, %S that of state."""
    state, credentials = rig.folder / "state", rig.folder / "credentials"
    (state / "musicdiff").mkdir(parents=True)
    credentials.mkdir()
    env_file(rig, MUSICDIFF_CHECKPOINT_URL=None).rename(credentials / "musicdiff.env")
    made = render(KINDS["systemd"], {"program": str(program(rig.folder))})
    unit = next(file.text for file in made if file.path == "musicdiff.service")
    said = assignments(unit.replace("%d", str(credentials)).replace("%S", str(state)))
    env = dict(value.split("=", 1) for key, value in said if key == "Environment")
    env |= {"PATH": "/usr/bin:/bin", "INVOCATION_ID": "0" * 32}
    command = shlex.split(dict(said)["ExecStart"])
    for wanted in ("changed", "in_sync"):
        done = started(command, env, Path(dict(said)["WorkingDirectory"]))
        assert done.returncode == 0, done.stderr
        assert outcome(done.stdout) == wanted
    assert (state / "musicdiff" / "default.json.gz").is_file()
