"""What the checkpoint knows of the collections."""

from __future__ import annotations

from checkpoint_sample import CJK, EVIL, GYM, NOW, sample

from musicdiff_job.core.model import LIKED
from musicdiff_job.core.policy import Policy
from musicdiff_job.report.collections import collection_lines, collections_table
from musicdiff_job.report.text import plain


def test_liked_songs_come_first_then_playlists_by_name() -> None:
    assert [line.id for line in collection_lines(sample(), Policy(), NOW)] == [LIKED, EVIL, GYM, CJK]


def test_a_line_counts_what_is_known() -> None:
    gym = next(line for line in collection_lines(sample(), Policy(), NOW) if line.id == GYM)
    assert (gym.entries, gym.matched, gym.unmatched, gym.placed, gym.skipped) == (12, 5, 1, 1, 1)
    assert gym.playlists == ("2",)
    assert gym.selected
    assert not next(line for line in collection_lines(sample(), Policy(), NOW) if line.id == CJK).selected


def test_the_table() -> None:
    lines = plain([collections_table(collection_lines(sample(), Policy(), NOW), NOW)]).splitlines()
    assert lines[1].split() == ["Liked", "songs", "in", "sync", "3", "3", "-", "9", "h", "ago", "next", "run"]
    assert lines[3].endswith("budget spent; a local file")
    assert "first run" in plain([collections_table((), NOW)])
