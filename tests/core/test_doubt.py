"""Which matches a person should look at, and why."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from musicdiff_job.core.checkpoint import MatchRecord
from musicdiff_job.core.doubt import MARGIN, badness, doubts
from musicdiff_job.core.likeness import Rules
from musicdiff_job.core.match import MATCHER_VERSION, NEAR, Match, Method, Reason, Unmatched
from musicdiff_job.core.model import Track

RULES = Rules()
SONG = Track("s", "Song", ("Singer",), "Album", 200_000, isrc="GBDUW0000059")
COPY = msgspec.structs.replace(SONG, id="1", isrc=None)
SHORT = msgspec.structs.replace(COPY, duration_ms=196_000)
UNKNOWN = msgspec.structs.replace(COPY, duration_ms=None)
ELSEWHERE = msgspec.structs.replace(COPY, album="Hits")
SHARED = msgspec.structs.replace(SHORT, isrc=SONG.isrc)


def match(score: float = 1.0, method: Method = Method.SEARCH, **fields: object) -> Match:
    return Match("1", method, score, **fields)  # type: ignore[arg-type]


def record(decision: Match | Unmatched | None, **fields: object) -> MatchRecord:
    return MatchRecord(**{"track": SONG, "decision": decision, "matcher": MATCHER_VERSION, **fields})  # type: ignore[arg-type]


NO_ISRC = msgspec.structs.replace(SONG, isrc=None)
NEARLY, FAR = 0.98 - NEAR + 0.001, 0.98 - NEAR - 0.001

SURE = {
    "all agrees": record(match()),
    "by ISRC, other album": record(match(0.976, Method.ISRC)),
    "no ISRC confirms it, but only the album differs": record(match(0.976, taken=ELSEWHERE)),
    "nothing could have confirmed it": record(match(0.98, taken=UNKNOWN), track=NO_ISRC),
    "runner-up far behind": record(match(0.98, runner_up="2", runner_up_score=FAR)),
    "runner-up near, but the ISRC settles it": record(match(0.98, Method.ISRC, runner_up="2", runner_up_score=NEARLY)),
    "the same, taken over": record(match(0.98, Method.CACHE, runner_up="2", runner_up_score=NEARLY, taken=SHARED)),
    "older matcher, but all agrees": record(match(1.0, Method.ISRC), matcher=MATCHER_VERSION - 1),
    "unmatched": record(Unmatched(Reason.NOT_FOUND)),
    "open": record(None),
}
DOUBTFUL = {
    "refused": (record(match(), refusals=1), ["Deezer did not take it when it was last placed"]),
    "below": (record(match(0.84, Method.ISRC)), ["its score 0.84 is below the threshold 0.85 that holds now"]),
    "close": (record(match(0.85, Method.ISRC)), ["its score 0.85 is close to the threshold 0.85"]),
    "near runner-up": (
        record(match(0.98, runner_up="2", runner_up_score=NEARLY)),
        ["another recording is nearly as good: 2 has 0.94, this one 0.98"],
    ),
    "taken over": (
        record(match(0.98, Method.CACHE, runner_up="2", runner_up_score=NEARLY, taken=COPY)),
        ["another recording is nearly as good: 2 has 0.94, this one 0.98"],
    ),
    "length unknown": (
        record(match(0.98, taken=UNKNOWN)),
        ["its ISRC does not confirm it, and there is a difference: length unknown on one side"],
    ),
    "not kept what differs": (record(match(0.96)), ["its ISRC does not confirm it, and something differs"]),
    "older matcher": (
        record(match(0.976, Method.ISRC), matcher=MATCHER_VERSION - 1),
        [f"it was decided by version {MATCHER_VERSION - 1} of the matcher; now it is {MATCHER_VERSION}"],
    ),
    "worst first": (
        record(match(0.87, taken=SHORT), refusals=1),
        [
            "Deezer did not take it when it was last placed",
            "its score 0.87 is close to the threshold 0.85",
            "its ISRC does not confirm it, and there is a difference: 3.5 s apart",
        ],
    ),
}


@pytest.mark.parametrize("name", SURE)
def test_what_is_beyond_doubt(name: str) -> None:
    assert doubts(SURE[name], RULES) == ()


@pytest.mark.parametrize("name", DOUBTFUL)
def test_what_is_doubtful(name: str) -> None:
    known, reasons = DOUBTFUL[name]
    assert [one.reason for one in doubts(known, RULES)] == reasons


@pytest.mark.parametrize("name", DOUBTFUL)
def test_a_persons_word_is_never_doubtful(name: str) -> None:
    known, _ = DOUBTFUL[name]
    assert doubts(msgspec.structs.replace(known, override="command"), RULES) == ()
    assert isinstance(known.decision, Match)
    by_word = msgspec.structs.replace(known.decision, method=Method.OVERRIDE)
    assert doubts(msgspec.structs.replace(known, decision=by_word), RULES) == ()


def test_the_worst_match_comes_first() -> None:
    order = ["worst first", "refused", "below", "close", "near runner-up", "not kept what differs", "older matcher"]
    found = sorted(order, key=lambda name: badness(DOUBTFUL[name][0], doubts(DOUBTFUL[name][0], RULES)))
    assert found == order


@given(st.floats(0, 1), st.sampled_from([one for one in Method if one is not Method.OVERRIDE]))
def test_close_to_the_threshold_is_a_margin_wide(value: float, method: Method) -> None:
    reasons = [one.reason for one in doubts(record(match(value, method)), RULES)]
    assert any("threshold" in reason for reason in reasons) is (value < RULES.min_score + MARGIN)
