"""The real job on a library of names that mean ill: no output of any command is anything but lines of text or JSON,
and Deezer gets every name as it is."""

from __future__ import annotations

import csv
import fcntl
import json
import os
import pty
import re
import struct
import subprocess
import sys
import termios
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from awkward import TORTURE
from command_line import CommandLine
from hostile import NAMES, check_json, check_line, check_log, check_text, library, mirrored, names, whole
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from musicdiff_job import journal
from musicdiff_job.core.links import source_link
from musicdiff_job.sandbox.deezer_switches import DeezerSwitches
from musicdiff_job.sandbox.server import Sandbox
from musicdiff_job.sandbox.spotify_library import base62_id


@contextmanager
def world(folder: Path, given_names: Sequence[str], credential: Any = "arl") -> Iterator[tuple[CommandLine, Sandbox]]:
    """A sandbox with a library of these names, and a command line for it."""
    with Sandbox(library(given_names), switches=DeezerSwitches(quota_calls=None)) as sandbox:
        command = CommandLine(folder)
        command.env |= sandbox.environment(credential) | {
            "MUSICDIFF_DEEZER_REQUESTS_PER_5S": "100000",
            "MUSICDIFF_DEEZER_WRITE_INTERVAL": "0s",
            "MUSICDIFF_SYNC_HAND_EDITS": "ask",
            "MUSICDIFF_PLAYBACK_ENABLED": "true",
            "MUSICDIFF_PLAYBACK_URL": str(folder / "plays"),
            "PYTHONPATH": ":".join(sys.path),
        }
        try:
            yield command, sandbox
        finally:
            journal.reset()


def run_ends_well(command: CommandLine, *arguments: str, status: int = 0) -> Any:
    """``run``; its log and its summary are checked, the latter is returned."""
    result = command(*arguments)
    assert result.exit_code == status, result.output[-2000:]
    check_log(result.stderr)
    assert result.stdout.count("\n") == 1
    return check_json(result.stdout.rstrip("\n"))


