"""Times, names and addresses on the dashboard."""

from __future__ import annotations

import pytest
from checkpoint_sample import HOSTILE, NOW

from musicdiff_job.report.html.words import BRIEF_COLUMNS, NAME_COLUMNS, brief, linked, name, period, stamp


@pytest.mark.parametrize(
    "address",
    [
        "https://open.spotify.com/track/6habFhsOp2NvshLv26DqMb", "https://www.deezer.com/track/-5",
        "https://www.deezer.com/playlist/123", "https://open.spotify.com/artist/x",
    ],
)  # fmt: skip
def test_addresses_of_the_two_services_are_links(address: str) -> None:
    assert linked(address) == address


@pytest.mark.parametrize(
    "address",
    [
        "javascript:alert(1)", "https://open.spotify.com.evil.example/track/x", "http://open.spotify.com/track/x",
        "https://open.spotify.com/track/x?y", "https://open.spotify.com/track/../../x", 'https://www.deezer.com/track/"',
        "https://www.deezer.com/track/", "https://www.deezer.com/user/1", "https://open.spotify.com/track/x\n", "",
    ],
)  # fmt: skip
def test_other_addresses_are_none(address: str) -> None:
    assert linked(address) == ""


def test_times_are_short_and_in_utc() -> None:
    assert stamp("2026-11-21T12:00:00Z", NOW) == "21 Nov, 12:00"
    assert stamp("2026-11-21T01:00:00+02:00", NOW) == "20 Nov, 23:00"
    assert stamp("2027-02-01T00:05:00Z", NOW) == "1 Feb 2027, 00:05"
    assert stamp(None, NOW) == "never"
    assert stamp("some day", NOW) == "some day"
    assert period("2026-11") == "Nov 2026"


def test_names_are_harmless_and_cut() -> None:
    assert "\x1b" not in name(HOSTILE)
    assert len(name("x" * 999)) == NAME_COLUMNS
    assert len(brief("x" * 999)) == BRIEF_COLUMNS
    assert name("  深夜の東京 ") == "深夜の東京"
