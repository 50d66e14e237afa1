"""``Playlist1.json`` and ``YourLibrary.json`` in the forms of all years."""

from __future__ import annotations

import json
from typing import Any

import pytest

from musicdiff_job.core.errors import ConfigError
from musicdiff_job.core.model import Entry, SkipReason, Track
from musicdiff_job.export import account_data
from musicdiff_job.export.lists import FollowedArtist, SavedAlbum, made_up_id

SONG = {
    "trackName": "Neutron Star Collision", "artistName": "Muse", "albumName": "Single",
    "trackUri": "spotify:track:7ouMYWpwJ422jRcDASZB7P",
}  # fmt: skip
NOTHING: dict[str, Any] = {"track": None, "episode": None, "audiobook": None, "localTrack": None}
MUSE = Track("7ouMYWpwJ422jRcDASZB7P", "Neutron Star Collision", ("Muse",), "Single")


def entry(item: object) -> Entry:
    text = json.dumps({"playlists": [{"name": "Gym", "items": [item]}]})
    ((found,),) = (one.entries for one in account_data.playlists(text, "Playlist1.json"))
    return found


def test_a_playlist_of_today() -> None:
    (found,) = account_data.playlists(
        json.dumps(
            {
                "playlists": [
                    {
                        "name": "Rock & Roll",
                        "lastModifiedDate": "2026-05-05",
                        "collaborators": [],
                        "items": [
                            {**NOTHING, "track": SONG, "addedDate": "2026-05-05"},
                            {**NOTHING, "track": SONG, "addedDate": "2026-04-05"},
                        ],
                        "description": "Don&#x27;t &amp; do",
                        "numberOfFollowers": 2,
                    }
                ]
            }
        ),
        "Playlist1.json",
    )
    assert (found.name, found.description, found.collaborative, found.began) == (
        "Rock & Roll", "Don't & do", False, "2026-04-05",
    )  # fmt: skip
    assert found.entries == (Entry(MUSE, added_at="2026-05-05"), Entry(MUSE, added_at="2026-04-05"))


def test_an_export_tells_neither_duration_nor_isrc() -> None:
    found = entry({**NOTHING, "track": SONG}).track
    assert found is not None
    assert (found.duration_ms, found.isrc, found.explicit) == (None, None, None)


def test_a_playlist_of_2020_has_no_uris_and_no_dates() -> None:
    old = {key: value for key, value in SONG.items() if key != "trackUri"}
    found = entry({"track": old, "episode": None, "localTrack": None})
    assert found == Entry(Track(made_up_id("Neutron Star Collision", "Muse", "Single"), *SONG_WORDS))


SONG_WORDS = ("Neutron Star Collision", ("Muse",), "Single")


@pytest.mark.parametrize(
    ("item", "expected"),
    [
        (None, Entry(skipped=SkipReason.REMOVED)),
        ({**NOTHING, "addedDate": "2020-01-01"}, Entry(skipped=SkipReason.REMOVED, added_at="2020-01-01")),
        ({"track": {"trackName": "", "artistName": "", "albumName": ""}}, Entry(skipped=SkipReason.REMOVED)),
        (
            {**NOTHING, "localTrack": {"uri": "spotify:local:My+Band:Rehearsals:Take+3%3A+loud:201"}},
            Entry(skipped=SkipReason.LOCAL, label="My Band - Take 3: loud"),
        ),
        ({**NOTHING, "localTrack": {}}, Entry(skipped=SkipReason.LOCAL)),
        (
            {**NOTHING, "track": {**SONG, "trackUri": "spotify:local:A::T:3"}},
            Entry(skipped=SkipReason.LOCAL, label="Muse - Neutron Star Collision"),
        ),
        (
            {**NOTHING, "episode": {"episodeName": "E", "showName": "S", "episodeUri": "spotify:episode:1"}},
            Entry(skipped=SkipReason.EPISODE, label="E"),
        ),
        (
            {**NOTHING, "track": {**SONG, "trackUri": "spotify:episode:512ojhOuo1ktJprKbVcKyQ"}},
            Entry(skipped=SkipReason.EPISODE, label="Neutron Star Collision"),
        ),
        ({**NOTHING, "audiobook": {"audiobookName": "B"}}, Entry(skipped=SkipReason.UNKNOWN, label="B")),
        (
            {**NOTHING, "track": {**SONG, "trackUri": "https://elsewhere/1"}},
            Entry(skipped=SkipReason.UNKNOWN, label="Neutron Star Collision"),
        ),
    ],
)
def test_what_is_no_track_is_skipped_with_its_reason(item: object, expected: Entry) -> None:
    assert entry(item) == expected


