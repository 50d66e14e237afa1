"""Planned, reviewed, applied and taken back, through both ways of writing to Deezer."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest
from review_stage import ONE, THREE, TWO, apply, collection, errors, plan, planned_undo, swift, undo, wanted
from rig import Credential, Rig

from musicdiff_job.clock import StopFlag
from musicdiff_job.core.outcome import ExitCode, Outcome
from musicdiff_job.core.plan_file import Plan

BOTH: tuple[Credential, ...] = ("arl", "token")
OVERWRITE = {"MUSICDIFF_SYNC_HAND_EDITS": "overwrite"}


def edit(rig: Rig) -> None:
    """Something to do everywhere."""
    spotify = rig.sandbox.spotify
    spotify.remove_at(spotify.named(ONE).id, 2)
    spotify.move(spotify.named(ONE).id, 0, 4)
    spotify.add_track(spotify.named(TWO).id, spotify.named(THREE).entries[0].content.id, 1)  # type: ignore[union-attr]
    spotify.rename(spotify.named(THREE).id, "Renamed")
    spotify.add_playlist("New", [spotify.liked()[0].track_id], description="words")
    spotify.unlike(spotify.liked()[1].track_id)


@pytest.mark.parametrize("credential", BOTH)
def test_a_plan_does_what_a_run_would_have_done_without_a_look_up(tmp_path: Path, credential: Credential) -> None:
    for name in ("run", "plan"):
        (tmp_path / name).mkdir()
    with (
        swift(tmp_path / "run", credential=credential) as by_run,
        swift(tmp_path / "plan", credential=credential) as by_plan,
    ):
        assert by_run.run().outcome is Outcome.CHANGED
        first = apply(by_plan, plan(by_plan))
        assert (first.outcome, first.lookups) == (Outcome.CHANGED, 0)
        assert by_plan.sandbox.deezer.state() == by_run.sandbox.deezer.state()
        for rig in (by_run, by_plan):
            edit(rig)
        by_run.run()
        document = plan(by_plan)
        assert document.after == first.run_id
        summary = apply(by_plan, document)
        assert (summary.outcome, summary.lookups) == (Outcome.CHANGED, 0), summary.errors
        assert by_plan.sandbox.deezer.state() == by_run.sandbox.deezer.state()
        made = by_plan.sandbox.deezer.playlist("New")
        assert (made.description, made.public) == ("words", False)
        again = apply(by_plan, document)
        assert (again.outcome, again.writes) == (Outcome.IN_SYNC, 0), "carried out already"
        rest = by_plan.run()
        assert (rest.outcome, rest.writes) == (Outcome.IN_SYNC, 0)


Move = Callable[[Rig], object]
MOVES: tuple[tuple[str, str, Move], ...] = (
    (ONE, "edited on Spotify", lambda rig: rig.sandbox.spotify.move(rig.sandbox.spotify.named(ONE).id, 0, 3)),
    (ONE, "to 'Other'", lambda rig: rig.sandbox.spotify.rename(rig.sandbox.spotify.named(ONE).id, "Other")),
    ("Liked Songs", "edited on Spotify", lambda rig: rig.sandbox.spotify.unlike(
        rig.sandbox.spotify.liked()[0].track_id)),
    (TWO, "edited on Deezer", lambda rig: rig.sandbox.deezer.remove_by_hand(TWO, rig.playlists()[TWO][0])),
    (TWO, "to 'Mine'", lambda rig: rig.sandbox.deezer.rename_by_hand(TWO, "Mine")),
    (TWO, "made public", lambda rig: rig.sandbox.deezer.publish_by_hand("Mine", True)),
    ("Liked Songs", "edited on Deezer", lambda rig: rig.sandbox.deezer.unlike_by_hand(
        rig.sandbox.deezer.state().favourites[0])),
    ("New", "called 'New' has appeared", lambda rig: rig.sandbox.deezer.create_by_hand("New")),
    (TWO, "gone from Deezer", lambda rig: rig.sandbox.deezer.delete_playlist_by_hand("Mine")),
    (TWO, "no longer on Spotify", lambda rig: rig.sandbox.spotify.delete_playlist(rig.sandbox.spotify.named(TWO).id)),
)  # fmt: skip


@pytest.mark.parametrize("credential", BOTH)
def test_every_move_is_refused_by_name_and_nothing_is_written(tmp_path: Path, credential: Credential) -> None:
    with swift(tmp_path, credential=credential) as rig:
        rig.run()
        edit(rig)
        # Whatever is planned, all lists are in it; the playlist that is removed by hand is created again.
        for where, why, move in MOVES:
            env = OVERWRITE if where == "New" else {**OVERWRITE, "MUSICDIFF_SYNC_NAME": "{name}."}
            document = plan(rig, force=True, env=env)
            assert where in {one.name for one in document.collections}, where
            move(rig)
            rig.sandbox.deezer.forget_writes()
            rig.sandbox.log.forget()
            summary = apply(rig, document, env=env)
            assert (summary.outcome, summary.exit_code) == (Outcome.CONFLICT, ExitCode.CONFLICT)
            assert set(errors(summary)) == {where, ""}
            assert any(why in line for line in errors(summary)[where]), (why, errors(summary))
            assert rig.sandbox.deezer.writes() == ()
            assert rig.sandbox.calls("spotify") + rig.sandbox.calls("deezer") <= 3
        assert rig.checkpoint().conflicts == {}


def planned(rig: Rig) -> Plan:
    """A plan to be carried out when everything has been in step."""
    rig.run()
    edit(rig)
    return plan(rig)


@pytest.mark.parametrize("credential", BOTH)
def test_an_ordinary_run_in_between_is_a_move(tmp_path: Path, credential: Credential) -> None:
    with swift(tmp_path, credential=credential) as rig:
        document = planned(rig)
        between = rig.run()
        rig.sandbox.deezer.forget_writes()
        summary = apply(rig, document)
        assert summary.outcome is Outcome.CONFLICT
        assert errors(summary)[ONE] == [f"the run {between.run_id} has written to Deezer since"]
        assert rig.sandbox.deezer.writes() == ()


def test_an_ordinary_run_that_did_a_part_of_it_is_a_move(tmp_path: Path) -> None:
    with swift(tmp_path) as rig:
        document = planned(rig)
        between = rig.run(only=(ONE,))
        rig.sandbox.deezer.forget_writes()
        assert errors(apply(rig, document))[ONE] == [f"the run {between.run_id} has written to Deezer since"]
        assert rig.sandbox.deezer.writes() == ()


def test_a_run_that_had_nothing_to_do_is_none(tmp_path: Path) -> None:
    with swift(tmp_path) as rig:
        rig.run()
        document = plan(rig)
        rig.run()
        assert apply(rig, document).outcome is Outcome.IN_SYNC


def test_other_settings_are_a_move(tmp_path: Path) -> None:
    with swift(tmp_path) as rig:
        document = planned(rig)
        rig.sandbox.deezer.forget_writes()
        for env, why in (
            ({"MUSICDIFF_SYNC_HAND_EDITS": "overwrite"}, "the settings that shape it have changed"),
            ({"MUSICDIFF_SYNC_EXCLUDE": ONE}, "the settings no longer select it"),
        ):
            assert errors(apply(rig, document, env=env))[ONE] == [why]
        assert rig.sandbox.deezer.writes() == ()


def test_a_plan_of_another_account_is_refused(tmp_path: Path) -> None:
    with swift(tmp_path) as rig:
        document = plan(rig)
        forged = msgspec.structs.replace(document, accounts={**document.accounts, "spotify": "somebody"})
        rig.run(only=("nothing",))
        summary = apply(rig, forged)
        assert "the plan is for the spotify account somebody, this is" in errors(summary)[""][0]
        assert rig.sandbox.deezer.writes() == ()


@pytest.mark.parametrize("credential", BOTH)
def test_what_a_budget_or_a_signal_leaves_undone_is_gone_on_with(tmp_path: Path, credential: Credential) -> None:
    for name in ("run", "plan"):
        (tmp_path / name).mkdir()
    with swift(tmp_path / "run", credential=credential) as whole:
        whole.run()
        expected = whole.sandbox.deezer.state()
    with swift(tmp_path / "plan", credential=credential) as rig:
        document = plan(rig)
        stop = StopFlag()
        stop.set(15)
        assert apply(rig, document, stop=stop).outcome is Outcome.INTERRUPTED
        for _ in range(60):
            summary = apply(rig, document, max_calls=9)
            assert summary.outcome in (Outcome.MORE_TO_DO, Outcome.CHANGED, Outcome.IN_SYNC), summary.errors
            assert summary.lookups == 0
            if summary.outcome is not Outcome.MORE_TO_DO:
                break
        assert rig.sandbox.deezer.state() == expected
        assert rig.sandbox.deezer.refused_duplicates() == 0
        assert rig.run().writes == 0


@pytest.mark.parametrize("credential", BOTH)
@pytest.mark.parametrize("way", ["at once", "as a plan"])
def test_a_run_is_taken_back(tmp_path: Path, credential: Credential, way: str) -> None:
    options: dict[str, Any] = {"switches": {"read_lag": 2}, **OVERWRITE}
    with swift(tmp_path, credential=credential, **options) as rig:
        rig.run()
        before = rig.sandbox.deezer.state()
        spotify = rig.sandbox.spotify
        for at in (5, 2, 1):
            spotify.remove_at(spotify.named(ONE).id, at)
        spotify.remove_at(spotify.named(TWO).id, 0)
        spotify.unlike(spotify.liked()[0].track_id)
        run_id = rig.run().run_id
        rig.sandbox.log.forget()
        summary = undo(rig, run_id) if way == "at once" else apply(rig, planned_undo(rig, run_id))
        assert summary.outcome is Outcome.CHANGED, summary.errors
        assert rig.sandbox.calls("spotify") == 0
        after = rig.sandbox.deezer.state()
        assert after.playlists == before.playlists
        assert sorted(after.favourites) == sorted(before.favourites)
        assert rig.sandbox.deezer.refused_duplicates() == 0
        for _ in range(2):
            assert rig.run().writes == 0
        assert rig.sandbox.deezer.state() == after


def test_with_the_smallest_budget_a_run_is_taken_back_in_the_end(tmp_path: Path) -> None:
    with swift(tmp_path) as rig:
        rig.run()
        before = rig.playlists()
        for name in before:
            rig.sandbox.spotify.remove_at(rig.sandbox.spotify.named(name).id, 3)
        run_id = rig.run().run_id
        for _ in range(20):
            summary = undo(rig, run_id, max_calls=4)
            assert {one.state for one in summary.collections} <= {"changed", "in_sync", "pending"}
            if summary.outcome is not Outcome.MORE_TO_DO:
                break
        assert rig.playlists() == before
        assert rig.sandbox.deezer.refused_duplicates() == 0


@pytest.mark.parametrize("credential", BOTH)
def test_a_playlist_that_was_deleted_with_its_source_comes_back(tmp_path: Path, credential: Credential) -> None:
    with swift(tmp_path, credential=credential, MUSICDIFF_SYNC_ON_SOURCE_DELETED="delete") as rig:
        rig.sandbox.spotify.set_description(rig.sandbox.spotify.named(ONE).id, "words")
        rig.run()
        expected = rig.playlists()[ONE]
        gone = collection(rig, ONE)
        rig.sandbox.spotify.delete_playlist(rig.sandbox.spotify.named(ONE).id)
        rig.run()
        assert rig.clock is not None
        rig.clock.wait(2 * 86_400)
        document = plan(rig)
        assert [one.id for one in document.collections] == [gone]
        summary = apply(rig, document)
        assert ONE not in rig.playlists()
        assert apply(rig, planned_undo(rig, summary.run_id)).outcome is Outcome.CHANGED
        made = rig.sandbox.deezer.playlist(ONE)
        assert (rig.playlists()[ONE], made.description, made.public) == (expected, "words", False)
        assert rig.run().writes == 0
        assert wanted(rig, TWO) == rig.playlists()[TWO]
