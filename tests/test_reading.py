"""Reading a source list to its end, and never believing half of one."""

from __future__ import annotations

import msgspec
import pytest
from memory_stage import Stage, numbers

from musicdiff_job.core.checkpoint import Reading
from musicdiff_job.core.errors import OutOfBudget
from musicdiff_job.core.model import CollectionHead, Entry, Kind, Page, Unreadable
from musicdiff_job.reading import Edited, read

GYM = "spotify:playlist:gym"


def stage(*songs: int, page_size: int = 3) -> tuple[Stage, CollectionHead]:
    found = Stage()
    found.source.page_size = page_size
    return found, found.source.put(GYM, *songs)


def test_a_short_list_is_one_call() -> None:
    world, head = stage(1, 2)
    found = read(world.session(), head)
    assert isinstance(found, Reading)
    assert (numbers(found.entries), found.total, found.complete, found.snapshot) == (
        ["s1", "s2"],
        2,
        True,
        head.snapshot,
    )
    assert world.source.calls == ["page 0"]


def test_an_empty_list_is_read_and_empty() -> None:
    world, head = stage()
    assert read(world.session(), head) == Reading(head.snapshot, 0, (), complete=True, head=head)


def test_a_long_list_is_read_page_by_page_and_proven_unchanged() -> None:
    world, head = stage(1, 2, 3, -1, 5, 6, 7)
    found = read(world.session(), head)
    assert isinstance(found, Reading)
    assert numbers(found.entries) == ["s1", "s2", "s3", "podcast episode", "s5", "s6", "s7"]
    assert world.source.calls == ["page 0", "page 3", "page 6", "unchanged"]


def test_what_was_read_wholly_is_not_read_again() -> None:
    world, head = stage(1, 2, 3, 4)
    session = world.session()
    found = read(session, head)
    world.source.calls.clear()
    assert read(session, head) == found
    assert world.source.calls == []


def test_a_read_that_a_budget_cut_short_goes_on_where_it_stopped() -> None:
    world, head = stage(1, 2, 3, 4, 5, 6, 7)

    def spent(head: CollectionHead, offset: int) -> None:
        if offset == 6:
            raise OutOfBudget("spent")

    world.source.on_page = spent
    session = world.session()
    with pytest.raises(OutOfBudget):
        read(session, head)
    world.source.on_page = lambda head, offset: None
    world.source.calls.clear()
    found = read(world.session(session.checkpoint), head)
    assert isinstance(found, Reading)
    assert found.complete
    assert len(found.entries) == 7
    # The last page alone is proven too: it continues what an earlier run has read.
    assert world.source.calls == ["page 6", "unchanged"]


def test_a_read_under_another_snapshot_is_begun_anew() -> None:
    world, head = stage(1, 2, 3, 4)
    session = world.session()
    read(session, head)
    newer = world.source.put(GYM, 9)
    found = read(session, newer)
    assert isinstance(found, Reading)
    assert numbers(found.entries) == ["s9"]


def test_a_list_that_is_edited_while_it_is_read_is_left_for_the_next_run() -> None:
    world, head = stage(1, 2, 3, 4)

    def edited(head: CollectionHead, offset: int) -> None:
        if offset:
            world.source.put(GYM, 2, 1, 3, 4)

    world.source.on_page = edited
    session = world.session()
    assert read(session, head) == Edited()
    assert session.mirror(head).reading is None, "the torn read is forgotten"
    world.source.on_page = lambda head, offset: None
    asked = len(world.source.calls)
    assert read(session, head) == Edited()
    assert len(world.source.calls) == asked, "nobody is asked again under the snapshot that is over"
    assert isinstance(read(session, world.source.head(GYM)), Reading)


def test_a_list_that_changes_its_length_is_seen_at_once() -> None:
    world, head = stage(1, 2, 3, 4)

    def grown(head: CollectionHead, offset: int) -> None:
        if offset:
            world.source.put(GYM, 1, 2, 3, 4, 5)

    world.source.on_page = grown
    assert read(world.session(), head) == Edited()
    assert world.source.calls == ["page 0", "page 3"]


@pytest.mark.parametrize("expected", [True, False])
def test_what_cannot_be_read_is_not_empty(expected: bool) -> None:
    world, head = stage(1, 2, 3, 4)
    session = world.session()

    def closed(head: CollectionHead, offset: int) -> None:
        if offset:
            world.source.unreadable[head.id] = Unreadable("403", expected=expected)

    world.source.on_page = closed
    assert read(session, head) == Unreadable("403", expected=expected)
    assert session.mirror(head).reading is None


@pytest.mark.parametrize(
    ("shown", "total", "more"),
    [
        (2, 3, False),  # fewer than it counts
        (4, 3, False),  # more than it counts
        (0, 3, False),
        (0, 3, True),  # a page of nothing, and another one announced
        (3, 3, True),  # another one announced after the last
        (4, 3, True),
    ],
)
def test_pages_that_do_not_add_up_are_not_believed(shown: int, total: int, more: bool) -> None:
    world, head = stage(*range(9))
    entry = world.source.lists[head.id][0]
    session = world.session()
    page = Page((entry,) * shown, 0, total, more)
    session.source.page = lambda head, offset, after="": page  # type: ignore[method-assign]
    assert isinstance(read(session, head), Unreadable)
    assert session.mirror(head).reading is None


def test_pages_of_artists_are_asked_for_by_the_last_one_and_never_hold_one_twice() -> None:
    world, head = stage(*range(1, 7))
    head = msgspec.structs.replace(head, kind=Kind.ARTISTS)
    session, entries = world.session(), world.source.lists[head.id]
    behind: list[str] = []

    def page(head: CollectionHead, offset: int, after: str = "") -> Page:
        behind.append(after)
        return Page(tuple(entries[:3]), offset, 6, more=offset == 0)  # the same page again, in the right number

    session.source.page = page  # type: ignore[method-assign]
    assert read(session, head) == Unreadable("Spotify lists an artist twice")
    assert behind == ["", "s3"]


def test_skipped_entries_count_towards_the_total() -> None:
    world, head = stage(-1, -1, 3)
    found = read(world.session(), head)
    assert isinstance(found, Reading)
    assert [entry.track is None for entry in found.entries] == [True, True, False]
    assert all(isinstance(entry, Entry) for entry in found.entries)


def test_reading_saves_now_and_then_and_leaves_the_mirror_as_it_is() -> None:
    world, head = stage(1, 2, 3, 4)
    session = world.session()
    before = session.mirror(head)
    world.source.on_page = lambda head, offset: world.clock.advance(10.0)
    found = read(session, head)
    assert isinstance(found, Reading)
    assert len(world.store.saved) == 2
    assert world.store.saved[0].mirrors[head.id].reading == msgspec.structs.replace(
        found, entries=found.entries[:3], complete=False
    )
    assert session.mirror(head) == msgspec.structs.replace(before, reading=found)
