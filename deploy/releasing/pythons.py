"""The Pythons of this machine that the job may be installed on."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

OLDEST = (3, 11)
NEWEST = (3, 19)
Version = tuple[int, int]


def pythons() -> dict[Version, str]:
    """A program for each minor version that is here and works, in rising order: those of ``PATH`` and of pyenv."""
    found: dict[Version, str] = {}
    for program in _candidates():
        version = _version(program)
        if version is not None and version >= OLDEST:
            found.setdefault(version, program)
    return dict(sorted(found.items()))


def _candidates() -> Iterator[str]:
    for minor in range(OLDEST[1], NEWEST[1] + 1):
        if path := shutil.which(f"python3.{minor}"):
            yield path
    root = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv")
    yield from map(str, sorted(root.glob("versions/3.*/bin/python3")))


def _version(program: str) -> Version | None:
    """Its version; None for a shim with nothing behind it, and for a Python without ``venv``."""
    asking = "import ensurepip, sys, venv; print('%d.%d' % sys.version_info[:2])"
    try:
        done = subprocess.run([program, "-c", asking], capture_output=True, text=True, timeout=60, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return None
    said = re.fullmatch(r"(\d+)\.(\d+)\n", done.stdout)
    return (int(said[1]), int(said[2])) if said and done.returncode == 0 else None
