"""The page of the first run is what a first run says."""

from __future__ import annotations

import re

from first_run import BLOCK, PAGE, REPLIES, SERVE, walked


def _comparable(page: str) -> str:
    """Which look-ups are needed depends a little on which answer comes first."""
    page = re.sub(r"Deezer \d+ \(\d+ look-ups", "Deezer N (N look-ups", page)
    return re.sub(r"^matching: \d+ (?!known).*$", "matching: N", page, flags=re.MULTILINE)


def test_a_walk_says_what_the_page_says() -> None:
    page = PAGE.read_text(encoding="utf-8")
    assert _comparable(walked(page)) == _comparable(page), "run `python tests/first_run.py`"


def test_the_page_goes_from_nothing_to_a_run_with_nothing_left_to_do() -> None:
    commands = re.findall(r"^\$ (.*)$", "".join(found[2] for found in BLOCK.finditer(PAGE.read_text())), re.MULTILINE)
    assert commands[0] == SERVE
    for begin, times in REPLIES.items():
        assert sum(command.startswith(begin) for command in commands) == len(times), begin
    assert commands[-1] == "musicdiff-job run --env-file musicdiff.env"
    assert "in sync: all is in step" in PAGE.read_text().rpartition(commands[-1])[2]
