"""What was told is part of the document, and costs nothing while it is nothing."""

from __future__ import annotations

import msgspec

from musicdiff_job.core.checkpoint import Checkpoint
from musicdiff_job.core.told import NotifyOn, Told


def test_it_survives_the_document() -> None:
    told = Told(("auth:1",), ("2026-11-21T03:00:00Z x",), ("s",), "run-1", "2027-05-21:14", completed=True)
    document = msgspec.json.encode(Checkpoint(told=told))
    assert msgspec.json.decode(document, type=Checkpoint).told == told


def test_nothing_is_written_of_nothing() -> None:
    assert msgspec.json.encode(Checkpoint()) == b"{}"
    assert msgspec.json.encode(Told()) == b"{}"


def test_the_occasions_are_those_of_the_settings() -> None:
    assert " ".join(NotifyOn) == "failure auth conflict new_playlist unmatched completed"
