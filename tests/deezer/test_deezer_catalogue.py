from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

import pytest
from deezer_doors import OpenDoor, in_turn

from musicdiff_job.core.errors import BadAnswer, JobError, Throttled, Unavailable
from musicdiff_job.core.match import ByFields, ById, ByIsrc, BySearch, Question
from musicdiff_job.core.model import Service
from musicdiff_job.core.secret import Redactor
from musicdiff_job.deezer.catalogue import DeezerCatalogue
from musicdiff_job.sandbox.catalogue import DeezerTrack
from musicdiff_job.sandbox.deezer_switches import DeezerSwitches
from musicdiff_job.sandbox.faults import DeezerQuota, Fault, Html200, WrongJson
from musicdiff_job.sandbox.server import Sandbox


@pytest.fixture
def catalogue(sandbox: Sandbox, door: OpenDoor) -> Iterator[DeezerCatalogue]:
    with closing(DeezerCatalogue(door, Redactor(), f"{sandbox.url}/deezer/api")) as catalogue:
        yield catalogue


@pytest.fixture
def known(sandbox: Sandbox) -> DeezerTrack:
    """A track with everything, in the order of the catalogue."""
    return next(
        track
        for track in sandbox.catalogue.deezer_by_id.values()
        if track.isrc and track.artist and track.album and track.title.isascii() and len(track.title.split()) > 1
    )


def test_an_isrc_finds_one_full_track(catalogue: DeezerCatalogue, known: DeezerTrack, door: OpenDoor) -> None:
    [found] = catalogue.ask(ByIsrc(known.isrc))
    assert found.isrc == known.isrc
    assert found.title
    assert found.duration_ms
    assert door.passed == [(Service.DEEZER, False, False)]


@pytest.mark.parametrize("status", [200, 404])
def test_an_unknown_isrc_finds_nothing(door: OpenDoor, status: int) -> None:
    switches = DeezerSwitches(isrc_miss_status=404 if status == 404 else 200)
    with (
        Sandbox(switches=switches) as sandbox,
        closing(DeezerCatalogue(door, Redactor(), f"{sandbox.url}/deezer/api")) as catalogue,
    ):
        assert catalogue.ask(ByIsrc("XX0000000000")) == ()
        assert sandbox.log.all()[0].status == status


def test_an_id_finds_its_track(catalogue: DeezerCatalogue, known: DeezerTrack) -> None:
    [found] = catalogue.ask(ById(str(known.id)))
    assert (found.id, found.title, found.album) == (str(known.id), known.title, known.album)
    assert found.artists[0] == known.artist
    assert catalogue.ask(ById("4040404040")) == ()


def test_free_text_finds_candidates(catalogue: DeezerCatalogue, known: DeezerTrack, sandbox: Sandbox) -> None:
    found = catalogue.ask(BySearch(f"{known.title_short} {known.artist}"))
    assert str(known.id) in {track.id for track in found}
    assert len(found) <= 25
    assert sandbox.log.all()[0].query == {"q": f"{known.title_short} {known.artist}", "limit": "25"}


def test_fields_are_searched_without_quotation_marks(catalogue: DeezerCatalogue, sandbox: Sandbox) -> None:
    catalogue.ask(ByFields('The "Kid" LAROI', 'Stay "now"'))
    catalogue.ask(ByFields("", "Stay"))
    assert [call.query["q"] for call in sandbox.log.all()] == [
        'artist:"The  Kid  LAROI" track:"Stay  now"',
        'track:"Stay"',
    ]


def test_fields_find_candidates(catalogue: DeezerCatalogue, known: DeezerTrack) -> None:
    found = catalogue.ask(ByFields(known.artist, known.title_short))
    assert str(known.id) in {track.id for track in found}


@pytest.mark.parametrize("question", [BySearch(" "), ByFields("", "")])
def test_a_search_for_nothing_is_not_made(catalogue: DeezerCatalogue, door: OpenDoor, question: Question) -> None:
    assert catalogue.ask(question) == ()
    assert door.passed == []


def test_a_search_without_results_is_empty(catalogue: DeezerCatalogue) -> None:
    assert catalogue.ask(BySearch("zzqxv wqqqz kkxxy")) == ()


@pytest.mark.parametrize(
    "answer",
    [{}, {"total": 0}, {"error": {"type": "InvalidQueryException", "message": "?", "code": 600}}, {"data": [5]}],
)
def test_odd_queries_find_nothing(sandbox: Sandbox, catalogue: DeezerCatalogue, answer: object) -> None:
    sandbox.misbehave(Fault(WrongJson(answer)))
    assert catalogue.ask(BySearch("?")) == ()


def test_an_endless_title_is_cut(sandbox: Sandbox, catalogue: DeezerCatalogue) -> None:
    catalogue.ask(BySearch("la " * 50_000))
    assert len(sandbox.log.all()[0].query["q"]) == 300


def test_an_isrc_cannot_leave_its_place_in_the_path(sandbox: Sandbox, catalogue: DeezerCatalogue) -> None:
    assert catalogue.ask(ByIsrc("../../album/1?x=")) == ()
    assert sandbox.log.all()[0].path.startswith("/track/isrc:")


def test_trouble_is_not_an_empty_answer(sandbox: Sandbox, catalogue: DeezerCatalogue) -> None:
    sandbox.misbehave(*in_turn(DeezerQuota(), Html200(), WrongJson({"data": {}})))
    for expected in (Throttled, Unavailable, BadAnswer):
        with pytest.raises(expected):
            catalogue.ask(BySearch("love"))


@pytest.mark.parametrize(("answer", "expected"), [(False, Unavailable), ([], Unavailable), ({"id": None}, BadAnswer)])
def test_only_deezers_word_for_it_means_that_there_is_no_such_track(
    sandbox: Sandbox, catalogue: DeezerCatalogue, answer: object, expected: type[JobError]
) -> None:
    sandbox.misbehave(Fault(WrongJson(answer), count=2))
    for question in (ByIsrc("USUS11000977"), ById("69194935")):
        with pytest.raises(expected):
            catalogue.ask(question)


def test_several_threads_may_ask_at_once(sandbox: Sandbox, catalogue: DeezerCatalogue) -> None:
    ids = sorted(sandbox.catalogue.deezer_by_id)[:80]
    with ThreadPoolExecutor(8) as threads:
        found = list(threads.map(lambda track: catalogue.ask(ById(str(track))), ids))
    assert [track.id for [track] in found] == list(map(str, ids))
