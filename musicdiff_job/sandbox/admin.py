"""The sandbox's own service, ``/sandbox``: how a test in another process sees and changes what is going on.

| request | does |
|---|---|
| ``GET /state`` | both accounts in words |
| ``GET /log``, ``DELETE /log`` | the calls so far; forget them |
| ``GET /counters`` | calls by counter |
| ``GET /faults``, ``POST /faults``, ``DELETE /faults`` | list, add (one or a list of ``Fault``), lift |
| ``POST /edit`` | one edit, or a list of them: ``{"verb": "spotify.add_track", "playlist": "...", ...}`` |

Edits name playlists by id or, failing that, by name. What cannot be understood or done is answered with 400 and a
sentence.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final, assert_never

import msgspec

from musicdiff_job.sandbox.calls import CallLog
from musicdiff_job.sandbox.deezer_account import DeezerAccount
from musicdiff_job.sandbox.faults import Fault, FaultRules
from musicdiff_job.sandbox.http import Request, Response
from musicdiff_job.sandbox.spotify import SpotifyApi
from musicdiff_job.sandbox.spotify_accounts import TokenMode
from musicdiff_job.sandbox.spotify_albums import albums_of, artists_of
from musicdiff_job.sandbox.spotify_library import CatalogueTrack, Content, Episode, Gone, LocalFile
from musicdiff_job.sandbox.spotify_render import Cohort
from musicdiff_job.sandbox.world import SpotifyAccount


class AddPlaylist(msgspec.Struct, tag_field="verb", tag="spotify.add_playlist"):
    """A new own playlist on Spotify."""

    name: str
    tracks: list[str] = []
    description: str = ""


class DeletePlaylist(msgspec.Struct, tag_field="verb", tag="spotify.delete_playlist"):
    """A playlist that goes from Spotify."""

    playlist: str


class Rename(msgspec.Struct, tag_field="verb", tag="spotify.rename"):
    """Another name on Spotify."""

    playlist: str
    name: str


class AddTrack(msgspec.Struct, tag_field="verb", tag="spotify.add_track"):
    """One more track in a Spotify playlist."""

    playlist: str
    track: str
    position: int | None = None


class RemoveAt(msgspec.Struct, tag_field="verb", tag="spotify.remove_at"):
    """One track less in a Spotify playlist."""

    playlist: str
    position: int


class Move(msgspec.Struct, tag_field="verb", tag="spotify.move"):
    """Another order in a Spotify playlist."""

    playlist: str
    position: int
    to: int


class Like(msgspec.Struct, tag_field="verb", tag="spotify.like"):
    """A song liked on Spotify."""

    track: str


class Unlike(msgspec.Struct, tag_field="verb", tag="spotify.unlike"):
    """A song no longer liked on Spotify."""

    track: str


class Play(msgspec.Struct, tag_field="verb", tag="spotify.play"):
    """A track listened to until ``at``, a time with its zone."""

    track: str
    at: datetime
    context: str | None = None


class SaveAlbum(msgspec.Struct, tag_field="verb", tag="spotify.save_album"):
    """An album saved on Spotify."""

    album: str


class UnsaveAlbum(msgspec.Struct, tag_field="verb", tag="spotify.unsave_album"):
    """An album no longer kept on Spotify."""

    album: str


class FollowArtist(msgspec.Struct, tag_field="verb", tag="spotify.follow_artist"):
    """An artist followed on Spotify."""

    artist: str


class UnfollowArtist(msgspec.Struct, tag_field="verb", tag="spotify.unfollow_artist"):
    """An artist no longer followed on Spotify."""

    artist: str


class SetApp(msgspec.Struct, tag_field="verb", tag="spotify.set_app"):
    """Another kind of app, another way of refreshing; None leaves it."""

    cohort: Cohort | None = None
    token_mode: TokenMode | None = None


class ExpireTokens(msgspec.Struct, tag_field="verb", tag="expire_tokens"):
    """An hour passes: Spotify's access tokens and Deezer's gateway sessions die."""


class DeezerAdd(msgspec.Struct, tag_field="verb", tag="deezer.add"):
    """Tracks that a person adds on Deezer."""

    playlist: str
    tracks: list[int]


class DeezerRemove(msgspec.Struct, tag_field="verb", tag="deezer.remove"):
    """Tracks that a person removes on Deezer."""

    playlist: str
    tracks: list[int]


class DeezerRename(msgspec.Struct, tag_field="verb", tag="deezer.rename"):
    """A title that a person changes on Deezer."""

    playlist: str
    title: str


class DeezerDelete(msgspec.Struct, tag_field="verb", tag="deezer.delete_playlist"):
    """A playlist that a person deletes on Deezer."""

    playlist: str


Edit = (
    AddPlaylist
    | DeletePlaylist
    | Rename
    | AddTrack
    | RemoveAt
    | Move
    | Like
    | Unlike
    | Play
    | SaveAlbum
    | UnsaveAlbum
    | FollowArtist
    | UnfollowArtist
    | SetApp
    | ExpireTokens
    | DeezerAdd
    | DeezerRemove
    | DeezerRename
    | DeezerDelete
)


class Admin:
    """The service at ``/sandbox``."""

    def __init__(
        self, spotify: SpotifyAccount, deezer: DeezerAccount, api: SpotifyApi, faults: FaultRules, log: CallLog
    ) -> None:
        self.spotify: Final = spotify
        self.deezer: Final = deezer
        self.api: Final = api
        self.faults: Final = faults
        self.log: Final = log

    def handle(self, request: Request) -> Response:
        """Answer one request."""
        try:
            return Response.of(msgspec.to_builtins(self._answer(request)))
        except (msgspec.MsgspecError, KeyError, IndexError, ValueError) as error:
            return Response.of({"error": f"{type(error).__name__}: {error}"}, 400)

    def _answer(self, request: Request) -> Any:
        match request.method, request.path:
            case "GET", "/state":
                return {"spotify": self._spotify_state(), "deezer": self._deezer_state()}
            case "GET", "/log":
                return self.log.all()
            case "DELETE", "/log":
                self.log.forget()
            case "GET", "/counters":
                return dict(self.log.counts())
            case "GET", "/faults":
                return self.faults.listed()
            case "POST", "/faults":
                faults = msgspec.json.decode(request.body, type=list[Fault] | Fault)
                self.faults.add(*(faults if isinstance(faults, list) else [faults]))
            case "DELETE", "/faults":
                self.faults.clear()
            case "POST", "/edit":
                edits = msgspec.json.decode(request.body, type=list[Edit] | Edit)
                return [self._edit(edit) for edit in (edits if isinstance(edits, list) else [edits])]
            case _:
                raise KeyError(f"{request.method} {request.path}")
        return {"ok": True}

    def _edit(self, edit: Edit) -> str:
        """Carry out one edit; returns the id of what was created, or an empty text."""
        spotify, deezer = self.spotify, self.deezer
        match edit:
            case AddPlaylist(name=name, tracks=tracks, description=description):
                return spotify.add_playlist(name, tracks, description=description)
            case DeletePlaylist(playlist=playlist):
                spotify.delete_playlist(self._id(playlist))
            case Rename(playlist=playlist, name=name):
                spotify.rename(self._id(playlist), name)
            case AddTrack(playlist=playlist, track=track, position=position):
                spotify.add_track(self._id(playlist), track, position)
            case RemoveAt(playlist=playlist, position=position):
                spotify.remove_at(self._id(playlist), position)
            case Move(playlist=playlist, position=position, to=to):
                spotify.move(self._id(playlist), position, to)
            case Like(track=track):
                spotify.like(track)
            case Unlike(track=track):
                spotify.unlike(track)
            case Play(track=track, at=at, context=context):
                spotify.play(track, at, context)

            case SaveAlbum(album=album):
                spotify.save_album(album)
            case UnsaveAlbum(album=album):
                spotify.unsave_album(album)
            case FollowArtist(artist=artist):
                spotify.follow_artist(artist)
            case UnfollowArtist(artist=artist):
                spotify.unfollow_artist(artist)
            case SetApp(cohort=cohort, token_mode=mode):
                self.api.cohort = cohort or self.api.cohort
                self.api.grants.mode = mode or self.api.grants.mode
            case ExpireTokens():
                self.api.grants.expire_access_tokens()
                deezer.expire_sessions()
            case DeezerAdd(playlist=playlist, tracks=ids):
                deezer.add_by_hand(_title_or_id(playlist), *ids)
            case DeezerRemove(playlist=playlist, tracks=ids):
                deezer.remove_by_hand(_title_or_id(playlist), *ids)
            case DeezerRename(playlist=playlist, title=title):
                deezer.rename_by_hand(_title_or_id(playlist), title)
            case DeezerDelete(playlist=playlist):
                deezer.delete_playlist_by_hand(_title_or_id(playlist))
            case _:
                assert_never(edit)
        return ""

    def _id(self, playlist: str) -> str:
        known = self.spotify.playlist(playlist)
        return known.id if known is not None else self.spotify.named(playlist).id

    def _spotify_state(self) -> dict[str, Any]:
        return {
            "playlists": [
                {
                    "id": playlist.id,
                    "name": playlist.name,
                    "owner": playlist.owner_id,
                    "snapshot": playlist.snapshot,
                    "entries": [self._label(entry.content) for entry in playlist.entries],
                }
                for playlist in self.spotify.playlists()
            ],
            "liked": [self._label(CatalogueTrack(liked.track_id)) for liked in self.spotify.liked()],
            "albums": [self._album(saved.album_id) for saved in self.spotify.albums()],
            "artists": [artists_of(self.spotify.catalogue)[artist] for artist in self.spotify.artists()],
        }

    def _label(self, content: Content) -> str:
        match content:
            case CatalogueTrack(id=track_id):
                track = self.spotify.catalogue.spotify[track_id]
                return f"{', '.join(track.artists)} - {track.name}"
            case LocalFile(artist=artist, title=title):
                return f"(local file) {artist} - {title}"
            case Episode(show=show, name=name):
                return f"(episode) {show} - {name}"
            case Gone():
                return "(gone)"
            case _:
                assert_never(content)

    def _deezer_state(self) -> dict[str, Any]:
        state, library, albums = self.deezer.state(), self.deezer.library(), self.spotify.catalogue.albums
        return {
            "playlists": {title: self._named(ids) for title, ids in state.playlists.items()},
            "favourites": self._named(state.favourites),
            "albums": [f"{albums[key].artist} - {albums[key].title}" for key in library.albums],
            "artists": [self.spotify.catalogue.artists[key].name for key in library.artists],
        }

    def _album(self, album_id: str) -> str:
        album = albums_of(self.spotify.catalogue)[album_id]
        return f"{album.artist} - {album.name}"

    def _named(self, ids: tuple[int, ...]) -> list[str]:
        rows = self.spotify.catalogue.deezer_by_id
        return [f"{rows[i].artist} - {rows[i].title}" if i in rows else f"(unknown {i})" for i in ids]


def _title_or_id(playlist: str) -> int | str:
    return int(playlist) if playlist.isdigit() else playlist
