"""The score: what is refused, what is tolerated and what it costs."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from musicdiff_job.core.likeness import DURATION_VALUES, WEIGHTS, Rules, Scored, same_album, score
from musicdiff_job.core.model import Track
from musicdiff_job.core.version_words import GROUPS, Group, Version

RULES = Rules()
ISRC = "USRC17607839"


def track(title: str = "Song", seconds: float | None = 200, *, album: str = "", **more: object) -> Track:
    fields = {"id": "1", "title": title, "artists": ("Singer",), "album": album, **more}
    return Track(**fields, duration_ms=None if seconds is None else int(seconds * 1000))  # type: ignore[arg-type]


def compared(wanted: Track, candidate: Track) -> Scored:
    return score(wanted, candidate, RULES)


def test_one_recording_scores_one() -> None:
    assert compared(track(), track()) == Scored(track(), 1.0, ())


STRICT_TITLES = {
    Version.LIVE: "Song (Live)",
    Version.REMIX: "Song (A Remix)",
    Version.ACOUSTIC: "Song - Acoustic",
    Version.INSTRUMENTAL: "Song (Instrumental)",
    Version.ACAPPELLA: "Song (Acapella)",
    Version.KARAOKE: "Song (Karaoke)",
    Version.COVER: "Song (Cover)",
    Version.DEMO: "Song (Demo)",
    Version.SPED_UP: "Song (Sped Up)",
    Version.SLOWED: "Song (Slowed)",
    Version.RERECORDED: "Song (Singer's Version)",
    Version.LANGUAGE: "Song (Spanish Version)",
    Version.ORCHESTRAL: "Song (Orchestral)",
    Version.ARRANGED: "Song (Piano Version)",
    Version.MIXED: "Song (Mixed)",
    Version.FRAGMENT: "Song (Intro)",
    Version.OTHER: "Song (Billie Version)",
}


def test_every_strict_kind_is_tried() -> None:
    assert set(STRICT_TITLES) == {kind for kind, group in GROUPS.items() if group is Group.STRICT}


@pytest.mark.parametrize("kind", STRICT_TITLES)
def test_another_kind_is_refused_both_ways_whatever_else_agrees(kind: Version) -> None:
    other = track(STRICT_TITLES[kind], isrc=None if kind is Version.OTHER else ISRC)
    plain = track(isrc=ISRC)
    assert compared(plain, other).refused.endswith("wanted studio")
    assert compared(other, plain).refused.startswith("studio, wanted ")
    assert compared(other, other).score == 1.0


def test_two_kinds_differ_from_one_another() -> None:
    titles = list(STRICT_TITLES.values())
    for wanted in titles:
        for candidate in titles:
            assert bool(compared(track(wanted), track(candidate)).refused) == (wanted != candidate)


@pytest.mark.parametrize(
    ("wanted", "candidate", "seconds", "refused"),
    [
        ("Song (A Remix)", "Song (B Remix)", 200, True),
        ("Song (Tiësto Remix)", "Song (Tiesto Remix)", 200, False),
        ("Song (A Remix)", "Song (Remix)", 200, False),
        ("Song (A Remix)", "Song (Remix)", 210, True),
        ("Song (Live at Wembley)", "Song (Live in Paris)", 200, True),
        ("Song (Live at Wembley)", "Song (Live)", 200, False),
        ("Song (Live 1986)", "Song (Live 1992)", 200, True),
        ("Song (Live at Wembley Stadium 1986)", "Song (Live at Wembley Stadium 1988)", 200, True),
        ("Song (Spanish Version)", "Song (German Version)", 200, True),
        ("Song (A Radio Edit)", "Song (A Remix)", 200, False),
        ("Song (A Radio Edit)", "Song (A Remix)", 300, True),
    ],
)
def test_versions_of_one_kind(wanted: str, candidate: str, seconds: int, refused: bool) -> None:
    assert bool(compared(track(wanted), track(candidate, seconds)).refused) == refused


TOLERATED = [
    ("Song - 2011 Remaster", "Song", 203),
    ("Song (Mono)", "Song", 202),
    ("Song - Single Version", "Song", 201),
    ("Song - Album Version", "Song", 201),
    ("Song (Deluxe Edition)", "Song", 200),
    ("Song - Radio Edit", "Song", 201),
    ("Song - Extended Mix", "Song", 201),
    ("Song - Original Mix", "Song", 200),
    ('Song (From "Film")', "Song", 200),
]


@pytest.mark.parametrize(("wanted", "candidate", "seconds"), TOLERATED)
def test_what_is_tolerated_when_the_lengths_agree(wanted: str, candidate: str, seconds: int) -> None:
    for one, other in ((wanted, candidate), (candidate, wanted)):
        result = compared(track(one), track(other, seconds))
        assert not result.refused
        assert RULES.min_score <= result.score < 1.0
        assert compared(track(one), track(other, 209)).refused


def test_an_unknown_length_forgives_a_wanted_radio_edit_only() -> None:
    assert compared(track("Song - Radio Edit", None), track()).score >= RULES.min_score
    assert not compared(track("Song - Radio Edit", None), track(seconds=300)).refused
    assert compared(track("Song - Radio Edit", None), track(seconds=301)).refused
    assert compared(track(seconds=None), track("Song (Radio Edit)")).refused
    assert compared(track("Song - Extended Mix", None), track()).refused
    assert compared(track("Song - Radio Edit", None), track("Song (Extended)")).refused


def test_an_unknown_length_forgives_a_remaster_but_no_other_release() -> None:
    assert compared(track(seconds=None), track("Song (2011 Remaster)")).score >= RULES.min_score
    for one, other in (("Song", "Song - Original Mix"), ("Song (Single Version)", "Song")):
        assert compared(track(one, None), track(other)).refused
        assert not compared(track(one, None, isrc=ISRC), track(other, isrc=ISRC)).refused
        assert not compared(track(one), track(other)).refused


def test_what_the_album_says() -> None:
    live = track(album="Live at Leeds", seconds=203)
    assert not compared(track(album="Studio Album"), live).refused
    assert compared(track(album="Studio Album"), live).score < RULES.min_score
    assert compared(track(album="Live at Leeds"), track("Song (Live)", album="Live at Leeds")).score >= RULES.min_score
    assert compared(track(album=""), track("Song (Live)", album="Live at Leeds")).refused
    own_name = compared(track("Live in Rio", album="Live in Rio"), track("Live in Rio", album="Hits"))
    assert [penalty.name for penalty in own_name.penalties] == ["album"]


def test_the_isrc_outweighs_the_albums_name_and_a_longer_gap_between_releases() -> None:
    studio, live = track(album="Studio Album", isrc=ISRC), track(seconds=205, album="Live at Leeds", isrc=ISRC)
    assert compared(studio, live).score >= RULES.min_score
    assert not compared(track(isrc=ISRC), track("Song - Single Version", 205, isrc=ISRC)).refused
    assert compared(track(isrc=ISRC), track("Song - Single Version", 206, isrc=ISRC)).refused
    assert compared(track(), track("Song - Single Version", 205)).refused


def test_covers_and_tributes_are_refused() -> None:
    assert "another artist" in compared(track(), track(artists=("Coverer",))).refused
    assert compared(track(), track(artists=("Singer Tribute Band",))).refused
    assert compared(track(), track(artists=("Singer", "Karaoke Stars"))).refused
    assert compared(track(artists=("Singer", "Karaoke Stars")), track()).refused


@pytest.mark.parametrize(
    ("seconds", "value"), [(199.5, 0.0), (200, 0.0), (202.5, 0.09), (204.5, 0.16), (207.5, 0.25), (211.5, 0.34)]
)
def test_durations(seconds: float, value: float) -> None:
    found = [penalty.value for penalty in compared(track(isrc=ISRC), track(seconds=seconds, isrc=ISRC)).penalties]
    assert found == pytest.approx([value] if value else [])


def test_too_long_is_refused_and_later_if_the_isrc_is_one() -> None:
    assert not compared(track(), track(seconds=204)).refused
    assert compared(track(), track(seconds=204.1)).refused
    assert compared(track(), track(seconds=194.9)).refused
    assert not compared(track(isrc=ISRC), track(seconds=211.5, isrc=ISRC)).refused
    assert compared(track(isrc=ISRC), track(seconds=211.6, isrc=ISRC)).refused


@given(st.floats(0, 11), st.floats(0, 11))
def test_further_apart_never_scores_better(one: float, other: float) -> None:
    near, far = sorted((one, other))
    assert compared(track(), track(seconds=199.5 + far)).score <= compared(track(), track(seconds=199.5 + near)).score


def test_albums_are_a_weak_sign() -> None:
    assert same_album(track(album="Hits (Deluxe Edition)"), track(album="Hits"))
    assert not same_album(track(), track())
    other = compared(track(album="Hits"), track(album="Gold")).score
    assert RULES.min_score < other < compared(track(album="Hits"), track()).score == 1.0


def test_an_album_in_another_script_may_be_the_same() -> None:
    assert compared(track(album="Группа крови"), track(album="Gruppa Krovi")).score == 1.0
    assert compared(track(album="25"), track(album="30")).score < 1.0


def test_the_isrc_carries_a_whole_description_in_another_script() -> None:
    wanted = track("Группа крови", artists=("Кино",), album="Группа крови", isrc=ISRC)
    for seconds in (200, 203):
        latin = track("Gruppa Krovi", seconds, artists=("Kino",), album="Gruppa Krovi", isrc=ISRC)
        assert not compared(wanted, latin).refused
        assert compared(wanted, latin).score >= RULES.min_score
        assert compared(wanted, msgspec.structs.replace(latin, isrc=None)).refused
    assert compared(wanted, track("Gruppa Krovi (Live)", artists=("Kino",), isrc=ISRC)).refused


def test_explicitness() -> None:
    explicit, clean = track(explicit=True), track(explicit=False)
    wanted_clean, wanted_explicit = compared(clean, explicit).score, compared(explicit, clean).score
    assert RULES.min_score < wanted_explicit < wanted_clean < 1.0
    assert score(explicit, clean, Rules(prefer_explicit=False)).score == wanted_clean
    assert compared(track(), clean).score == 1.0


def test_the_isrc_outweighs_small_words_but_not_a_version() -> None:
    wanted = track(isrc=ISRC)
    assert not compared(wanted, track("Song (Film Version)", isrc=ISRC)).refused
    assert compared(wanted, track("Song (Film Version)")).refused
    assert compared(wanted, track("Song (Film Version)", 209, isrc=ISRC)).refused
    assert compared(wanted, track("Song (Live)", isrc=ISRC)).refused


def test_two_titles_without_letters_never_match_by_being_empty() -> None:
    assert compared(track(""), track("")).refused
    assert compared(track("???"), track("!!!")).refused
    assert not compared(track("???"), track("???")).refused


TEXTS = st.one_of(
    st.text(max_size=20),
    st.sampled_from(
        ["Song", "Song (Live)", "Song - A Remix", "Кукушка", "東京 (Live)", "Song, Pt. 2", "((", " - ", ""]
    ),
)
TRACKS = st.builds(
    Track,
    id=st.sampled_from(["1", "2", "30"]),
    title=TEXTS,
    artists=st.lists(TEXTS, max_size=3).map(tuple),
    album=TEXTS,
    duration_ms=st.none() | st.integers(0, 600_000),
    isrc=st.none() | st.just(ISRC),
    explicit=st.none() | st.booleans(),
)


@given(TRACKS, TRACKS, st.builds(Rules, prefer_explicit=st.booleans()))
def test_score_is_total_and_explains_itself(wanted: Track, candidate: Track, rules: Rules) -> None:
    result = score(wanted, candidate, rules)
    assert 0.0 <= result.score <= 1.0
    total = sum(penalty.weight * penalty.value for penalty in result.penalties)
    assert result.score == pytest.approx(max(0.0, 1.0 - total), abs=0.001)
    assert all(penalty.note and penalty.weight == WEIGHTS[penalty.name] for penalty in result.penalties)
    assert bool(result.refused) == any(
        penalty.value == 1.0 and penalty.name in _CAN_REFUSE for penalty in result.penalties
    )
    assert msgspec.json.decode(msgspec.json.encode(result), type=Scored) == result


_CAN_REFUSE = {"title", "artists", "version", "duration"}


@given(TRACKS)
def test_a_track_is_like_itself(one: Track) -> None:
    result = compared(one, one)
    if any(char.isalnum() for char in one.title) and any(any(c.isalnum() for c in name) for name in one.artists):
        assert not result.refused
        assert result.score >= RULES.min_score


def test_the_duration_table_rises() -> None:
    seconds, values = zip(*DURATION_VALUES, strict=True)
    assert sorted(seconds) == list(seconds) and sorted(values) == list(values)
