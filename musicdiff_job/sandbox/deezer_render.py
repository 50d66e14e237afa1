"""The JSON shapes of albums, artists, playlists and people on the public API, key for key as recorded in 2026."""

from __future__ import annotations

from musicdiff_job.sandbox.catalogue import DeezerAlbum, DeezerArtist
from musicdiff_job.sandbox.deezer_library import DeezerPlaylist
from musicdiff_job.sandbox.deezer_pieces import (
    API,
    SIZES,
    WEB,
    Json,
    artist_names,
    artist_of,
    contributor,
    cover_hash,
    cover_keys,
    date_text,
    image_url,
    picture_keys,
    record_type,
    share_link,
    upc,
)
from musicdiff_job.sandbox.deezer_track_shapes import TrackShapes


class DeezerShapes(TrackShapes):
    """Everything the public API shows to one caller."""

    # Albums and artists

    def full_album(self, album: DeezerAlbum) -> Json:
        """``GET /album/{id}``, its tracks embedded without ISRC."""
        names = dict.fromkeys(name for track in album.tracks for name in artist_names(track))
        explicit = any(track.explicit for track in album.tracks)
        return {
            "id": album.id,
            "title": album.title,
            "upc": upc(album.id),
            "link": f"{WEB}/album/{album.id}",
            "share": share_link("album", album.id),
            **cover_keys(album.id),
            "md5_image": cover_hash(album.id),
            "genre_id": 132,
            "genres": {"data": [{"id": 132, "name": "Pop", "picture": f"{API}/genre/132/image", "type": "genre"}]},
            "label": "Sandbox Records",
            "nb_tracks": len(album.tracks),
            "duration": sum(track.duration for track in album.tracks),
            "fans": album.id % 10_000,
            "release_date": album.release_date or "1900-01-01",
            "record_type": record_type(album),
            "available": any(self.readable(track) for track in album.tracks),
            "tracklist": f"{API}/album/{album.id}/tracks",
            "explicit_lyrics": explicit,
            "explicit_content_lyrics": 4 if explicit else 0,
            "explicit_content_cover": 0,
            "contributors": [contributor(name) for name in names],
            "artist": {**artist_of(album), "type": "artist"},
            "type": "album",
            "tracks": {"data": [self.embedded_album_row(track) for track in album.tracks]},
        }

    def album_hit(self, album: DeezerAlbum) -> Json:
        """A row of ``/search/album``."""
        return {
            "id": album.id,
            "title": album.title,
            "link": f"{WEB}/album/{album.id}",
            **cover_keys(album.id),
            "md5_image": cover_hash(album.id),
            "genre_id": 132,
            "nb_tracks": len(album.tracks),
            "record_type": record_type(album),
            "tracklist": f"{API}/album/{album.id}/tracks",
            "explicit_lyrics": any(track.explicit for track in album.tracks),
            "artist": {
                "id": album.artist_id,
                "name": album.artist,
                "link": f"{WEB}/artist/{album.artist_id}",
                **picture_keys("artist", album.artist_id),
                "tracklist": f"{API}/artist/{album.artist_id}/top?limit=50",
                "type": "artist",
            },
            "type": "album",
        }

    def artist_album(self, album: DeezerAlbum) -> Json:
        """A row of ``/artist/{id}/albums``."""
        row = self.album_hit(album)
        for key in ("nb_tracks", "artist"):
            del row[key]
        return {**row, "fans": album.id % 10_000, "release_date": album.release_date or "1900-01-01"}

    def favourite_album(self, album: DeezerAlbum, since: int) -> Json:
        """A row of ``/user/{id}/albums``."""
        return {
            "id": album.id,
            "title": album.title,
            "link": f"{WEB}/album/{album.id}",
            **cover_keys(album.id),
            "md5_image": cover_hash(album.id),
            "nb_tracks": len(album.tracks),
            "release_date": album.release_date or "1900-01-01",
            "record_type": record_type(album),
            "available": any(self.readable(track) for track in album.tracks),
            "tracklist": f"{API}/album/{album.id}/tracks",
            "explicit_lyrics": any(track.explicit for track in album.tracks),
            "time_add": since,
            "artist": {**artist_of(album), "type": "artist"},
            "type": "album",
        }

    def artist(self, artist: DeezerArtist, since: int | None = None) -> Json:
        """``GET /artist/{id}``; with ``since`` a row of ``/user/{id}/artists``."""
        return {
            "id": artist.id,
            "name": artist.name,
            "link": f"{WEB}/artist/{artist.id}",
            **({} if since is not None else {"share": share_link("artist", artist.id)}),
            **picture_keys("artist", artist.id),
            "nb_album": len(artist.albums),
            "nb_fan": artist.id % 1_000_000,
            "radio": True,
            "tracklist": f"{API}/artist/{artist.id}/top?limit=50",
            **({} if since is None else {"time_add": since}),
            "type": "artist",
        }

    def artist_hit(self, artist: DeezerArtist) -> Json:
        """A row of ``/search/artist``."""
        row = self.artist(artist)
        del row["share"]
        return row

    # Playlists and people

    def playlist(self, playlist: DeezerPlaylist) -> Json:
        """``GET /playlist/{id}`` with at most ``embedded_tracks_cap`` rows; hidden entries count in ``nb_tracks``."""
        head = self._playlist_head(playlist)
        checksum = playlist.checksum(self._switches)
        rows = [self.playlist_row(entry, embedded=True) for entry in playlist.visible()]
        shown = [row for row in rows if row is not None][: self._switches.embedded_tracks_cap]
        return {
            "id": head.pop("id"),
            "title": head.pop("title"),
            "description": playlist.description,
            **head,
            "tracks": {"data": shown, "checksum": checksum},
        }

    def playlist_listed(self, playlist: DeezerPlaylist, since: int) -> Json:
        """A row of ``/user/{id}/playlists``: no description. ``since`` is when it was followed, 0 for own ones."""
        head = self._playlist_head(playlist)
        creator, kind = head.pop("creator"), head.pop("type")
        del head["share"]
        return {**head, "time_add": since, "time_mod": playlist.modified, "creator": creator, "type": kind}

    def _playlist_head(self, playlist: DeezerPlaylist) -> Json:
        first = next(iter(playlist.entries), None)
        track = None if first is None else self._catalogue.deezer_by_id.get(first)
        image = "" if track is None else cover_hash(track.album_id)
        known = (self._catalogue.deezer_by_id.get(key) for key in playlist.entries)
        return {
            "id": playlist.id,
            "title": playlist.title,
            "duration": sum(track.duration for track in known if track is not None),
            "public": playlist.public,
            "is_loved_track": playlist.loved,
            "collaborative": playlist.collaborative,
            "nb_tracks": len(playlist.entries),
            "fans": playlist.fans,
            "link": f"{WEB}/playlist/{playlist.id}",
            "share": share_link("playlist", playlist.id),
            "picture": f"{API}/playlist/{playlist.id}/image",
            **{f"picture_{size}": image_url("cover", image, pixels) for size, pixels in SIZES.items()},
            "checksum": playlist.checksum(self._switches),
            "tracklist": f"{API}/playlist/{playlist.id}/tracks",
            "creation_date": date_text(playlist.created),
            "add_date": date_text(playlist.created),
            "mod_date": date_text(playlist.modified),
            "md5_image": image,
            "picture_type": "cover",
            "creator": {
                "id": playlist.creator_id,
                "name": playlist.creator_name,
                "tracklist": f"{API}/user/{playlist.creator_id}/flow",
                "type": "user",
            },
            "type": "playlist",
        }

    def me(self) -> Json:
        """``GET /user/me``; the personal fields are blanks."""
        public = self.user(self._account.user_id, self._account.name, self._account.country)
        return {
            "id": public["id"],
            "name": public["name"],
            "lastname": "",
            "firstname": "",
            "email": "listener@example.invalid",
            "status": 0,
            "birthday": "0000-00-00",
            "inscription_date": "0000-00-00",
            "gender": "",
            "link": public["link"],
            **picture_keys("user", self._account.user_id),
            "country": self._account.country,
            "lang": "en",
            "is_kid": False,
            "explicit_content_level": "explicit_display",
            "explicit_content_levels_available": ["explicit_display", "explicit_no_recommendation", "explicit_hide"],
            "tracklist": public["tracklist"],
            "type": "user",
        }

    def user(self, user_id: int, name: str, country: str) -> Json:
        """``GET /user/{id}`` as strangers see it."""
        return {
            "id": user_id,
            "name": name,
            "link": f"{WEB}/profile/{user_id}",
            **picture_keys("user", user_id),
            "country": country,
            "tracklist": f"{API}/user/{user_id}/flow",
            "type": "user",
        }
