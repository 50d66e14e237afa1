"""Saved albums and followed artists, from Spotify's API to Deezer's favourites and back again, over real HTTP."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from mortal import Killed
from review_stage import apply, mortal, plan, undo
from rig import Credential, Rig, open_rig

from musicdiff_job.core.checkpoint import MatchRecord
from musicdiff_job.core.match import Match, Reason, Unmatched
from musicdiff_job.core.model import ALBUMS, ARTISTS, FAVOURITE_ALBUMS, FAVOURITE_ARTISTS, SourceId, TargetId
from musicdiff_job.core.overrides import reject_match, set_match
from musicdiff_job.core.summary import CollectionResult, Summary
from musicdiff_job.job import run_once
from musicdiff_job.sandbox.catalogue import Catalogue, DeezerArtist, load_catalogue
from musicdiff_job.sandbox.faults import Fault, Status
from musicdiff_job.sandbox.spotify_accounts import SCOPES
from musicdiff_job.sandbox.spotify_albums import albums_of, artist_id
from musicdiff_job.sandbox.spotify_render import Cohort
from musicdiff_job.sandbox.world import SpotifyAccount, synthetic_world
from musicdiff_job.session import Job

ALL: dict[str, Any] = {"MUSICDIFF_SYNC_ENTITIES": "liked,artists,albums,playlists"}
ONLY: dict[str, Any] = {"MUSICDIFF_SYNC_ENTITIES": "albums,artists"}
CREDENTIALS: tuple[Credential, ...] = ("arl", "token")


def world(albums: int = 12, artists: int = 8) -> SpotifyAccount:
    return synthetic_world(1, 5, 20, albums=albums, artists=artists)


def line(summary: Summary, collection: str) -> CollectionResult:
    (found,) = (one for one in summary.collections if one.id == collection)
    return found


def wanted_albums(rig: Rig) -> list[int]:
    """The counterparts of the saved albums, oldest first."""
    known = albums_of(rig.sandbox.catalogue)
    return [known[saved.album_id].deezer_id for saved in reversed(rig.sandbox.spotify.albums())]


def held(rig: Rig) -> tuple[list[int], list[int]]:
    """Deezer's favourite albums and artists, oldest first."""
    library = rig.sandbox.deezer.library()
    return list(library.albums), list(library.artists)


def decided(rig: Rig, source: str) -> MatchRecord:
    return rig.checkpoint().matches[SourceId(source)]


@pytest.mark.parametrize("credential", CREDENTIALS)
@pytest.mark.parametrize("cohort", list(Cohort))
def test_they_become_favourites_in_the_order_of_saving(tmp_path: Path, credential: Credential, cohort: Cohort) -> None:
    with open_rig(tmp_path, world(), credential=credential, cohort=cohort, **ALL) as rig:
        first = rig.run()
        assert (first.outcome, first.errors) == ("changed", ())
        albums, artists = held(rig)
        assert albums == wanted_albums(rig)
        names = {rig.sandbox.catalogue.artists[key].name for key in artists}
        assert names and names <= {rig.sandbox.catalogue.artists[key].name for key in rig.sandbox.catalogue.artists}
        told = line(first, ARTISTS)
        assert (told.added, told.entries) == (len(artists), 8) and told.matched == len(artists)
        second = rig.run()
        assert second.outcome == "in_sync"
        assert sum(second.api_calls[service] for service in ("spotify", "deezer")) == 5


@pytest.mark.parametrize("credential", CREDENTIALS)
def test_a_run_without_changes_costs_six_calls_at_most(tmp_path: Path, credential: Credential) -> None:
    account = world(albums=70, artists=60)
    for number in range(55):
        account.add_playlist(f"List {number}")
    with open_rig(tmp_path, account, credential=credential, **ALL) as rig:
        rig.until_done()
        for _ in range(2):
            rig.sandbox.log.forget()
            summary = rig.run()
            assert summary.outcome == "in_sync"
            calls = summary.api_calls
            assert (calls["spotify"], calls["deezer"]) == (5, 1), [call.path for call in rig.sandbox.log.all()]


def test_any_budget_gets_there(tmp_path: Path) -> None:
    with open_rig(tmp_path, world(30, 20), **ONLY, MUSICDIFF_BUDGET_CALLS="15") as rig:
        runs = rig.until_done()
        assert len(runs) > 5
        assert held(rig)[0] == wanted_albums(rig)
        writes = rig.sandbox.deezer.write_counts()
        assert writes["like_albums"] == 30, "each is written once"
        assert writes["like_artists"] == len(held(rig)[1])


