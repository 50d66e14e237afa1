"""The real command, in surroundings that a test makes hard for it."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from rig import Rig

from musicdiff_job import journal
from musicdiff_job.cli.root import root

COMMAND = (sys.executable, "-m", "musicdiff_job")
PATIENCE = 60
"""Seconds that no command may need."""


def summary_of(output: str) -> dict[str, Any]:
    """The last line of stdout, which a run promises to be its summary."""
    loaded: dict[str, Any] = json.loads(output.splitlines()[-1])
    return loaded


@dataclass(frozen=True)
class Ended:
    """How a command ended and what it said."""

    code: int
    out: str
    err: str

    @property
    def summary(self) -> dict[str, Any]:
        return summary_of(self.out)

    @property
    def said(self) -> str:
        """All that a person would see."""
        return self.out + self.err

    def is_no_bug(self) -> bool:
        """Whether it ended in one of the ways it knows."""
        return self.code not in (1, 70, 120) and self.code >= 0 and "Traceback" not in self.said


def environment(rig: Rig, **more: str) -> dict[str, str]:
    """What the command needs of this process's environment, and the rig's."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG", "COVERAGE_PROCESS_START") if name in os.environ}
    return {**kept, "PYTHONPATH": os.pathsep.join(sys.path), **rig.environment(), **more}


def command(
    rig: Rig,
    *arguments: str,
    before: Sequence[str] = (),
    program: Sequence[str] = COMMAND,
    env: Mapping[str, str] | None = None,
    **options: Any,
) -> Ended:
    """Run the command to its end, as a process of its own. ``before`` is a command line that execs what follows it
    (``prlimit``, a shell)."""
    done = subprocess.run(
        [*before, *program, *arguments],
        env=environment(rig, **(env or {})),
        stdin=options.pop("stdin", subprocess.DEVNULL),
        capture_output=True,
        timeout=PATIENCE,
        cwd=options.pop("cwd", rig.folder),
        check=False,
        **options,
    )
    return Ended(done.returncode, done.stdout.decode(errors="replace"), done.stderr.decode(errors="replace"))


@contextmanager
def running(rig: Rig, *arguments: str) -> Iterator[subprocess.Popen[str]]:
    """The command as a process of its own, while it runs; killed at the end."""
    with subprocess.Popen(
        [*COMMAND, *arguments],
        env=environment(rig),
        cwd=rig.folder,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def wait_for(met: Callable[[], bool]) -> None:
    """Waits until something is so; gives up after a minute."""
    pause = threading.Event()
    for _ in range(6000):
        if met():
            return
        pause.wait(0.01)
    raise AssertionError("the job did not get that far")


def inside(rig: Rig, *arguments: str, env: Mapping[str, str] | None = None) -> Ended:
    """The same in this process, for faults that need none of their own: a twentieth of the time."""
    hidden = {name: None for name in os.environ if name.startswith(("MUSICDIFF_", "SPOTIFY_", "DEEZER_"))}
    try:
        done = CliRunner(env={**hidden, **environment(rig, **(env or {}))}).invoke(root, list(arguments))
    finally:
        journal.reset()
    return Ended(done.exit_code, done.stdout, done.stderr)


def shell(script: str) -> tuple[str, ...]:
    """As ``before``: a shell that does something first; ``"$@"`` in ``script`` is the command."""
    return ("sh", "-c", script, "sh")


@dataclass(frozen=True)
class Namespace:
    """Mounts of their own, for commands that are started with ``before``."""

    pid: int
    before: tuple[str, ...]

    def seen(self, path: Path) -> Path:
        """The path by which this process sees what the commands see as ``path``."""
        return Path(f"/proc/{self.pid}/root{path}")


@contextmanager
def namespace(mounting: str) -> Iterator[Namespace]:
    """A namespace in which the shell command ``mounting`` has been run. Skips where that is not permitted."""
    if not (shutil.which("unshare") and shutil.which("nsenter")):
        pytest.skip("there is no unshare and nsenter to mount in a namespace of one's own")
    script = f"({mounting}) >&2 && echo mounted && exec cat"
    with subprocess.Popen(
        ["unshare", "--map-root-user", "--mount", "sh", "-c", script],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as holder:
        assert holder.stdout is not None
        assert holder.stderr is not None
        try:
            if holder.stdout.readline() != "mounted\n":
                pytest.skip(f"mounting in a namespace of one's own is not permitted here: {holder.stderr.read()}")
            enter = ("nsenter", f"--target={holder.pid}", "--user", "--mount", "--preserve-credentials", "--")
            yield Namespace(holder.pid, enter)
        finally:
            holder.kill()


def as_an_ordinary_user() -> tuple[str, ...]:
    """As ``before``: permission bits bind the command, even if the tests are run by root."""
    if os.geteuid() != 0:
        return ()
    bound = ("setpriv", "--bounding-set=-dac_override,-dac_read_search,-fowner", "--")
    try:
        subprocess.run([*bound, "true"], check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("permission bits do not bind root, and it cannot give that up here")
    return bound


@contextmanager
def calm(rig: Rig) -> Iterator[None]:
    """Neither service is called."""
    rig.sandbox.log.forget()
    yield
    assert rig.sandbox.log.all() == ()


def refused(ended: Ended, code: int, *told: str) -> None:
    """The command ended with this status and a sentence that names a way out, on stdout in the summary or on stderr."""
    assert ended.code == code, ended
    assert ended.is_no_bug(), ended
    for words in told:
        assert words in ended.said


def copied(rig: Rig, folder: Path) -> Path:
    """The checkpoint once more, in a folder of its own."""
    folder.mkdir(exist_ok=True)
    path = folder / "checkpoint.json"
    path.write_bytes(rig.checkpoint_file.read_bytes())
    return path


def at(path: Path) -> dict[str, str]:
    return {"MUSICDIFF_CHECKPOINT_URL": str(path)}
