"""Each kind of item has its own rules."""

from __future__ import annotations

import pytest

from musicdiff_job.core.artists import Known
from musicdiff_job.core.conversation import decide, score
from musicdiff_job.core.likeness import Rules
from musicdiff_job.core.match import Ask, Evidence
from musicdiff_job.core.model import Track
from musicdiff_job.core.questions import AlbumByUpc, ArtistSearch, ById, ByIsrc, Question

RULES = Rules()


@pytest.mark.parametrize(
    ("wanted", "known", "question"),
    [
        (Track("t", "One", ("A",), isrc="USAAA2600001", upc="1"), Known(("5",)), ByIsrc("USAAA2600001")),
        (Track("album:a", "One", ("A",), isrc="USAAA2600001", upc="12345678"), Known(("5",)), AlbumByUpc("12345678")),
        (Track("artist:a", "One", upc="12345678"), Known(), ArtistSearch("One")),
        (Track("artist:a", "One"), Known(("5",)), ById("5")),
    ],
)
def test_the_first_question(wanted: Track, known: Known, question: Question) -> None:
    assert decide(wanted, Evidence(), RULES, known=known) == Ask(question)


def test_scores() -> None:
    assert score(Track("t", "One", ("A",)), Track("5", "One", ("A",), duration_ms=1000), RULES).penalties
    assert score(Track("album:t", "One", ("A",), size=3), Track("album:5", "One", ("A",), size=3), RULES).score == 1.0
    assert score(Track("artist:t", "One"), Track("artist:5", "Two"), RULES).refused
