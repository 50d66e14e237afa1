"""Artists: a name alone is not enough."""

from __future__ import annotations

import pytest

from musicdiff_job.core.artists import NAMESAKES, NOTHING, TITLES, WITNESSES, Known, decide, known_of, score
from musicdiff_job.core.likeness import Rules
from musicdiff_job.core.match import Ask, Evidence, Match, Method, Reason, Unmatched
from musicdiff_job.core.model import Track, item_of
from musicdiff_job.core.questions import AlbumById, AlbumsOf, ArtistSearch, ById, Question

RULES = Rules()
NIRVANA = Track(id="artist:6olE6TJLqED3rqDCT0FyPh", title="Nirvana")
SEATTLE, LONDON = "415", "92733"


def artist(number: str, name: str = "Nirvana", rank: int = 0) -> Track:
    return Track(id=f"artist:{number}", title=name, rank=rank)


def track(number: int, of: str, name: str = "Nirvana") -> Track:
    return Track(id=f"{number}", title=f"Song {number}", artists=(name,), artist_id=of)


def album(number: int, of: str, title: str, name: str = "Nirvana") -> Track:
    return Track(id=f"album:{number}", title=title, artists=(name,), artist_id=of)


def converse(
    *there: Track, known: Known = NOTHING, rejected: frozenset[str] = frozenset()
) -> tuple[list[Question], Match | Unmatched]:
    evidence, asked = Evidence(), list[Question]()
    while isinstance(step := decide(NIRVANA, evidence, RULES, rejected, known), Ask):
        asked.append(step.question)
        match step.question:
            case ArtistSearch():
                rows = [row for row in there if item_of(row.id) == "artist"]
            case ById(id_):
                rows = [row for row in there if row.id == id_]
            case AlbumById(id_):
                rows = [row for row in there if row.id == f"album:{id_}"]
            case AlbumsOf(id_):
                rows = [row for row in there if item_of(row.id) == "album" and row.artist_id == id_]
            case _:
                raise AssertionError(step.question)
        evidence = evidence.with_answer(step.question, rows)
        assert len(asked) <= WITNESSES + 1 + NAMESAKES
    assert len(set(asked)) == len(asked)
    return asked, step


def reason(outcome: object) -> Reason:
    assert isinstance(outcome, Unmatched), outcome
    return outcome.reason


def test_a_counterpart_tells_whose_it_is_in_one_question() -> None:
    asked, outcome = converse(artist(LONDON), artist(SEATTLE), track(1, SEATTLE), known=Known(("1",)))
    assert asked == [ById("1")]
    assert outcome == Match(f"artist:{SEATTLE}", Method.LIBRARY, 1.0)


def test_the_counterpart_of_an_album_does_as_well() -> None:
    there = artist(LONDON), album(7, SEATTLE, "Bleach")
    asked, outcome = converse(*there, known=Known(("album:7",)))
    assert asked == [AlbumById("7")] and isinstance(outcome, Match) and outcome.target == f"artist:{SEATTLE}"


def test_a_counterpart_that_is_filed_under_another_name_says_nothing() -> None:
    there = artist(SEATTLE), track(1, "5080", "Various Artists")
    asked, outcome = converse(*there, known=Known(("1",)))
    assert asked == [ById("1"), ArtistSearch("Nirvana")]
    assert reason(outcome) is Reason.UNCONFIRMED


@pytest.mark.parametrize(
    ("there", "expected"),
    [
        ((), Reason.NOT_FOUND),
        ((artist("1", "Nirvana UK"),), Reason.NOT_FOUND),
        ((artist(SEATTLE, rank=10_000_000),), Reason.UNCONFIRMED),
        ((artist(SEATTLE, rank=10_000_000), artist(LONDON)), Reason.AMBIGUOUS),
    ],
)
def test_a_name_alone_is_not_enough(there: tuple[Track, ...], expected: Reason) -> None:
    asked, outcome = converse(*there)
    assert asked == [ArtistSearch("Nirvana")]
    assert reason(outcome) is expected


