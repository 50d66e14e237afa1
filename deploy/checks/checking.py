"""One check: what is looked at, by what, and how it ended.

A check returns a few words about what it saw. It raises ``Failed`` when something is wrong with what is shipped, and
``Skipped`` when this machine lacks what the check needs; nothing else may be skipped.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Event

from musicdiff_job.sandbox.deezer_switches import DeezerSwitches
from musicdiff_job.sandbox.server import Sandbox
from musicdiff_job.sandbox.world import synthetic_world

ROOT = Path(__file__).parent.parent.parent
TOOLS = ROOT / ".venv-deploy" / "bin"
JOB = ROOT / ".venv" / "bin" / "musicdiff-job"
PATIENCE = 900
"""Seconds that no tool may need."""


class Failed(Exception):
    """Something is wrong with what is shipped."""


class Skipped(Exception):
    """This machine cannot tell; the message says what it lacks."""


@dataclass(frozen=True, slots=True)
class Check:
    """One row of the table. ``look`` gets a folder of its own."""

    artefact: str
    tool: str
    look: Callable[[Path], str]


def tool(name: str) -> str:
    """A program of ``.venv-deploy``."""
    path = TOOLS / name
    if not path.exists():
        raise Failed(f"{path} is not there; `make deploy-check` installs it")
    return str(path)


def system_tool(name: str) -> str:
    """A program that the machine may have. Raises ``Skipped``."""
    path = shutil.which(name, path=f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin")
    if path is None:
        raise Skipped(f"there is no {name} here")
    return path


def bound(*command: str) -> list[str]:
    """The command, to be killed by the kernel when this process ends in whatever way: a daemon must not outlive it."""
    return [system_tool("setpriv"), "--pdeathsig", "KILL", "--", *command]


def ran(*command: str, cwd: Path = ROOT, env: Mapping[str, str] | None = None, told: bool = False) -> str:
    """Run a command and give what it printed. Raises ``Failed`` with the end of that when its status is not 0.
    ``told``: also when it complained on stderr."""
    done = subprocess.run(
        command,
        cwd=cwd,
        env=env,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
        stdin=subprocess.DEVNULL,
    )
    if done.returncode or (told and done.stderr):
        raise Failed(
            f"{Path(command[0]).name} ended with {done.returncode}: {(done.stdout + done.stderr)[-2000:].strip()}"
        )
    return done.stdout


def wait_for(met: Callable[[], bool], seconds: float, what: str) -> None:
    """Look again and again. Raises ``Failed`` when it takes too long."""
    pause = Event()
    for _ in range(round(seconds * 4)):
        if met():
            return
        pause.wait(0.25)
    raise Failed(f"after {seconds:g} s still no {what}")


def debian_package(name: str, folder: Path) -> Path:
    """The unpacked files of a Debian package, which is not installed. Raises ``Skipped``."""
    apt, dpkg = system_tool("apt-get"), system_tool("dpkg")
    with tempfile.TemporaryDirectory() as where:
        done = subprocess.run(
            [apt, "download", name], cwd=where, capture_output=True, text=True, timeout=300, check=False
        )
        found = list(Path(where).glob("*.deb"))
        if done.returncode or not found:
            raise Skipped(
                f"Debian's archive does not give {name} ({(done.stderr.strip() or 'no file').splitlines()[-1]})"
            )
        ran(dpkg, "-x", str(found[0]), str(folder))
    return folder


@contextmanager
def sandbox() -> Iterator[Sandbox]:
    """A small library, and Deezer without its limits."""
    library = synthetic_world(playlists=3, tracks_each=10, liked=5, seed=7)
    with Sandbox(library, switches=DeezerSwitches(quota_calls=None)) as serving:
        yield serving


def environment(serving: Sandbox, folder: Path) -> dict[str, str]:
    """What points a job at the sandbox, and its checkpoint into ``folder``."""
    return {
        **serving.environment(),
        "MUSICDIFF_CHECKPOINT_URL": str(folder / "checkpoint.json.gz"),
        "MUSICDIFF_DEEZER_REQUESTS_PER_5S": "1000000",
        "MUSICDIFF_DEEZER_WRITE_INTERVAL": "0s",
    }


def env_file(variables: Mapping[str, str], path: Path) -> Path:
    """The variables as a file for ``--env-file``."""
    path.write_text("".join(f"{name}={value}\n" for name, value in variables.items()), encoding="utf-8")
    path.chmod(0o600)
    return path
