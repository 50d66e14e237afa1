"""The measures that the comparisons share."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from musicdiff_job.core.comparison import alike, refuse, same_isrc, seconds_apart
from musicdiff_job.core.model import Track


def lasting(milliseconds: int | None) -> Track:
    return Track(id="1", title="Song", duration_ms=milliseconds)


@pytest.mark.parametrize(
    ("wanted", "candidate", "apart"),
    [
        (200_999, 200_000, 0.499),
        (200_000, 200_000, 0.5),
        (200_500, 200_000, 0.0),
        (203_500, 200_000, 3.0),
        (197_500, 200_000, 3.0),
        (None, 200_000, None),
        (200_000, None, None),
        (0, 200_000, None),
    ],
)
def test_deezer_rounds_down(wanted: int | None, candidate: int | None, apart: float | None) -> None:
    assert seconds_apart(lasting(wanted), lasting(candidate)) == apart


def test_nothing_is_not_like_nothing() -> None:
    assert alike("", "") == 0.0
    assert alike("", "song") == 0.0


def test_spaces_and_hidden_letters() -> None:
    assert alike("r e m", "rem") == 1.0
    assert 0.95 < alike("f**k you", "fuck you") < 1.0
    assert alike("f**k", "frick") < 0.95


@given(st.text(), st.text())
def test_likeness_is_symmetric_and_bounded(one: str, other: str) -> None:
    assert 0.0 <= alike(one, other) == alike(other, one) <= 1.0


def test_isrcs_are_compared_in_their_plain_form() -> None:
    def bearing(isrc: str | None) -> Track:
        return Track(id="1", title="Song", isrc=isrc)

    assert same_isrc(bearing("usrc1-76-07839"), bearing("USRC17607839"))
    assert not same_isrc(bearing("USRC17607839"), bearing("USRC17607838"))
    assert not same_isrc(bearing(None), bearing(None))
    assert not same_isrc(bearing("DUM_22832"), bearing("DUM_22832"))


def test_a_refusal_takes_the_whole_penalty() -> None:
    assert (refuse("note", "why").value, refuse("note", "why").refused) == (1.0, "why")
