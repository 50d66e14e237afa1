"""What can be undone, newest first."""

from __future__ import annotations

import msgspec
from checkpoint_sample import GYM, HOSTILE, NOW

from musicdiff_job.core.before_image import BeforeImage, Removed
from musicdiff_job.core.model import Header, Kind, PlaylistId, TargetId
from musicdiff_job.report.text import plain
from musicdiff_job.report.undo import undo_table


def image(run: str, title: str, entries: int, *, deleted: bool = False) -> BeforeImage:
    removed = tuple(Removed(TargetId(str(at)), "", at) for at in range(entries))
    header = Header(title) if deleted else None
    return BeforeImage(
        run, "2026-11-20T12:00:00Z", GYM, Kind.PLAYLIST, "Gym", PlaylistId(title), title, removed, header
    )


def test_every_run_has_a_line() -> None:
    images = [
        image("run-1", "A", 1),
        image("run-2", "A", 2),
        image("run-2", "B", 1),
        image("run-2", "C", 9, deleted=True),
    ]
    lines = plain((undo_table(images, NOW),)).splitlines()
    assert [line.split()[0] for line in lines[1:]] == ["run-2", "run-1"]
    assert "3 entries, 1 playlist" in lines[1]
    assert lines[1].endswith("A, B, C  -")
    assert "1 entry" in lines[2]
    assert "2026-11-20 12:00" in lines[2]


def test_many_playlists_are_counted_and_their_names_are_harmless() -> None:
    images = [image("run-1", title, 1) for title in (HOSTILE, "B", "C", "D", "E")]
    text = plain((undo_table(images, NOW),))
    assert "and 2 more" in text
    assert not set(text) & set("\x1b\u202e")


def test_what_was_put_back_is_marked_when_all_of_it_is() -> None:
    images = [image("run-1", "A", 1), image("run-1", "B", 1)]
    undone = [msgspec.structs.replace(one, undone_at="2026-11-21T11:00:00Z") for one in images]
    for found, said in ((images, False), ([images[0], undone[1]], False), (undone, True)):
        assert ("2026-11-21 11:00" in plain((undo_table(found, NOW),))) is said


def test_nothing_to_undo_is_said() -> None:
    assert plain((undo_table((), NOW),)) == "No run has removed anything lately.\n"
