"""The promises of a run, on the real job over real HTTP."""

from __future__ import annotations

import time
from collections.abc import Iterable
from pathlib import Path

import msgspec
import pytest
from rig import Credential, Rig, Watcher, open_rig

from musicdiff_job.core.checkpoint import MatchRecord
from musicdiff_job.core.conflict import Side
from musicdiff_job.core.match import Match
from musicdiff_job.core.model import CollectionId, SourceId
from musicdiff_job.core.outcome import Outcome
from musicdiff_job.core.summary import CollectionResult, CollectionState, Summary
from musicdiff_job.sandbox.catalogue import load_catalogue
from musicdiff_job.sandbox.deezer_account import DeezerAccount
from musicdiff_job.sandbox.faults import ALWAYS, Fault, Html200, Status, TruncatedJson, WrongJson, rate_limited
from musicdiff_job.sandbox.server import Sandbox
from musicdiff_job.sandbox.spotify_render import Cohort
from musicdiff_job.sandbox.world import SpotifyAccount, demo_world, synthetic_world

BOTH: tuple[Credential, ...] = ("arl", "token")


def small() -> SpotifyAccount:
    return synthetic_world(playlists=3, tracks_each=12, liked=6, seed=3)


def line(summary: Summary, name: str) -> CollectionResult:
    return next(result for result in summary.collections if result.name == name)


def _target(record: MatchRecord) -> str | None:
    return record.decision.target if isinstance(record.decision, Match) else None


def spotify_list(rig: Rig, name: str) -> str:
    return rig.sandbox.spotify.named(name).id


def wanted(rig: Rig, name: str) -> list[int]:
    """What the mirror of a playlist should hold: the counterparts of its tracks, in order, each once."""
    matches = rig.checkpoint().matches
    tracks = [SourceId(getattr(entry.content, "id", "")) for entry in rig.sandbox.spotify.named(name).entries]
    targets = [_target(matches[track]) for track in tracks if track in matches]
    return list(dict.fromkeys(int(target) for target in targets if target is not None))


@pytest.mark.parametrize("credential", BOTH)
@pytest.mark.parametrize("cohort", list(Cohort))
def test_mirrors_a_real_library_in_every_cohort(tmp_path: Path, credential: Credential, cohort: Cohort) -> None:
    with open_rig(tmp_path, demo_world(playlists=3, liked=10), credential=credential, cohort=cohort) as rig:
        first = rig.run()
        assert first.outcome is Outcome.CHANGED, first.errors
        assert first.exit_code == 0
        for playlist in rig.sandbox.spotify.playlists():
            if rig.sandbox.spotify.readable(playlist):
                assert rig.playlists()[playlist.name] == wanted(rig, playlist.name)
        again = rig.run()
        assert again.outcome is Outcome.IN_SYNC
        assert again.writes == 0


@pytest.mark.parametrize("credential", BOTH)
def test_mirrored_playlists_are_private_and_described(tmp_path: Path, credential: Credential) -> None:
    spotify = small()
    spotify.set_description(spotify.named("Synthetic 0001").id, "Fish & Chips <3")
    with open_rig(tmp_path, spotify, credential=credential) as rig:
        rig.run()
        playlist = rig.sandbox.deezer.playlist("Synthetic 0001")
        assert not playlist.public
        assert playlist.description == "Fish & Chips <3"


