"""What is remembered of removals, for how long, and where it goes back."""

from __future__ import annotations

from datetime import timedelta

import msgspec
import pytest
from checkpoint_sample import GYM, NOW
from hypothesis import given
from hypothesis import strategies as st
from sync_world import ids

from musicdiff_job.core import before_image
from musicdiff_job.core.before_image import BeforeImage, Removed, back_in_place, kept, remembered, stood
from musicdiff_job.core.model import Header, Kind, PlaylistId, TargetId
from musicdiff_job.core.timestamps import to_iso


def image(run: str, tracks: str, *, days: float = 0, playlist: str = "7", shown: str = "") -> BeforeImage:
    removed = stood(ids(shown or tracks), ids(tracks), {})
    taken_at = to_iso(NOW - timedelta(days=days))
    return BeforeImage(run, taken_at, GYM, Kind.PLAYLIST, "Gym", PlaylistId(playlist), removed=removed)


def runs(images: tuple[BeforeImage, ...]) -> list[str]:
    return [one.run for one in images]


def test_a_place_is_the_nearest_track_before_it_that_stays() -> None:
    names = {TargetId("b"): "x" * 500, TargetId("q"): "not shown"}
    found = stood(ids("abcde"), ids("aceq"), names)
    assert found == (
        Removed(TargetId("a"), "", 0, None),
        Removed(TargetId("c"), "", 2, TargetId("b")),
        Removed(TargetId("e"), "", 4, TargetId("d")),
    )
    (only,) = stood(ids("ab"), ids("b"), names)
    assert only.name == "x" * before_image.NAME_KEPT


def test_what_a_run_takes_away_in_several_writes_is_one_image_in_the_order_in_which_it_stood() -> None:
    shown, going = ids("abcdef"), ids("bdf")
    places = {entry.track: entry for entry in stood(shown, going, {})}
    images: tuple[BeforeImage, ...] = (image("old", "x"),)
    for track in ids("fbdb"):
        images = remembered(images, msgspec.structs.replace(image("new", ""), removed=(places[track],)), NOW)
    assert runs(images) == ["old", "new"]
    assert images[1].removed == tuple(places[track] for track in going)


def test_playlists_and_runs_have_images_of_their_own() -> None:
    images: tuple[BeforeImage, ...] = ()
    for one in (image("r", "a"), image("r", "a", playlist="8"), image("s", "a")):
        images = remembered(images, one, NOW)
    assert [(one.run, one.playlist) for one in images] == [("r", "7"), ("r", "8"), ("s", "7")]


def test_images_are_dropped_after_thirty_days() -> None:
    images = (image("old", "a", days=30.001), image("young", "b", days=29.999))
    assert runs(kept(images, NOW)) == ["young"]
    assert runs(remembered(images, image("now", "c"), NOW)) == ["young", "now"]


def test_the_oldest_runs_go_first_and_whole_and_the_last_one_never(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(before_image, "ENTRIES_KEPT", 5)
    images = (image("a", "1", days=3), image("a", "2", days=3, playlist="8"), image("b", "34", days=2))
    assert runs(remembered(images, image("c", "5", days=1), NOW)) == ["a", "a", "b", "c"]
    assert runs(remembered(images, image("c", "56", days=1), NOW)) == ["b", "c"]
    assert runs(remembered(images, image("c", "123456789", days=1), NOW)) == ["c"]


def test_an_image_is_json_that_reads_back() -> None:
    one = msgspec.structs.replace(image("r", "ab"), header=Header("Gym", "words"), making=(PlaylistId("3"),))
    assert msgspec.json.decode(msgspec.json.encode(one), type=BeforeImage) == one


ORDERS = st.lists(st.sampled_from("abcdefgh"), unique=True)


@given(ORDERS, st.sets(st.sampled_from("abcdefgh")))
def test_taken_away_and_put_back_is_the_same_order(before: list[str], going: set[str]) -> None:
    places = stood(ids(before), ids(sorted(going)), {})
    left = ids(track for track in before if track not in going)
    assert back_in_place(left, places) == ids(before)
    # Appended, as Deezer does it, or put back already.
    assert back_in_place((*left, *(entry.track for entry in places)), places) == ids(before)
    assert back_in_place(ids(before), places) == ids(before)


@given(ORDERS, ORDERS, st.sets(st.sampled_from("abcdefgh")))
def test_whatever_became_of_the_list_every_entry_comes_back_once_and_the_others_keep_their_order(
    before: list[str], now: list[str], going: set[str]
) -> None:
    places = stood(ids(before), ids(sorted(going)), {})
    back = {entry.track for entry in places}
    order = back_in_place(ids(now), places)
    assert sorted(order) == sorted({*now, *back})
    assert [track for track in order if track not in back] == [track for track in now if track not in back]
    assert back_in_place(order, places) == order
