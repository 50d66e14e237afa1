"""Authorising against the sandbox: the command in a process of its own, and a browser made of ``requests``."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import IO
from urllib.parse import parse_qsl, urlencode, urlsplit

import requests
from command_line import CommandLine

from musicdiff_job.sandbox.server import Sandbox

BASE_URLS = ("SPOTIFY_API", "SPOTIFY_ACCOUNTS", "DEEZER_API", "DEEZER_GATEWAY")


def base_urls(sandbox: Sandbox) -> dict[str, str]:
    """The sandbox's addresses without its credentials."""
    everything = sandbox.environment()
    return {f"MUSICDIFF_{name}_URL": everything[f"MUSICDIFF_{name}_URL"] for name in BASE_URLS}


def rewritten(address: str, **changes: str | None) -> str:
    """An address with other query parameters; None takes one away."""
    query: dict[str, str | None] = {**dict(parse_qsl(urlsplit(address).query)), **changes}
    kept = {name: value for name, value in query.items() if value is not None}
    return f"{address.partition('?')[0]}?{urlencode(kept)}"


def consent(url: str) -> str:
    """Open Spotify's page, accept, and say where it leads, without going there."""
    answer = requests.get(url, allow_redirects=False, timeout=30)
    assert answer.status_code == 302, answer.text
    return answer.headers["Location"]


class Authorisation:
    """``auth ...`` while it runs. ``url`` is what it asks to be opened."""

    def __init__(self, command: CommandLine, *arguments: str, stdin: int | IO[bytes] = subprocess.DEVNULL) -> None:
        inherited = {name: os.environ[name] for name in ("COVERAGE_PROCESS_START",) if name in os.environ}
        self.process = subprocess.Popen(
            [sys.executable, "-m", "musicdiff_job", "auth", *arguments],
            stdin=stdin, stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=command.home, umask=0,
            env={**command.env, **inherited, "PYTHONPATH": ":".join(sys.path)}, start_new_session=True,
        )  # fmt: skip
        self.said = ""
        self.url = ""

    def until_asked(self) -> str:
        """Wait for the address to open."""
        self.url = self.until(lambda line: "/authorize?" in line).strip()
        return self.url

    def until(self, wanted: Callable[[str], bool]) -> str:
        """The first line on stderr that is wanted."""
        assert self.process.stderr is not None
        for line in iter(self.process.stderr.readline, b""):
            self.said += line.decode()
            if wanted(line.decode()):
                return line.decode()
        raise AssertionError(f"ended before: {self.said}")

    def until_prompted(self, question: str) -> None:
        """Wait for a question, which has no end of line."""
        assert self.process.stderr is not None
        while question not in self.said:
            byte = self.process.stderr.read(1)
            assert byte, self.said
            self.said += byte.decode()

    def end(self) -> tuple[int, str, str]:
        """Status, stdout, stderr."""
        out, err = self.process.communicate(timeout=60)
        self.said += err.decode()
        return self.process.returncode, out.decode(), self.said


def variables(path: Path) -> Mapping[str, str]:
    """An env file of bare values."""
    return dict(line.split("=", 1) for line in path.read_text().splitlines() if line and not line.startswith("#"))
