"""The crontabs, as far as no daemon is needed; ``make deploy-check`` fires them with two."""

from __future__ import annotations

import re

import pytest
from rig import Rig
from shipped import ROOT, env_file, program, started

from musicdiff_job.scaffold.kinds import KINDS
from musicdiff_job.scaffold.rendering import render
from musicdiff_job.scaffold.schedule import read_schedule

FILES = {"crontab": 5, "musicdiff.cron.d": 6}
"""Each file, and how many words stand before the command."""


def lines(text: str) -> list[str]:
    return [line for line in text.splitlines() if line and not line.startswith("#")]


@pytest.mark.parametrize("name", FILES)
def test_every_line_is_one_that_cron_takes(name: str) -> None:
    found = lines((ROOT / "cron" / name).read_text(encoding="utf-8"))
    assert len(found) == 2
    for line in found:
        words = line.split(" ")
        read_schedule(" ".join(words[:5]))
        assert "%" not in line.replace("\\%", ""), "cron ends the command at a bare percent sign"
        assert len(line) < 998, "Debian's cron takes no longer command"
        assert re.match(r"MUSICDIFF_LOG_FILE=[~/]", words[FILES[name]])
        assert words[FILES[name] + 1].startswith(("/", "~/")), "cron's PATH is short"
        assert "source" not in words
        assert "flock" not in words


def test_the_two_files_start_the_same_commands() -> None:
    own, system = (lines((ROOT / "cron" / name).read_text(encoding="utf-8")) for name in FILES)
    assert [line.split(" ", 5)[5] for line in own] == [line.split(" ", 6)[6] for line in system]
    assert {line.split(" ")[5] for line in system} == {"musicdiff"}


def test_a_line_runs_in_what_cron_gives(rig: Rig) -> None:
    """With HOME, LOGNAME, PATH and SHELL alone, by /bin/sh; twice, and once to look whether all is well."""
    values = {
        "program": str(program(rig.folder)),
        "env_file": str(env_file(rig)),
        "log_file": str(rig.folder / "my log 100%.jsonl"),
    }
    text = next(file.text for file in render(KINDS["cron"], values) if file.path == "crontab")
    sync, look = (line.split(" ", 5)[-1].replace("\\%", "%") for line in lines(text))
    bare = {"HOME": str(rig.folder), "LOGNAME": "me", "PATH": "/usr/bin:/bin", "SHELL": "/bin/sh"}
    for line in (sync, sync, look):
        done = started(["/bin/sh", "-c", line], bare, rig.folder)
        assert (done.returncode, done.stdout, done.stderr) == (0, "", ""), "cron would mail this"
    runs = rig.checkpoint().runs
    assert [run.outcome for run in runs] == ["changed", "in_sync"]
    assert "run.finished" in (rig.folder / "my log 100%.jsonl").read_text(encoding="utf-8")


def test_what_somebody_should_see_is_said(rig: Rig) -> None:
    """A mail is what cron makes of it."""
    values = {
        "program": str(program(rig.folder)),
        "env_file": str(env_file(rig, DEEZER_ARL=None)),
        "log_file": "/dev/null",
    }
    sync = lines(render(KINDS["cron"], values)[0].text)[0].split(" ", 5)[-1]
    done = started(["/bin/sh", "-c", sync], {"HOME": str(rig.folder), "PATH": "/usr/bin:/bin"}, rig.folder)
    assert done.returncode == 77
    assert "DEEZER_ARL" in done.stderr
