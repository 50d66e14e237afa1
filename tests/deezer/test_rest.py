"""What is particular to the public API; what it shares with other targets is in the conformance suite."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import closing

import pytest
from deezer_doors import LeapingClock, OpenDoor, in_turn, real_gate
from target_suite import assert_clean

from musicdiff_job.core.errors import AuthError, BadAnswer, JobError, Throttled, Unavailable, UnknownOutcome
from musicdiff_job.core.model import AccountId, PlaylistId, Service, TargetId
from musicdiff_job.core.plan import (
    AddTracks,
    Change,
    Created,
    CreatePlaylist,
    DeletePlaylist,
    LikeTrack,
    Refused,
    RemoveTracks,
    ReorderTracks,
    UnlikeTrack,
    UpdatePlaylist,
    Written,
)
from musicdiff_job.core.secret import Redactor, Secret
from musicdiff_job.deezer.rest import DeezerRest
from musicdiff_job.sandbox.deezer_switches import DeezerSwitches
from musicdiff_job.sandbox.faults import (
    ALWAYS,
    DeezerQuota,
    Effect,
    Fault,
    JsonFalse,
    ResetAfter,
    ResetBefore,
    TokenExpired,
    TruncatedJson,
    WrongJson,
)
from musicdiff_job.sandbox.server import SANDBOX_ACCESS_TOKEN, Sandbox

TOKEN = Secret(SANDBOX_ACCESS_TOKEN)
IDS = tuple(TargetId(str(number)) for number in (3135556, 1, 2))
PLAYLIST = PlaylistId("7")
CHANGES: list[Change] = [
    CreatePlaylist("New", "words", public=True),
    UpdatePlaylist(PLAYLIST, title="New"),
    AddTracks(PLAYLIST, IDS),
    RemoveTracks(PLAYLIST, IDS),
    ReorderTracks(PLAYLIST, IDS),
    DeletePlaylist(PLAYLIST),
    LikeTrack(IDS[0]),
    UnlikeTrack(IDS[0]),
]


@pytest.fixture
def target(sandbox: Sandbox, door: OpenDoor) -> Iterator[DeezerRest]:
    with closing(DeezerRest(door, Redactor(), f"{sandbox.url}/deezer/api", TOKEN, None)) as target:
        yield target


def ids_in(sandbox: Sandbox, count: int) -> tuple[int, ...]:
    return tuple(sorted(sandbox.catalogue.deezer_by_id))[:count]


# Calls


def test_a_known_account_costs_no_call(sandbox: Sandbox, door: OpenDoor) -> None:
    known = AccountId("900000001")
    with closing(DeezerRest(door, Redactor(), f"{sandbox.url}/deezer/api", TOKEN, known)) as target:
        assert target.account() == known
        assert target.playlists()
    assert [call.path for call in sandbox.log.all()] == ["/user/me/playlists"]


def test_the_account_is_asked_for_once(target: DeezerRest, door: OpenDoor) -> None:
    assert target.account() == target.account() == "900000001"
    assert door.passed == [(Service.DEEZER, False, False)]


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: type(change).__name__)
def test_every_change_is_one_write(sandbox: Sandbox, target: DeezerRest, door: OpenDoor, change: Change) -> None:
    sandbox.misbehave(Fault(WrongJson({"id": 8} if isinstance(change, CreatePlaylist) else True)))
    assert target.apply(change) in (Written(), Created(PlaylistId("8"), complete=False))
    assert door.passed == [(Service.DEEZER, True, False)]
    assert len(sandbox.log.all()) == 1


@pytest.mark.parametrize(
    ("change", "complete"),
    [
        (CreatePlaylist("A", "", public=True), True),
        (CreatePlaylist("A", "words", public=True), False),
        (CreatePlaylist("A", "", public=False), False),
    ],
)
def test_a_playlist_is_created_by_its_title_alone(
    sandbox: Sandbox, target: DeezerRest, change: CreatePlaylist, complete: bool
) -> None:
    made = target.apply(change)
    assert isinstance(made, Created)
    assert made.complete is complete
    found = sandbox.deezer.playlist("A")
    assert (found.description, found.public) == ("", True)


def test_additions_travel_in_the_body(sandbox: Sandbox, target: DeezerRest) -> None:
    playlist = sandbox.deezer.create_by_hand("A")
    ids = tuple(TargetId(str(track)) for track in ids_in(sandbox, 50))
    assert target.apply(AddTracks(PlaylistId(str(playlist)), ids)) == Written()
    assert set(sandbox.log.all()[-1].query) == {"access_token"}


# Pages


@pytest.mark.parametrize("cap", [25, 100, 2000])
def test_a_cut_limit_leaves_no_gap(door: OpenDoor, cap: int) -> None:
    with Sandbox(switches=DeezerSwitches(quota_calls=None, list_limit_cap=cap)) as sandbox:
        ids = ids_in(sandbox, 130)
        playlist = sandbox.deezer.create_by_hand("A", ids)
        with closing(DeezerRest(door, Redactor(), f"{sandbox.url}/deezer/api", TOKEN, None)) as target:
            found = target.tracks(PlaylistId(str(playlist)))
    assert tuple(int(track.id) for track in found.tracks) == ids
    assert door.calls() == -(-130 // min(cap, 100))


def test_a_page_may_be_short_although_more_follows(sandbox: Sandbox, target: DeezerRest) -> None:
    def page(*ids: int, next_index: int | None) -> WrongJson:
        body: dict[str, object] = {"data": [{"id": number} for number in ids], "total": 5, "checksum": "c"}
        if next_index is not None:
            body["next"] = f"https://elsewhere.invalid/x?access_token=other&index={next_index}"
        return WrongJson(body)

    sandbox.misbehave(*in_turn(page(1, 2, next_index=3), page(next_index=4), page(3, 4, next_index=None)))
    found = target.tracks(PLAYLIST)
    assert [track.id for track in found.tracks] == ["1", "2", "3", "4"]
    assert found.hidden == 1
    assert [call.query["index"] for call in sandbox.log.all()] == ["0", "3", "4"]


@pytest.mark.parametrize("follows", [0, 101, 999_999])
def test_a_page_that_leads_astray_is_not_followed(sandbox: Sandbox, target: DeezerRest, follows: int) -> None:
    body = {"data": [{"id": 1, "title": "T"}], "total": 300, "next": f"https://api.deezer.com/x?index={follows}"}
    sandbox.misbehave(Fault(WrongJson(body)))
    with pytest.raises(BadAnswer):
        target.tracks(PLAYLIST)
    assert len(sandbox.log.all()) == 1


@pytest.mark.parametrize("edit", [{"checksum": "d"}, {"total": 131}])
def test_a_list_that_is_edited_meanwhile_is_not_believed(
    sandbox: Sandbox, target: DeezerRest, edit: dict[str, object]
) -> None:
    first = {"data": [{"id": 1}], "total": 130, "checksum": "c", "next": "?index=100"}
    last = {"data": [{"id": 2}], "total": 130, "checksum": "c"} | edit
    sandbox.misbehave(*in_turn(WrongJson(first), WrongJson(last)))
    with pytest.raises(BadAnswer, match="edited"):
        target.tracks(PLAYLIST)


def test_a_list_without_end_is_given_up(sandbox: Sandbox, target: DeezerRest) -> None:
    endless = [WrongJson({"data": [], "next": f"?index={at + 100}"}) for at in range(0, 20_100, 100)]
    sandbox.misbehave(*in_turn(*endless))
    with pytest.raises(BadAnswer, match="end"):
        target.favourites()


# Failures


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: type(change).__name__)
@pytest.mark.parametrize(
    "effect",
    [ResetBefore(), ResetAfter(), TruncatedJson(), WrongJson({"x": 1}), WrongJson(None), WrongJson("ok"), WrongJson(1)],
)
def test_a_write_without_a_proper_answer_is_unknown(
    sandbox: Sandbox, target: DeezerRest, change: Change, effect: Effect
) -> None:
    sandbox.misbehave(Fault(effect))
    with pytest.raises(UnknownOutcome) as caught:
        target.apply(change)
    assert_clean(caught.value, [SANDBOX_ACCESS_TOKEN])
    assert len(sandbox.log.all()) == 1


def test_a_playlist_that_was_created_without_a_name_is_unknown(sandbox: Sandbox, target: DeezerRest) -> None:
    sandbox.misbehave(Fault(WrongJson(True)))
    with pytest.raises(UnknownOutcome):
        target.apply(CreatePlaylist("A"))


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: type(change).__name__)
def test_false_is_a_refusal(sandbox: Sandbox, target: DeezerRest, change: Change) -> None:
    sandbox.misbehave(Fault(JsonFalse()))
    receipt = target.apply(change)
    assert isinstance(receipt, Refused)
    assert not receipt.already


def test_too_many_items_are_refused(sandbox: Sandbox, target: DeezerRest) -> None:
    sandbox.misbehave(Fault(WrongJson({"error": {"type": "X", "message": "Items limit exceeded", "code": 100}})))
    receipt = target.apply(AddTracks(PLAYLIST, IDS))
    assert isinstance(receipt, Refused)
    assert not receipt.already
    assert "limit" in receipt.reason


def test_false_pages_are_not_empty_playlists(sandbox: Sandbox, target: DeezerRest) -> None:
    sandbox.misbehave(Fault(WrongJson(False), count=ALWAYS))
    for read in (target.playlists, target.favourites, lambda: target.tracks(PLAYLIST), lambda: target.header(PLAYLIST)):
        with pytest.raises(Unavailable):
            read()


@pytest.mark.parametrize(("effect", "expected"), [(DeezerQuota(), Throttled), (TokenExpired(), AuthError)])
def test_refusals_are_passed_on(sandbox: Sandbox, target: DeezerRest, effect: Effect, expected: type[JobError]) -> None:
    sandbox.misbehave(Fault(effect, count=2))
    for attempt in (lambda: target.tracks(PLAYLIST), lambda: target.apply(AddTracks(PLAYLIST, IDS))):
        with pytest.raises(expected) as caught:
            attempt()
        assert_clean(caught.value, [SANDBOX_ACCESS_TOKEN])


def test_a_write_that_never_left_is_not_unknown(door: OpenDoor) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{unused.getsockname()[1]}"
        with closing(DeezerRest(door, Redactor(), url, TOKEN, None)) as target, pytest.raises(Unavailable):
            target.apply(LikeTrack(IDS[0]))


def test_an_id_cannot_leave_its_place_in_the_path(sandbox: Sandbox, target: DeezerRest) -> None:
    with pytest.raises(JobError):
        target.tracks(PlaylistId("../user/me?x="))
    assert "/user/me" not in {call.path for call in sandbox.log.all()}


# Through the real gate


def test_a_quota_refusal_is_waited_for_and_a_lost_answer_is_not_repeated(sandbox: Sandbox) -> None:
    clock = LeapingClock()
    gate = real_gate(clock)
    with closing(DeezerRest(gate, Redactor(), f"{sandbox.url}/deezer/api", TOKEN, None)) as target:
        sandbox.misbehave(Fault(DeezerQuota(), path="/user/me/tracks"))
        assert target.apply(LikeTrack(TargetId(str(ids_in(sandbox, 1)[0])))) == Written()
        assert clock.waited
        sandbox.misbehave(Fault(ResetAfter(), path="/user/me/playlists"))
        with pytest.raises(UnknownOutcome) as caught:
            target.apply(CreatePlaylist("Once"))
        assert_clean(caught.value, [SANDBOX_ACCESS_TOKEN])
    assert list(sandbox.deezer.state().playlists) == ["Once"]
    assert gate.tally().writes == len(sandbox.log.all()) == 3
