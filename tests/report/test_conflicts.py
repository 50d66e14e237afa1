"""Conflicts for people."""

from __future__ import annotations

import msgspec
from checkpoint_sample import GYM, NOW, sample

from musicdiff_job.core.conflict import Ruling, Side
from musicdiff_job.report.conflicts import conflict_rows, conflicts_text, rulings_text
from musicdiff_job.report.text import text_of


def test_open_ones_come_first_and_say_so() -> None:
    (known,) = sample().conflicts.values()
    decided = msgspec.structs.replace(known, id="a", opened_at="2026-11-01T00:00:00Z", decision=Side.DEEZER)
    later = msgspec.structs.replace(known, id="b", opened_at="2026-11-21T00:00:00Z")
    checkpoint = msgspec.structs.replace(sample(), conflicts={one.id: one for one in (decided, later, known)})
    rows = conflict_rows(checkpoint)
    assert [row.id for row in rows] == [f"mass_removal:{GYM}", "b", "a"]
    lines = [text_of(line) for line in conflicts_text(rows, NOW)]
    assert lines[1].endswith("40 of 50 entries would be removed (open, asked 33 h ago)")
    assert lines[5].endswith("(decided: take deezer, asked 20 days ago)")
    assert conflicts_text((), NOW) == ("There is no conflict.",)


def test_what_was_decided_is_told_latest_first() -> None:
    old = Ruling(
        "a", "Gym\x1b[2J", "m", "2026-11-01T00:00:00Z", Side.DEEZER, "2026-11-11T12:00:00Z", "2026-11-12T12:00:00Z"
    )
    new = msgspec.structs.replace(old, id="b", decision=Side.SPOTIFY)
    lines = [text_of(line) for line in rulings_text((old, new), NOW)]
    assert [lines[0], lines[2]] == ["b", "a"]
    assert lines[3].endswith("m (took deezer 10 days ago, settled 9 days ago)")
    assert "\x1b" not in lines[1]
    assert rulings_text((), NOW) == ("Nothing has been decided yet.",)