@pytest.mark.parametrize("credential", CREDENTIALS)
def test_edits_on_spotify_are_carried_over(tmp_path: Path, credential: Credential) -> None:
    with open_rig(tmp_path, world(), credential=credential, **ALL) as rig:
        rig.run()
        spotify = rig.sandbox.spotify
        known = albums_of(rig.sandbox.catalogue)
        spotify.unsave_album(spotify.albums()[3].album_id)
        new = next(one for one in known.values() if one.deezer_id and one.deezer_id not in held(rig)[0])
        spotify.save_album(new.id)
        followed = next(
            artist for artist in spotify.artists() if isinstance(decided(rig, f"artist:{artist}").decision, Match)
        )
        spotify.unfollow_artist(followed)
        before = held(rig)[1]
        summary = rig.run()
        assert held(rig)[0] == wanted_albums(rig)
        assert len(held(rig)[1]) == len(before) - 1
        albums, artists = line(summary, ALBUMS), line(summary, ARTISTS)
        assert ((albums.added, albums.removed), (artists.added, artists.removed)) == ((1, 1), (0, 1))
        assert rig.run().outcome == "in_sync"


@pytest.mark.parametrize(("edits", "back", "stays"), [("keep", False, True), ("overwrite", True, False)])
@pytest.mark.parametrize("credential", CREDENTIALS)
def test_edits_by_hand(tmp_path: Path, credential: Credential, edits: str, back: bool, stays: bool) -> None:
    with open_rig(tmp_path, world(), credential=credential, **ALL, MUSICDIFF_SYNC_HAND_EDITS=edits) as rig:
        rig.run()
        albums, artists = held(rig)
        foreign_album = next(key for key in rig.sandbox.catalogue.albums if key not in albums)
        foreign_artist = next(key for key in rig.sandbox.catalogue.artists if key not in artists)
        rig.sandbox.deezer.unshelve_by_hand(albums=albums[:1], artists=artists[:1])
        rig.sandbox.deezer.shelve_by_hand(albums=[foreign_album], artists=[foreign_artist])
        assert rig.run().outcome == "in_sync", "nothing tells of it until the lists are read again"
        rig.run(force=True)
        found = held(rig)
        assert [albums[0] in found[0], artists[0] in found[1]] == [back, back]
        assert [foreign_album in found[0], foreign_artist in found[1]] == [stays, stays]
        rig.run(force=True)
        assert held(rig) == found


def test_a_mass_removal_waits_for_a_person(tmp_path: Path) -> None:
    with open_rig(tmp_path, world(40, 4), **ONLY) as rig:
        rig.run()
        before = held(rig)
        for saved in rig.sandbox.spotify.albums()[:25]:
            rig.sandbox.spotify.unsave_album(saved.album_id)
        summary = rig.run()
        assert (summary.outcome, line(summary, ALBUMS).state) == ("conflict", "conflict")
        assert held(rig) == before
        assert len(rig.checkpoint().conflicts) == 1


@pytest.mark.parametrize("credential", CREDENTIALS)
def test_what_was_removed_comes_back_by_undo(tmp_path: Path, credential: Credential) -> None:
    with open_rig(tmp_path, world(), credential=credential, **ONLY) as rig:
        rig.run()
        albums, _ = held(rig)
        rig.sandbox.spotify.unsave_album(rig.sandbox.spotify.albums()[0].album_id)
        summary = rig.run()
        assert len(held(rig)[0]) == len(albums) - 1
        (image,) = rig.checkpoint().images
        assert (image.playlist, image.removed[0].track) == (FAVOURITE_ALBUMS, f"album:{albums[-1]}")
        undo(rig, summary.run_id)
        assert sorted(held(rig)[0]) == sorted(albums)
        rig.run(force=True)
        assert sorted(held(rig)[0]) == sorted(albums), "what a person has put back stays"


def test_a_persons_word_counts(tmp_path: Path) -> None:
    with open_rig(tmp_path, world(), **ONLY) as rig:
        rig.run()
        albums, _ = held(rig)
        source = SourceId(f"album:{rig.sandbox.spotify.albums()[0].album_id}")
        other = next(key for key in rig.sandbox.catalogue.albums if key not in albums)
        with rig.store().lease("by hand", rig.now()) as lease:
            lease.save(set_match(lease.load(), source, TargetId(f"album:{other}"), "2026-11-21T12:00:00Z"), last=True)
        rig.run()
        assert held(rig)[0] == [*albums[:-1], other]
        with rig.store().lease("by hand", rig.now()) as lease:
            lease.save(reject_match(lease.load(), source, TargetId(f"album:{other}")), last=True)
        rig.run()
        assert other not in held(rig)[0]


@contextmanager
def namesakes(rig: Rig, name: str) -> Iterator[int]:
    """Another artist of this name on Deezer, and a more popular one."""
    artists = rig.sandbox.catalogue.artists
    twin = 77_999_999
    artists[twin] = DeezerArtist(twin, name, (), ())
    try:
        yield twin
    finally:
        del artists[twin]


