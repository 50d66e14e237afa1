"""The product's matcher at work on the reference data, in one of three modes.

Everything between the wanted track and the decision is the product's own: ``core.match``, the planner with its sweeps
of albums and artists, the gate (with limits so wide that it never waits), the catalogue adapter and deezer-python, over
HTTP to the sandbox, which holds the recorded Deezer rows and nothing else. No link of the reference data goes in.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from enum import StrEnum
from itertools import islice

import msgspec
from matching_reference import Reference, deezer_track
from matching_score import Answer

from musicdiff_job.clock import StopFlag, SystemClock
from musicdiff_job.core.match import Ask, ByIsrc, BySearch, Evidence, Match, Question, Rules, Unmatched, decide
from musicdiff_job.core.model import Service, Track
from musicdiff_job.core.questions import Sweep, questions
from musicdiff_job.core.secret import Redactor
from musicdiff_job.deezer.catalogue import DeezerCatalogue
from musicdiff_job.gate import Gate, Limits
from musicdiff_job.lookups import WORKERS
from musicdiff_job.ports import Catalogue
from musicdiff_job.sandbox.catalogue import Catalogue as Shelf
from musicdiff_job.sandbox.deezer_switches import DeezerSwitches
from musicdiff_job.sandbox.server import Sandbox
from musicdiff_job.sandbox.world import SpotifyAccount
from musicdiff_job.sweeping import Call, Learned, Planner, Search


class Mode(StrEnum):
    """What is known of ISRCs. The values are what people read."""

    ISRC = "with ISRC"
    HIDDEN = "ISRC hidden on both sides"
    ROWS_WITHOUT = "isrc absent from search rows"


class Candidates(msgspec.Struct, frozen=True):
    """What every rule of ``peers`` gets to choose from: the track that bears the wanted ISRC, and one search."""

    by_isrc: Track | None
    found: tuple[Track, ...]


@dataclass(frozen=True, slots=True)
class Run:
    """One mode's answers. ``asked`` are the questions each track needed, ``calls`` the HTTP requests of the whole run
    as the sandbox counted them: a question that two tracks share is put once. ``candidates`` are for the peers, and
    ``limited`` is what the matcher makes of those alone."""

    mode: Mode
    answers: dict[str, Answer]
    asked: dict[str, int]
    calls: int
    candidates: dict[str, Candidates]
    limited: dict[str, Answer]


class Remembered:
    """A catalogue that answers each question once, for the product and its peers alike. Thread-safe."""

    def __init__(self, catalogue: Catalogue) -> None:
        self._catalogue = catalogue
        self._lock = threading.Lock()
        self._answers: dict[Question | Sweep, tuple[Track, ...]] = {}

    def ask(self, question: Question | Sweep) -> tuple[Track, ...]:
        """See ``ports.Catalogue``."""
        with self._lock:
            known = self._answers.get(question)
        if known is None:
            known = self._catalogue.ask(question)
            with self._lock:
                self._answers[question] = known
        return known


@contextmanager
def open_catalogue(reference: Reference, mode: Mode) -> Iterator[tuple[Catalogue, Sandbox]]:
    """The product's catalogue adapter, connected to a sandbox that holds the recorded rows."""
    rows = [deezer_track(row, isrc=mode is not Mode.HIDDEN) for row in reference.deezer.values()]
    switches = DeezerSwitches(quota_calls=None, row_isrc=mode is not Mode.ROWS_WITHOUT)
    with Sandbox(SpotifyAccount(Shelf([], rows)), switches=switches) as sandbox:
        stop = StopFlag()
        gate = Gate(Limits(None, None, {}, {Service.DEEZER: (1_000_000, 5.0)}), SystemClock(stop), stop)
        catalogue = DeezerCatalogue(gate, Redactor(), f"{sandbox.url}/deezer/api")
        try:
            yield catalogue, sandbox
        finally:
            catalogue.close()


def run(reference: Reference, mode: Mode, ids: Sequence[str], *, peers: bool = True) -> Run:
    """Match the tracks with these ids. Without ``peers`` no candidates are collected for them. Raises what a look-up
    raises: here every one must be answered."""
    wanted = {id_: wanted_in(reference, mode, id_) for id_ in ids}
    with open_catalogue(reference, mode) as (catalogue, sandbox), ThreadPoolExecutor(WORKERS) as pool:
        remembered = Remembered(catalogue)
        searches = {id_: Search(wanted[id_], Evidence(), frozenset()) for id_ in ids}
        answers = _converse(remembered, pool, searches.values())
        result = Run(
            mode=mode,
            answers=answers,
            asked={id_: len(search.evidence.asked) for id_, search in searches.items()},
            calls=sandbox.calls("deezer"),
            candidates={},
            limited={},
        )
        if not peers:
            return result
        candidates = dict(zip(ids, pool.map(lambda id_: _candidates(remembered, wanted[id_]), ids), strict=True))
    alike = {id_: limited(wanted[id_], candidates[id_]) for id_ in ids}
    return replace(result, candidates=candidates, limited=alike)


def wanted_in(reference: Reference, mode: Mode, spotify_id: str) -> Track:
    """The track as this mode shows it to the matcher."""
    track = reference.wanted[spotify_id]
    return msgspec.structs.replace(track, isrc=None) if mode is Mode.HIDDEN else track


def limited(wanted: Track, candidates: Candidates) -> Answer:
    """The product's decision with no more than its peers have."""
    evidence = Evidence()
    while True:
        match decide(wanted, evidence, Rules()):
            case Ask(ByIsrc() as question):
                hit = candidates.by_isrc
                evidence = evidence.with_answer(question, () if hit is None else (hit,))
            case Ask(BySearch() as question):
                evidence = evidence.with_answer(question, candidates.found)
            case Ask(question):
                evidence = evidence.with_answer(question, ())
            case decision:
                return _answer(decision)


def _converse(catalogue: Catalogue, pool: ThreadPoolExecutor, searches: Iterable[Search]) -> dict[str, Answer]:
    """How every search ends. Calls are made ``WORKERS`` at a time, so that every run is the same."""
    planner = Planner(Learned(), Rules(), searches)

    def some() -> list[Call]:
        return list(islice(iter(planner.next, None), WORKERS))

    while calls := some():
        answers = pool.map(lambda call: catalogue.ask(call.question), calls)
        for call, rows in zip(calls, answers, strict=True):
            planner.answered(call, rows)
    return {search.track.id: _answer(decision) for search, decision in planner.decided()}


def _answer(decision: Match | Unmatched) -> Answer:
    match decision:
        case Match(target, method, score):
            return Answer(target, str(method), score)
        case Unmatched(reason):
            return Answer(None, str(reason))


def _candidates(catalogue: Catalogue, wanted: Track) -> Candidates:
    """The answers to the first two questions that the product would ask."""
    asked = list(questions(wanted))
    hit = [track for question in asked if isinstance(question, ByIsrc) for track in catalogue.ask(question)]
    text = next(question for question in asked if isinstance(question, BySearch))
    return Candidates(hit[0] if hit else None, catalogue.ask(text))
