"""Every step of one decision, in words."""

from __future__ import annotations

from dataclasses import replace

import msgspec
from checkpoint_sample import DAFT, DAFT_TRACK, LIVE, LOST, LOST_TRACK, NEAR, NOW, OPEN, sample

from musicdiff_job.core.checkpoint import MatchRecord
from musicdiff_job.core.likeness import Rules, score
from musicdiff_job.core.match import MATCHER_VERSION, ByFields, ById, ByIsrc, BySearch, Match, Method, Reason, Unmatched
from musicdiff_job.core.model import SourceId, TargetId
from musicdiff_job.core.overrides import set_match
from musicdiff_job.core.terms import Preference, Terms
from musicdiff_job.report.explain import Asked, Explanation, explain_blocks
from musicdiff_job.report.text import plain


def told(source: SourceId, record: MatchRecord | None, **changes: object) -> str:
    explanation = Explanation(source, record, ("Gym",), False, None, Rules(), (), (), None)
    return plain(explain_blocks(replace(explanation, **changes), NOW))  # type: ignore[arg-type]


def test_a_match_from_memory() -> None:
    text = told(DAFT, sample().matches[DAFT])
    assert "Daft Punk - Harder, Better, Faster, Stronger" in text
    assert 'album "Discovery", 3:44, ISRC GBDUW0000059, not explicit' in text
    assert "1. Your word\n   nothing" in text
    assert "https://www.deezer.com/track/3135556: same ISRC, and title, version, artists and length agree" in text
    assert "next best other recording: https://www.deezer.com/track/999 (score 0.88)" in text
    assert f"decided 2026-11-20 03:00 UTC (33 h ago), by matcher version {MATCHER_VERSION}" in text
    assert "6. Next try\n   none: it has its counterpart" in text


def test_an_unmatched_one_with_its_candidates_and_every_penalty() -> None:
    rules = Rules()
    text = told(
        LOST,
        sample().matches[LOST],
        asked=(Asked(ByIsrc("JPVI00012345"), 0), Asked(BySearch("東京"), 2), Asked(ByFields("くるり", "東京"), 1)),
        candidates=tuple(score(LOST_TRACK, one, rules) for one in (LIVE, NEAR)),
        fresh=Unmatched(Reason.ONLY_OTHER_VERSIONS),
    )
    assert "`match reject` says: not https://www.deezer.com/track/777" in text
    assert "the track with ISRC JPVI00012345: no answer" in text
    assert 'search "東京": 2 answers' in text
    assert 'search artist "くるり", title "東京": 1 answer\n' in text
    for scored in (score(LOST_TRACK, one, rules) for one in (LIVE, NEAR)):
        for penalty in scored.penalties:
            weighed = f"(weight {penalty.weight:g}, value {penalty.value:g}): {penalty.note}"
            assert f"{penalty.name} -{penalty.weight * penalty.value:.3f} {weighed}" in text
    assert "never taken: " in text
    assert "not available in your country" in text
    assert "5. Verdict\n   no counterpart: only other versions" in text
    assert "2026-11-23 03:00 UTC (in 39 h), after 2 tries without success" in text


def test_a_new_verdict_that_differs_from_memory_says_so() -> None:
    other = Match("1", Method.SEARCH, 0.9)
    assert "this is what the catalogue says now" in told(DAFT, sample().matches[DAFT], fresh=other)
    same = Match("3135556", Method.ISRC, 0.98)
    assert "this is what the catalogue says now" not in told(DAFT, sample().matches[DAFT], fresh=same)


def test_words_of_a_person() -> None:
    record = set_match(sample(), LOST, TargetId("42"), "2026-11-21T11:00:00Z").matches[LOST]
    assert "`match set` says: https://www.deezer.com/track/42" in told(LOST, record)
    none = set_match(sample(), LOST, None, "2026-11-21T11:00:00Z").matches[LOST]
    assert "`match set` says: it has no counterpart" in told(LOST, none)
    assert "the overrides file says: it has no counterpart" in told(LOST, none, in_file=True)
    assert "the overrides file says: https://www.deezer.com/track/7" in told(
        LOST, none, in_file=True, file_target=TargetId("7")
    )


def test_an_open_search_and_a_stranger() -> None:
    text = told(OPEN, sample().matches[OPEN], asked=(Asked(ById("5"), None),), trouble="Deezer is down")
    assert "not decided yet" in text
    assert "the track 5, which Deezer names as an alternative\n   Deezer is down" in text
    assert not set(text) & set("\x1b\x07\x9b\u202e\u2066\u200f\r")
    stranger = told(OPEN, None, collections=())
    assert "the track is not in the checkpoint" in stranger
    assert "in no collection that the checkpoint knows" in stranger


def test_no_candidate_is_said() -> None:
    assert "4. Candidates\n   none\n" in told(OPEN, sample().matches[OPEN])


def test_a_rejected_candidate_is_marked() -> None:
    record = MatchRecord(DAFT_TRACK, rejected=(TargetId(LIVE.id),))
    assert "rejected by you" in told(DAFT, record, candidates=(score(DAFT_TRACK, LIVE, Rules()),))


def test_the_file_s_terms_and_the_doubts_are_told() -> None:
    terms = Terms((TargetId("5"), TargetId("6")), Preference("The \x1bHits", explicit=False))
    rejected = score(DAFT_TRACK, msgspec.structs.replace(LIVE, id="6"), Rules())
    text = told(DAFT, sample().matches[DAFT], terms=terms, doubts=("it is odd",), candidates=(rejected,))
    assert "the overrides file says: not https://www.deezer.com/track/5, not https://www.deezer.com/track/6\n" in text
    assert 'of several copies the overrides file prefers: album "The \ufffdHits", not explicit\n' in text
    assert "doubtful: it is odd" in text
    assert "rejected by you" in text
    assert "prefers: explicit\n" in told(DAFT, sample().matches[DAFT], terms=Terms((), Preference(explicit=True)))


def test_the_threshold_and_the_runner_up_of_the_verdict_are_told() -> None:
    fresh = Match("1", Method.SEARCH, 0.9, "2", 0.87)
    verdict = told(DAFT, sample().matches[DAFT], fresh=fresh).partition("5. Verdict\n")[2]
    assert "next best other recording: https://www.deezer.com/track/2 (score 0.87)" in verdict
    assert "accepted from 0.85, and 0.02 ahead of another recording" in verdict
