"""The systemd units by systemd's own tools, and the launch agent by what Apple's format allows.

A unit that names a program that is not there is refused, so the units are made with the paths of this machine.
"""

from __future__ import annotations

import plistlib
from pathlib import Path

from checks.checking import JOB, Check, Failed, Skipped, ran, system_tool
from musicdiff_job.scaffold.kinds import KINDS
from musicdiff_job.scaffold.rendering import render, write

MOST_EXPOSED = 20
"""Tenths of systemd's scale, on which 100 is no protection at all."""


def units(folder: Path) -> list[str]:
    """The units with a program that is there."""
    files = render(KINDS["systemd"], {"program": str(JOB)})
    write(files, folder)
    return [str(folder / file.path) for file in files]


def verify(folder: Path) -> str:
    """Unknown keys, values that make no sense, a timer without its service."""
    said = ran(system_tool("systemd-analyze"), "verify", "--man=no", *units(folder), told=True)
    if said.strip():
        raise Failed(said)
    return "no complaint"


def security(folder: Path) -> str:
    """How much of the system the service could reach."""
    analyze = system_tool("systemd-analyze")
    version = int(ran(analyze, "--version").split()[1])
    if version < 250:
        raise Skipped(f"systemd {version} cannot look at files that are not installed")
    service = next(one for one in units(folder) if one.endswith(".service"))
    said = ran(analyze, "security", "--offline=true", "--no-pager", f"--threshold={MOST_EXPOSED}", service)
    return said.strip().splitlines()[-1].strip("→ ").strip()


def plist(folder: Path) -> str:
    """Keys that launchd knows, with the types that it wants (launchd.plist(5))."""
    (file,) = render(KINDS["launchd"])
    agent = plistlib.loads(file.text.encode())
    known: dict[str, type] = {
        "Label": str,
        "ProgramArguments": list,
        "EnvironmentVariables": dict,
        "StartCalendarInterval": list,
        "StandardOutPath": str,
        "StandardErrorPath": str,
        "WorkingDirectory": str,
        "ExitTimeOut": int,
        "ProcessType": str,
        "LowPriorityIO": bool,
        "Umask": int,
    }
    for key, value in agent.items():
        if type(value) is not known.get(key):
            raise Failed(f"{key} is {value!r}")
    return f"{len(agent)} keys of the right types"


CHECKS = (
    Check("deploy/systemd/*", "systemd-analyze verify", verify),
    Check("deploy/systemd/musicdiff.service", "systemd-analyze security", security),
    Check("deploy/launchd/*", "plistlib", plist),
)
