"""Rows that a run has seen: found again by ISRC and title, the one that says more kept, the oldest forgotten."""

from __future__ import annotations

import msgspec
import pytest
from memory_stage import copy, song

from musicdiff_job import shelf
from musicdiff_job.core.model import Track
from musicdiff_job.shelf import Shelf


def ids(rows: tuple[Track, ...]) -> list[str]:
    return [row.id for row in rows]


def test_a_row_is_found_by_isrc_whatever_it_is_called() -> None:
    seen = Shelf()
    seen.put([copy(1, title="Another name"), copy(2)])
    assert ids(seen.like(song(1))) == ["1"]


def test_a_row_is_found_by_its_bare_title_and_an_artist() -> None:
    seen = Shelf()
    seen.put([copy(1, title="Song number 1 (Live)", isrc=None), copy(2, title="Song number 1", artists=("Somebody",))])
    assert ids(seen.like(song(1, isrc=None, artists=("Guest", "The Singer")))) == ["1"]


def test_rows_with_the_isrc_come_first_and_each_once() -> None:
    seen = Shelf()
    seen.put([copy(1, isrc=None), copy(7, title="Song number 1", isrc="USAAA2600001")])
    assert ids(seen.like(song(1))) == ["7", "1"]


def test_of_two_rows_of_one_track_the_one_that_says_more_stays() -> None:
    short, long = copy(1, isrc=None), copy(1, album_id="12")
    for order in ([short, long], [long, short]):
        seen = Shelf()
        seen.put(order)
        assert seen.get("1") == long
        assert ids(seen.like(song(1))) == ["1"]


def test_a_row_that_was_called_otherwise_is_not_found_by_its_old_name() -> None:
    seen = Shelf()
    seen.put([copy(1, isrc=None, title="Old name")])
    seen.put([copy(1, title="New name")])
    assert ids(seen.like(song(5, title="Old name"))) == []
    assert ids(seen.like(song(5, title="New name"))) == ["1"]


def test_the_oldest_rows_make_room(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shelf, "ROOM", 3)
    seen = Shelf()
    seen.put(map(copy, range(5)))
    assert [seen.get(str(number)) is not None for number in range(5)] == [False, False, True, True, True]
    assert ids(seen.like(song(0))) == []
    assert ids(seen.like(song(4))) == ["4"]


def test_nothing_is_like_a_track_without_title_and_isrc() -> None:
    seen = Shelf()
    seen.put([copy(1)])
    assert seen.like(msgspec.structs.replace(song(2), title="", artists=())) == ()