@pytest.mark.parametrize(("credential", "tracks"), [("arl", 100), ("token", 20)])
def test_a_second_run_makes_three_calls_and_changes_nothing(
    tmp_path: Path, credential: Credential, tracks: int
) -> None:
    with open_rig(tmp_path, synthetic_world(playlists=50, tracks_each=tracks, liked=60), credential=credential) as rig:
        first = rig.run()
        assert first.outcome is Outcome.CHANGED, first.errors
        before = rig.sandbox.deezer.state()
        rig.sandbox.log.forget()
        second = rig.run()
        assert second.outcome is Outcome.IN_SYNC
        assert rig.sandbox.calls("spotify") + rig.sandbox.calls("deezer") <= 3
        assert second.api_calls["spotify"] == rig.sandbox.calls("spotify")
        assert second.api_calls["deezer"] == rig.sandbox.calls("deezer")
        assert second.api_calls["auth"] == rig.sandbox.calls("auth")
        assert rig.sandbox.deezer.state() == before
        # One track more on Spotify is one write.
        rig.sandbox.deezer.forget_writes()
        playlist = rig.sandbox.spotify.named("Synthetic 0007")
        known = {getattr(entry.content, "id", None) for entry in playlist.entries}
        matched = rig.checkpoint().matches
        fresh = next(track for track, record in sorted(matched.items()) if track not in known and _target(record))
        rig.sandbox.spotify.add_track(playlist.id, fresh)
        third = rig.run()
        assert third.outcome is Outcome.CHANGED
        assert third.writes == 1
        assert len(rig.sandbox.deezer.writes()) == 1
        assert rig.playlists()["Synthetic 0007"] == wanted(rig, "Synthetic 0007")


@pytest.mark.parametrize("credential", BOTH)
def test_small_budgets_reach_the_state_of_one_unlimited_run(tmp_path: Path, credential: Credential) -> None:
    def world() -> SpotifyAccount:
        return synthetic_world(playlists=6, tracks_each=55, liked=20, seed=5)

    (tmp_path / "whole").mkdir()
    with open_rig(tmp_path / "whole", world(), credential=credential) as whole:
        assert whole.run().outcome is Outcome.CHANGED
        expected = whole.sandbox.deezer.state()
    (tmp_path / "sliced").mkdir()
    with open_rig(tmp_path / "sliced", world(), credential=credential) as sliced:
        for summary in sliced.until_done(max_calls=40):
            assert summary.api_calls["spotify"] + summary.api_calls["deezer"] <= 40
            if summary.outcome is Outcome.MORE_TO_DO:
                assert summary.lookups or summary.totals.added or summary.writes, "no progress"
        assert sliced.run().outcome is Outcome.IN_SYNC
        seen = sliced.sandbox.deezer.state()
        lookups = [
            (call.path, call.query.get("q"))
            for call in sliced.sandbox.log.all()
            if call.service == "deezer" and call.path.startswith(("/track/isrc:", "/search"))
        ]
        assert len(lookups) == len(set(lookups))
    # Which of two copies of a recording is met first depends on what else a run looks up.
    assert recordings(seen.favourites) == recordings(expected.favourites)
    assert {title: recordings(tracks) for title, tracks in seen.playlists.items()} == {
        title: recordings(tracks) for title, tracks in expected.playlists.items()
    }


def recordings(tracks: Iterable[int]) -> list[str]:
    """Each track's ISRC, its id where it has none."""
    known = load_catalogue().deezer_by_id
    return [known[track].isrc or str(track) for track in tracks]


def test_the_smallest_useful_budget_still_makes_progress(tmp_path: Path) -> None:
    with open_rig(tmp_path, synthetic_world(playlists=2, tracks_each=6, liked=3, seed=5)) as rig:
        summaries = rig.until_done(max_calls=5)
        assert summaries[-1].outcome in (Outcome.CHANGED, Outcome.IN_SYNC)


@pytest.mark.parametrize("service", ["spotify", "deezer"])
def test_a_day_of_rate_limit_ends_the_run_and_the_next_makes_no_call(tmp_path: Path, service: str) -> None:
    with open_rig(tmp_path, small(), credential="token") as rig:
        rig.sandbox.misbehave(Fault(service=service, effect=rate_limited(86400), count=ALWAYS))
        began = time.monotonic()
        first = rig.run()
        assert time.monotonic() - began < 30, "it waited"
        assert first.outcome is Outcome.RATE_LIMITED
        assert first.exit_code == 0
        assert first.retry_at is not None
        rig.sandbox.log.forget()
        second = rig.run()
        assert second.outcome is Outcome.RATE_LIMITED
        assert second.retry_at == first.retry_at
        assert rig.sandbox.log.all() == ()


