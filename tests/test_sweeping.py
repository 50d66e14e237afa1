"""The planner of look-ups: what it asks, in which order, and that it always comes to an end."""

from __future__ import annotations

import logging
import random
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st
from memory_stage import MemoryCatalogue

from musicdiff_job.core.match import Evidence, Match, Method, Rules, Unmatched
from musicdiff_job.core.model import Track
from musicdiff_job.core.questions import ByAlbum, ByArtist, ByIsrc, BySearch, Question, Sweep
from musicdiff_job.sweeping import SCOUTS, Call, Learned, Planner, Search, SingleCall

WORDS = "amber birch cedar dusk ember fern grove heath iris jade kelp lark moss north ochre pine quill reed sage thorn"


def title(number: int) -> str:
    words = WORDS.split()
    return f"{words[number % 20]} {words[number // 20 % 20]} {words[number // 400 % 20]}"


def wanted(number: int, *, album: int = 0, artist: int = 0, isrc: bool = True) -> Track:
    """A track of the source; album 0 is its own single."""
    return Track(
        id=f"s{number}", title=title(number), artists=(f"Artist {artist}",), duration_ms=200_000 + number * 137,
        album=f"Album {album}" if album else title(number), isrc=f"USAAA26{number:05}" if isrc else None,
    )  # fmt: skip


def counterpart(track: Track) -> Track:
    """Its counterpart on the target."""
    number = int(track.id[1:])
    return Track(
        id=str(number), title=track.title, artists=track.artists, album=track.album, duration_ms=track.duration_ms,
        isrc=f"USAAA26{number:05}", album_id=f"1{abs(hash(track.album)) % 10**8}",
        artist_id=f"2{track.artists[0].removeprefix('Artist ')}",
    )  # fmt: skip


def searches(tracks: list[Track]) -> list[Search]:
    return [Search(track, Evidence(), frozenset()) for track in tracks]


class Conversation:
    """A planner and a catalogue, ``width`` calls in flight, answered in an order that ``seed`` draws."""

    def __init__(self, tracks: list[Track], catalogue: MemoryCatalogue, *, width: int = 1, seed: int = 0) -> None:
        self.catalogue = catalogue
        self.learned = Learned()
        self.width = width
        self.pick = random.Random(seed)
        self.ended: dict[str, Match | Unmatched] = {}
        self.stuck: list[str] = []
        self.failing: set[type] = set()
        self.run(tracks)

    def run(self, tracks: list[Track]) -> None:
        planner = Planner(self.learned, Rules(), searches(tracks))
        flying: list[Call] = []
        while True:
            while len(flying) < self.width and (call := planner.next()):
                flying.append(call)
            for search, decision in planner.decided():
                assert search.track.id not in self.ended, "decided twice"
                self.ended[search.track.id] = decision
            if not flying:
                break
            call = flying.pop(self.pick.randrange(len(flying)))
            if type(call.question) in self.failing:
                self.stuck += [search.track.id for search in planner.failed(call)]
            else:
                planner.answered(call, self.catalogue.ask(call.question))
        assert not planner.open, "something waits for ever"

    @property
    def asked(self) -> list[Question | Sweep]:
        return self.catalogue.asked

    def kinds(self) -> Counter[str]:
        return Counter(type(question).__name__ for question in self.asked)

    def right(self) -> set[str]:
        return {f"s{one.target}" for one in self.ended.values() if isinstance(one, Match)}


def converse(tracks: list[Track], known: list[Track] | None = None, *, width: int = 1, seed: int = 0) -> Conversation:
    held = [counterpart(track) for track in (tracks if known is None else known)]
    return Conversation(tracks, MemoryCatalogue(*held), width=width, seed=seed)


def test_an_album_costs_two_calls_however_many_of_its_tracks_are_wanted() -> None:
    tracks = [wanted(number, album=1, artist=1) for number in range(10)]
    done = converse(tracks, width=8)
    assert [type(question) for question in done.asked] == [ByIsrc, ByAlbum]
    assert done.right() == {track.id for track in tracks}
    assert all(isinstance(one, Match) and one.method is Method.ISRC for one in done.ended.values())


def test_what_one_artist_has_spread_over_singles_is_swept_by_artist() -> None:
    tracks = [wanted(number, artist=3) for number in range(10)]
    done = converse(tracks, width=8)
    assert [type(question) for question in done.asked] == [ByIsrc, ByArtist]
    assert len(done.right()) == 10


def test_the_larger_expectation_goes_first() -> None:
    """Of one artist's 20 wanted tracks an album holds 4: half of twenty is more than most of four."""
    tracks = [wanted(number, artist=3, album=1 if number < 4 else 0) for number in range(20)]
    assert [type(question) for question in converse(tracks).asked] == [ByIsrc, ByArtist]


def test_strangers_are_looked_up_one_by_one_as_many_at_a_time_as_there_is_room_for() -> None:
    tracks = [wanted(number, artist=number) for number in range(12)]
    planner = Planner(Learned(), Rules(), searches(tracks))
    assert [call.question for call in iter(planner.next, None) if isinstance(call, SingleCall)] == [
        ByIsrc(str(track.isrc)) for track in tracks
    ]


def test_two_of_an_album_are_not_worth_a_sweep() -> None:
    tracks = [wanted(number, album=1, artist=1) for number in range(2)]
    assert [type(question) for question in converse(tracks, width=8).asked] == [ByIsrc, ByIsrc]


def test_the_others_of_an_album_wait_for_the_scout() -> None:
    tracks = [wanted(number, album=1, artist=1) for number in range(5)]
    planner = Planner(Learned(), Rules(), searches(tracks))
    assert planner.next() is not None
    assert planner.next() is None