def test_an_album_of_the_library_tells_namesakes_apart() -> None:
    there = (
        artist(LONDON, rank=9),
        artist(SEATTLE),
        album(1, SEATTLE, "Bleach (Deluxe Edition)"),
        album(2, LONDON, "Echoes"),
    )
    asked, outcome = converse(*there, known=Known(titles=("Bleach",)))
    assert asked[1:] == [AlbumsOf(LONDON, "Nirvana", ("Bleach",)), AlbumsOf(SEATTLE, "Nirvana", ("Bleach",))]
    assert isinstance(outcome, Match) and outcome.target == f"artist:{SEATTLE}"


def test_namesakes_with_albums_of_one_name_are_not_told_apart() -> None:
    both = artist(LONDON), artist(SEATTLE), album(1, SEATTLE, "Nirvana"), album(2, LONDON, "Nirvana")
    assert reason(converse(*both, known=Known(titles=("Nirvana",)))[1]) is Reason.AMBIGUOUS
    more = *both, album(3, SEATTLE, "Bleach")
    _, outcome = converse(*more, known=Known(titles=("Nirvana", "Bleach")))
    assert isinstance(outcome, Match) and outcome.target == f"artist:{SEATTLE}", "who shares more of them is"


def test_several_editions_of_one_album_count_once() -> None:
    there = (
        artist(LONDON), artist(SEATTLE), album(1, SEATTLE, "Best"), album(2, SEATTLE, "Best (Deluxe)"),
        album(3, LONDON, "Best"),
    )  # fmt: skip
    assert reason(converse(*there, known=Known(titles=("Best",)))[1]) is Reason.AMBIGUOUS


def test_albums_of_another_name_confirm_nobody() -> None:
    there = artist(SEATTLE), album(1, SEATTLE, "In Utero")
    assert reason(converse(*there, known=Known(titles=("Bleach",)))[1]) is Reason.UNCONFIRMED


def test_what_a_person_has_ruled_out_is_not_taken() -> None:
    ruled_out = frozenset({f"artist:{SEATTLE}"})
    known = Known(("1",), ("Bleach",))
    there = artist(SEATTLE), track(1, SEATTLE), album(2, SEATTLE, "Bleach")
    assert reason(converse(*there, known=known, rejected=ruled_out)[1]) is Reason.REJECTED


def test_without_a_name_nothing_is_asked() -> None:
    nameless = Track(id="artist:1", title=" ")
    assert decide(nameless, Evidence(), RULES) == Unmatched(Reason.NO_TITLE)


def test_spellings_of_one_name_are_one_name() -> None:
    assert not score(Track(id="artist:1", title="The R.E.M."), artist("5", "REM"), RULES).refused
    assert score(NIRVANA, artist("5", "Nirvanas"), RULES).refused
    assert (
        not score(NIRVANA, track(1, SEATTLE), RULES).refused and score(NIRVANA, track(1, "5", "Others"), RULES).refused
    )


def test_what_the_library_holds_of_an_artist() -> None:
    songs = [
        Track(id="s1", title="A", artists=("Nirvana",), album="Bleach"),
        Track(id="s2", title="B", artists=("Somebody", "Nirvana"), album="Guests"),
        Track(id="s3", title="C", artists=("NIRVANA",), album="Nevermind"),
        Track(id="album:x", title="In Utero", artists=("Nirvana",)),
        Track(id="s4", title="D"),
        NIRVANA,
    ]
    decisions: list[Match | Unmatched | None] = [
        Match("11", Method.ISRC, 1.0), Match("12", Method.ISRC, 1.0), Unmatched(Reason.NOT_FOUND),
        Match("album:14", Method.UPC, 1.0), None, None,
    ]  # fmt: skip
    known = known_of([NIRVANA], zip(songs, decisions, strict=True))
    assert known == {"nirvana": Known(("11", "album:14"), ("Bleach", "Nevermind", "In Utero"))}


def test_a_large_library_is_known_by_a_part_of_it() -> None:
    many = (
        (Track(id=f"s{n}", title="A", artists=("Nirvana",), album=f"No. {n}"), Match(f"{n}", Method.ISRC, 1.0))
        for n in range(100)
    )
    (known,) = known_of([NIRVANA], many).values()
    assert (len(known.counterparts), len(known.titles)) == (WITNESSES, TITLES)
