"""Questions to a person, from the run that asks to the run that has carried the answer out."""

from __future__ import annotations

import logging
from pathlib import Path

import msgspec
import pytest
from rig import Credential, Rig, open_rig

from musicdiff_job.core.conflict import ConflictKind, Ruling, Side
from musicdiff_job.core.outcome import Outcome
from musicdiff_job.core.summary import CollectionState
from musicdiff_job.sandbox.spotify_library import CatalogueTrack
from musicdiff_job.sandbox.world import SpotifyAccount, synthetic_world

LIST = "Synthetic 0001"
BOTH: tuple[Credential, ...] = ("arl", "token")


def library(tracks: int = 40) -> SpotifyAccount:
    return synthetic_world(playlists=1, tracks_each=tracks, liked=0, seed=4)


def shrink(rig: Rig, entries: int) -> None:
    playlist = rig.sandbox.spotify.named(LIST).id
    for _ in range(entries):
        rig.sandbox.spotify.remove_at(playlist, 0)


def asked(rig: Rig) -> dict[ConflictKind, str]:
    """The open questions."""
    return {one.kind: one.message for one in rig.checkpoint().conflicts.values() if one.decision is None}


def decide(rig: Rig, side: Side) -> None:
    """What ``resolve --all`` does."""
    with rig.store().lease("resolve", rig.now()) as lease:
        checkpoint = lease.load()
        decided = {
            key: msgspec.structs.replace(one, decision=side, decided_at="2026-11-21T12:00:00Z")
            for key, one in checkpoint.conflicts.items()
        }
        lease.save(msgspec.structs.replace(checkpoint, conflicts=decided))


def settled(rig: Rig) -> Ruling:
    assert rig.checkpoint().conflicts == {}
    (ruling,) = rig.checkpoint().rulings
    return ruling


def test_a_decision_to_remove_holds_for_what_was_asked_and_no_more(tmp_path: Path) -> None:
    with open_rig(tmp_path, library()) as rig:
        rig.run()
        before = rig.playlists()[LIST]
        shrink(rig, 20)
        assert rig.run().outcome is Outcome.CONFLICT
        decide(rig, Side.SPOTIFY)
        shrink(rig, 15)
        assert rig.run().outcome is Outcome.CONFLICT
        assert rig.playlists()[LIST] == before
        question = f"{len(before) - 5} of {len(before)} entries would be removed"
        assert asked(rig)[ConflictKind.MASS_REMOVAL].startswith(question)
        decide(rig, Side.SPOTIFY)
        assert rig.run().outcome is Outcome.CHANGED
        assert rig.playlists()[LIST] == before[-5:]
        assert settled(rig).message.startswith(question)


def test_an_open_question_is_told_in_its_latest_words_under_its_first_date(tmp_path: Path) -> None:
    with open_rig(tmp_path, library()) as rig:
        rig.run()
        placed = len(rig.playlists()[LIST])
        shrink(rig, 20)
        (first,) = rig.run().conflicts
        shrink(rig, 5)
        (second,) = rig.run().conflicts
        assert second.message.startswith(f"{placed - 15} of {placed} entries")
        assert (second.id, second.opened_at) == (first.id, first.opened_at)