def test_where_scouts_find_no_way_in_every_track_is_looked_up() -> None:
    """On the target the album's tracks stand on compilations, by artists of other names."""
    tracks = [wanted(number, album=1, artist=1) for number in range(6)]
    elsewhere = [
        Track(**{**{f: getattr(counterpart(track), f) for f in Track.__struct_fields__},
                 "album": f"Hits {track.id}", "artists": ("Various Artists", "Artist 1")})
        for track in tracks
    ]  # fmt: skip
    done = Conversation(tracks, MemoryCatalogue(*elsewhere), width=8)
    assert done.kinds() == {"ByIsrc": 6}
    assert len(done.right()) == 6
    planner = Planner(Learned(), Rules(), searches(tracks))
    for number in range(SCOUTS):
        call = planner.next()
        assert call is not None
        assert planner.next() is None, f"scout {number} is not waited for"
        planner.answered(call, tuple(row for row in elsewhere if call.question == ByIsrc(str(row.isrc))))
    assert len(list(iter(planner.next, None))) == 6 - SCOUTS


def test_a_kind_of_sweep_that_finds_nothing_is_soon_given_up() -> None:
    """Artists whose most popular tracks are never the wanted ones."""
    tracks = [wanted(number, artist=number // 4) for number in range(120)]

    class Unpopular(MemoryCatalogue):
        def ask(self, question: Question | Sweep) -> tuple[Track, ...]:
            found = super().ask(question)
            return () if isinstance(question, ByArtist) else found

    done = Conversation(tracks, Unpopular(*map(counterpart, tracks)), width=4)
    assert len(done.right()) == 120
    assert done.kinds()["ByIsrc"] == 120
    assert done.kinds()["ByArtist"] <= 4


def test_an_album_that_was_seen_for_one_list_costs_nothing_in_the_next() -> None:
    tracks = [wanted(number, album=1, artist=1) for number in range(10)]
    done = converse(tracks[:5], tracks)
    before = len(done.asked)
    done.run(tracks[5:])
    assert len(done.asked) == before
    assert len(done.right()) == 10


def test_the_other_rows_of_a_search_are_not_asked_for_again() -> None:
    tracks = [wanted(number, artist=number, isrc=False) for number in range(2)]
    held = tuple(map(counterpart, tracks))

    class Generous(MemoryCatalogue):
        def ask(self, question: Question | Sweep) -> tuple[Track, ...]:
            super().ask(question)
            return held

    done = Conversation(tracks, Generous())
    assert [type(question) for question in done.asked] == [BySearch]
    assert len(done.right()) == 2


def test_a_failed_sweep_is_not_repeated_and_its_tracks_are_looked_up() -> None:
    tracks = [wanted(number, album=1, artist=1) for number in range(6)]
    done = Conversation([], MemoryCatalogue(*map(counterpart, tracks)))
    done.failing = {ByAlbum}
    done.run(tracks)
    assert done.right() == {track.id for track in tracks}
    assert not done.stuck


def test_a_question_that_fails_stops_all_who_asked_it_and_nobody_else() -> None:
    tracks = [wanted(1), Track(**{**{f: getattr(wanted(1), f) for f in Track.__struct_fields__}, "id": "s2"})]
    done = Conversation([], MemoryCatalogue())
    done.failing = {ByIsrc}
    done.run([*tracks, wanted(3, isrc=False)])
    assert sorted(done.stuck) == ["s1", "s2"]
    assert list(done.ended) == ["s3"]


def test_expectation_and_outcome_are_logged_for_those_who_look(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG, logger="musicdiff_job"):
        converse([wanted(number, album=1, artist=1) for number in range(10)])
    told = {record.message: record.fields for record in caplog.records}  # type: ignore[attr-defined]
    assert told["sweep.planned"]["wanted"] == 9
    assert 7 < told["sweep.planned"]["expected"] < 9
    assert told["sweep.answered"]["found"] == 9
    assert told["sweep.planned"]["sweep"] == told["sweep.answered"]["sweep"]
    assert {record.levelno for record in caplog.records} == {logging.DEBUG}


@st.composite
def libraries(draw: st.DrawFn) -> tuple[list[Track], list[Track]]:
    """Wanted tracks in albums and by artists that overlap, and those of them that the target has."""
    numbers = draw(st.lists(st.integers(0, 400), unique=True, max_size=40))
    tracks = [
        wanted(
            number, album=draw(st.integers(0, 3)), artist=draw(st.integers(0, 3)), isrc=draw(st.integers(0, 2)) > 0
        )
        for number in numbers
    ]  # fmt: skip
    return tracks, [track for track in tracks if draw(st.sampled_from([True, True, True, False]))]


@given(libraries(), st.integers(1, 8), st.integers(0, 1000), st.sets(st.sampled_from([ByAlbum, ByArtist, ByIsrc])))
def test_every_search_ends_once_and_no_question_is_put_twice(
    library: tuple[list[Track], list[Track]], width: int, seed: int, failing: set[type]
) -> None:
    tracks, known = library
    done = Conversation([], MemoryCatalogue(*map(counterpart, known)), width=width, seed=seed)
    done.failing = failing
    done.run(tracks)
    assert sorted([*done.ended, *done.stuck]) == sorted(track.id for track in tracks)
    assert len(done.asked) == len(set(done.asked))
    for track in tracks:
        found = done.ended.get(track.id)
        if isinstance(found, Match):
            assert f"s{found.target}" == track.id
        elif found is not None:
            assert track not in known
