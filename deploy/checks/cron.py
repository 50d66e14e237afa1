"""The crontab: its words by shellcheck, and its lines fired by real daemons, twice."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

from checks.checking import (
    JOB,
    ROOT,
    Check,
    Failed,
    Skipped,
    bound,
    debian_package,
    env_file,
    environment,
    ran,
    sandbox,
    system_tool,
    tool,
    wait_for,
)
from checks.layered import layered
from musicdiff_job.sandbox.server import Sandbox
from musicdiff_job.scaffold.kinds import KINDS
from musicdiff_job.scaffold.rendering import render
from musicdiff_job.scaffold.schedule import read_schedule

FIRINGS = 2
MINUTE = 60


def crontab(folder: Path, serving: Sandbox) -> str:
    """The crontab as it is shipped, for every minute, with the paths of this machine."""
    values = {
        "schedule": read_schedule("* * * * *"),
        "program": str(JOB),
        "env_file": str(env_file(environment(serving, folder), folder / "musicdiff.env")),
        "log_file": str(folder / "musicdiff.log"),
    }
    return next(file.text for file in render(KINDS["cron"], values) if file.path == "crontab")


def fired_twice(folder: Path, serving: Sandbox) -> str:
    """Wait for two runs, and judge them by what the job itself remembers."""

    def outcomes() -> list[str]:
        done = subprocess.run(
            [JOB, "history", "--json", "--env-file", folder / "musicdiff.env"],
            capture_output=True,
            text=True,
            check=False,
        )
        return [run["outcome"] for run in json.loads(done.stdout)["runs"]] if done.returncode == 0 else []

    wait_for((folder / "musicdiff.log").exists, 2.5 * MINUTE, "first run")
    wait_for(lambda: len(outcomes()) >= FIRINGS, (FIRINGS + 1) * MINUTE, f"run number {FIRINGS}")
    # A slow machine may have been fired at once more meanwhile.
    if (came_to := sorted(outcomes())) != ["changed", *["in_sync"] * (len(came_to) - 1)]:
        raise Failed(f"the runs came to {came_to}")
    titles = serving.deezer.state().playlists
    if len(titles) < 3:
        raise Failed(f"Deezer holds {titles}")
    return f"fired twice: first run {len(titles)} playlists mirrored, second nothing to do"


def debian(folder: Path) -> str:
    """Debian's cron, in a root of its own so that it sees no other crontab."""
    package = debian_package("cron", folder / "package")
    with sandbox() as serving, layered(folder) as root:
        spool = root.seen("/var/spool/cron/crontabs")
        spool.mkdir(parents=True, exist_ok=True)
        (spool / "root").write_text(crontab(folder, serving), encoding="utf-8")
        (spool / "root").chmod(0o600)
        for other in (root.seen("/etc/crontab"), *root.seen("/etc").glob("cron.d/*")):
            other.unlink(missing_ok=True)
        for needed in (ROOT, Path(sys.base_prefix)):
            root.show(needed)
        root.seen("/etc/pam.d").mkdir(exist_ok=True)
        root.seen("/etc/pam.d/cron").write_bytes((package / "etc/pam.d/cron").read_bytes())
        with subprocess.Popen(
            bound(*root.entering(), str(package / "usr/sbin/cron"), "-f", "-L", "15"),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        ) as daemon:
            try:
                try:
                    daemon.wait(2)
                except subprocess.TimeoutExpired:
                    return fired_twice(folder, serving)
                assert daemon.stderr is not None
                raise Skipped(f"Debian's cron does not start here: {daemon.stderr.read().strip()}")
            finally:
                daemon.kill()


def busybox(folder: Path) -> str:
    """busybox's crond, which knows neither ``%`` nor variables."""
    if os.geteuid() != 0:
        raise Skipped("busybox crond runs only as root")
    program = debian_package("busybox-static", folder / "package") / "bin" / "busybox"
    with sandbox() as serving:
        tabs = folder / "crontabs"
        tabs.mkdir()
        (tabs / "root").write_text(crontab(folder, serving), encoding="utf-8")
        command = bound(str(program), "crond", "-f", "-c", str(tabs), "-L", str(folder / "crond.log"))
        with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as daemon:
            try:
                return fired_twice(folder, serving)
            finally:
                daemon.kill()


def shellcheck(folder: Path) -> str:
    """The commands of all lines, as dash gets them."""
    commands = 0
    for file in render(KINDS["cron"]):
        user = file.path.endswith(".cron.d")
        for line in file.text.splitlines():
            if found := re.fullmatch(r"(?:\S+ ){5}(.*)", line) if line[:1] not in ("", "#") else None:
                command = found[1].split(" ", 1)[1] if user else found[1]
                script = folder / f"{commands}.sh"
                script.write_text(f"#!/bin/dash\n{command.replace(chr(92) + '%', '%')}\n", encoding="utf-8")
                ran(tool("shellcheck"), "--shell=dash", str(script))
                commands += 1
    if commands != 4:
        raise Failed(f"there are {commands} lines with commands")
    return f"{commands} lines clean"


def dash(folder: Path) -> str:
    """The first line, as dash runs it in the environment that cron gives: silent, and its work is done."""
    shell = system_tool("dash")
    with sandbox() as serving:
        line = next(one for one in crontab(folder, serving).splitlines() if one.startswith("* "))
        bare = {"HOME": str(folder), "LOGNAME": "root", "PATH": "/usr/bin:/bin", "SHELL": "/bin/sh"}
        said = ran(shell, "-c", line.split(" ", 5)[5], cwd=folder, env=bare, told=True)
        if said:
            raise Failed(f"cron would mail: {said}")
        if len(serving.deezer.state().playlists) < 3:
            raise Failed("it mirrored nothing")
    return "silent, library mirrored"


CHECKS = (
    Check("cron/*", "shellcheck", shellcheck),
    Check("cron/crontab", "dash, empty environment", dash),
    Check("cron/crontab", "Debian's cron", debian),
    Check("cron/crontab", "busybox crond", busybox),
)
