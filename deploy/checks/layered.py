"""A root of one's own: this machine's files below, what is written in a layer above, which vanishes at the end.

That is what a container engine does, with the kernel's own means: a mount namespace, an overlay, ``chroot``. Where
they are not permitted the check is skipped. Nothing outside ``folder`` is changed.
"""

from __future__ import annotations

import os
import shlex
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from checks.checking import PATIENCE, Skipped, system_tool


@dataclass(frozen=True, slots=True)
class Layered:
    """``pid`` holds the namespace; ``top`` is the root, as processes in the namespace see it."""

    pid: int
    top: Path

    def seen(self, path: str) -> Path:
        """The path by which this process sees what is at ``path`` in the root."""
        return Path(f"/proc/{self.pid}/root{self.top}") / path.lstrip("/")

    def entering(self, *, cwd: str = "/", before: Sequence[str] = ()) -> list[str]:
        """A command line that execs what follows it in the root; ``before`` stands outside of it."""
        enter = [system_tool("nsenter"), f"--target={self.pid}", "--mount", "--"]
        change = [system_tool("chroot"), str(self.top), "/usr/bin/env", "-C", cwd, "--"]
        return [*enter, *before, *change]

    def run(self, *command: str) -> subprocess.CompletedProcess[str]:
        """Run a command in the root, as root."""
        return subprocess.run(
            [*self.entering(), *command], capture_output=True, text=True, timeout=PATIENCE, check=False
        )

    def mount(self, *arguments: str) -> None:
        """``mount`` in the namespace. Raises ``Skipped``."""
        done = subprocess.run(
            ["nsenter", f"--target={self.pid}", "--mount", "--", "mount", *arguments],
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise Skipped(f"mounting is not permitted here: {done.stderr.strip()}")

    def show(self, path: Path) -> None:
        """Let a folder of this machine be seen that lies on another file system than its root."""
        if path.stat().st_dev != Path("/").stat().st_dev:
            self.seen(str(path)).mkdir(parents=True, exist_ok=True)
            self.mount("--rbind", str(path), f"{self.top}{path}")


@contextmanager
def layered(folder: Path) -> Iterator[Layered]:
    """A root above this machine's. ``folder`` is the same inside and outside. Raises ``Skipped``."""
    for name in ("unshare", "nsenter", "chroot", "mount"):
        system_tool(name)
    if os.geteuid() != 0:
        raise Skipped("only root may mount an overlay and change its root")
    top, space = folder / "root", folder / "layer"
    for path in (top, space):
        path.mkdir()
    layers = f"lowerdir=/,upperdir={space}/upper,workdir={space}/work"
    script = " && ".join(
        (
            f"mount -t tmpfs -o mode=0755 layer {shlex.quote(str(space))}",
            f"mkdir {space}/upper {space}/work",
            f"mount -t overlay -o {shlex.quote(layers)} layered {shlex.quote(str(top))}",
            f"mount --rbind /dev {top}/dev",
            f"mount -t proc proc {top}/proc",
            f"mkdir -p {top}{folder}",
            f"mount --bind {shlex.quote(str(folder))} {top}{folder}",
            "echo mounted",
            "exec cat",
        )
    )
    with subprocess.Popen(
        ["unshare", "--mount", "--propagation", "private", "sh", "-c", script],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as holder:
        assert holder.stdout is not None
        assert holder.stderr is not None
        try:
            if holder.stdout.readline() != "mounted\n":
                raise Skipped(f"mounting is not permitted here: {holder.stderr.read().strip()}")
            root = Layered(holder.pid, top)
            for name in (
                "/etc/resolv.conf",
                "/etc/hosts",
            ):  # in a container these are mounted, so not in the layer below
                if Path(name).is_file():
                    root.seen(name).unlink(missing_ok=True)
                    root.seen(name).write_bytes(Path(name).read_bytes())
            yield root
        finally:
            holder.kill()
