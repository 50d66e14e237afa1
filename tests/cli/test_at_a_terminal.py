"""What a terminal gets to see: colours where it knows them and wants them, a bar where it can be drawn, or nothing."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import struct
import subprocess
import sys
import termios

import pytest
from checkpoint_sample import sample
from command_line import CommandLine

from musicdiff_job.core.outcome import Outcome
from musicdiff_job.sandbox.server import Sandbox
from musicdiff_job.sandbox.world import synthetic_world

COLOUR = re.compile(r"\x1b\[(?:[0-9]+;)*3[0-9]")


def seen(command: CommandLine, *arguments: str, **env: str) -> str:
    """What a terminal of 80 columns gets."""
    terminal, ours = pty.openpty()
    fcntl.ioctl(ours, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 80, 0, 0))
    process = subprocess.Popen(
        [sys.executable, "-m", "musicdiff_job", *arguments], stdin=ours, stdout=ours, stderr=ours, cwd=command.home,
        env=command.env | {"TERM": "xterm-256color", "LANG": "C.UTF-8"} | env,
    )  # fmt: skip
    os.close(ours)
    shown = b""
    while True:
        try:
            read = os.read(terminal, 65_536)
        except OSError:  # Linux's way of saying that nobody writes any more
            break
        if not read:
            break
        shown += read
    os.close(terminal)
    assert process.wait(60) == 0, shown[-2000:]
    return shown.decode()


@pytest.mark.parametrize(
    ("env", "coloured"),
    [({}, True), ({"NO_COLOR": "1"}, False), ({"TERM": "dumb"}, False), ({"TERM": "dumb", "FORCE_COLOR": "1"}, False)],
    ids=str,
)
def test_colours_are_for_terminals_that_want_them(env: dict[str, str], coloured: bool, command: CommandLine) -> None:
    command.keep(sample(last=Outcome.CHANGED))
    shown = seen(command, "status", **env)
    assert bool(COLOUR.search(shown)) is coloured
    if env.get("TERM") == "dumb":
        assert "\x1b" not in shown


def test_a_run_draws_a_bar_where_one_can_be_drawn_and_else_keeps_its_log(command: CommandLine) -> None:
    with Sandbox(synthetic_world(1, 3, 1)) as sandbox:
        command.env |= sandbox.environment() | {"MUSICDIFF_DEEZER_WRITE_INTERVAL": "0s"}
        assert seen(command, "run", "-q", "--max-calls", "8") == "", "all is well"
        shown = seen(command, "run")
        assert "\x1b[?25l" in shown, "the cursor is hidden behind the bar"
        assert "run.started" not in shown
        shown = seen(command, "run", TERM="dumb")
        assert "\x1b" not in shown
        assert "run.started" in shown
        assert "in sync: all is in step" in shown