def test_a_source_that_asks_to_wait_does_not_stop_the_targets_work(tmp_path: Path) -> None:
    with open_rig(tmp_path, small()) as rig:
        # The first run reads every list, but may place nothing.
        rig.sandbox.misbehave(Fault(service="gateway", path="/playlist.create", effect=Status(503), count=ALWAYS))
        rig.sandbox.misbehave(Fault(service="gateway", path="/favorite_song.*", effect=Status(503), count=ALWAYS))
        rig.run()
        rig.sandbox.faults.clear()
        rig.sandbox.misbehave(Fault(service="spotify", effect=rate_limited(86400), count=ALWAYS))
        limited = rig.run()
        assert limited.outcome is Outcome.RATE_LIMITED
        assert limited.writes > 0
        assert rig.playlists()["Synthetic 0001"] == wanted(rig, "Synthetic 0001")
        # Nothing is left that could be done without Spotify.
        rig.sandbox.log.forget()
        assert rig.run().outcome is Outcome.RATE_LIMITED
        assert rig.sandbox.log.all() == ()


@pytest.mark.parametrize("credential", BOTH)
def test_edits_on_spotify_arrive_exactly(tmp_path: Path, credential: Credential) -> None:
    with open_rig(tmp_path, small(), credential=credential) as rig:
        rig.run()
        playlist = spotify_list(rig, "Synthetic 0002")
        rig.sandbox.spotify.remove_at(playlist, 4)
        rig.sandbox.spotify.move(playlist, 0, 7)
        rig.sandbox.spotify.add_track(playlist, rig.sandbox.spotify.liked()[0].track_id, 2)
        rig.sandbox.spotify.add_track(playlist, rig.sandbox.spotify.liked()[0].track_id, 9)
        summary = rig.run()
        assert rig.playlists()["Synthetic 0002"] == wanted(rig, "Synthetic 0002")
        result = line(summary, "Synthetic 0002")
        assert result.state is CollectionState.CHANGED
        assert result.removed == 1
        assert result.duplicates == 1
        assert result.reordered
        assert rig.run().outcome is Outcome.IN_SYNC


@pytest.mark.parametrize("credential", BOTH)
@pytest.mark.parametrize("snapshot_moves", [True, False])
def test_a_rename_arrives_and_keeps_the_playlist(tmp_path: Path, credential: Credential, snapshot_moves: bool) -> None:
    spotify = small()
    spotify.header_edits_change_snapshot = snapshot_moves
    with open_rig(tmp_path, spotify, credential=credential) as rig:
        rig.run()
        before = rig.sandbox.deezer.playlist("Synthetic 0003").id
        rig.sandbox.spotify.rename(spotify_list(rig, "Synthetic 0003"), "Renamed")
        assert rig.run().outcome is Outcome.CHANGED
        assert rig.sandbox.deezer.playlist("Renamed").id == before
        assert rig.run().outcome is Outcome.IN_SYNC


@pytest.mark.parametrize("credential", BOTH)
def test_a_track_added_by_hand_stays_last_and_is_reported(tmp_path: Path, credential: Credential) -> None:
    with open_rig(tmp_path, small(), credential=credential) as rig:
        rig.run()
        name = "Synthetic 0001"
        extra = next(track for track in rig.playlists()["Synthetic 0002"] if track not in rig.playlists()[name])
        rig.sandbox.deezer.add_by_hand(name, extra, offset=1)
        summary = rig.run()
        assert rig.playlists()[name] == [*wanted(rig, name), extra]
        assert line(summary, name).hand_added == 1
        assert rig.run().outcome is Outcome.IN_SYNC
        overwritten = rig.run(env={"MUSICDIFF_SYNC_HAND_EDITS": "overwrite"})
        assert overwritten.outcome is Outcome.CHANGED
        assert rig.playlists()[name] == wanted(rig, name)


@pytest.mark.parametrize("credential", BOTH)
def test_a_track_removed_by_hand_is_left_out_until_told_otherwise(tmp_path: Path, credential: Credential) -> None:
    with open_rig(tmp_path, small(), credential=credential) as rig:
        rig.run()
        name = "Synthetic 0001"
        gone = rig.playlists()[name][3]
        rig.sandbox.deezer.remove_by_hand(name, gone)
        summary = rig.run()
        assert gone not in rig.playlists()[name]
        assert line(summary, name).left_out == 1
        # It stays out when something else changes.
        rig.sandbox.spotify.remove_at(spotify_list(rig, name), 0)
        rig.run()
        assert gone not in rig.playlists()[name]
        rig.run(env={"MUSICDIFF_SYNC_HAND_EDITS": "overwrite"})
        assert rig.playlists()[name] == wanted(rig, name)


