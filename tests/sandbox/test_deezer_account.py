from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from deezer_stage import ARL, CATALOGUE, Stage, Time
from hypothesis import given
from hypothesis import strategies as st

from musicdiff_job.sandbox.deezer_account import (
    AccountState,
    DeezerAccount,
    DeezerLibrary,
    DeezerSwitches,
    Refusal,
    Write,
)
from musicdiff_job.sandbox.deezer_credentials import DeezerCredentials
from musicdiff_job.sandbox.deezer_library import Edited, add, remove, reorder
from musicdiff_job.sandbox.deezer_verbs import DeezerVerbs


def account(time: Time | None = None) -> DeezerAccount:
    return DeezerAccount(42, clock=time or Time())


def test_a_persons_edits_are_the_state() -> None:
    deezer = account()
    mix = deezer.create_by_hand("Mix", [1, 2, 3])
    deezer.create_by_hand("Gone", [9])
    deezer.add_by_hand("Mix", 4, 5)
    deezer.add_by_hand(mix, 6, offset=0)
    deezer.remove_by_hand("Mix", 2)
    deezer.reorder_by_hand("Mix", [5, 4, 3, 1, 6])
    deezer.rename_by_hand("Mix", "Mix / 2", "new")
    deezer.delete_playlist_by_hand("Gone")
    deezer.like_by_hand(7, 8, 9)
    deezer.unlike_by_hand(8)
    assert deezer.state() == AccountState({"Mix / 2": (5, 4, 3, 1, 6)}, (7, 9))
    assert deezer.playlist(mix).description == "new"
    assert deezer.writes() == ()


def test_a_copy_is_equal_and_lives_its_own_life() -> None:
    deezer = account()
    deezer.create_by_hand("Mix", [1, 2, 3])
    deezer.like_by_hand(7)
    deezer.set_readable(1, False)
    twin = deezer.copy(lambda: 77.0)
    assert twin.state() == deezer.state()
    assert not twin.readable(1, True, signed_in=True)
    assert twin.now() == 77
    made = twin.create_by_hand("More")
    twin.remove_by_hand("Mix", 2)
    twin.unlike_by_hand(7)
    assert deezer.state() == AccountState({"Mix": (1, 2, 3)}, (7,))
    assert deezer.create_by_hand("Other") == made


def test_an_account_may_begin_with_the_library_of_another() -> None:
    deezer = account()
    mix = deezer.create_by_hand("Mix", [1, 2])
    deezer.like_by_hand(7)
    other = DeezerAccount(42, library=deezer.library())
    assert other.state() == deezer.state()
    assert other.create_by_hand("New") not in (mix, other.loved_id)
    other.add_by_hand(mix, 3)
    other.like_by_hand(8)
    assert deezer.state() == AccountState({"Mix": (1, 2)}, (7,))


def test_titles_that_repeat_are_kept_apart_by_age_and_followed_ones_left_out() -> None:
    time = Time()
    deezer = account(time)
    deezer.create_by_hand("Same", [1])
    time.now += 60
    deezer.create_by_hand("Same", [2])
    deezer.follow_by_hand("Same", [3], creator_id=7)
    assert deezer.state().playlists == {"Same": (1,), "Same#2": (2,)}
    with pytest.raises(KeyError):
        deezer.playlist("Nothing")


@pytest.mark.parametrize(
    ("edit", "reason"),
    [
        (lambda deezer: deezer.add_by_hand("Mix", 1), Refusal.DUPLICATE),
        (lambda deezer: deezer.add_by_hand("Mix", 4, 4), Refusal.DUPLICATE),
        (lambda deezer: deezer.reorder_by_hand("Mix", [1]), Refusal.WRONG),
        (lambda deezer: deezer.rename_by_hand("Mix", "  "), Refusal.WRONG),
        (lambda deezer: deezer.delete_playlist_by_hand(deezer.loved_id), Refusal.NOT_ALLOWED),
        (lambda deezer: deezer.add_by_hand(5, 4), Refusal.NOT_FOUND),
        (lambda deezer: deezer.create_by_hand("Both", collaborative=True, public=False), Refusal.WRONG),
    ],
)
def test_what_deezer_refuses_a_person_cannot_do_either(edit, reason) -> None:  # type: ignore[no-untyped-def]
    deezer = account()
    deezer.create_by_hand("Mix", [1, 2])
    before = deezer.state()
    with pytest.raises(ValueError, match=reason.value):
        edit(deezer)
    assert deezer.state() == before


def test_hidden_entries_count_but_are_not_seen() -> None:
    deezer = account()
    deezer.create_by_hand("Mix", [1, 2, 3])
    deezer.hide_by_hand("Mix", 2)
    deezer.like_by_hand(1, 2)
    deezer.hide_by_hand(deezer.loved_id, 1)
    assert len(deezer.playlist("Mix").entries) == 3
    assert deezer.state() == AccountState({"Mix": (1, 3)}, (2,))
    with pytest.raises(ValueError, match="already"):
        deezer.add_by_hand("Mix", 2)


