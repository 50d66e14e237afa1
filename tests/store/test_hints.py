"""Every refusal that a deployment is known to meet has its hint."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from musicdiff_job.core.document import DocumentHeader
from musicdiff_job.store.hints import unwritable, way_back


@pytest.mark.parametrize(
    ("number", "told"),
    [
        (errno.ENOSPC, "free some space"),
        (errno.EROFS, "mount the file system writable"),
        (errno.EACCES, "run as the user who owns the folder"),
        (errno.EBUSY, "mount its folder instead"),
        (errno.EXDEV, "mount its folder instead"),
        (errno.ENOTDIR, "correct checkpoint.url"),
        (errno.ENXIO, "must name a file"),
        (errno.ENOLCK, "with locks"),
        (errno.EOPNOTSUPP, "with locks"),
        (errno.ENOSYS, "with locks"),
        (errno.EMFILE, "ulimit -n"),
        (errno.EIO, "the disk or the network behind it"),
        (errno.ENAMETOOLONG, "shorter name"),
        (errno.ESTALE, "mount the file system again"),
    ],
)
def test_the_systems_words_and_what_to_do(number: int, told: str) -> None:
    error = unwritable(Path("/state/checkpoint.json"), OSError(number, os.strerror(number)))
    assert error.message == f"the checkpoint cannot be saved: {os.strerror(number)} (/state/checkpoint.json)"
    assert told in error.hint


def test_a_refusal_without_a_hint_is_told_all_the_same() -> None:
    error = unwritable(Path("/c"), OSError(errno.EDOM, "Out of domain"), "the checkpoint cannot be locked")
    assert str(error) == "the checkpoint cannot be locked: Out of domain (/c)"


def test_the_way_back_is_the_previous_one_if_there_is_one() -> None:
    previous = DocumentHeader(
        format="f", schema=1, generation=7, run_id="r", saved_at="2026-11-21T12:00:00Z", app_version="1", sha256=""
    )
    told = way_back(previous, "/state/checkpoint.json.prev")
    assert "`musicdiff-job checkpoint restore-previous` goes back to generation 7, saved 2026-11-21T12:00:00Z" in told
    assert "(/state/checkpoint.json.prev)" in told
    assert "the next run is a first run" in way_back(None, "")