def test_liked_songs_come_in_spotifys_order_oldest_first(tmp_path: Path) -> None:
    with open_rig(tmp_path, small()) as rig:
        rig.run()
        matches = rig.checkpoint().matches
        targets = [_target(matches[SourceId(song.track_id)]) for song in reversed(rig.sandbox.spotify.liked())]
        expected = [int(target) for target in targets if target is not None]
        assert list(rig.sandbox.deezer.state().favourites) == list(dict.fromkeys(expected))
        known = {str(target) for target in expected}
        newest = next(track for track, record in sorted(matches.items()) if _target(record) not in {None, *known})
        rig.sandbox.spotify.like(newest)
        assert rig.run().writes == 1
        rig.sandbox.spotify.unlike(newest)
        assert rig.run().writes == 1
        assert list(rig.sandbox.deezer.state().favourites) == list(dict.fromkeys(expected))


@pytest.mark.parametrize("credential", BOTH)
def test_two_playlists_of_one_name_have_two_mirrors(tmp_path: Path, credential: Credential) -> None:
    spotify = small()
    spotify.rename(spotify.named("Synthetic 0002").id, "Twin")
    spotify.rename(spotify.named("Synthetic 0003").id, "Twin")
    with open_rig(tmp_path, spotify, credential=credential) as rig:
        rig.run()
        assert {"Twin", "Twin#2"} <= set(rig.playlists())
        assert rig.playlists()["Twin"] != rig.playlists()["Twin#2"]
        assert rig.run().outcome is Outcome.IN_SYNC


@pytest.mark.parametrize("credential", BOTH)
def test_an_own_playlist_of_the_same_title_is_adopted(tmp_path: Path, credential: Credential) -> None:
    with open_rig(tmp_path, small(), credential=credential) as rig:
        rig.run()
        mine, other = rig.playlists()["Synthetic 0001"], rig.playlists()["Synthetic 0002"]
        extra = next(track for track in other if track not in mine)
    (tmp_path / "second").mkdir()
    with open_rig(tmp_path / "second", small(), credential=credential) as rig:
        adopted = rig.sandbox.deezer.create_by_hand("Synthetic 0001")
        rig.sandbox.deezer.add_by_hand("Synthetic 0001", extra, mine[2])
        summary = rig.run()
        assert rig.playlists()["Synthetic 0001"] == [*mine, extra]
        assert len(rig.playlists()) == 3
        mirror = rig.checkpoint().mirrors[CollectionId(line(summary, "Synthetic 0001").id)]
        assert mirror.parts[0].playlist == str(adopted)


@pytest.mark.parametrize("credential", BOTH)
def test_a_list_over_the_limit_is_split(tmp_path: Path, credential: Credential) -> None:
    spotify = synthetic_world(playlists=1, tracks_each=25, liked=0, seed=2)
    with open_rig(tmp_path, spotify, credential=credential, MUSICDIFF_DEEZER_PLAYLIST_LIMIT="10") as rig:
        rig.run()
        parts = rig.playlists()
        assert sorted(parts) == [f"Synthetic 0001 ({n}/3)" for n in (1, 2, 3)]
        assert [track for name in sorted(parts) for track in parts[name]] == wanted(rig, "Synthetic 0001")
        assert rig.run().outcome is Outcome.IN_SYNC
        rig.sandbox.spotify.move(spotify_list(rig, "Synthetic 0001"), 20, 0)
        assert rig.run().outcome is Outcome.CHANGED
        parts = rig.playlists()
        assert [track for name in sorted(parts) for track in parts[name]] == wanted(rig, "Synthetic 0001")
        assert rig.run().outcome is Outcome.IN_SYNC


