"""The files that are shipped, started as their scheduler would start them, with this machine's paths."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from rig import Rig

ROOT = Path(__file__).parent.parent.parent
PATIENCE = 60


def program(folder: Path) -> Path:
    """``musicdiff-job`` as an installation makes it: a file that can be executed."""
    path = folder / "musicdiff-job"
    search = os.pathsep.join(path for path in sys.path if path)
    path.write_text(f'#!/bin/sh\nPYTHONPATH={search} exec {sys.executable} -m musicdiff_job "$@"\n', encoding="utf-8")
    path.chmod(0o755)
    return path


def env_file(rig: Rig, **left_out: None) -> Path:
    """The sandbox's addresses and credentials, as a file."""
    path = rig.folder / "musicdiff.env"
    variables = {name: value for name, value in rig.environment().items() if name not in left_out}
    path.write_text("".join(f"{name}={value}\n" for name, value in variables.items()), encoding="utf-8")
    path.chmod(0o600)
    return path


def started(command: Sequence[str], env: Mapping[str, str], cwd: Path) -> subprocess.CompletedProcess[str]:
    """The command with nothing in its environment but ``env``."""
    return subprocess.run(
        command,
        env=dict(env),
        cwd=cwd,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )


def outcome(said: str) -> str:
    """What the last line on stdout says."""
    summary: dict[str, Any] = json.loads(said.splitlines()[-1])
    return str(summary["outcome"])