def check_every_output(given_names: Sequence[str], folder: Path, credential: Any = "arl") -> int:
    """Mirror a library of these names and look at all that every command says. How many outputs were looked at."""
    arrived = sorted(map(whole, given_names))
    count = len(given_names)
    with world(folder, given_names, credential) as (command, sandbox):
        command.env["MUSICDIFF_LOG_FILE"] = str(folder / "job.log")
        planned = command("plan", "-o", str(folder / "plan.json"), "--log-format", "text", "-vv")
        assert planned.exit_code == 0, planned.output[-2000:]
        check_text(planned.stdout)
        check_log(planned.stderr)
        plan = check_json((folder / "plan.json").read_text().rstrip("\n"))
        assert sorted(one["name"] for one in plan["collections"]) == arrived

        summary = run_ends_well(command, "run", "-vv", "--log-format", "json", "--summary-file", str(folder / "s.json"))
        assert summary["outcome"] == "changed"
        assert sorted(one["name"] for one in summary["collections"] if one["kind"] == "playlist") == arrived
        assert check_json((folder / "s.json").read_text().rstrip("\n")) == summary
        assert sorted(sandbox.deezer.state().playlists) == sorted(mirrored(given_names))
        assert run_ends_well(command, "run", "-v", "--log-format", "text")["outcome"] == "in_sync"
        # Questions and failures bring names into sentences.
        oldest = next(iter(sandbox.deezer.state().playlists))
        sandbox.deezer.delete_playlist_by_hand(oldest.removesuffix("#2"))
        asked = run_ends_well(command, "run", status=21)
        assert asked["conflicts"] and asked["conflicts"][0]["name"] in arrived

        check_every_output_about_plays(command, folder, count)
        looked = 5 + 4
        runs = len(check_json(command("history", "--json").stdout)["runs"])
        unmatched = check_json(command("unmatched", "--json").stdout)["unmatched"]
        matches = check_json(command("matches", "--json").stdout)["matches"]
        conflicts = check_json(command("conflicts", "--json").stdout)["conflicts"]
        assert len(conflicts) == 1
        tables = {"playlists": count + 4, "history": runs + 1}  # with a head, liked songs, albums and artists
        sentences = {
            "conflicts": 2 * len(conflicts),
            "unmatched": sum(3 + 2 * len(one["candidates"]) for one in unmatched) + 1,
            "matches": sum(
                4 + bool(one["deezer"]) + 2 * bool(one["runner_up"]) + len(one["doubts"]) for one in matches
            ),
        }
        for name, lines in (tables | sentences).items():
            assert len(check_text(command(name).stdout)) == lines, name
        for arguments in (("status",), ("status", "-v"), ("checkpoint", "show"), ("auth", "status"), ("match",)):
            check_text(command(*arguments).output)
        check_text(command("matches", "--doubtful").output)
        table = check_text(command("matches", "-o", str(folder / "matches.csv")).output)
        assert table == [f"{len(matches)} match{'es' * (len(matches) != 1)} written to {folder / 'matches.csv'}"]
        kept = (folder / "matches.csv").read_text(encoding="utf-8")
        assert len(check_text(kept, 10_000)) == len(matches) + 1
        assert kept == command("matches", "--csv").stdout
        for row in csv.reader(kept.splitlines()):
            assert not any(cell.strip()[:1] in set("=+-@") for cell in row if cell), row
        for document in (("status",), ("playlists",), ("checkpoint", "show")):
            check_json(command(*document, "--json").stdout)
        for at in range(0, count, max(1, count // 2)):
            track = base62_id("hostile", at)
            for offline in ((), ("--offline",)):
                told = command("explain", track, *offline)
                assert told.exit_code == 0
                assert source_link(track) in told.stdout
                check_text(told.output)
            check_text(command("explain", given_names[at]).output)
            check_text(command("reset", "--playlist", given_names[at]).output)
            looked += 4
        check_text(command("match", "set", base62_id("hostile", 0), "none").output)
        check_text(command("resolve", conflicts[0]["id"], "--take", "spotify").output)
        check_text(command("pause", "--reason", given_names[0]).output)
        paused = run_ends_well(command, "run")
        assert paused["outcome"] == "paused"
        check_text(command("status").output)
        for file in folder.glob("job.log*"):
            check_log(file.read_text(encoding="utf-8"))
        return looked + len(tables) + len(sentences) + 20


def check_every_output_about_plays(command: CommandLine, folder: Path, count: int) -> None:
    recorded = min(count, 50)
    found = check_json(command("plays", "--json", "--top", "1000").stdout)["listening"]
    assert (found["plays"], len(found["tracks"])) == (recorded, recorded)
    assert len(check_text(command("plays", "--top", "1000").stdout)) == 2 + 2 + 1 + recorded + 1 + len(found["artists"])
    table = command("plays", "--csv").stdout
    assert len(check_text(table, 10_000)) == recorded + 1
    for row in csv.reader(table.splitlines()):
        assert not any(cell.strip()[:1] in set("=+-@") for cell in row if cell), row
    for line in (folder / "plays" / "2026-11.ndjson").read_text(encoding="utf-8").rstrip("\n").split("\n"):
        assert json.loads(line)["kind"] == "play"


def test_no_known_trick_gets_through(tmp_path: Path) -> None:
    assert check_every_output(NAMES, tmp_path) > 20


def test_names_arrive_by_the_public_api_as_they_do_by_the_gateway(tmp_path: Path) -> None:
    some = NAMES[::3]
    with world(tmp_path, some, "token") as (command, sandbox):
        run_ends_well(command, "run")
        assert sorted(sandbox.deezer.state().playlists) == sorted(mirrored(some))


@settings(max_examples=2 * TORTURE, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(names(), min_size=3, max_size=6))
def test_no_name_gets_through(tmp_path_factory: pytest.TempPathFactory, given_names: list[str]) -> None:
    assert check_every_output(given_names, tmp_path_factory.mktemp("names")) > 20


def test_the_template_takes_names_as_they_are(tmp_path: Path) -> None:
    braces = [name for name in NAMES if "{" in name or "%" in name or "$" in name]
    with world(tmp_path, braces) as (command, sandbox):
        command.env["MUSICDIFF_SYNC_NAME"] = "{name} / {name}"
        run_ends_well(command, "run")
        assert sorted(sandbox.deezer.state().playlists) == sorted(mirrored(braces, "{name} / {name}"))


OURS = re.compile(r"\x1b\[[0-9;]*m")
"""Colours."""
BARS = re.compile(r"\x1b\[(?:\?25[lh]|2K|1A)|\r")
"""What a progress bar needs besides: the cursor hidden and shown, a line cleared, one line up, the line's beginning."""


def at_a_terminal(command: CommandLine, columns: int, *arguments: str) -> str:
    """What a terminal of this width gets to see."""
    terminal, ours = pty.openpty()
    fcntl.ioctl(ours, termios.TIOCSWINSZ, struct.pack("HHHH", 40, columns, 0, 0))
    attributes = termios.tcgetattr(ours)
    attributes[1] &= ~termios.OPOST  # a line break is to arrive as the one character that it is
    termios.tcsetattr(ours, termios.TCSANOW, attributes)
    process = subprocess.Popen(
        [sys.executable, "-m", "musicdiff_job", *arguments], stdin=ours, stdout=ours, stderr=ours, cwd=command.home,
        env=command.env | {"TERM": "xterm-256color", "LANG": "C.UTF-8"},
    )  # fmt: skip
    os.close(ours)
    seen = b""
    while True:
        try:
            read = os.read(terminal, 65_536)
        except OSError:  # Linux's way of saying that nobody writes any more
            break
        if not read:
            break
        seen += read
    os.close(terminal)
    assert process.wait(60) in (0, 20, 21), seen[-2000:]
    return seen.decode()


def test_a_terminal_shows_text_colours_and_a_bar(tmp_path: Path) -> None:
    # Marks and joiners take part in how wide terminals draw, about which they disagree; here nothing may be in doubt.
    tricks = [name for name in NAMES[::2] if not re.search(r"[\u200c\u200d\ufe0f\ufffe\U0010ffff]", name)]
    with world(tmp_path, tricks) as (command, sandbox):
        shown = at_a_terminal(command, 100, "run")
        assert "\x1b[?25l" in shown, "no bar was drawn"
        for line in BARS.sub("\n", OURS.sub("", shown)).split("\n"):
            check_line(line, 100)
        sandbox.deezer.delete_playlist_by_hand(next(iter(sandbox.deezer.state().playlists)))
        for columns, arguments in (
            (80, ("run", "-v", "--log-format", "text")), (80, ("playlists",)), (50, ("status", "-v")),
            (200, ("unmatched",)), (40, ("unmatched",)), (40, ("matches",)), (80, ("matches", "--doubtful")),
            (40, ("explain", base62_id("hostile", 2), "--offline")), (40, ("plays",)), (120, ("plays",)),
            (80, ("explain", base62_id("hostile", 2), "--offline")),
        ):  # fmt: skip
            shown = at_a_terminal(command, columns, *arguments)
            if arguments[0] == "run":
                log = [line for line in OURS.sub("", shown).split("\n") if re.match(r"\d{4}-\d\d-", line)]
                check_log("\n".join(log))
                assert log
            else:
                check_text(OURS.sub("", shown), columns)
