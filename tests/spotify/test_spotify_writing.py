"""What the job does on Spotify besides reading, against the sandbox's Spotify, in the shapes of all kinds of apps."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import msgspec
import pytest
from mortal import SwiftClock

from musicdiff_job.clock import StopFlag
from musicdiff_job.core.errors import AuthError, BadAnswer, Forbidden, NotFound, UnknownOutcome
from musicdiff_job.core.model import CollectionHead, Kind, SourceId
from musicdiff_job.core.questions import ByFields, ByIsrc, BySearch
from musicdiff_job.core.secret import Redactor, Secret
from musicdiff_job.gate import Gate, Limits
from musicdiff_job.sandbox.catalogue import load_catalogue
from musicdiff_job.sandbox.faults import ALWAYS, Effect, EmptyBody, Fault, ResetAfter, ResetBefore, Status, WrongJson
from musicdiff_job.sandbox.server import Sandbox
from musicdiff_job.sandbox.spotify_accounts import SCOPES, WRITE_SCOPES
from musicdiff_job.sandbox.spotify_library import CatalogueTrack
from musicdiff_job.sandbox.spotify_render import Cohort
from musicdiff_job.sandbox.world import SpotifyAccount
from musicdiff_job.spotify.auth import TokenRefresher
from musicdiff_job.spotify.client import SpotifySource
from musicdiff_job.spotify.writing import BATCH, SpotifyWrites

TRACKS = sorted(load_catalogue().spotify)


class Stage:
    """An account with one list, "Own", and what edits it."""

    def __init__(self, sandbox: Sandbox) -> None:
        self.sandbox = sandbox
        self.gate = Gate(Limits(None, None, {}, {}), SwiftClock(), StopFlag())
        tokens = TokenRefresher(
            self.gate, SwiftClock(), Redactor(), f"{sandbox.url}/spotify/accounts", sandbox.grants.client_id,
            Secret(sandbox.grants.client_secret), Secret(sandbox.grants.refresh_token), None, None,
        )  # fmt: skip
        self.source = SpotifySource(self.gate, SwiftClock(), Redactor(), tokens, f"{sandbox.url}/spotify/v1", None)
        self.writes = SpotifyWrites(self.source)
        (self.head,) = self.source.library(frozenset({Kind.PLAYLIST})).heads

    def held(self) -> list[str]:
        playlist = self.sandbox.spotify.named("Own")
        return [entry.content.id for entry in playlist.entries if isinstance(entry.content, CatalogueTrack)]

    def snapshot(self) -> str:
        return self.sandbox.spotify.named("Own").snapshot

    def paths(self) -> list[str]:
        return [
            f"{one.method} {one.path.rpartition('/')[2]} {one.status}"
            for one in self.sandbox.log.all()
            if one.service == "spotify" and one.method != "GET"
        ]


@contextmanager
def opened(cohort: Cohort = Cohort.RESTRICTED, scope: str = f"{SCOPES} {WRITE_SCOPES}") -> Iterator[Stage]:
    spotify = SpotifyAccount(load_catalogue())
    spotify.add_playlist("Own", TRACKS[:3])
    with Sandbox(spotify, cohort=cohort, scope=scope) as sandbox:
        stage = Stage(sandbox)
        try:
            yield stage
        finally:
            stage.source.close()


def ids(*numbers: int) -> list[SourceId]:
    return [SourceId(TRACKS[number]) for number in numbers]


@pytest.mark.parametrize("cohort", list(Cohort))
def test_tracks_are_appended_and_removed_by_one_write_each(cohort: Cohort) -> None:
    with opened(cohort) as stage:
        assert stage.writes.append(stage.head, ids(5, 4)) == stage.snapshot()
        assert stage.held() == [*TRACKS[:3], TRACKS[5], TRACKS[4]]
        assert stage.writes.remove(stage.head, ids(0, 5), stage.head.snapshot) == stage.snapshot()
        assert stage.held() == [TRACKS[1], TRACKS[2], TRACKS[4]]
        assert stage.paths() == ["POST items 201", "DELETE items 200"]
        assert stage.gate.tally().writes == 2


def test_a_hundred_go_at_once_and_no_more() -> None:
    with opened() as stage:
        assert stage.writes.batch == BATCH == 100
        stage.writes.append(stage.head, ids(*range(100)))
        assert len(stage.held()) == 103
        with pytest.raises(BadAnswer, match="maximum of 100"):
            stage.writes.append(stage.head, ids(*range(101)))
        assert len(stage.held()) == 103


def test_an_app_that_has_the_old_path_alone_is_served_by_it() -> None:
    with opened(Cohort.GRACE) as stage:
        forbidden = Status(403, {}, '{"error": {"status": 403, "message": "Forbidden"}}')
        stage.sandbox.misbehave(Fault(forbidden, "spotify", path="*/items", count=ALWAYS))
        stage.writes.append(stage.head, ids(4))
        assert stage.paths() == ["POST items 403", "POST tracks 201"]
        stage.source.page(stage.head, 0)  # reading tells which path it is
        stage.sandbox.log.forget()
        stage.writes.remove(stage.head, ids(4), stage.snapshot())
        assert stage.paths() == ["DELETE tracks 200"]
        assert stage.held() == TRACKS[:3]


def test_a_playlist_that_neither_path_may_edit_is_forbidden() -> None:
    with opened() as stage:
        foreign = stage.sandbox.spotify.follow_foreign_playlist("Theirs", TRACKS[:2])
        head = msgspec.structs.replace(stage.head, id=f"spotify:playlist:{foreign}")
        with pytest.raises(Forbidden, match="you don't own"):
            stage.writes.append(head, ids(4))


@pytest.mark.parametrize(
    ("scope", "public", "missing"),
    [
        (f"{SCOPES} {WRITE_SCOPES}", None, ""),
        (SCOPES, False, "playlist-modify-private"),
        (SCOPES, True, "playlist-modify-public"),
        (SCOPES, None, "playlist-modify-public and playlist-modify-private"),
        (f"{SCOPES} playlist-modify-public", True, ""),
        (f"{SCOPES} playlist-modify-public", False, "playlist-modify-private"),
    ],
)
def test_missing_permissions_are_named(scope: str, public: bool | None, missing: str) -> None:
    with opened(scope=scope) as stage:
        assert stage.writes.missing(msgspec.structs.replace(stage.head, public=public)) == missing


def test_a_refused_permission_does_not_end_the_run() -> None:
    with opened(scope=SCOPES) as stage:
        with pytest.raises(Forbidden, match="Insufficient client scope"):
            stage.writes.append(stage.head, ids(4))
        assert stage.held() == TRACKS[:3]


def test_other_words_for_a_person_end_the_run() -> None:
    with opened() as stage:
        told = Status(403, {}, "User not registered in the Developer Dashboard")
        stage.sandbox.misbehave(Fault(told, "spotify", "POST"))
        with pytest.raises(AuthError):
            stage.writes.append(stage.head, ids(4))


@pytest.mark.parametrize("effect", [ResetBefore(), ResetAfter(), Status(503), EmptyBody()])
def test_a_write_is_never_sent_twice(effect: Effect) -> None:
    with opened() as stage:
        stage.sandbox.misbehave(Fault(effect, "spotify", "POST"))
        with pytest.raises(UnknownOutcome) as caught:
            stage.writes.append(stage.head, ids(4))
        assert "look at Spotify" in caught.value.hint
        assert len(stage.paths()) == 1


def test_a_token_that_has_expired_is_renewed_and_the_write_made_once() -> None:
    with opened() as stage:
        stage.sandbox.grants.expire_access_tokens()
        stage.writes.append(stage.head, ids(4))
        assert stage.held() == [*TRACKS[:3], TRACKS[4]]
        assert stage.paths() == ["POST items 401", "POST items 201"]


def test_an_answer_without_a_snapshot_makes_no_sense() -> None:
    with opened() as stage:
        stage.sandbox.misbehave(Fault(WrongJson({"ok": True}), "spotify", "POST"))
        with pytest.raises(BadAnswer, match="did not say what it made"):
            stage.writes.append(stage.head, ids(4))


def test_a_playlist_that_is_gone_is_not_found() -> None:
    with opened() as stage:
        stage.sandbox.spotify.delete_playlist(stage.head.id.rpartition(":")[2])
        with pytest.raises(NotFound):
            stage.writes.append(stage.head, ids(4))


@pytest.mark.parametrize("cohort", list(Cohort))
def test_search_by_isrc_text_and_fields(cohort: Cohort) -> None:
    with opened(cohort) as stage:
        wanted = next(one for one in load_catalogue().spotify.values() if one.isrc and one.name.isascii())
        for question in (
            ByIsrc(wanted.isrc),
            BySearch(f"{wanted.name} {wanted.artists[0]}"),
            ByFields(wanted.artists[0], wanted.name),
        ):
            found = stage.writes.find(question)
            assert wanted.id in [track.id for track in found], question
            assert len(found) <= 10
        (same,) = {track.isrc for track in stage.writes.find(ByIsrc(wanted.isrc))}
        assert same == wanted.isrc
        assert stage.writes.find(ByIsrc("ZZZZZ9999999")) == ()


def test_heads_are_those_of_the_listing() -> None:
    with opened() as stage:
        assert isinstance(stage.head, CollectionHead)
        assert stage.head.owned
