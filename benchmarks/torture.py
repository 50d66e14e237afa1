"""What ``make test`` tries a little of, tried for longer, and its figures: ``python benchmarks/torture.py N``.

N (default 1) scales what is drawn at random; what can be tried exhaustively is. Each tool is a program of its own in
``tests/`` and prints one line of JSON; this runs one after the other, prints a table in Markdown and ends with 1 if any
of them failed. What failed, and with which seed, is on stderr.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import time
from pathlib import Path
from typing import Any, NamedTuple

TESTS = Path(__file__).resolve().parent.parent / "tests"


class Tool(NamedTuple):
    """A program, what it tries, and the arguments and environment for a scale."""

    what: str
    command: tuple[str, ...]
    environment: dict[str, str]


def tools(scale: int) -> tuple[Tool, ...]:
    python, pytest = sys.executable, (sys.executable, "-m", "pytest", "-q", "-n", "2", "-p", "no:cacheprovider")
    return (
        Tool("kills", (python, "torture_kill.py", "--sample", str(100 * scale), "--seed", "0"), {}),
        Tool("state machine", (python, "torture_machine.py", "--examples", str(50 * scale), "--seed", "1"), {}),
        Tool("hostile services", (python, "torture_hostile.py"), {}),
        Tool("bad inputs", (python, "torture_inputs.py"), {"MUSICDIFF_TORTURE": str(scale)}),
        Tool("a year of runs", (python, "torture_year.py", "--seed", "1"), {}),
        Tool("secrets and names", (python, "torture_secrets.py", str(scale)), {}),
        Tool("random histories", (*pytest, "test_convergence.py"), {"MUSICDIFF_TORTURE": str(100 * scale)}),
        Tool("races on one S3 checkpoint", (*pytest, "-s", "test_s3_race.py"), {"MUSICDIFF_TORTURE": "1"}),
    )


def figures(output: str) -> dict[str, Any]:
    """What a tool said: its line of JSON, or what pytest says of itself."""
    lines = output.splitlines()
    for line in reversed(lines):
        if line.startswith("{"):
            told: dict[str, Any] = json.loads(line)
            return told
    races = sum(int(found) for found in re.findall(r"^\W*(\d+) races tried", output, re.MULTILINE))
    ended = {
        word: int(number) for number, word in re.findall(r"(\d+) (passed|failed|error)", lines[-1] if lines else "")
    }
    return {"races": races, **ended} if races else ended


def told(found: dict[str, Any]) -> str:
    """The numbers, in words; those of a group like the others."""
    flat = {**found}
    for value in found.values():
        flat |= value if isinstance(value, dict) else {}
    return ", ".join(f"{value:,} {name.replace('_', ' ')}" for name, value in flat.items() if type(value) is int)


def main(scale: int) -> int:
    print("| tried | figures | minutes |\n| --- | --- | --- |", flush=True)
    failed = False
    for tool in tools(scale):
        began = time.monotonic()
        done = subprocess.run(
            tool.command,
            cwd=TESTS,
            env={**os.environ, **tool.environment},
            stdout=subprocess.PIPE,
            text=True,
            check=False,
        )
        failed |= done.returncode != 0
        verdict = "" if done.returncode == 0 else " **failed**"
        minutes = (time.monotonic() - began) / 60
        print(f"| {tool.what} | {told(figures(done.stdout))}{verdict} | {minutes:.1f} |", flush=True)
    return int(failed)


if __name__ == "__main__":
    raise SystemExit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 1))
