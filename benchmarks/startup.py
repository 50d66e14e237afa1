"""Which modules a command imports: a count that does not depend on the machine.

``python benchmarks/startup.py [ARGUMENTS OF musicdiff-job ...]`` prints the libraries and our own modules that the
command has imported when it ends, and how many modules those are with Python's own.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

PROGRAM = """
import atexit, json, pathlib, sys
before, told = set(sys.modules), pathlib.Path(sys.argv.pop(1))
atexit.register(lambda: told.write_text(json.dumps(sorted(set(sys.modules) - before))))
from musicdiff_job.__main__ import main
main()
"""


class Started(NamedTuple):
    """What a command came to."""

    modules: frozenset[str]
    """All that were imported, Python's own included."""
    output: str


def start(arguments: Sequence[str], environment: Mapping[str, str]) -> Started:
    """Carry out this command in a process of its own, in an empty folder."""
    with tempfile.TemporaryDirectory() as folder:
        told = Path(folder) / "modules"
        done = subprocess.run(
            [sys.executable, "-c", PROGRAM, str(told), *arguments],
            env={"PATH": os.defpath, "HOME": folder, **environment},
            cwd=folder,
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )
        if not told.exists():
            raise RuntimeError(done.stderr)
        return Started(frozenset(json.loads(told.read_text(encoding="utf-8"))), done.stdout)


def libraries(modules: Iterable[str]) -> set[str]:
    """The packages that these modules belong to, without Python's own and without ours."""
    return {name.partition(".")[0] for name in modules} - sys.stdlib_module_names - {"musicdiff_job"}


def own(modules: Iterable[str]) -> set[str]:
    """Our modules among these, by their names below the package."""
    return {name.removeprefix("musicdiff_job.") for name in modules if name.startswith("musicdiff_job.")}


def main() -> None:
    modules, _ = start(sys.argv[1:], os.environ)
    print(*sorted(libraries(modules)))
    print(*sorted(own(modules)))
    print(f"{len(modules)} modules, {len(own(modules))} of them ours")


if __name__ == "__main__":
    main()