def test_a_followed_artist_of_whom_nothing_is_known_is_ambiguous_or_unconfirmed(tmp_path: Path) -> None:
    catalogue = load_catalogue()
    account = SpotifyAccount(Catalogue(catalogue.spotify.values(), catalogue.deezer_by_id.values()))
    album = next(one for one in albums_of(account.catalogue).values() if len(one.tracks) > 10)
    account.follow_artist(artist_id(album.artist))
    source = f"artist:{artist_id(album.artist)}"
    with open_rig(tmp_path, account, **ONLY) as rig, namesakes(rig, album.artist):
        rig.run()
        found = decided(rig, source).decision
        assert isinstance(found, Unmatched) and found.reason is Reason.AMBIGUOUS
        assert len(found.best) == 2 and held(rig) == ([], [])
        account.save_album(album.id)
        summary = rig.run()
        assert held(rig) == ([album.deezer_id], [rig.sandbox.catalogue.albums[album.deezer_id].artist_id])
        assert line(summary, ARTISTS).added == 1, "in the run in which the album became known"


def test_a_consent_without_the_artists_loses_nothing_else(tmp_path: Path) -> None:
    with open_rig(tmp_path, world(), **ALL) as rig:
        narrow = rig.sandbox.grants.first_tokens(SCOPES.replace("user-follow-read", ""))["refresh_token"]
        summary = rig.run(env={"SPOTIFY_REFRESH_TOKEN": str(narrow)})
        told = line(summary, ARTISTS)
        assert (told.state, summary.exit_code) == ("skipped", 0)
        assert "user-follow-read" in told.reason and "auth spotify" in told.reason
        assert held(rig) == (wanted_albums(rig), [])


@pytest.mark.parametrize("path", ["/me/albums", "/me/following"])
def test_a_list_that_is_refused_keeps_its_mirror(tmp_path: Path, path: str) -> None:
    with open_rig(tmp_path, world(), **ALL) as rig:
        rig.run()
        before = held(rig)
        rig.sandbox.misbehave(Fault(Status(403), "spotify", path=path, count=2))
        summary = rig.run()
        assert summary.exit_code == 0
        assert held(rig) == before
        rig.run(force=True)
        assert (held(rig), rig.run().outcome) == (before, "in_sync")


@pytest.mark.parametrize("credential", CREDENTIALS)
def test_a_reviewed_plan_is_carried_out_as_it_was(tmp_path: Path, credential: Credential) -> None:
    with open_rig(tmp_path, world(), credential=credential, **ONLY) as rig:
        reviewed = plan(rig)
        assert held(rig) == ([], [])
        summary = apply(rig, reviewed)
        assert (summary.outcome, held(rig)[0]) == ("changed", wanted_albums(rig))
        assert line(summary, ALBUMS).added == 12
        repeated = apply(rig, reviewed)
        assert (repeated.exit_code, held(rig)[0]) == (0, wanted_albums(rig))


@pytest.mark.parametrize("late", [False, True])
@pytest.mark.parametrize("credential", CREDENTIALS)
def test_a_run_that_dies_at_any_write_is_gone_on_with(tmp_path: Path, credential: Credential, late: bool) -> None:
    deaths = 0
    account = world(6, 0)
    for saved in account.albums()[:3]:
        account.follow_artist(artist_id(albums_of(account.catalogue)[saved.album_id].artist))
    with open_rig(tmp_path, account, credential=credential, **ONLY) as rig:

        def dying(job: Job) -> Summary:
            return run_once(mortal(job, 2, before=not late))

        def until_it_lives() -> None:
            nonlocal deaths
            for _ in range(30):
                try:
                    if rig.run(work=dying).outcome == "in_sync":
                        return
                except Killed:
                    deaths += 1
            raise AssertionError("it never comes to rest")

        until_it_lives()
        albums, artists = held(rig)
        assert albums == wanted_albums(rig) and len(set(artists)) == len(artists) > 0
        for saved in rig.sandbox.spotify.albums()[:2]:
            rig.sandbox.spotify.unsave_album(saved.album_id)
        until_it_lives()
        assert held(rig) == (wanted_albums(rig), artists)
        assert deaths >= 3
        checkpoint = rig.checkpoint()
        assert not any(part.in_flight for mirror in checkpoint.mirrors.values() for part in mirror.parts)
        assert not any(mirror.hand_added or mirror.left_out for mirror in checkpoint.mirrors.values())
        bound = {part.playlist for mirror in checkpoint.mirrors.values() for part in mirror.parts}
        assert bound == {FAVOURITE_ALBUMS, FAVOURITE_ARTISTS}


@pytest.mark.parametrize("credential", CREDENTIALS)
def test_what_was_liked_before_a_death_and_is_unsaved_after_it_goes_again(
    tmp_path: Path, credential: Credential
) -> None:
    with open_rig(tmp_path, world(6, 0), credential=credential, **ONLY) as rig:
        with pytest.raises(Killed):
            rig.run(work=lambda job: run_once(mortal(job, 1, before=False)))
        (liked,) = held(rig)[0]
        assert liked == wanted_albums(rig)[0]
        rig.sandbox.spotify.unsave_album(rig.sandbox.spotify.albums()[-1].album_id)
        rig.run()
        assert held(rig)[0] == wanted_albums(rig) and liked not in held(rig)[0]
