"""Times as text."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from musicdiff_job.core.timestamps import from_http, from_iso, past, to_iso

MOMENTS = st.floats(0, 200_000_000_000).map(lambda seconds: datetime.fromtimestamp(seconds, UTC))


def test_a_time_is_written_in_utc_with_a_z() -> None:
    paris = timezone(timedelta(hours=2))
    assert to_iso(datetime(2026, 7, 1, 14, 0, 5, 999_999, tzinfo=paris)) == "2026-07-01T12:00:05Z"


@given(MOMENTS)
def test_what_was_written_is_read_back_to_the_second(moment: datetime) -> None:
    assert from_iso(to_iso(moment)) == moment.replace(microsecond=0)
    assert from_iso(to_iso(moment)).tzinfo is UTC


@given(st.lists(MOMENTS, max_size=5))
def test_texts_sort_as_their_times_do(moments: list[datetime]) -> None:
    texts = [to_iso(moment) for moment in moments]
    assert sorted(texts) == [to_iso(moment) for moment in sorted(moments)]


def test_what_has_not_happened_yet_has_no_known_time() -> None:
    now = datetime(2026, 7, 1, 12, tzinfo=UTC)
    assert past("2026-07-01T12:00:00Z", now) == now
    assert past("2026-07-01T11:59:59Z", now) == now - timedelta(seconds=1)
    assert past("2026-07-01T12:00:01Z", now) is None
    assert past(None, now) is None


@pytest.mark.parametrize(
    "text",
    [
        "", "2026-07-01", "2026-07-01T12:00:00", "yesterday", "1782907200", "2026-02-30T12:00:00Z",
        "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00",
    ],
)  # fmt: skip
def test_what_is_no_time_in_utc_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        from_iso(text)


@pytest.mark.parametrize(
    "date", ["Sat, 21 Nov 2026 12:00:00 GMT", "Sat, 21 Nov 2026 13:00:00 +0100", "Sat, 21 Nov 2026 12:00:00 -0000"]
)
def test_an_http_date(date: str) -> None:
    assert from_http(date) == datetime(2026, 11, 21, 12, tzinfo=UTC)


@pytest.mark.parametrize("date", ["", "soon", "Sat, 99 Nov 2026 12:00:00 GMT", "Fri, 31 Dec 9999 23:59:59 -2300"])
def test_what_is_no_http_date(date: str) -> None:
    assert from_http(date) is None
