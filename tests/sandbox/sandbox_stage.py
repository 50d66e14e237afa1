"""A small Spotify for the tests of the sandbox: nine tracks, one account, every kind of playlist."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from musicdiff_job.sandbox.catalogue import Catalogue, SpotifyTrack
from musicdiff_job.sandbox.http import Request
from musicdiff_job.sandbox.spotify import SpotifyApi
from musicdiff_job.sandbox.spotify_accounts import SCOPES, SpotifyGrants
from musicdiff_job.sandbox.spotify_albums import album_id, artist_id
from musicdiff_job.sandbox.spotify_library import base62_id
from musicdiff_job.sandbox.spotify_render import Cohort
from musicdiff_job.sandbox.world import SpotifyAccount

IDS = [base62_id("stage", number) for number in range(9)]
WITHOUT_ISRC = IDS[8]
ORIGIN = "http://127.0.0.1:1/spotify/v1"
TRACKS = [
    SpotifyTrack(
        id=track_id,
        name=f"Song {number}",
        artists=("Band", "Guest"),
        album="Album",
        duration_ms=200_000 + number,
        isrc="" if track_id == WITHOUT_ISRC else f"ZZAAA{number:07d}",
        year=1999,
    )
    for number, track_id in enumerate(IDS)
]


def stage_account() -> SpotifyAccount:
    """Own (with every kind of entry), collaborative, foreign, invited, Spotify's own and empty playlists."""
    account = SpotifyAccount(Catalogue(TRACKS, ()))
    own = account.add_playlist("Own", IDS[:5], description='Tom & "Jerry\'s"')
    account.add_local_file(own, "", "Tapes", "Take 3: loud & clear", 201)
    account.add_episode(own, "Pilot", "Show", 1800)
    account.null_track(own, 1)
    account.add_track(own, WITHOUT_ISRC, dated=False)
    account.add_playlist("Shared", IDS[:2], collaborative=True)
    account.follow_foreign_playlist("Foreign", IDS[:3])
    account.follow_foreign_playlist("Invited", IDS[:3], collaborative=True, contributes=True)
    account.follow_spotify_owned("Discover", IDS[:1])
    account.add_playlist("Empty", public=True)
    for track_id in IDS[:4]:
        account.like(track_id)
    account.save_album(album_id("Band", "Album"))
    account.follow_artist(artist_id("Band"))
    account.follow_artist(artist_id("Guest"))
    return account


@dataclass
class Stage:
    """The API as a client with a token sees it."""

    cohort: Cohort = Cohort.RESTRICTED
    scope: str = SCOPES
    entry_key: str | None = None
    account: SpotifyAccount = field(default_factory=stage_account)
    grants: SpotifyGrants = field(default_factory=SpotifyGrants)

    def __post_init__(self) -> None:
        self.api = SpotifyApi(self.account, self.grants, self.cohort, self.entry_key)
        self.token = self.grants.issue_access_token(self.scope)

    def get(self, target: str, status: int = 200, method: str = "GET", token: str | None = None) -> Any:
        """The JSON of one answer, whose status must be ``status``. ``target`` may be an absolute ``next`` link."""
        parts = urlsplit(target.removeprefix(ORIGIN))
        response = self.api.handle(
            Request(
                method,
                parts.path,
                dict(parse_qsl(parts.query)),
                {"authorization": f"Bearer {self.token if token is None else token}"},
                origin=ORIGIN,
            )
        )
        assert response.status == status, response.body
        return json.loads(response.body)

    def id(self, name: str) -> str:
        """A playlist's id."""
        return self.account.named(name).id