def test_a_track_that_was_taken_down_keeps_its_id() -> None:
    gone = entry({**NOTHING, "track": {**SONG, "trackName": "", "artistName": ""}})
    assert gone.track == Track("7ouMYWpwJ422jRcDASZB7P", "", (), "Single")


@pytest.mark.parametrize("item", [{}, {"song": SONG}, "x", 3, {"track": "x"}, {"track": None, "episode": []}])
def test_a_form_that_is_not_known_is_refused_by_its_place(item: object) -> None:
    with pytest.raises(ConfigError, match=r"Playlist1\.json: playlist 1 \(Gym\), entry 1: has a form"):
        entry(item)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('{"playlists": [\n\n  {"name": }]}', "line 3 is not JSON"),
        ('{"playlists": ', "line 1 is not JSON"),
        ("", "line 1 is not JSON"),
        ('{"playlists": [' + "9" * 5000 + "]}", "not JSON that Spotify writes"),
        ("[" * 100_000, "not JSON that Spotify writes"),
        ("[]", "has no list of playlists"),
        ('{"playlists": null}', "has no list of playlists"),
        ('{"playlists": [{"items": []}]}', "playlist 1: has no name"),
        ('{"playlists": [{"name": "a", "items": []}, {"name": "b"}]}', "playlist 2: has no list of items"),
    ],
)
def test_a_file_that_is_not_whole_is_never_an_empty_library(text: str, told: str) -> None:
    with pytest.raises(ConfigError) as caught:
        account_data.playlists(text, "Playlist1.json")
    assert "Playlist1.json" in str(caught.value)
    assert told in str(caught.value)
    assert caught.value.hint


def library(**more: Any) -> str:
    return json.dumps({"tracks": [], "albums": [], "artists": [], "shows": [], **more})


def test_the_library() -> None:
    text = library(
        tracks=[
            {"artist": "Muse", "album": "Single", "track": "Neutron Star Collision", "uri": SONG["trackUri"]},
            {"artist": "Muse", "album": "Single", "track": "Neutron Star Collision"},
        ],
        albums=[{"artist": "Muse", "album": "Absolution", "uri": "spotify:album:0eFHYz8NmK75zSplL5qlfM"}, None],
        artists=[{"name": "Muse", "uri": "spotify:artist:12Chz98pHFMPJEknJQMWvI"}, {"name": "Nameless", "uri": 3}],
        bannedTracks=[{"artist": "X", "uri": "spotify:track:1"}],
    )
    found = account_data.library(text, "YourLibrary.json")
    assert found.liked is not None
    assert [one.track and one.track.id for one in found.liked] == [
        "7ouMYWpwJ422jRcDASZB7P", made_up_id(SONG_WORDS[0], "Muse", "Single"),
    ]  # fmt: skip
    assert found.albums == (SavedAlbum("0eFHYz8NmK75zSplL5qlfM", "Absolution", "Muse"),)
    assert found.artists == (FollowedArtist("12Chz98pHFMPJEknJQMWvI", "Muse"), FollowedArtist("", "Nameless"))


@pytest.mark.parametrize("text", ["{}", '{"tracks": {}}', library(tracks=[{"title": "x"}]), library(tracks=["x"])])
def test_a_library_in_another_form_is_refused(text: str) -> None:
    with pytest.raises(ConfigError, match=r"YourLibrary\.json"):
        account_data.library(text, "YourLibrary.json")


def test_names_that_utf8_cannot_spell_are_mended() -> None:
    (found,) = account_data.playlists('{"playlists": [{"name": "a\\ud800", "items": []}]}', "p")
    found.name.encode()


@pytest.mark.parametrize(("text", "name"), [('{"username": " me "}', "me"), ("{}", ""), ('{"username": 3}', "")])
def test_the_owner(text: str, name: str) -> None:
    assert account_data.owner(text, "Userdata.json") == name
