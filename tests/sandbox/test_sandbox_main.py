"""The sandbox as a process: it announces itself in one line of JSON, serves, and ends on a signal."""

from __future__ import annotations

import argparse
import json
import signal
import subprocess
import sys

import pytest
import requests

from musicdiff_job.sandbox.__main__ import library


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_process_of_its_own(number: signal.Signals) -> None:
    command = [sys.executable, "-m", "musicdiff_job.sandbox", "--library", "synthetic:3x10+5", "--cohort", "grace"]
    with subprocess.Popen([*command, "--deezer", "token"], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        announced = json.loads(process.stdout.readline())
        environment = announced["environment"]
        assert "DEEZER_ACCESS_TOKEN" in environment
        state = requests.get(announced["url"] + "/sandbox/state", timeout=30).json()
        assert [len(playlist["entries"]) for playlist in state["spotify"]["playlists"]] == [10, 10, 10]
        assert len(state["spotify"]["liked"]) == 5
        assert requests.get(environment["MUSICDIFF_SPOTIFY_API_URL"] + "/me", timeout=30).status_code == 401
        process.send_signal(number)
        assert process.wait(timeout=30) == 0
        assert process.stdout.read() == ""


def test_libraries() -> None:
    assert len(library("synthetic:2x5").playlists()) == 2
    assert len(library("albums:1x12+3").liked()) == 3
    assert library("empty").playlists() == ()
    assert len(library("demo").playlists()) > 10
    with pytest.raises(argparse.ArgumentTypeError):
        library("huge")