@pytest.mark.parametrize("credential", BOTH)
def test_an_unreadable_list_leaves_its_mirror_and_the_others_are_synced(tmp_path: Path, credential: Credential) -> None:
    with open_rig(tmp_path, small(), credential=credential) as rig:
        rig.run()
        before = rig.playlists()["Synthetic 0001"]
        playlist = spotify_list(rig, "Synthetic 0001")
        rig.sandbox.spotify.remove_at(playlist, 0)
        rig.sandbox.spotify.remove_at(spotify_list(rig, "Synthetic 0002"), 0)
        forbidden = Fault(service="spotify", path=f"/playlists/{playlist}/*", effect=Status(403), count=ALWAYS)
        rig.sandbox.misbehave(forbidden)
        summary = rig.run()
        assert line(summary, "Synthetic 0001").state is CollectionState.SKIPPED
        assert rig.playlists()["Synthetic 0001"] == before
        assert rig.playlists()["Synthetic 0002"] == wanted(rig, "Synthetic 0002")


def test_a_list_with_fewer_entries_than_its_total_is_not_believed(tmp_path: Path) -> None:
    with open_rig(tmp_path, small()) as rig:
        rig.run()
        before = rig.playlists()["Synthetic 0001"]
        playlist = spotify_list(rig, "Synthetic 0001")
        rig.sandbox.spotify.remove_at(playlist, 0)
        torn = {"href": "", "items": [], "limit": 50, "next": None, "offset": 0, "previous": None, "total": 11}
        rig.sandbox.misbehave(
            Fault(service="spotify", path=f"/playlists/{playlist}/items", effect=WrongJson(torn), count=ALWAYS)
        )
        summary = rig.run()
        assert summary.outcome is Outcome.PARTIAL
        assert summary.exit_code == 20
        assert line(summary, "Synthetic 0001").state is CollectionState.FAILED
        assert rig.playlists()["Synthetic 0001"] == before
        rig.sandbox.faults.clear()
        assert rig.run().outcome is Outcome.CHANGED
        assert rig.playlists()["Synthetic 0001"] == wanted(rig, "Synthetic 0001")


def test_a_plan_that_would_remove_too_much_waits_for_a_person(tmp_path: Path) -> None:
    spotify = synthetic_world(playlists=2, tracks_each=40, liked=0, seed=4)
    with open_rig(tmp_path, spotify) as rig:
        rig.run()
        before = rig.playlists()["Synthetic 0001"]
        playlist = spotify_list(rig, "Synthetic 0001")
        for _ in range(30):
            rig.sandbox.spotify.remove_at(playlist, 0)
        summary = rig.run()
        assert summary.outcome is Outcome.CONFLICT
        assert summary.exit_code == 21
        assert rig.playlists()["Synthetic 0001"] == before
        assert len(summary.conflicts) == 1
        # Telling it again costs no read of the list, and the job stays told.
        rig.sandbox.log.forget()
        again = rig.run()
        assert again.outcome is Outcome.CONFLICT
        assert rig.sandbox.calls("spotify") + rig.sandbox.calls("deezer") <= 3


@pytest.mark.parametrize("side", list(Side))
def test_a_decision_about_a_mass_removal_is_carried_out(tmp_path: Path, side: Side) -> None:
    spotify = synthetic_world(playlists=1, tracks_each=40, liked=0, seed=4)
    with open_rig(tmp_path, spotify) as rig:
        rig.run()
        before = rig.playlists()["Synthetic 0001"]
        for _ in range(30):
            rig.sandbox.spotify.remove_at(spotify_list(rig, "Synthetic 0001"), 0)
        assert rig.run().outcome is Outcome.CONFLICT
        with rig.store().lease("resolve", rig.now()) as lease:
            checkpoint = lease.load()
            (conflict,) = checkpoint.conflicts.values()
            lease.save(
                msgspec.structs.replace(
                    checkpoint, conflicts={conflict.id: msgspec.structs.replace(conflict, decision=side)}
                )
            )
        done = rig.run()
        assert done.outcome in (Outcome.CHANGED, Outcome.IN_SYNC)
        left = wanted(rig, "Synthetic 0001")
        if side is Side.SPOTIFY:
            assert rig.playlists()["Synthetic 0001"] == left
        else:
            assert sorted(rig.playlists()["Synthetic 0001"]) == sorted(before)
            assert rig.playlists()["Synthetic 0001"][: len(left)] == left
        assert rig.run().outcome is Outcome.IN_SYNC


