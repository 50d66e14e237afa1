"""M3U8 and CSV, with titles that try to be more than one line."""

from __future__ import annotations

import pytest

from musicdiff_job.core.model import PlaylistId, TargetId, Track
from musicdiff_job.export import exportify
from musicdiff_job.files.jspf import Jspf, Row, row_of
from musicdiff_job.files.renditions import m3u8, sheet

FULL = Track("7ouMYWpwJ422jRcDASZB7P", "Song, the", ("Tyler, The Creator", "Muse"), "A\nlbum", 366513, "GBAHT0500600")
NASTY = Track("6habFhsOp2NvshLv26DqMb", 'x\n#EXTINF:1,y\nhttp://evil/"', ("A\r\nB",))
MADE_UP = Track("00000000aaaaaaaaaaaaaa", "No id", ("C",))


def playlist(*tracks: Track) -> Jspf:
    return Jspf(PlaylistId("1"), "Rock\n#EXTM3U", rows=tuple(map(row_of, tracks)))


def test_m3u8() -> None:
    assert m3u8(playlist(FULL, NASTY, MADE_UP)).decode().split("\n") == [
        "#EXTM3U",
        "#PLAYLIST:Rock #EXTM3U",
        "#EXTINF:367,Tyler, The Creator, Muse - Song, the",
        "https://open.spotify.com/track/7ouMYWpwJ422jRcDASZB7P",
        '#EXTINF:-1,A B - x #EXTINF:1,y http://evil/"',
        "https://open.spotify.com/track/6habFhsOp2NvshLv26DqMb",
        "#EXTINF:-1,C - No id",
        "urn:musicdiff:track:00000000aaaaaaaaaaaaaa",
        "",
    ]


@pytest.mark.parametrize(
    ("fields", "address"),
    [
        ({"location": ["file:///a\nb"], "info": "https://x"}, "file:///a b"),
        ({"location": "file:///a"}, "file:///a"),
        ({"location": [], "info": "https://x"}, "https://x"),
        ({}, "#"),
    ],
)
def test_what_a_person_has_added_is_played_from_where_it_is(fields: dict[str, object], address: str) -> None:
    one = Jspf(PlaylistId("1"), "x", rows=(Row(TargetId("1"), fields),))
    assert m3u8(one).decode().splitlines()[-1] == address


def test_the_csv_is_an_export_that_can_be_read_again() -> None:
    text = sheet(playlist(FULL, NASTY, MADE_UP)).decode()
    found = exportify.playlist(exportify.sheet(text, "x.csv"), "x", "x.csv")
    assert [entry.track for entry in found.entries] == [FULL, NASTY, MADE_UP]
