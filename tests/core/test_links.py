"""Ids as people have them at hand."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest

from musicdiff_job.core.errors import UsageError
from musicdiff_job.core.links import (
    is_source_id,
    is_target_link,
    source_id,
    source_link,
    target_id,
    target_link,
    target_link_item,
)
from musicdiff_job.core.model import Item

TRACK = "6habFhsOp2NvshLv26DqMb"


@pytest.mark.parametrize(
    "text",
    [
        TRACK,
        f"  {TRACK}\n",
        f"spotify:track:{TRACK}",
        f"spotify:user:ada:track:{TRACK}",
        f"https://open.spotify.com/track/{TRACK}",
        f"https://open.spotify.com/track/{TRACK}?si=0123456789abcdef",
        f"https://open.spotify.com/intl-fr/track/{TRACK}?si=0123#t=3",
        f"https://open.spotify.com/intl-pt-br/track/{TRACK}/",
        f"https://open.spotify.com/embed/track/{TRACK}?utm_source=generator",
        f"open.spotify.com/track/{TRACK}",
        f"http://play.spotify.com/track/{TRACK}",
        source_link(TRACK),
    ],
)
def test_spotify_tracks(text: str) -> None:
    assert source_id(text) == TRACK
    assert is_source_id(text)


@pytest.mark.parametrize(
    "text",
    [
        "3135556",
        "https://www.deezer.com/track/3135556",
        "https://www.deezer.com/fr/track/3135556?utm_source=deezer&host=0",
        "https://www.deezer.com/pt-br/track/3135556#x",
        "http://deezer.com/track/3135556/",
        "www.deezer.com/en/track/3135556",
        "deezer://www.deezer.com/track/3135556",
        "deezer:track:3135556",
        target_link("3135556"),
    ],
)
def test_deezer_tracks(text: str) -> None:
    assert target_id(text) == "3135556"


def test_an_uploaded_track_has_a_negative_number() -> None:
    assert target_id("-1234") == "-1234"


@pytest.mark.parametrize(
    "text",
    [
        "", "abc", TRACK[:-1], f"{TRACK}x", f"spotify:show:{TRACK}", f"https://open.spotify.com/playlist/{TRACK}",
        f"https://evil.example/track/{TRACK}", "spotify:local:a:b:c:1", f"https://open.spotify.com.evil/track/{TRACK}",
    ],
)  # fmt: skip
def test_what_is_no_spotify_track(text: str) -> None:
    assert not is_source_id(text)
    with pytest.raises(UsageError, match="names no Spotify track"):
        source_id(text)


@pytest.mark.parametrize(
    "text", ["", "0", "12x", "https://www.deezer.com/playlist/302127", "https://evil.example/track/1"]
)
def test_what_is_no_deezer_track(text: str) -> None:
    with pytest.raises(UsageError, match="names no Deezer track"):
        target_id(text)


@pytest.mark.parametrize(
    ("text", "read", "found"),
    [
        ("https://www.deezer.com/fr/track/1", source_id, "names no Spotify track, but something on Deezer"),
        (f"spotify:track:{TRACK}", target_id, "names no Deezer track, but something on Spotify"),
        (f"https://open.spotify.com/intl-fr/show/{TRACK}", source_id, "but an address of another kind: show"),
        ("https://www.deezer.com/us/playlist/1", target_id, "but an address of another kind: playlist"),
        ("https://www.deezer.com/track/x", target_id, "names no Deezer track$"),
    ],
)
def test_what_was_given_instead_is_told(text: str, read: Callable[[str], str], found: str) -> None:
    with pytest.raises(UsageError) as caught:
        read(text)
    assert re.search(found, caught.value.message)
    assert "such as" in caught.value.hint


@pytest.mark.parametrize("item", [Item.ALBUM, Item.ARTIST])
def test_albums_and_artists_are_named_by_what_they_are(item: Item) -> None:
    known = f"{item}:{TRACK}"
    for text in (
        f"spotify:{item}:{TRACK}",
        f"https://open.spotify.com/intl-fr/{item}/{TRACK}?si=1",
        source_link(known),
    ):
        assert source_id(text) == known and is_source_id(text)
    for text in (f"deezer:{item}:27", f"https://www.deezer.com/fr/{item}/27?x", target_link(f"{item}:27"), "27"):
        assert target_id(text, item) == f"{item}:27"
    assert target_link_item(f"https://www.deezer.com/us/{item}/27") is item
    assert target_link_item("27") is target_link_item("x") is Item.TRACK


@pytest.mark.parametrize(
    ("text", "item", "said"),
    [
        ("https://www.deezer.com/album/27", Item.TRACK, "names an album, the counterpart must be a track"),
        ("https://www.deezer.com/track/27", Item.ALBUM, "names a track, the counterpart must be an album"),
        ("deezer:artist:27", Item.ALBUM, "names an artist, the counterpart must be an album"),
        ("https://www.deezer.com/playlist/27", Item.ARTIST, "names no Deezer artist"),
    ],
)
def test_a_counterpart_is_of_the_same_kind(text: str, item: Item, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        target_id(text, item)


def test_addresses_of_deezer_are_told_from_numbers() -> None:
    assert is_target_link("https://www.deezer.com/fr/track/3135556?x") and is_target_link("deezer:track:1")
    assert not is_target_link("3135556") and not is_target_link("https://www.deezer.com/playlist/1")


@pytest.mark.parametrize("text", ["https://spotify.link/abc", "https://link.deezer.com/s/30", "deezer.page.link/x"])
def test_short_links_are_called_so(text: str) -> None:
    with pytest.raises(UsageError, match="short link"):
        source_id(text)
    with pytest.raises(UsageError, match="short link"):
        target_id(text)