def test_overwriting_hand_edits_does_not_empty_favourites_of_years(tmp_path: Path) -> None:
    with open_rig(tmp_path, small(), MUSICDIFF_SYNC_HAND_EDITS="overwrite") as rig:
        mine = [int(track) for track in sorted(rig.sandbox.catalogue.deezer_by_id)[:40]]
        rig.sandbox.deezer.like_by_hand(*mine)
        assert rig.run().outcome is Outcome.CONFLICT
        assert set(mine) <= set(rig.sandbox.deezer.state().favourites)


def test_only_paused_locked_and_dry_runs_write_nothing(tmp_path: Path) -> None:
    with open_rig(tmp_path, small()) as rig:
        watcher = Watcher()
        dry = rig.run(dry_run=True, watcher=watcher)
        assert dry.outcome is Outcome.CHANGED
        assert watcher.changes
        assert rig.sandbox.deezer.writes() == ()
        assert list(tmp_path.iterdir()) == []
        rig.run(only=("Synthetic 0002",))
        assert list(rig.playlists()) == ["Synthetic 0002"]


@pytest.mark.parametrize("credential", BOTH)
def test_a_shared_look_of_other_faults(tmp_path: Path, credential: Credential) -> None:
    """A fault on a read delays, a torn one is retried; nothing is lost."""
    with open_rig(tmp_path, small(), credential=credential) as rig:
        for effect in (Html200(), TruncatedJson(), Status(502)):
            rig.sandbox.misbehave(Fault(service="spotify", path="/playlists/*", effect=effect))
        summary = rig.run()
        assert summary.outcome is Outcome.CHANGED, summary.errors
        for name in ("Synthetic 0001", "Synthetic 0002", "Synthetic 0003"):
            assert rig.playlists()[name] == wanted(rig, name)


@pytest.mark.parametrize(
    ("service", "path", "nonsense"),
    [
        ("spotify", "/me/", {"id": None}),
        ("deezer", "/user/me", {"id": -1}),
        ("gateway", "/deezer.getUserData", {"error": [], "results": {}}),
    ],
)
def test_a_service_that_does_not_say_whose_account_it_is_is_as_good_as_down(
    tmp_path: Path, service: str, path: str, nonsense: object
) -> None:
    """It was told as a collection that failed, though none had been looked at."""
    with open_rig(tmp_path, small(), credential="token" if service == "deezer" else "arl") as rig:
        rig.sandbox.misbehave(Fault(service=service, path=path, effect=WrongJson(nonsense), count=ALWAYS))
        summary = rig.run()
        assert summary.outcome is Outcome.UNAVAILABLE
        (error,) = summary.errors
        assert error.message
        assert error.hint
        assert rig.sandbox.deezer.writes() == ()


def test_everything_that_goes_wrong_comes_with_advice(tmp_path: Path) -> None:
    with open_rig(tmp_path, small()) as rig:
        rig.sandbox.misbehave(
            Fault(service="spotify", path="/playlists/*", effect=WrongJson({}), count=2),
            Fault(service="spotify", path="/playlists/*", effect=rate_limited(900), count=ALWAYS),
            Fault(service="gateway", path="/playlist.create", effect=WrongJson({"error": [], "results": False})),
        )
        summary = rig.run()
        assert len(summary.errors) >= 3
        assert [error for error in summary.errors if not error.hint] == []


def test_other_credentials_on_the_same_checkpoint_are_refused(tmp_path: Path) -> None:
    with open_rig(tmp_path, small()) as rig:
        rig.run()
    with Sandbox(small(), DeezerAccount(user_id=12345)) as other:
        rig = Rig(other, tmp_path, "token", {})
        summary = rig.run()
        assert summary.outcome is Outcome.AUTH
        assert summary.exit_code == 77
        assert "12345" in summary.errors[0].message
        assert other.deezer.writes() == ()