def test_reads_after_a_write_lag_by_count() -> None:
    deezer = account()
    mix = deezer.create_by_hand("Mix", [1])

    def shown() -> list[int]:
        return list(deezer.read().playlists[mix].entries)

    def write(track: int) -> None:
        deezer.commit(Write("add", mix, (track,)), lambda lib: add(lib, mix, [track], 0, DeezerSwitches()), 2)

    write(2)
    assert [shown(), shown(), shown()] == [[1], [1], [1, 2]]
    write(3)
    write(4)
    assert [shown(), shown(), shown()] == [[1, 2, 3], [1, 2, 3], [1, 2, 3, 4]]
    write(5)
    deezer.add_by_hand(mix, 6)
    assert shown() == [1, 2, 3, 4, 5, 6]
    assert deezer.state().playlists["Mix"] == (1, 2, 3, 4, 5, 6)


def test_a_refused_write_is_logged_and_makes_no_read_late() -> None:
    deezer = account()
    mix = deezer.create_by_hand("Mix", [1])
    refusal = deezer.commit(Write("add", mix, (1,)), lambda lib: add(lib, mix, [1], 0, DeezerSwitches()), 3)
    assert refusal is Refusal.DUPLICATE
    assert deezer.writes() == (Write("add", mix, (1,), Refusal.DUPLICATE),)
    assert deezer.write_counts() == {}
    assert deezer.refused_duplicates() == 1
    assert list(deezer.read().playlists[mix].entries) == [1]
    deezer.forget_writes()
    assert deezer.refused_duplicates() == 0


def test_the_checksum_follows_the_content() -> None:
    deezer = account()
    switches = DeezerSwitches()
    loose = DeezerSwitches(checksum_sees_order=False)
    deezer.create_by_hand("Mix", [1, 2])
    first, loosely = deezer.playlist("Mix").checksum(switches), deezer.playlist("Mix").checksum(loose)
    deezer.rename_by_hand("Mix", "Mix 2")
    assert deezer.playlist("Mix 2").checksum(switches) == first
    deezer.reorder_by_hand("Mix 2", [2, 1])
    assert deezer.playlist("Mix 2").checksum(switches) != first
    assert deezer.playlist("Mix 2").checksum(loose) == loosely
    deezer.remove_by_hand("Mix 2", 1)
    deezer.add_by_hand("Mix 2", 3)
    assert deezer.playlist("Mix 2").checksum(loose) != loosely


def test_own_playlists_come_newest_first_then_favourites_then_followed() -> None:
    time = Time()
    deezer = account(time)
    deezer.create_by_hand("Old")
    theirs = deezer.follow_by_hand("Theirs", [1], creator_id=7)
    time.now += 1
    deezer.create_by_hand("New")
    listed = deezer.read().listed()
    assert [playlist.title for playlist in listed] == ["New", "Old", "Loved Tracks", "Theirs"]
    assert listed[-1].id == theirs
    assert (listed[0].created, listed[1].created) == (1_700_000_001, 1_700_000_000)


def test_writes_from_many_threads_lose_nothing() -> None:
    stage = Stage()
    verbs = DeezerVerbs(stage.account, CATALOGUE, stage.switches)
    mix = stage.account.create_by_hand("Mix")
    ids = list(range(100, 130))
    with ThreadPoolExecutor(8) as pool:
        outcomes = list(pool.map(lambda track: verbs.add(mix, [track]), ids * 2))
    assert sorted(stage.account.state().playlists["Mix"]) == ids
    assert outcomes.count(None) == stage.account.refused_duplicates() == len(ids)


def test_a_session_slides_and_then_dies() -> None:
    time = Time()
    credentials = DeezerCredentials({}, [ARL], time)
    sid = credentials.open_session(ARL).sid
    for _ in range(3):
        time.now += 90
        assert credentials.session(sid, 100.0) is not None
    time.now += 101
    assert credentials.session(sid, 100.0) is None
    time.now -= 101
    assert credentials.session(sid, 100.0) is None


def test_a_revoked_arl_signs_its_sessions_out() -> None:
    credentials = DeezerCredentials({}, [], Time())
    credentials.add_arl(ARL)
    session = credentials.open_session(ARL)
    assert session.signed_in
    assert ARL not in repr(session)
    assert session.csrf not in repr(session)
    credentials.revoke_arl(ARL)
    found = credentials.session(session.sid, 100.0)
    assert found is not None
    assert not found.signed_in
    assert not credentials.open_session("").signed_in


def test_tokens_can_be_added_and_revoked() -> None:
    credentials = DeezerCredentials({"one": ["basic_access"]}, [], Time())
    credentials.add_token("two")
    assert credentials.permissions_of("one") == frozenset({"basic_access"})
    assert "delete_library" in (credentials.permissions_of("two") or ())
    credentials.revoke_token("one")
    assert credentials.permissions_of("one") is None


@given(
    st.lists(
        st.tuples(st.sampled_from(["add", "remove", "reorder"]), st.lists(st.integers(1, 6), max_size=4)), max_size=12
    )
)
def test_edits_agree_with_a_plain_list(steps: list[tuple[str, list[int]]]) -> None:
    deezer = account()
    mix = deezer.create_by_hand("Mix")
    library: DeezerLibrary = deezer.read()
    switches = DeezerSwitches()
    model: list[int] = []
    for verb, ids in steps:
        edited: Edited
        match verb:
            case "add":
                edited = add(library, mix, ids, 0, switches)
                if len({*model, *ids}) == len(model) + len(ids):
                    model = model + ids
            case "remove":
                edited = remove(library, mix, ids, 0)
                model = [track for track in model if track not in ids]
            case _:
                edited = reorder(library, mix, ids, 0, switches)
                if sorted(ids) == sorted(model):
                    model = ids
        library = edited.library
        assert list(library.playlists[mix].entries) == model
