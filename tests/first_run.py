"""docs/first-run.md, walked again: real processes at a pseudo-terminal, against ``demo --serve``.

``python tests/first_run.py`` writes what they say into the page; ``test_first_run`` compares. The page has the
commands; what is typed in answer to their questions stands here. Nothing is known of the product but its commands.
"""

from __future__ import annotations

import os
import pty
import re
import select
import signal
import subprocess
import sys
import tempfile
import termios
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

import requests

PAGE = Path(__file__).parent.parent / "docs" / "first-run.md"
BLOCK = re.compile(r"(```console\n)(.*?)(```)", re.DOTALL)
SERVE = "musicdiff-job demo --serve --sign-in --library synthetic:1x4+2"
WIDTH = 110
PATIENCE = 120
"""Seconds that no step may take."""


class Reply(NamedTuple):
    """When the text has been said, this is typed; ``type_`` is given all that was said so far."""

    after: str
    type_: Callable[[str], str]


def _typed(after: str, text: str) -> Reply:
    return Reply(after, lambda _: text)


def _consented(said: str) -> str:
    """Open the page that the command names, and copy the address that the browser ends on."""
    (url,) = re.findall(r"^  (http\S+/authorize\S+)$", said, re.MULTILINE)
    answer: str = requests.get(url, allow_redirects=False, timeout=30).headers["Location"]
    return answer


STALE = "http://127.0.0.1:8913/callback?code=of-yesterday&state=of-yesterday"

REPLIES: dict[str, list[list[Reply]]] = {
    "musicdiff-job init": [
        [
            _typed("albums,playlists]: ", "liked,songs"),
            _typed("none twice.\nsync.entities [liked,artists,albums,playlists]: ", "liked,playlists"),
            _typed("sync.hand_edits [keep]: ", ""),
            _typed("checkpoint.json.gz]: ", ""),
        ],
    ],
    "musicdiff-job auth spotify --client-id ": [
        [_typed("paste the address of that page here.\n", STALE), Reply("still waiting\n", _consented)],
    ],
    "musicdiff-job auth deezer": [
        [_typed("ARL (not shown): ", "deadbeef")],
        [Reply("ARL (not shown): ", lambda _: os.environ["FIRST_RUN_ARL"])],
    ],
}
"""What is typed, by the beginning of the command, the first time, the second time."""


class Walk:
    """A home of one's own, and a shell in it."""

    def __init__(self, home: Path, exports: str) -> None:
        self.home = home
        self._begun: dict[str, int] = {}
        variables = dict(re.findall(r"^export (\w+)=(\S+)$", exports, re.MULTILINE))
        self.env = _environment(home) | variables

    def step(self, command: str) -> str:
        """All that one command says, and what was typed, as a terminal shows it."""
        replies: list[Reply] = []
        for begin, times in REPLIES.items():
            if command.startswith(begin):
                time_ = self._begun.get(begin, 0)
                self._begun[begin] = time_ + 1
                replies = times[time_]
        # 8913 may be taken by whoever else runs these tests.
        line = command.replace("auth spotify --client-id", "auth spotify --port 0 --client-id")
        return _at_a_terminal(line, replies, self.env, self.home)


def _environment(home: Path) -> dict[str, str]:
    kept = {name: os.environ[name] for name in ("COVERAGE_PROCESS_START",) if name in os.environ}
    return kept | {
        "HOME": str(home),
        "PATH": f"{home.parent / 'bin'}:{os.defpath}",
        "PYTHONPATH": ":".join(sys.path),
        "LANG": "C.UTF-8",
        "TMPDIR": "/tmp",
        "TERM": "xterm",
        "NO_COLOR": "1",
        "COLUMNS": str(WIDTH),
    }


