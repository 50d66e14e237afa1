"""Albums: what is compared, which question comes next, and what is never taken."""

from __future__ import annotations

import itertools
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from musicdiff_job.core.albums import LOOKED_UP, decide, score
from musicdiff_job.core.likeness import Rules
from musicdiff_job.core.match import Ask, Evidence, Match, Method, Reason, Unmatched
from musicdiff_job.core.model import Track
from musicdiff_job.core.questions import AlbumById, AlbumByUpc, AlbumSearch, AlbumsOf, Question

RULES = Rules()
UPC = "724384960650"
WANTED = Track(
    id="album:2noRn2Aes5aoNVsU6iWThc", title="Discovery", artists=("Daft Punk",), upc=UPC, size=14, year=2001
)


def album(number: int = 302127, **fields: Any) -> Track:
    known: dict[str, Any] = {
        "title": "Discovery",
        "artists": ("Daft Punk",),
        "artist_id": "27",
        "upc": UPC,
        "size": 14,
        "year": 2001,
    }
    return Track(id=f"album:{number}", **{**known, **fields})


def other(number: int = 1, **fields: Any) -> Track:
    """An album with a bar code of its own."""
    return album(number, **{"upc": f"{number}", **fields})


def converse(wanted: Track, *there: Track, rejected: frozenset[str] = frozenset()) -> tuple[list[Question], object]:
    """The conversation with a catalogue that holds these albums; searches tell neither bar code nor year."""
    evidence, asked = Evidence(), list[Question]()
    while isinstance(step := decide(wanted, evidence, RULES, rejected), Ask):
        asked.append(step.question)
        match step.question:
            case AlbumByUpc(upc):
                rows = [row for row in there if row.upc == upc]
            case AlbumById(id_):
                rows = [row for row in there if row.id == f"album:{id_}"]
            case AlbumSearch():
                rows = [msgspec.structs.replace(row, upc=None, year=None) for row in there]
            case AlbumsOf(artist):
                rows = [msgspec.structs.replace(row, upc=None, size=None) for row in there if row.artist_id == artist]
            case _:
                raise AssertionError(step.question)
        evidence = evidence.with_answer(step.question, rows)
        assert len(asked) <= LOOKED_UP + 3
    assert len(set(asked)) == len(asked)
    return asked, step


def taken(outcome: object) -> str:
    assert isinstance(outcome, Match), outcome
    return outcome.target


def refused(outcome: object) -> Reason:
    assert isinstance(outcome, Unmatched), outcome
    return outcome.reason


def test_what_cannot_be_looked_up_any_more_is_not_proven() -> None:
    """Searches show no size here, and whatever is looked up turns out to be a box of 40 tracks."""
    evidence = Evidence()
    while isinstance(step := decide(WANTED, evidence, RULES), Ask):
        match step.question:
            case AlbumSearch():
                rows = [other(number, upc=None, size=None) for number in range(1, LOOKED_UP + 2)]
            case AlbumById(id_):
                rows = [other(int(id_), size=40)]
            case _:
                rows = []
        evidence = evidence.with_answer(step.question, rows)
    assert refused(step) is Reason.BELOW_THRESHOLD


@pytest.mark.parametrize(
    ("candidate", "why"),
    [
        (other(title="Homework"), "another title"),
        (other(artists=("Daft Crew",)), "by another artist"),
        (other(title="Discovery (Live)"), "live"),
        (other(title="Discovery (Karaoke Version)"), "karaoke"),
        (other(title="Discovery (Instrumental)"), "instrumental"),
        (other(title="Discovery (Remixes)"), "remix"),
        (other(artists=("Daft Punk Tribute Band",)), ""),
        (other(title="A Tribute to Discovery"), ""),
        (other(size=1), "1 tracks, wanted 14"),
        (other(size=18), "18 tracks, wanted 14"),
        (other(title="Discovery 2"), ""),
        (album(size=30), "30 tracks"),
        (album(title="Human After All", artists=("Somebody",)), ""),
    ],
)
def test_never_taken(candidate: Track, why: str) -> None:
    judged = score(WANTED, candidate, RULES)
    assert judged.refused and why in judged.refused


