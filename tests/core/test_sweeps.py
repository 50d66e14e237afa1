"""What belongs together, what opens a way to more, and when a row that nobody asked for will do."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from musicdiff_job.core.match import Evidence, Match, Method, Rules
from musicdiff_job.core.model import Track
from musicdiff_job.core.questions import ByAlbum, ByArtist, ByIsrc
from musicdiff_job.core.sweeps import Yield, album_key, artist_key, at_hand, ways_in

WANTED = Track(
    id="s1", title="Blue Monday", artists=("New Order",), album="Substance", duration_ms=449_000, isrc="GBAAP8300001"
)
TAKEN = Track(
    id="1", title="Blue Monday", artists=("New Order",), album="Substance", duration_ms=449_000, isrc="GBAAP8300001",
    album_id="11", artist_id="22",
)  # fmt: skip


def other(track: Track, **fields: object) -> Track:
    known = {name: getattr(track, name) for name in track.__struct_fields__}
    return Track(**{**known, **fields})


# What belongs together


@pytest.mark.parametrize("fields", [{"title": "Ceremony"}, {"album": "SUBSTANCE"}, {"artists": ("new order", "Guest")}])
def test_tracks_of_one_album_share_a_key(fields: dict[str, object]) -> None:
    assert album_key(other(WANTED, **fields)) == album_key(WANTED)


@pytest.mark.parametrize("fields", [{"album": "Technique"}, {"artists": ("Joy Division",)}])
def test_tracks_of_other_albums_do_not(fields: dict[str, object]) -> None:
    assert album_key(other(WANTED, **fields)) != album_key(WANTED)


def test_an_unknown_album_and_a_nobody_make_no_group() -> None:
    assert album_key(other(WANTED, album="")) is None
    assert artist_key(other(WANTED, artists=("Various Artists",))) is None
    assert artist_key(other(WANTED, artists=())) is None


# Ways in


def test_a_counterpart_on_the_album_opens_album_and_artist() -> None:
    ways = ways_in(WANTED, TAKEN)
    assert ways == {album_key(WANTED): ByAlbum("11", "Substance"), artist_key(WANTED): ByArtist("22")}


def test_a_counterpart_on_a_compilation_opens_the_artist_only() -> None:
    assert list(ways_in(WANTED, other(TAKEN, album="Pure 80s")).values()) == [ByArtist("22")]


def test_a_single_that_is_named_after_the_album_opens_no_album() -> None:
    """ "Substance", the single, is not "Substance (Deluxe)"."""
    wanted = other(WANTED, title="Substance", album="Substance (Deluxe)")
    assert list(ways_in(wanted, other(TAKEN, title="Substance")).values()) == [ByArtist("22")]


def test_a_counterpart_that_is_filed_under_another_artist_opens_nothing_of_the_artist() -> None:
    assert list(ways_in(WANTED, other(TAKEN, artists=("Various Artists", "New Order"))).values()) == [
        ByAlbum("11", "Substance")
    ]


def test_rows_without_ids_open_nothing() -> None:
    assert ways_in(WANTED, other(TAKEN, album_id=None, artist_id=None)) == {}


# At hand


def found(wanted: Track, *seen: Track, asked: bool = False, rejected: str = "") -> Match | None:
    evidence = Evidence(asked=(ByIsrc("GBAAP8300001"),)) if asked else Evidence()
    return at_hand(wanted, seen, evidence, Rules(), frozenset({rejected}))


def test_a_row_with_the_isrc_is_taken_as_a_looked_up_one_would_be() -> None:
    match = found(WANTED, other(TAKEN, album="Pure 80s"))
    assert match is not None
    assert (match.target, match.method) == ("1", Method.ISRC)


@pytest.mark.parametrize("isrc", [None, "GBAAP9500002"])
def test_the_track_of_the_same_album_and_length_is_taken_without_the_isrc(isrc: str | None) -> None:
    match = found(WANTED, other(TAKEN, isrc=isrc))
    assert match is not None
    assert match.method is Method.SWEEP


@pytest.mark.parametrize("isrc", [None, "GBAAP9500002"])
@pytest.mark.parametrize("fields", [{"album": "Pure 80s"}, {"duration_ms": 451_000}, {"duration_ms": None}])
def test_any_other_is_not_before_the_isrc_was_asked_for(isrc: str | None, fields: dict[str, object]) -> None:
    assert found(WANTED, other(TAKEN, isrc=isrc, **fields)) is None


def test_once_the_isrc_is_known_to_be_missing_the_same_recording_elsewhere_will_do() -> None:
    row = other(TAKEN, isrc=None, album="Pure 80s")
    assert found(WANTED, row) is None
    assert found(WANTED, row, asked=True) is not None
    assert found(other(WANTED, isrc=None), row) is not None


@pytest.mark.parametrize(
    "fields",
    [
        {"title": "Blue Monday (Live)"},
        {"title": "Blue Monday (Extended Mix)", "duration_ms": 520_000},
        {"artists": ("Orgy",), "duration_ms": 452_000},
        {"readable": False},
        {"title": "Temptation"},
    ],
)
def test_what_a_look_up_would_not_take_is_not_taken(fields: dict[str, object]) -> None:
    for asked in (False, True):
        assert found(WANTED, other(TAKEN, **fields), asked=asked) is None


def test_a_row_that_is_merely_good_is_left_to_a_search_that_may_find_better() -> None:
    row = other(TAKEN, isrc=None, title="Blue Monday (Remastered)", album="Pure 80s", duration_ms=453_500)
    assert found(other(WANTED, isrc=None), row) is None


def test_a_rejected_row_is_not_taken_and_nothing_is_found_among_none() -> None:
    assert found(WANTED, TAKEN, rejected="1") is None
    assert found(WANTED) is None


# Yields


@given(st.lists(st.tuples(st.integers(0, 50), st.integers(0, 50)).map(lambda pair: (min(pair), max(pair)))))
def test_a_share_stays_between_nothing_and_all(calls: list[tuple[int, int]]) -> None:
    one = Yield(4.0, 8.0)
    for hits, wanted in calls:
        one = one.after(hits, wanted)
    assert 0.0 < one.share < 1.0


def test_a_share_follows_what_is_seen() -> None:
    guess = Yield(4.0, 8.0)
    assert guess.after(0, 40).share < 0.1 < guess.share < 0.85 < guess.after(40, 40).share
