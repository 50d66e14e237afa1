"""What is particular to the gateway; what it shares with other targets is in the conformance suite."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing
from typing import Any

import pytest
from deezer_doors import OpenDoor, in_turn

from musicdiff_job.core.errors import BadAnswer, JobError, UnknownOutcome
from musicdiff_job.core.model import PlaylistId, Service, TargetId
from musicdiff_job.core.plan import (
    AddTracks,
    Created,
    CreatePlaylist,
    LikeTrack,
    Receipt,
    Refused,
    UnlikeTrack,
    UpdatePlaylist,
    Written,
)
from musicdiff_job.core.secret import Redactor, Secret
from musicdiff_job.deezer.gateway import MOST_PAGES, DeezerGateway
from musicdiff_job.sandbox.deezer_switches import DeezerSwitches
from musicdiff_job.sandbox.faults import ALWAYS, Fault, JsonFalse, ResetAfter, WrongJson
from musicdiff_job.sandbox.server import SANDBOX_ARL, Sandbox

PLAYLIST = PlaylistId("7")
UNKNOWN = WrongJson({"error": {"GATEWAY_ERROR": "Undefined or invalid output"}, "results": {}})


def gateway(sandbox: Sandbox, door: OpenDoor) -> DeezerGateway:
    return DeezerGateway(door, Redactor(), f"{sandbox.url}/deezer/gw-light.php", Secret(SANDBOX_ARL))


@pytest.fixture
def target(sandbox: Sandbox, door: OpenDoor) -> Iterator[DeezerGateway]:
    with closing(gateway(sandbox, door)) as target:
        yield target


def ids_in(sandbox: Sandbox, count: int) -> tuple[int, ...]:
    return tuple(sorted(sandbox.catalogue.deezer_by_id))[:count]


def names(ids: tuple[int, ...]) -> tuple[TargetId, ...]:
    return tuple(TargetId(str(track)) for track in ids)


def paths(sandbox: Sandbox) -> list[str]:
    return [call.path for call in sandbox.log.all() if call.path != "/deezer.getUserData"]


def answered(results: Any) -> WrongJson:
    return WrongJson({"error": [], "results": results})


# Writes


def test_a_playlist_is_created_whole_by_one_write(sandbox: Sandbox, target: DeezerGateway, door: OpenDoor) -> None:
    made = target.apply(CreatePlaylist("A", "words", public=False))
    assert isinstance(made, Created)
    assert made.complete
    found = sandbox.deezer.playlist("A")
    assert (found.description, found.public) == ("words", False)
    assert door.passed == [(Service.DEEZER, False, True), (Service.DEEZER, True, False)]


def test_an_update_reads_what_it_does_not_name(sandbox: Sandbox, target: DeezerGateway) -> None:
    playlist = PlaylistId(str(sandbox.deezer.create_by_hand("A", description="words", public=False)))
    target.apply(UpdatePlaylist(playlist, title="B"))
    target.apply(UpdatePlaylist(playlist, title="C", description="other", public=True))
    assert paths(sandbox) == ["/deezer.pagePlaylist", "/playlist.update", "/playlist.update"]
    found = sandbox.deezer.playlist("C")
    assert (found.description, found.public) == ("other", True)


def test_a_collaborative_playlist_stays_one(sandbox: Sandbox, target: DeezerGateway) -> None:
    playlist = PlaylistId(str(sandbox.deezer.create_by_hand("A", collaborative=True)))
    assert target.header(playlist).public
    target.apply(UpdatePlaylist(playlist, title="B"))
    found = sandbox.deezer.playlist("B")
    assert (found.collaborative, found.public) == (True, True)


def test_smaller_batches_are_tried_after_a_refusal(door: OpenDoor) -> None:
    with (
        Sandbox(switches=DeezerSwitches(gateway_add_cap=3)) as sandbox,
        closing(gateway(sandbox, door)) as target,
    ):
        playlist = PlaylistId(str(sandbox.deezer.create_by_hand("A")))
        wanted = ids_in(sandbox, 8)
        left, receipts = wanted, list[Receipt]()
        while left and len(receipts) < 20:
            receipts.append(target.apply(AddTracks(playlist, names(left[: target.batch]))))
            if receipts[-1] == Written():
                left = left[target.batch :]
        assert sandbox.deezer.state().playlists["A"] == wanted
    assert isinstance(receipts[0], Refused)
    assert not receipts[0].already
    assert 1 <= target.batch <= 3


def test_a_single_track_with_wrong_parameters_is_no_matter_of_batches(sandbox: Sandbox, target: DeezerGateway) -> None:
    sandbox.misbehave(Fault(WrongJson({"error": {"REQUEST_ERROR": "Wrong parameters"}, "results": {}}), path="/playl*"))
    with pytest.raises(BadAnswer):
        target.apply(AddTracks(PLAYLIST, names((1,))))
    assert target.batch == 50


@pytest.mark.parametrize("family", ["singular", "plural", "both"])
def test_favourites_are_written_by_the_methods_that_exist(door: OpenDoor, family: Any) -> None:
    with (
        Sandbox(switches=DeezerSwitches(favourite_methods=family)) as sandbox,
        closing(gateway(sandbox, door)) as target,
    ):
        first, second, third = ids_in(sandbox, 3)
        for change in (
            LikeTrack(names((first,))[0]),
            LikeTrack(names((second,))[0]),
            LikeTrack(names((third,))[0]),
            UnlikeTrack(names((second,))[0]),
        ):
            assert target.apply(change) == Written()
        assert sandbox.deezer.state().favourites == (first, third)
        assert len(paths(sandbox)) == (5 if family == "plural" else 4), "what works is remembered"


def test_favourites_by_no_known_method_are_a_bad_answer(sandbox: Sandbox, target: DeezerGateway) -> None:
    sandbox.misbehave(Fault(UNKNOWN, path="*avorite*", count=ALWAYS))
    for _ in range(2):
        with pytest.raises(BadAnswer):
            target.apply(LikeTrack(TargetId("1")))


def test_false_and_nonsense_are_told_apart(sandbox: Sandbox, target: DeezerGateway) -> None:
    create, add = CreatePlaylist("A"), AddTracks(PLAYLIST, names((1,)))
    refused, nameless, odd = answered(False), answered(True), answered({})
    sandbox.misbehave(*in_turn(refused, refused, nameless, odd, JsonFalse(), ResetAfter(), path="/playlist.*"))
    assert isinstance(target.apply(create), Refused)
    assert isinstance(target.apply(add), Refused)
    for change in (create, add, add, CreatePlaylist("B")):
        with pytest.raises(UnknownOutcome):
            target.apply(change)
    assert "B" in sandbox.deezer.state().playlists


# Reads


@pytest.mark.parametrize("types", ["string", "int", "mixed"])
@pytest.mark.parametrize("cap", [None, 100])
def test_ids_may_be_of_any_type_and_pages_of_any_size(door: OpenDoor, types: Any, cap: int | None) -> None:
    with (
        Sandbox(switches=DeezerSwitches(id_types=types, gateway_songs_cap=cap)) as sandbox,
        closing(gateway(sandbox, door)) as target,
    ):
        ids = ids_in(sandbox, 330)
        playlist = sandbox.deezer.create_by_hand("A", ids)
        sandbox.deezer.like_by_hand(*ids)
        sandbox.deezer.hide_by_hand(playlist, *ids[95:205])
        found = target.tracks(PlaylistId(str(playlist)))
        liked = target.favourites()
    assert tuple(int(track.id) for track in found.tracks) == (*ids[:95], *ids[205:])
    assert found.hidden == 110
    assert tuple(int(track.id) for track in liked.tracks) == ids


def rows(*ids: int) -> list[dict[str, str]]:
    return [{"SNG_ID": str(number), "SNG_TITLE": "T"} for number in ids]


@pytest.mark.parametrize("start_counts", ["all", "visible"])
@pytest.mark.parametrize("filtered", ["of the page", "of the playlist", "not told"])
def test_rows_are_read_once_whatever_start_counts(
    sandbox: Sandbox, target: DeezerGateway, start_counts: str, filtered: str
) -> None:
    positions = [1, 0, 2, 0, 3, 4, 0, 5, 6]  # 0: hidden
    listed = positions if start_counts == "all" else [number for number in positions if number]
    served: list[object] = []
    start = 0
    while not served or start < len(listed):
        taken = listed[start : start + 4]
        shown = [number for number in taken if number]
        hidden = {"of the page": len(taken) - len(shown), "of the playlist": 3, "not told": 0}[filtered]
        served.append({"data": rows(*shown), "total": len(positions), "filtered_count": hidden})
        start += len(shown)
    served.append({"data": [], "total": len(positions)})
    sandbox.misbehave(*in_turn(*map(answered, served), path="/playlist.getSongs"))
    found = target.tracks(PLAYLIST)
    assert [track.id for track in found.tracks] == ["1", "2", "3", "4", "5", "6"]
    assert found.hidden == 3


def test_uploads_are_hidden_and_not_counted_twice(sandbox: Sandbox, target: DeezerGateway) -> None:
    first = {"data": rows(1, -5, -6), "total": 5}
    second = {"data": rows(-6, 2), "total": 5}
    last = {"data": rows(3), "total": 5}
    sandbox.misbehave(*in_turn(*map(answered, (first, second, last)), path="/playlist.getSongs"))
    found = target.tracks(PLAYLIST)
    assert [track.id for track in found.tracks] == ["1", "2", "3"]
    assert found.hidden == 2


def test_a_list_that_is_edited_meanwhile_is_not_believed(sandbox: Sandbox, target: DeezerGateway) -> None:
    pages = ({"data": rows(1), "total": 2, "checksum": "c"}, {"data": rows(2), "total": 2, "checksum": "d"})
    sandbox.misbehave(*in_turn(*map(answered, pages), path="/playlist.getSongs"))
    with pytest.raises(BadAnswer, match="edited"):
        target.tracks(PLAYLIST)


def test_a_list_without_end_is_given_up(sandbox: Sandbox, target: DeezerGateway) -> None:
    page = {"data": rows(*range(1, 2001)), "total": 99_999}
    sandbox.misbehave(Fault(answered(page), path="/playlist.getSongs", count=ALWAYS))
    with pytest.raises(BadAnswer, match="end"):
        target.tracks(PLAYLIST)


def test_a_list_that_goes_on_in_small_steps_is_given_up_too(sandbox: Sandbox, target: DeezerGateway) -> None:
    sandbox.misbehave(Fault(answered({"data": rows(1), "total": 99}), path="/playlist.getSongs", count=ALWAYS))
    with pytest.raises(BadAnswer, match="end"):
        target.tracks(PLAYLIST)
    assert len(sandbox.log.all()) == 1 + MOST_PAGES


def test_favourites_can_be_read_by_id(sandbox: Sandbox, target: DeezerGateway) -> None:
    ids = ids_in(sandbox, 250)
    sandbox.deezer.like_by_hand(*ids)
    direct = target.favourites()
    sandbox.misbehave(Fault(UNKNOWN, path="/favorite_song.getList"))
    by_id = target.favourites()
    assert by_id.tracks == direct.tracks
    assert tuple(int(track.id) for track in by_id.tracks) == ids
    assert paths(sandbox)[-2:] == ["/song.getListData"] * 2


def test_rows_have_isrcs(sandbox: Sandbox, target: DeezerGateway) -> None:
    known = next(track for track in sandbox.catalogue.deezer_by_id.values() if track.isrc)
    sandbox.deezer.like_by_hand(known.id)
    assert target.favourites().tracks[0].isrc == known.isrc


def test_a_listing_that_is_cut_short_is_not_complete(sandbox: Sandbox, target: DeezerGateway) -> None:
    page = {"TAB": {"playlists": {"data": [{"PLAYLIST_ID": 1, "TITLE": "A"}], "total": "2"}}}
    sandbox.misbehave(Fault(answered(page), path="/deezer.pageProfile", count=ALWAYS))
    with pytest.raises(BadAnswer, match="1 of 2"):
        target.playlists()


def test_no_answer_is_an_empty_list(sandbox: Sandbox, target: DeezerGateway) -> None:
    sandbox.misbehave(Fault(answered({}), path="/[!d]*", count=ALWAYS))
    sandbox.misbehave(Fault(answered({}), path="/deezer.page*", count=ALWAYS))
    reads: list[Callable[[], object]] = [
        target.playlists,
        target.favourites,
        lambda: target.tracks(PLAYLIST),
        lambda: target.header(PLAYLIST),
    ]
    for read in reads:
        with pytest.raises(JobError) as caught:
            read()
        assert isinstance(caught.value, BadAnswer)


def test_the_listing_works_without_checksums(door: OpenDoor) -> None:
    with (
        Sandbox(switches=DeezerSwitches(profile_checksum=False)) as sandbox,
        closing(gateway(sandbox, door)) as target,
    ):
        sandbox.deezer.create_by_hand("A")
        assert {head.fingerprint for head in target.playlists()} == {""}
        assert all(head.modified for head in target.playlists())