@pytest.mark.parametrize(
    ("wanted", "candidate"),
    [
        ({"title": "Alive 2007 (Live)"}, {"title": "Alive 2007"}),
        ({"title": "Live at Leeds"}, {"title": "Leeds"}),
        ({"title": "Title (Live at Leeds)"}, {"title": "Title (Live at Wembley)"}),
        ({"title": "Red"}, {"title": "Red (Taylor's Version)"}),
    ],
)
def test_another_recording_is_refused_both_ways(wanted: dict[str, Any], candidate: dict[str, Any]) -> None:
    assert score(msgspec.structs.replace(WANTED, **wanted), other(**candidate), RULES).refused
    assert score(msgspec.structs.replace(WANTED, **candidate), other(**wanted), RULES).refused


@pytest.mark.parametrize(
    ("fields", "penalties"),
    [
        ({}, []),
        ({"year": 2002}, []),
        ({"title": "Discovery (Explicit)"}, []),
        ({"size": 15}, ["tracks"]),
        ({"year": 2011}, ["year"]),
        ({"title": "Discovery (Deluxe Edition)", "size": 16}, ["tracks", "edition"]),
        ({"title": "Discovery (2011 Remaster)"}, ["edition"]),
        ({"title": "Discovery (Original Motion Picture Soundtrack)"}, ["edition"]),
    ],
)
def test_differences_that_may_pass(fields: dict[str, Any], penalties: list[str]) -> None:
    judged = score(WANTED, other(**fields), RULES)
    assert not judged.refused and judged.score >= RULES.min_score
    assert [penalty.name for penalty in judged.penalties] == penalties


def test_another_edition_of_another_decade_with_more_tracks_is_too_much() -> None:
    assert score(WANTED, other(title="Discovery (Deluxe)", size=17, year=2021), RULES).score < RULES.min_score


def test_two_compilations_are_both_by_nobody() -> None:
    wanted = msgspec.structs.replace(WANTED, artists=("Various Artists",))
    assert not score(wanted, other(artists=("Various Artists",)), RULES).refused
    assert score(wanted, other(), RULES).refused


def test_a_bar_code_is_enough_where_the_rest_agrees() -> None:
    asked, outcome = converse(WANTED, album(), other(2))
    assert asked == [AlbumByUpc(UPC)]
    assert isinstance(outcome, Match) and (outcome.target, outcome.method) == ("album:302127", Method.UPC)


@pytest.mark.parametrize("wrong", [{"title": "Homework"}, {"artists": ("Somebody",)}, {"size": 2}])
def test_a_bar_code_that_leads_elsewhere_is_not_believed(wrong: dict[str, Any]) -> None:
    asked, outcome = converse(WANTED, album(1, **wrong), other(2))
    assert taken(outcome) == "album:2"
    assert asked[0] == AlbumByUpc(UPC) and AlbumById("2") in asked


def test_what_a_search_finds_is_looked_up_before_it_is_taken() -> None:
    asked, outcome = converse(msgspec.structs.replace(WANTED, upc=None), other(2))
    assert asked == [AlbumSearch("Discovery Daft Punk"), AlbumById("2")]
    assert isinstance(outcome, Match) and outcome.method is Method.SEARCH


def test_a_search_hit_that_is_another_album_on_a_second_look_is_dropped() -> None:
    wanted = msgspec.structs.replace(WANTED, upc=None)
    evidence = Evidence().with_answer(AlbumSearch("Discovery Daft Punk"), [other(2), other(3, size=13)])
    assert decide(wanted, evidence, RULES) == Ask(AlbumById("2"))
    evidence = evidence.with_answer(AlbumById("2"), [other(2, size=40)])
    assert decide(wanted, evidence, RULES) == Ask(AlbumById("3"))


