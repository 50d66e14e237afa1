"""JSPF: what the specification calls each thing, and that what was read is written back as it was."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest

from musicdiff_job.core.errors import BadAnswer
from musicdiff_job.core.model import PlaylistId, Track
from musicdiff_job.export.lists import MADE_UP
from musicdiff_job.files.jspf import Jspf, decode, encode, row_of, track_of

FULL = Track(
    "7ouMYWpwJ422jRcDASZB7P", 'Song "live"', ("Tyler, The Creator", "Muse"), "Album", 366213, "GBAHT0500600", True
)
BARE = Track("6habFhsOp2NvshLv26DqMb", "Song")
MADE = Track(MADE_UP + "a" * 14, "Song", ("Muse",))


def written(*tracks: Track, **more: Any) -> Jspf:
    return Jspf(PlaylistId("0123456789abcdef"), "Rock & Röll", rows=tuple(map(row_of, tracks)), **more)


def test_a_playlist_as_the_specification_has_it() -> None:
    assert json.loads(encode(written(FULL, description="Mine"))) == {
        "playlist": {
            "title": "Rock & Röll",
            "annotation": "Mine",
            "identifier": "urn:musicdiff:playlist:0123456789abcdef",
            "track": [
                {
                    "title": 'Song "live"',
                    "creator": "Tyler, The Creator, Muse",
                    "album": "Album",
                    "duration": 366213,
                    "identifier": ["spotify:track:7ouMYWpwJ422jRcDASZB7P", "urn:isrc:GBAHT0500600"],
                    "info": "https://open.spotify.com/track/7ouMYWpwJ422jRcDASZB7P",
                    "meta": [
                        {"urn:musicdiff:artist": "Tyler, The Creator"},
                        {"urn:musicdiff:artist": "Muse"},
                        {"urn:musicdiff:explicit": "true"},
                    ],
                }
            ],
        }
    }


@pytest.mark.parametrize("track", [FULL, BARE, MADE, msgspec.structs.replace(FULL, explicit=False, isrc=None)])
def test_a_track_comes_back_as_it_was(track: Track) -> None:
    content = encode(written(track))
    found = decode(content.decode(), "x")
    assert found is not None
    assert [track_of(row) for row in found.rows] == [track]
    assert encode(found) == content


def test_a_track_without_an_id_on_spotify_claims_none() -> None:
    text = encode(written(MADE)).decode()
    assert "spotify" not in text
    assert f"urn:musicdiff:track:{MADE.id}" in text


def test_what_a_person_has_written_stays() -> None:
    whole = json.loads(encode(written(FULL)))
    whole["playlist"] |= {"creator": "me", "image": "https://example.org/x.png", "extension": {"https://a": [1]}}
    whole["playlist"]["track"][0]["annotation"] = "my favourite"
    whole["playlist"]["track"].append({"title": "Mine", "creator": "My Band", "location": ["file:///x.mp3"]})
    found = decode(json.dumps(whole), "x")
    assert found is not None
    assert json.loads(encode(found)) == whole
    mine = track_of(found.rows[1])
    assert (mine.title, mine.artists, mine.id[:8]) == ("Mine", ("My Band",), MADE_UP)
    again = decode(encode(found).decode(), "x")
    assert again == found


def test_a_track_that_stands_there_twice_counts_once() -> None:
    renamed = msgspec.structs.replace(FULL, title="By another name")
    found = decode(encode(written(FULL, BARE, renamed)).decode(), "x")
    assert found is not None
    assert [track_of(row) for row in found.rows] == [FULL, BARE]


@pytest.mark.parametrize(
    "text", ["{}", "[]", "3", '{"playlist": 3}', '{"playlist": {"title": "x", "track": []}}',
             '{"playlist": {"identifier": "https://example.org/1", "track": null}}'],
)  # fmt: skip
def test_files_of_others_are_not_ours(text: str) -> None:
    assert decode(text, "x") is None


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "line 1 is not JSON"),
        ('{\n<<<<<<< HEAD\n"playlist": 1}', "line 2 is not JSON"),
        ("[" * 100_000, "is not JSON"),
        ('{"playlist": {"identifier": "urn:musicdiff:playlist:1", "title": "x"}}', "no list of tracks"),
        ('{"playlist": {"identifier": "urn:musicdiff:playlist:1", "title": "x", "track": [3]}}', "no list of tracks"),
        ('{"playlist": {"identifier": "urn:musicdiff:playlist:1", "track": []}}', "no title"),
    ],
)
def test_what_may_be_ours_and_is_not_whole_is_refused(text: str, told: str) -> None:
    with pytest.raises(BadAnswer, match=f"Gym.jspf .*{told}") as caught:
        decode(text, "Gym.jspf")
    assert caught.value.hint


@pytest.mark.parametrize("fields", [{}, {"identifier": "spotify:track:1"}, {"identifier": [None, 3], "duration": "x"}])
def test_rows_in_odd_forms_are_still_rows(fields: dict[str, Any]) -> None:
    whole = {"playlist": {"identifier": "urn:musicdiff:playlist:1", "title": "x", "track": [fields]}}
    found = decode(json.dumps(whole), "x")
    assert found is not None
    assert track_of(found.rows[0]).duration_ms is None
    assert json.loads(encode(found)) == whole
