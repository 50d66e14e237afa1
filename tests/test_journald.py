"""systemd's journal: when a stream ends there, and what it takes for a priority."""

from __future__ import annotations

import io
import logging
import os
from pathlib import Path

import pytest

from musicdiff_job.journald import is_journal, prioritised


def test_a_stream_is_known_by_its_device_and_inode(tmp_path: Path) -> None:
    with (tmp_path / "stream").open("w") as stream, (tmp_path / "other").open("w") as other:
        found = os.fstat(stream.fileno())
        env = {"JOURNAL_STREAM": f"{found.st_dev}:{found.st_ino}"}
        assert is_journal(stream, env)
        assert not is_journal(other, env), "redirected since"
    assert not is_journal(stream, env), "closed"


@pytest.mark.parametrize("value", ["", "1", ":", "1:2:3", "a:b"])
def test_what_is_no_stream_is_none(value: str, tmp_path: Path) -> None:
    with (tmp_path / "stream").open("w") as stream:
        assert not is_journal(stream, {"JOURNAL_STREAM": value})
        assert not is_journal(stream, {})
    assert not is_journal(io.StringIO(), {"JOURNAL_STREAM": value})


@pytest.mark.parametrize(
    ("level", "priority"),
    [
        (logging.DEBUG, 7),
        (logging.INFO, 6),
        (logging.WARNING, 4),
        (logging.ERROR, 3),
        (logging.CRITICAL, 2),
        (5, 7),
        (35, 4),
    ],
)
def test_levels_are_the_priorities_of_syslog(level: int, priority: int) -> None:
    assert prioritised("one\ntwo", level) == f"<{priority}>one\n<{priority}>two"