def test_a_question_is_logged_once_however_many_runs_meet_it(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with open_rig(tmp_path, library()) as rig, caplog.at_level(logging.INFO):
        rig.run()
        shrink(rig, 20)
        for _ in range(3):
            assert rig.run(force=True).outcome is Outcome.CONFLICT
        assert caplog.messages.count("conflict.opened") == 1
        decide(rig, Side.SPOTIFY)
        for _ in range(3):
            rig.run(force=True)
        assert caplog.messages.count("conflict.opened") == 1
        assert caplog.messages.count("conflict.closed") == 1


def test_a_question_whose_cause_is_gone_is_withdrawn_without_a_ruling(tmp_path: Path) -> None:
    with open_rig(tmp_path, library()) as rig:
        rig.run()
        playlist = rig.sandbox.spotify.named(LIST)
        tracks = [entry.content.id for entry in playlist.entries if isinstance(entry.content, CatalogueTrack)]
        shrink(rig, 20)
        assert rig.run().outcome is Outcome.CONFLICT
        for at, track in enumerate(tracks[:20]):
            rig.sandbox.spotify.add_track(playlist.id, track, at)
        assert rig.run().outcome is Outcome.IN_SYNC
        assert (rig.checkpoint().conflicts, rig.checkpoint().rulings) == ({}, ())


@pytest.mark.parametrize("credential", BOTH)
@pytest.mark.parametrize("side", list(Side))
def test_a_title_changed_by_hand_is_asked_about_once(tmp_path: Path, side: Side, credential: Credential) -> None:
    with open_rig(tmp_path, library(5), credential=credential, MUSICDIFF_SYNC_HAND_EDITS="ask") as rig:
        rig.run()
        rig.sandbox.deezer.rename_by_hand(LIST, "Mine")
        assert rig.run().outcome is Outcome.CONFLICT
        assert asked(rig) == {
            ConflictKind.RENAMED: "its playlist was renamed to 'Mine' on Deezer; "
            "take spotify to undo it, deezer to keep it"
        }
        assert rig.run(force=True).outcome is Outcome.CONFLICT
        decide(rig, side)
        rig.run()
        assert list(rig.playlists()) == [LIST if side is Side.SPOTIFY else "Mine"]
        assert settled(rig).decision is side
        assert rig.run(force=True).outcome is Outcome.IN_SYNC


def test_a_title_that_was_kept_is_asked_about_again_when_spotify_changes_it_too(tmp_path: Path) -> None:
    with open_rig(tmp_path, library(5), MUSICDIFF_SYNC_HAND_EDITS="ask") as rig:
        rig.run()
        rig.sandbox.deezer.rename_by_hand(LIST, "Mine")
        rig.run()
        decide(rig, Side.DEEZER)
        assert rig.run().outcome is Outcome.IN_SYNC
        rig.sandbox.spotify.rename(rig.sandbox.spotify.named(LIST).id, "Theirs")
        assert rig.run().outcome is Outcome.CONFLICT
        assert list(rig.playlists()) == ["Mine"]
        decide(rig, Side.SPOTIFY)
        assert rig.run().outcome is Outcome.CHANGED
        assert list(rig.playlists()) == ["Theirs"]


def test_renamed_on_both_sides_deezers_title_is_kept_and_told(tmp_path: Path) -> None:
    with open_rig(tmp_path, library(5)) as rig:
        rig.run()
        rig.sandbox.deezer.rename_by_hand(LIST, "Mine")
        rig.sandbox.spotify.rename(rig.sandbox.spotify.named(LIST).id, "Theirs")
        (line,) = [one for one in rig.run().collections if one.name == "Theirs"]
        assert list(rig.playlists()) == ["Mine"]
        assert line.notes == ("title changed by hand on Deezer to 'Mine' (and on Spotify to 'Theirs')",)


@pytest.mark.parametrize("back", ["renamed back", "keep"])
def test_the_question_about_a_title_goes_with_its_cause(tmp_path: Path, back: str) -> None:
    with open_rig(tmp_path, library(5), MUSICDIFF_SYNC_HAND_EDITS="ask") as rig:
        rig.run()
        rig.sandbox.deezer.rename_by_hand(LIST, "Mine")
        assert rig.run().outcome is Outcome.CONFLICT
        if back == "keep":
            rig.extra["MUSICDIFF_SYNC_HAND_EDITS"] = "keep"
        else:
            rig.sandbox.deezer.rename_by_hand("Mine", LIST)
        assert rig.run().outcome is Outcome.IN_SYNC
        assert rig.checkpoint().conflicts == {}


@pytest.mark.parametrize("side", list(Side))
def test_a_deleted_playlist_comes_back_or_is_left(tmp_path: Path, side: Side) -> None:
    with open_rig(tmp_path, library(5), MUSICDIFF_SYNC_HAND_EDITS="ask") as rig:
        rig.run()
        before = rig.playlists()
        rig.sandbox.deezer.delete_playlist_by_hand(LIST)
        assert rig.run().outcome is Outcome.CONFLICT
        assert set(asked(rig)) == {ConflictKind.DELETED_ON_TARGET}
        assert rig.playlists() == {}
        decide(rig, side)
        (line,) = [one for one in rig.run().collections if one.name == LIST]
        assert rig.playlists() == (before if side is Side.SPOTIFY else {})
        assert line.state is (CollectionState.CHANGED if side is Side.SPOTIFY else CollectionState.DETACHED)
        assert settled(rig).decision is side
        assert rig.run().outcome is Outcome.IN_SYNC


@pytest.mark.parametrize("side", list(Side))
@pytest.mark.parametrize("kind", [ConflictKind.HAND_ADDED, ConflictKind.HAND_REMOVED])
def test_entries_edited_by_hand_are_asked_about(tmp_path: Path, kind: ConflictKind, side: Side) -> None:
    with open_rig(tmp_path, library(5), MUSICDIFF_SYNC_HAND_EDITS="ask") as rig:
        rig.run()
        placed = rig.playlists()[LIST]
        foreign = next(int(one) for one in sorted(rig.sandbox.catalogue.deezer_by_id) if int(one) not in placed)
        if kind is ConflictKind.HAND_ADDED:
            rig.sandbox.deezer.add_by_hand(LIST, foreign)
        else:
            rig.sandbox.deezer.remove_by_hand(LIST, placed[2])
        edited = rig.playlists()[LIST]
        assert rig.run().outcome is Outcome.CONFLICT
        assert rig.playlists()[LIST] == edited
        assert set(asked(rig)) == {kind}
        decide(rig, side)
        rig.run()
        assert rig.playlists()[LIST] == (placed if side is Side.SPOTIFY else edited)
        assert settled(rig).decision is side
        assert rig.run(force=True).outcome is Outcome.IN_SYNC
