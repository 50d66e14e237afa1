"""The listening history in both kinds, with the names of all years."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from export_files import write_folder, write_zip

from musicdiff_job.core.errors import ConfigError
from musicdiff_job.export.history import Play, plays, read

EXTENDED: dict[str, Any] = {
    "ts": "2024-05-01T10:11:12Z", "platform": "android", "ms_played": 181000, "conn_country": "FR",
    "ip_addr": "203.0.113.7", "master_metadata_track_name": "Song", "master_metadata_album_artist_name": "Muse",
    "master_metadata_album_album_name": "Album", "spotify_track_uri": "spotify:track:7ouMYWpwJ422jRcDASZB7P",
    "episode_name": None, "episode_show_name": None, "spotify_episode_uri": None, "audiobook_title": None,
    "reason_start": "trackdone", "reason_end": "trackdone", "shuffle": False, "skipped": None, "offline": None,
    "offline_timestamp": None, "incognito_mode": False,
}  # fmt: skip
OF_2020 = {
    key: value for key, value in EXTENDED.items() if key not in ("ip_addr", "audiobook_title")
} | {"username": "me", "ip_addr_decrypted": "203.0.113.7", "user_agent_decrypted": "unknown"}  # fmt: skip
LAST_YEAR = {"endTime": "2024-05-01 10:11", "artistName": "Muse", "trackName": "Song", "msPlayed": 181000}
EXACT = Play("2024-05-01T10:11:12Z", 181000, "Song", "Muse", "Album", "7ouMYWpwJ422jRcDASZB7P")  # type: ignore[arg-type]
TO_THE_MINUTE = Play("2024-05-01T10:11:00Z", 181000, "Song", "Muse", exact=False)


def file(*rows: object) -> bytes:
    return json.dumps(rows).encode()


@pytest.mark.parametrize(
    ("name", "row", "play"),
    [
        ("Streaming_History_Audio_2019-2021_3.json", EXTENDED, EXACT),
        ("Streaming_History_Video_2018-2025.json", EXTENDED, EXACT),
        ("endsong_12.json", OF_2020, EXACT),
        ("StreamingHistory_music_0.json", LAST_YEAR, TO_THE_MINUTE),
        ("StreamingHistory0.json", LAST_YEAR, TO_THE_MINUTE),
    ],
)
def test_every_kind_of_file(tmp_path: Path, name: str, row: object, play: Play) -> None:
    files = {name: file(row), "StreamingHistory_podcast_0.json": file({"endTime": "2024-05-01 10:11"})}
    assert list(plays(write_zip(tmp_path / "z.zip", files, "Spotify Extended Streaming History/"))) == [play]
    assert list(plays(write_folder(tmp_path / "folder", files))) == [play]
    assert list(plays(tmp_path / "folder" / name)) == [play]


def test_files_come_in_their_order(tmp_path: Path) -> None:
    files = {f"StreamingHistory_music_{n}.json": file({**LAST_YEAR, "trackName": f"{n}"}) for n in (10, 2, 1)}
    assert [play.title for play in plays(write_folder(tmp_path, files))] == ["1", "2", "10"]


@pytest.mark.parametrize("gone", [{"master_metadata_track_name": None}, {"master_metadata_track_name": ""}])
def test_podcasts_and_what_has_no_name_are_left_out(gone: dict[str, Any]) -> None:
    rows = file({**EXTENDED, **gone}, {"endTime": "2024-05-01 10:11", "episodeName": "E", "podcastName": "P"}, EXTENDED)
    assert list(read(rows.decode(), "x")) == [EXACT]


def test_addresses_are_not_read() -> None:
    (play,) = read(file(EXTENDED).decode(), "x")
    assert "203.0.113" not in repr(play)


@pytest.mark.parametrize(("played", "ms"), [(-5, 0), (True, 0), ("x", 0), (2**60, 0), (None, 0), (0, 0), (7, 7)])
def test_impossible_lengths_are_none(played: object, ms: int) -> None:
    (play,) = read(file({**EXTENDED, "ms_played": played}).decode(), "x")
    assert play.ms_played == ms


@pytest.mark.parametrize("uri", [None, 3, "spotify:episode:x", "spotify:local:a:b:c:1"])
def test_a_play_may_be_of_what_has_no_id(uri: object) -> None:
    (play,) = read(file({**EXTENDED, "spotify_track_uri": uri}).decode(), "x")
    assert play.track is None


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("{}", "no list of plays"),
        ("[3]", "play 1 has a form"),
        (file(EXTENDED, {**EXTENDED, "ts": "yesterday"}).decode(), "play 2 does not tell when"),
        (file({**LAST_YEAR, "endTime": None}).decode(), "play 1 does not tell when"),
        ("[\n{", "line 2 is not JSON"),
    ],
)
def test_what_is_no_history_is_refused(text: str, told: str) -> None:
    with pytest.raises(ConfigError, match=told):
        list(read(text, "endsong_0.json"))


def test_an_export_without_a_history_says_where_to_get_one(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="holds no listening history") as caught:
        list(plays(write_folder(tmp_path, {"Playlist1.json": b"{}"})))
    assert "Extended streaming history" in caught.value.hint