def _at_a_terminal(command: str, replies: list[Reply], env: dict[str, str], home: Path) -> str:
    terminal, line = pty.openpty()
    termios.tcsetwinsize(line, (40, WIDTH))
    # A progress bar would be all control characters.
    elsewhere = subprocess.DEVNULL if command.startswith("musicdiff-job run") else line
    process = subprocess.Popen(
        ["sh", "-c", command], stdin=line, stdout=line, stderr=elsewhere, cwd=home, env=env, start_new_session=True
    )
    os.close(line)
    said, replies, deadline = "", list(replies), time.monotonic() + PATIENCE
    try:
        while True:
            ready, _, _ = select.select([terminal], [], [], max(0.0, deadline - time.monotonic()))
            assert ready, f"{command}: waits for something after {said!r}"
            try:
                piece = os.read(terminal, 65_536)
            except OSError:  # how Linux says that the other side has gone
                break
            if not piece:
                break
            said += piece.decode(errors="replace").replace("\r", "")
            if replies and said.endswith(replies[0].after):
                os.write(terminal, f"{replies.pop(0).type_(said)}\n".encode())
        process.wait(PATIENCE)
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        os.close(terminal)
    assert not replies, f"{command}: was never asked for {replies[0].after!r}: {said!r}"
    if process.returncode:
        said += f"$ echo $?\n{process.returncode}\n"
    return said


@contextmanager
def walking(folder: Path) -> Iterator[tuple[Walk, str]]:
    """A walk, and what ``demo --serve`` said as it came up."""
    home = folder / "home"
    home.mkdir()
    (folder / "bin").mkdir()
    shim = folder / "bin" / "musicdiff-job"
    shim.write_text(f'#!/bin/sh\nexec {sys.executable} -m musicdiff_job "$@"\n')
    shim.chmod(0o700)
    serving = subprocess.Popen(
        SERVE.split(), env=_environment(home), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, cwd=home,
        executable=shim,
    )  # fmt: skip
    try:
        assert serving.stdout is not None
        said = ""
        for line in serving.stdout:
            said += line
            if "the ARL, is" in line:
                break
        os.environ["FIRST_RUN_ARL"] = said.split()[-1]
        yield Walk(home, said), said
    finally:
        serving.terminate()
        serving.communicate(timeout=PATIENCE)
        os.environ.pop("FIRST_RUN_ARL", None)


def walked(page: str) -> str:
    """The page with everything said anew."""
    # Not just anywhere: how long a path is says where lines are broken.
    with tempfile.TemporaryDirectory(prefix="first-run-", dir="/tmp") as temporary:
        return _walked(page, Path(temporary))


def _walked(page: str, folder: Path) -> str:
    with walking(folder) as (walk, served):

        def again(found: re.Match[str]) -> str:
            body = ""
            for command in re.findall(r"^\$ (?!echo \$\?$)(.*)$", found[2], re.MULTILINE):
                body += f"$ {command}\n{served if command == SERVE else walk.step(command)}"
            return f"{found[1]}{presentable(body, folder)}{found[3]}"

        return BLOCK.sub(again, page)


def presentable(text: str, folder: Path) -> str:
    """What differs from one walk to the next, replaced by what stands in the page."""
    text = re.sub(r"\x1b\[[0-9;]*m", "", text.replace(str(folder / "home"), "/home/you"))
    now = datetime.now(UTC)  # noqa: TID251 - what the commands themselves ask the machine for
    for day in (now, now - timedelta(days=1)):  # it may be midnight
        text = text.replace(day.date().isoformat(), "2026-11-21")
    for pattern, shown in (
        (r"127\.0\.0\.1(:|%3A)\d+(/|%2F)(callback)", r"127.0.0.1\g<1>8913\2\3"),
        (r"http://127\.0\.0\.1:(?!8913)\d+", "http://127.0.0.1:40000"),
        (r"/tmp/[\w./-]*musicdiff-demo-\w+", "/tmp/musicdiff-demo"),
        (r"(?<=state=)[\w%-]{20,}", "kP3vXn9sTq"),
        (r"(?<=code_challenge=)[\w%-]+", "Zr8wQm1cBd"),
        (r"(?<=code=)(?!of-)[\w%-]+", "AQhT5yLf2n"),
        (r"[ ]+$", ""),
        (r"\b20\d\d-\d\d-\d\d\b(?<!2026-11-21)", "2027-05-21"),
        (r"\b\d{3} days\b", "181 days"),
        (r"\b\d\d:\d\d:\d\dZ?\b", "12:00:00Z"),
        (r"\b20\d{6}T\d{6}Z-[0-9a-f]{6}\b", "20261121T120000Z-0a1b2c"),
        (r"(?<=; )\d+(\.\d+)? s$", "12 s"),
        (r"[0-9A-Za-z]{150,}", "v7bMyKoUTy8NJl...0xnELlACP7"),
    ):
        text = re.sub(pattern, shown, text, flags=re.MULTILINE)
    return text


if __name__ == "__main__":
    PAGE.write_text(walked(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
