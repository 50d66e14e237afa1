"""The conversation: what is asked next, when it ends and how."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from musicdiff_job.core.match import (
    KEPT,
    Ask,
    ByFields,
    ById,
    ByIsrc,
    BySearch,
    Evidence,
    Match,
    Method,
    Preference,
    Question,
    Reason,
    Rules,
    Unmatched,
    decide,
    score,
)
from musicdiff_job.core.model import Track

RULES = Rules()
ISRC = "USRC17607839"
SEARCH, FIELDS = BySearch("Song Singer"), ByFields("Singer", "Song")


def track(id_: str, title: str = "Song", seconds: float | None = 200, **more: object) -> Track:
    fields = {"id": id_, "title": title, "artists": ("Singer",), **more}
    return Track(**fields, duration_ms=None if seconds is None else int(seconds * 1000))  # type: ignore[arg-type]


WANTED = track("s")
WITH_ISRC = track("s", isrc=ISRC)


def heard(*answers: tuple[Question, Sequence[Track]]) -> Evidence:
    evidence = Evidence()
    for question, tracks in answers:
        evidence = evidence.with_answer(question, tracks)
    return evidence


def exhausted(*tracks: Track) -> Evidence:
    return heard((SEARCH, tracks), (FIELDS, ()))


def outcome(wanted: Track, answer: Callable[[Question], Sequence[Track]], rules: Rules = RULES) -> Match | Unmatched:
    evidence = Evidence()
    for _ in range(rules.max_questions + 1):
        step = decide(wanted, evidence, rules)
        if not isinstance(step, Ask):
            return step
        evidence = evidence.with_answer(step.question, answer(step.question))
    raise AssertionError("asked more than max_questions")


def test_order_of_questions() -> None:
    assert decide(WITH_ISRC, Evidence(), RULES) == Ask(ByIsrc(ISRC))
    assert decide(WITH_ISRC, heard((ByIsrc(ISRC), ())), RULES) == Ask(SEARCH)
    assert decide(WITH_ISRC, heard((ByIsrc(ISRC), ()), (SEARCH, ())), RULES) == Ask(FIELDS)
    assert decide(WITH_ISRC, heard((ByIsrc(ISRC), ()), (SEARCH, ()), (FIELDS, ())), RULES) == Unmatched(
        Reason.NOT_FOUND
    )
    assert decide(WANTED, Evidence(), RULES) == Ask(SEARCH)


def test_no_more_than_max_questions() -> None:
    assert decide(WANTED, heard((SEARCH, ())), Rules(max_questions=1)) == Unmatched(Reason.NOT_FOUND)
    assert decide(WANTED, Evidence(), Rules(max_questions=0)) == Unmatched(Reason.NOT_FOUND)


def test_an_isrc_hit_that_agrees_is_believed_at_once() -> None:
    hit = track("9", isrc=ISRC)
    assert decide(WITH_ISRC, heard((ByIsrc(ISRC), [hit])), RULES) == Match("9", Method.ISRC, 1.0)


@pytest.mark.parametrize(
    "hit",
    [
        track("9", "Song (Live)", isrc=ISRC),
        track("9", "Other", isrc=ISRC),
        track("9", "Song", 260, isrc=ISRC),
        track("9", "Song", 203, artists=("Coverer",), isrc=ISRC),
        track("9", isrc=ISRC, readable=False),
    ],
    ids=["version", "title", "length", "artist", "unreadable"],
)
def test_an_isrc_hit_that_does_not_agree_falls_through_to_search(hit: Track) -> None:
    evidence = heard((ByIsrc(ISRC), [hit]))
    assert decide(WITH_ISRC, evidence, RULES) == Ask(SEARCH)
    assert decide(WITH_ISRC, evidence.with_answer(SEARCH, [track("5")]), RULES) == Match("5", Method.SEARCH, 1.0)


def test_the_alternative_of_an_unreadable_hit_is_asked_for() -> None:
    hit = track("9", isrc=ISRC, readable=False, alternative="11")
    evidence = heard((ByIsrc(ISRC), [hit]))
    assert decide(WITH_ISRC, evidence, RULES) == Ask(ById("11"))
    assert decide(WITH_ISRC, evidence.with_answer(ById("11"), []), RULES) == Ask(SEARCH)
    found = evidence.with_answer(ById("11"), [track("11", isrc=ISRC)])
    assert decide(WITH_ISRC, found, RULES) == Match("11", Method.ISRC, 1.0)


def test_a_rejected_isrc_hit_falls_through_to_search() -> None:
    evidence, rejected = heard((ByIsrc(ISRC), [track("9", isrc=ISRC)])), frozenset({"9"})
    assert decide(WITH_ISRC, evidence, RULES, rejected) == Ask(SEARCH)
    found = evidence.with_answer(SEARCH, [track("9", isrc=ISRC), track("5")])
    assert decide(WITH_ISRC, found, RULES, rejected) == Match("5", Method.SEARCH, 1.0)
    other = evidence.with_answer(SEARCH, [track("7", isrc=ISRC)])
    assert decide(WITH_ISRC, other, RULES, rejected) == Match("7", Method.ISRC, 1.0)


def test_an_unreadable_copy_leads_to_a_readable_one_of_the_same_recording() -> None:
    gone = track("9", isrc=ISRC, readable=False, alternative="11")
    evidence = heard((ByIsrc(ISRC), [gone]), (ById("11"), [track("11", "Song (Live)", isrc=ISRC)]))
    assert decide(WITH_ISRC, evidence, RULES) == Ask(SEARCH)
    copies = [gone, track("12", "Song (Live)"), track("13", seconds=290), track("14", album="Hits")]
    assert decide(WITH_ISRC, evidence.with_answer(SEARCH, copies), RULES) == Match("14", Method.SEARCH, 1.0)


COPIES = [
    ("readable before the same album", {"album": "Hits", "readable": False}, {"album": "Gold", "explicit": False}),
    ("the album before the words", {"album": "Gold", "explicit": True}, {"album": "Hits", "explicit": False}),
    ("the words before the score", {"album": "Hits", "explicit": False}, {"album": "Hits", "seconds": 201.9}),
]


@pytest.mark.parametrize(("name", "worse", "better"), COPIES, ids=[row[0] for row in COPIES])
def test_copies_of_one_isrc_are_ranked(name: str, worse: dict[str, Any], better: dict[str, Any]) -> None:
    wanted = track("s", album="Hits", explicit=True, isrc=ISRC)
    copies = [
        track("1", **{"isrc": ISRC, "explicit": True, **worse}),
        track("2", **{"isrc": ISRC, "explicit": True, **better}),
    ]
    step = decide(wanted, heard((ByIsrc(ISRC), copies)), RULES)
    assert isinstance(step, Match), name
    assert (step.target, step.method) == ("2", Method.ISRC)


def test_the_alternative_of_a_wrong_track_is_not() -> None:
    hit = track("9", "Other", isrc=ISRC, readable=False, alternative="11")
    assert decide(WITH_ISRC, heard((ByIsrc(ISRC), [hit])), RULES) == Ask(SEARCH)


def test_the_alternative_of_a_readable_track_is_not() -> None:
    two = [track("1", seconds=197, alternative="11"), track("2", seconds=202)]
    assert decide(WANTED, heard((SEARCH, two)), RULES) == Ask(FIELDS)


def test_search_is_scored() -> None:
    wrong = [track("1", "Song (Live)"), track("2", artists=("Coverer",)), track("3", "Other"), track("4", seconds=290)]
    step = decide(WANTED, heard((SEARCH, [*wrong, track("5", "Song - 2011 Remaster")])), RULES)
    assert isinstance(step, Match)
    assert (step.target, step.method, step.runner_up) == ("5", Method.SEARCH, None)


def test_the_runner_up_is_kept() -> None:
    step = decide(WANTED, heard((SEARCH, [track("1"), track("2", seconds=203)])), RULES)
    assert isinstance(step, Match)
    assert (step.target, step.runner_up) == ("1", "2")
    assert RULES.min_score <= step.runner_up_score < step.score - RULES.min_gap


REASONS = [
    (Reason.NOT_FOUND, [], ()),
    (Reason.NOT_FOUND, [track("1", artists=("Coverer",)), track("2", "Other")], ()),
    (Reason.ONLY_OTHER_VERSIONS, [track("1", "Song (Live)"), track("2", "Other")], ()),
    (Reason.ONLY_OTHER_VERSIONS, [track("1", seconds=290)], ()),
    (Reason.UNREADABLE, [track("1", readable=False), track("2", "Song (Live)")], ()),
    (Reason.REJECTED, [track("1")], ("1",)),
    (Reason.REJECTED, [track("1"), track("2", "Song (Live)")], ("1",)),
    (Reason.AMBIGUOUS, [track("1", seconds=197), track("2", seconds=202)], ()),
    (Reason.BELOW_THRESHOLD, [track("1", "Wood Song (Remastered)", 202, artists=("Guest", "Singer"), album="B")], ()),
]


@pytest.mark.parametrize(("reason", "found", "rejected"), REASONS)
def test_reasons(reason: Reason, found: list[Track], rejected: tuple[str, ...]) -> None:
    wanted = track("s", album="A") if reason is not Reason.BELOW_THRESHOLD else track("s", "Woods Sung", 200, album="A")
    step = decide(wanted, exhausted(*found), Rules(max_questions=2), frozenset(rejected))
    assert isinstance(step, Unmatched)
    assert step.reason is reason
    assert all(item == score(wanted, item.track, RULES) and item.track.id not in rejected for item in step.best)


def test_up_to_three_of_the_best_are_kept() -> None:
    step = decide(WANTED, exhausted(*(track(str(n), f"Song (Live in {n})", 200 + n) for n in range(9))), RULES)
    assert isinstance(step, Unmatched)
    assert [item.track.id for item in step.best] == ["0", "1", "2"]


def test_a_rejected_track_is_never_taken() -> None:
    evidence = exhausted(track("1"), track("2", seconds=201))
    assert decide(WANTED, evidence, RULES) == Match("1", Method.SEARCH, 1.0)
    step = decide(WANTED, evidence, RULES, frozenset({"1"}))
    assert isinstance(step, Match) and step.target == "2"


def test_no_title() -> None:
    assert decide(track("s", "  ", isrc=ISRC), Evidence(), RULES) == Unmatched(Reason.NO_TITLE)
    assert isinstance(decide(track("s", "÷"), Evidence(), RULES), Ask)


EQUALS = [
    ("readable", {"readable": False}, {}),
    ("same ISRC", {"rank": 9}, {"isrc": ISRC}),
    ("same album", {"album": "Gold", "rank": 9}, {"album": "Hits (Deluxe Edition)"}),
    ("explicit", {"explicit": False, "rank": 9}, {"explicit": True}),
    ("nearer", {"seconds": 201.5, "rank": 9}, {}),
    ("rank", {"rank": 1}, {"rank": 2}),
]


@pytest.mark.parametrize(("name", "worse", "better"), EQUALS, ids=[row[0] for row in EQUALS])
def test_among_equal_copies(name: str, worse: dict[str, Any], better: dict[str, Any]) -> None:
    wanted = track("s", album="Hits", isrc=ISRC)
    copies = [track("1", **worse), track("2", **better)]
    step = decide(wanted, heard((ByIsrc(ISRC), ()), (SEARCH, copies), (FIELDS, ())), RULES)
    assert isinstance(step, Match), name
    assert step.target == "2"


def test_the_lowest_id_decides_last_and_as_a_number() -> None:
    step = decide(WANTED, exhausted(track("10"), track("9")), RULES)
    assert step == Match("9", Method.SEARCH, 1.0)


def test_wanted_clean_takes_the_clean_copy() -> None:
    copies = [track("1", explicit=True), track("2", explicit=False)]
    step = decide(track("s", explicit=False), exhausted(*copies), RULES)
    assert isinstance(step, Match) and step.target == "2"
    step = decide(WANTED, exhausted(*copies), Rules(prefer_explicit=False))
    assert isinstance(step, Match) and step.target == "1"


def test_unknown_length_of_a_plain_title_stays_ambiguous() -> None:
    cuts = [track("30", seconds=180), track("20", seconds=240), track("40", seconds=300)]
    step = decide(track("s", seconds=None), exhausted(*cuts), RULES)
    assert isinstance(step, Unmatched) and step.reason is Reason.AMBIGUOUS


def test_unknown_length_of_a_radio_edit_takes_the_shortest() -> None:
    cuts = [track("20", seconds=240), track("30", seconds=180)]
    step = decide(track("s", "Song - Radio Edit", None), exhausted(*cuts), RULES)
    assert isinstance(step, Match) and step.target == "30"


def test_unknown_length_and_other_words_are_no_match() -> None:
    cuts = [track("20", seconds=240), track("30", seconds=180)]
    step = decide(track("s", "Song - Original Mix", None), exhausted(*cuts), RULES)
    assert isinstance(step, Unmatched) and step.reason is Reason.ONLY_OTHER_VERSIONS
    named = [track("20", "Song (Radio Edit)", 240), track("30", "Song (Radio Edit)", 180)]
    step = decide(track("s", "Song - Radio Edit", None), exhausted(*named), RULES)
    assert isinstance(step, Unmatched) and step.reason is Reason.AMBIGUOUS


def test_ambiguity_is_asked_about_before_it_is_told() -> None:
    two = [track("1", seconds=197), track("2", seconds=202)]
    evidence = heard((SEARCH, two))
    assert decide(WANTED, evidence, RULES) == Ask(FIELDS)
    step = decide(WANTED, evidence.with_answer(FIELDS, [track("3")]), RULES)
    assert isinstance(step, Match) and step.target == "3"


def test_what_a_sweep_found() -> None:
    swept = Evidence(candidates=(track("1"), track("2", "Other")))
    assert decide(WANTED, swept, RULES) == Match("1", Method.SWEEP, 1.0)
    assert decide(WITH_ISRC, Evidence(candidates=(track("1", isrc=ISRC),)), RULES) == Match("1", Method.ISRC, 1.0)
    doubtful = Evidence(candidates=(track("1", seconds=206),))
    assert decide(WITH_ISRC, doubtful, RULES) == Ask(ByIsrc(ISRC))


def test_evidence_keeps_looked_up_tracks_and_few_copies() -> None:
    hit = track("9", isrc=ISRC, readable=False)
    many = [track(str(100 + n)) for n in range(30)]
    evidence = heard((ByIsrc(ISRC), [hit]), (SEARCH, [*many, track("7", "Song", 180), track("9", "newer")]))
    ids = [item.id for item in evidence.candidates]
    assert len(ids) == KEPT and ids[0] == "9" and "7" in ids
    assert evidence.candidates[0].title == "newer"
    later = evidence.with_answer(FIELDS, [track("8", "Song", 170)])
    assert {"9", "8"} <= {item.id for item in later.candidates}


QUESTIONS = st.sampled_from([ByIsrc(ISRC), ById("3"), SEARCH, FIELDS, BySearch("other")])
TRACKS = st.builds(
    Track,
    id=st.integers(1, 40).map(str),
    title=st.sampled_from(["Song", "Song (Live)", "Song - 2011 Remaster", "Song (Radio Edit)", "Other", "Кукушка", ""]),
    artists=st.sampled_from([("Singer",), ("Coverer",), ("Other", "Singer"), ("Various Artists",), ()]),
    album=st.sampled_from(["", "Hits", "Live at Leeds"]),
    duration_ms=st.none() | st.integers(190, 210).map(lambda seconds: seconds * 1000),
    isrc=st.none() | st.just(ISRC),
    explicit=st.none() | st.booleans(),
    readable=st.booleans(),
    rank=st.integers(0, 3),
    alternative=st.none() | st.just("3"),
)
ANSWERS = st.lists(st.tuples(QUESTIONS, st.lists(TRACKS, max_size=20)), max_size=4)


@given(ANSWERS)
def test_evidence_is_bounded_and_each_id_once(answers: list[tuple[Question, list[Track]]]) -> None:
    evidence = heard(*answers)
    ids = [item.id for item in evidence.candidates]
    assert len(ids) == len(set(ids)) <= KEPT
    assert len(evidence.asked) == len(set(evidence.asked)) == len({question for question, _ in answers})
    assert msgspec.json.decode(msgspec.json.encode(evidence), type=Evidence) == evidence


@given(TRACKS, ANSWERS, st.frozensets(st.integers(1, 40).map(str), max_size=5), st.randoms())
def test_decide(
    wanted: Track, answers: list[tuple[Question, list[Track]]], rejected: frozenset[str], luck: object
) -> None:
    evidence = heard(*answers)
    step = decide(wanted, evidence, RULES, rejected)
    shuffled = list(evidence.candidates)
    luck.shuffle(shuffled)  # type: ignore[attr-defined]
    assert decide(wanted, msgspec.structs.replace(evidence, candidates=tuple(shuffled)), RULES, rejected) == step
    match step:
        case Ask(question):
            assert question not in evidence.asked
            assert len(evidence.asked) < RULES.max_questions
        case Match(target, method, value, runner_up, _):
            taken = next(item for item in evidence.candidates if item.id == target)
            assert taken.readable and target not in rejected and target != runner_up
            result = score(wanted, taken, RULES)
            assert not result.refused and result.score == value >= RULES.min_score
            assert (method is Method.ISRC) == (wanted.isrc is not None and wanted.isrc == taken.isrc)
        case Unmatched(_, best):
            assert len(best) <= 3
    assert msgspec.json.decode(msgspec.json.encode(step), type=type(step)) == step


@given(TRACKS, st.dictionaries(QUESTIONS, st.lists(TRACKS, max_size=5)))
def test_every_conversation_ends(wanted: Track, catalogue: dict[Question, list[Track]]) -> None:
    assert isinstance(outcome(wanted, lambda question: catalogue.get(question, [])), Match | Unmatched)


def test_the_isrc_settles_what_else_were_ambiguous() -> None:
    bearing, nearer = track("1", seconds=203, isrc=ISRC), track("2")
    step = decide(WITH_ISRC, heard((ByIsrc(ISRC), [bearing]), (SEARCH, [nearer])), RULES)
    assert isinstance(step, Match)
    assert (step.target, step.method, step.runner_up) == ("1", Method.ISRC, "2")


HITS, SINGLES = track("1", album="Hits", rank=9), track("2", album="Singles", explicit=True)


@pytest.mark.parametrize(
    ("prefer", "target"),
    [
        (None, "1"),
        (Preference("Hits"), "1"),
        (Preference("Singles (Deluxe)"), "2"),
        (Preference(explicit=True), "2"),
        (Preference("Nowhere"), "1"),
        (Preference("Hits", explicit=False), "1"),
    ],
)
def test_a_preference_chooses_among_copies(prefer: Preference | None, target: str) -> None:
    step = decide(track("s", album="Hits"), exhausted(HITS, SINGLES), RULES, prefer=prefer)
    assert isinstance(step, Match)
    assert step.target == target


def test_a_preference_makes_no_other_recording_acceptable() -> None:
    others = [track("2", "Song (Live)", album="Singles"), track("3", album="Singles", seconds=205)]
    step = decide(track("s", album="Hits"), exhausted(HITS, *others), RULES, prefer=Preference("Singles"))
    assert isinstance(step, Match) and step.target == "1"
    step = decide(track("s", album="Hits"), exhausted(others[0]), RULES, prefer=Preference("Singles"))
    assert isinstance(step, Unmatched)


def test_for_a_preferred_copy_the_other_questions_are_asked_too() -> None:
    wanted = track("s", album="Hits", isrc=ISRC)
    by_isrc = heard((ByIsrc(ISRC), [track("1", album="Hits", isrc=ISRC)]))
    assert isinstance(decide(wanted, by_isrc, RULES, prefer=Preference("Hits")), Match)
    assert decide(wanted, by_isrc, RULES, prefer=Preference("Singles")) == Ask(SEARCH)
    found = by_isrc.with_answer(SEARCH, [SINGLES])
    step = decide(wanted, found, RULES, prefer=Preference("Singles"))
    assert isinstance(step, Match) and (step.target, step.method) == ("2", Method.SEARCH)
    none = by_isrc.with_answer(SEARCH, []).with_answer(FIELDS, [])
    assert decide(wanted, none, RULES, prefer=Preference("Singles")) == Match("1", Method.ISRC, 1.0)


TOLD = [
    ("the same", track("1"), False),
    ("another album", track("1", album="Hits"), False),
    ("a second apart", track("1", seconds=201), False),
    ("length unknown", track("1", seconds=None), True),
    ("much differs", track("1", seconds=203.9), True),
]


@pytest.mark.parametrize(("name", "found", "told"), TOLD, ids=[row[0] for row in TOLD])
def test_what_deezer_says_is_kept_of_what_a_person_may_have_to_look_at(name: str, found: Track, told: bool) -> None:
    step = decide(track("s", album="Gold"), exhausted(found), RULES)
    assert isinstance(step, Match)
    assert step.taken == (found if told else None), name


def test_what_deezer_says_is_kept_beside_a_near_runner_up_unless_the_isrc_settles_it() -> None:
    rivals = [track("1", isrc=ISRC), track("2", seconds=202.4)]
    step = decide(WANTED, exhausted(*rivals), RULES)
    assert isinstance(step, Match) and step.runner_up == "2" and step.taken == rivals[0]
    step = decide(WITH_ISRC, heard((ByIsrc(ISRC), rivals), (SEARCH, ()), (FIELDS, ())), RULES)
    assert isinstance(step, Match) and step.runner_up == "2" and step.taken is None
