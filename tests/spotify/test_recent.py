"""Spotify's answer about the last plays, as it is and as it should not be."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from musicdiff_job.core.errors import BadAnswer
from musicdiff_job.core.plays import Play, Shown
from musicdiff_job.spotify.recent import shown

TRACK = {
    "id": "4uLU6hMCjMI75M1A2tKUQC", "type": "track", "uri": "spotify:track:4uLU6hMCjMI75M1A2tKUQC", "name": "Song",
    "artists": [{"name": "A"}, {"name": "B"}], "album": {"name": "Album"}, "duration_ms": 1000,
    "external_ids": {"isrc": "gb-uw1-23-45678"},
}  # fmt: skip
AT = "2026-11-21T12:00:00.123Z"


def row(track: object = TRACK, played_at: object = AT, context: object = None) -> dict[str, object]:
    return {"track": track, "played_at": played_at, "context": context}


def test_a_row_is_a_play() -> None:
    found = shown({"items": [row(context={"uri": "spotify:album:x", "type": "album"})]})
    assert found == Shown(
        (
            Play(
                played_at=AT, track="4uLU6hMCjMI75M1A2tKUQC", isrc="GBUW12345678", title="Song", artists=("A", "B"),
                album="Album", duration_ms=1000, context="spotify:album:x",
            ),
        ),
        1,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("given_at", "kept"),
    [
        ("2026-11-21T12:00:00Z", "2026-11-21T12:00:00.000Z"),
        ("2026-11-21T12:00:00.1Z", "2026-11-21T12:00:00.100Z"),
        ("2026-11-21T13:00:00.123+01:00", AT),
    ],
)
def test_times_are_kept_in_one_form(given_at: str, kept: str) -> None:
    assert shown({"items": [row(played_at=given_at)]}).plays[0].played_at == kept


def test_what_has_no_id_goes_by_its_uri() -> None:
    local = {"id": None, "uri": "spotify:local:A:B:Tape:100", "name": "Tape", "artists": [{"name": "A"}]}
    (play,) = shown({"items": [row(local)]}).plays
    assert (play.track, play.title, play.artists, play.isrc) == ("spotify:local:A:B:Tape:100", "Tape", ("A",), None)
    (play,) = shown({"items": [row({"name": "?"})]}).plays
    assert (play.track, play.title) == ("", "?")


def test_no_plays_are_no_mistake() -> None:
    assert shown({"items": [], "next": None, "cursors": None}) == Shown((), 0)


@pytest.mark.parametrize(
    "odd",
    [None, "x", {}, row(None), row(played_at=None), row(played_at="yesterday"), row(played_at="2026-11-21T12:00")],
)  # fmt: skip
def test_a_row_that_is_not_understood_is_counted_and_left_out(odd: object) -> None:
    found = shown({"items": [odd, row()]})
    assert (found.rows, found.odd, len(found.plays)) == (2, 1, 1)
    with pytest.raises(BadAnswer, match="no row in a form"):
        shown({"items": [odd]})


@pytest.mark.parametrize("body", [None, [], {}, {"items": None}, {"items": {"0": row()}}])
def test_an_answer_without_rows_is_none(body: object) -> None:
    with pytest.raises(BadAnswer, match="no list of rows"):
        shown(body)


JSON: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(), max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["items", "track", "played_at", "context", "uri", "id", "name", "artists", "album"]), inner
        )
    ),
    max_leaves=15,
)


@given(JSON, st.sampled_from([AT, "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", "\ud800", 5]))
def test_no_json_ends_in_anything_but_plays_or_a_bad_answer(value: Any, at: Any) -> None:
    for body in (value, {"items": value}, {"items": [value, row(value, at, value), row(TRACK, at, value)]}):
        with suppress(BadAnswer):
            assert isinstance(shown(body), Shown)