def test_another_edition_only_when_nothing_better_is_found() -> None:
    deluxe, plain = other(2, title="Discovery (Deluxe Edition)", size=16), other(3)
    wanted = msgspec.structs.replace(WANTED, upc=None)
    for there in itertools.permutations((deluxe, plain)):
        assert taken(converse(wanted, *there)[1]) == "album:3"
    asked, outcome = converse(wanted, deluxe)
    assert taken(outcome) == "album:2"
    assert AlbumsOf("27", "Daft Punk", ("Discovery",)) in asked, "the artist's albums are looked through first"


def test_an_edition_with_many_more_tracks_is_none_of_it() -> None:
    assert refused(converse(WANTED, other(2, title="Discovery (Deluxe)", size=30))[1]) is Reason.ONLY_OTHER_VERSIONS


def test_live_for_studio_is_told_as_such() -> None:
    assert refused(converse(WANTED, other(2, title="Discovery (Live)"))[1]) is Reason.ONLY_OTHER_VERSIONS


def test_nothing_found() -> None:
    assert refused(converse(WANTED)[1]) is Reason.NOT_FOUND
    assert refused(converse(msgspec.structs.replace(WANTED, title=" "))[1]) is Reason.NO_TITLE


def test_two_listings_of_one_edition_are_no_rivals() -> None:
    wanted = msgspec.structs.replace(WANTED, upc=None)
    assert taken(converse(wanted, other(2), other(3, explicit=True))[1]) == "album:3"


def test_rows_that_say_less_do_not_replace_what_was_looked_up() -> None:
    looked_up = other(2, size=15)
    evidence = Evidence().with_answer(AlbumById("2"), [looked_up])
    evidence = evidence.with_answer(AlbumsOf("27", "Daft Punk", ("Discovery",)), [other(2, size=None), other(3)])
    assert {row.id: row.size for row in evidence.candidates} == {"album:2": 15, "album:3": 14}


def test_two_editions_as_good_as_each_other_are_ambiguous() -> None:
    wanted = msgspec.structs.replace(WANTED, upc=None)
    there = other(2, title="Discovery (Deluxe)"), other(3, title="Discovery (Remastered)")
    assert refused(converse(wanted, *there)[1]) is Reason.AMBIGUOUS


def test_what_a_person_has_ruled_out_is_not_taken() -> None:
    _, outcome = converse(WANTED, album(), rejected=frozenset({"album:302127"}))
    assert refused(outcome) is Reason.REJECTED
    assert taken(converse(WANTED, album(), other(2), rejected=frozenset({"album:302127"}))[1]) == "album:2"


def test_what_is_not_available_is_not_taken() -> None:
    assert refused(converse(WANTED, album(readable=False))[1]) is Reason.UNREADABLE
    assert taken(converse(WANTED, album(readable=False), other(2))[1]) == "album:2"


CANDIDATES = st.builds(
    other,
    st.integers(1, 9),
    title=st.sampled_from(["Discovery", "Discovery (Deluxe)", "Discovery (Live)", "Homework", ""]),
    artists=st.sampled_from([("Daft Punk",), ("Somebody",), ()]),
    size=st.sampled_from([None, 1, 13, 14, 15, 40]),
    year=st.sampled_from([None, 2001, 2021]),
    readable=st.booleans(),
    upc=st.sampled_from([None, UPC, "1"]),
)


@settings(max_examples=150, deadline=None)
@given(st.lists(CANDIDATES, max_size=6, unique_by=lambda row: row.id), st.randoms(use_true_random=False))
def test_every_conversation_ends_and_does_not_depend_on_the_order(there: list[Track], shuffle: object) -> None:
    asked, outcome = converse(WANTED, *there)
    again = list(there)
    shuffle.shuffle(again)  # type: ignore[attr-defined]
    assert converse(WANTED, *again)[1] == outcome
    assert asked[0] == AlbumByUpc(UPC)
    if isinstance(outcome, Match):
        (row,) = (row for row in there if row.id == outcome.target)
        assert row.readable and not score(WANTED, row, RULES).refused
        assert row.upc == UPC or AlbumById(row.id.removeprefix("album:")) in asked
