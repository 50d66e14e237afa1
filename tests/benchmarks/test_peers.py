"""The peers' rules do what their programs' code was read to do."""

from __future__ import annotations

import msgspec
import pytest
from matching_run import Candidates
from peers import RULES, exact, musicdiff_matcher, plain_isrc, spotify_to_tidal, trivial

from musicdiff_job.core.model import Track

WANTED = Track("s", "Song - Remastered 2011", ("Beyoncé", "Guest"), "Album", 200_400, "USRC17607839")
COPY = Track("1", "Song", ("Beyonce",), "Album", 200_000)
LIVE = Track("2", "Song (Live)", ("Beyonce",), "Album", 200_000)
REMIX = Track("3", "Song (Remix)", ("Beyonce",), "Album", 200_000)


def changed(track: Track, **changes: object) -> Track:
    return msgspec.structs.replace(track, **changes)


def found(*tracks: Track, isrc: Track | None = None) -> Candidates:
    return Candidates(isrc, tracks)


def test_plain_isrc_takes_whatever_bears_it() -> None:
    other = Track("9", "Quite another", ("Somebody",))
    assert plain_isrc(WANTED, found(COPY, isrc=other)) == "9"
    assert plain_isrc(WANTED, found(COPY)) is None
    assert plain_isrc(changed(WANTED, isrc=None), found(isrc=other)) is None


def test_exact_asks_for_the_whole_title() -> None:
    assert exact(WANTED, found(COPY)) is None
    assert exact(changed(WANTED, title="SONG"), found(LIVE, COPY)) == "1"
    assert exact(changed(WANTED, title="Song", artists=("Guest",)), found(COPY)) is None


def test_the_trivial_rule_forgets_versions_and_takes_the_nearest_length() -> None:
    assert trivial(WANTED, found(COPY, isrc=LIVE)) == "2"
    later, unknown = changed(COPY, id="4", duration_ms=202_000), changed(COPY, id="5", duration_ms=None)
    assert trivial(WANTED, found(unknown, later, LIVE)) == "2"
    assert trivial(WANTED, found(changed(COPY, duration_ms=197_000))) is None
    assert trivial(WANTED, found(unknown)) == "5"


def test_musicdiffs_matcher_sums_four_likenesses() -> None:
    wanted = changed(WANTED, title="Song", artists=("Beyoncé",))
    assert musicdiff_matcher(wanted, found(COPY)) == "1"
    assert musicdiff_matcher(wanted, found(LIVE)) == "2", "it cuts the word away"
    assert musicdiff_matcher(wanted, found(REMIX)) is None
    assert musicdiff_matcher(WANTED, found(COPY)) is None, "it joins all artists"
    assert musicdiff_matcher(WANTED, found(COPY, changed(REMIX, isrc=WANTED.isrc))) == "3"
    cyrillic = Track("s", "Кукушка", ("Кино",), "", 200_000)
    assert musicdiff_matcher(cyrillic, found(Track("6", "東京", ("くるり",), "", 200_000))) == "6", "both become empty"


def test_spotify_to_tidal_takes_the_first_that_passes() -> None:
    assert spotify_to_tidal(WANTED, found(REMIX, LIVE, COPY)) == "2"
    assert spotify_to_tidal(WANTED, found(changed(COPY, duration_ms=198_000))) is None
    assert spotify_to_tidal(WANTED, found(changed(COPY, duration_ms=None))) is None
    assert spotify_to_tidal(WANTED, found(changed(COPY, artists=("Nobody & Guest",)))) == "1"
    assert spotify_to_tidal(WANTED, found(changed(COPY, artists=("Nobody",)))) is None
    assert spotify_to_tidal(WANTED, found(changed(REMIX, isrc=WANTED.isrc, duration_ms=1))) == "3"
    assert spotify_to_tidal(changed(WANTED, title="Ken-Y Song"), found(changed(COPY, title="Kendrick"))) == "1"


@pytest.mark.parametrize("name", RULES)
def test_nothing_to_choose_from_is_no_match(name: str) -> None:
    assert RULES[name](WANTED, found()) is None
