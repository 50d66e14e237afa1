"""What flows back: the table of verdicts, what moved, which counterpart is believed."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from musicdiff_job.core.flow_back import (
    LOST,
    NOT_CLOSE,
    NOTHING,
    SEVERAL,
    SWAPPED,
    TAKEN,
    THERE,
    TWICE,
    Flow,
    Listed,
    Sent,
    Stay,
    agreement,
    changed,
    choose,
    give_back,
    moved,
    settled,
)
from musicdiff_job.core.likeness import Rules, Scored, score
from musicdiff_job.core.model import Entry, SkipReason, SourceId, TargetId, Track

RULES = Rules()


def entries(*ids: str, added_at: str = "then") -> list[Entry]:
    return [Entry(track=Track(id=one, title=one), added_at=added_at) for one in ids]


def s(one: str) -> SourceId:
    return SourceId(one)


def t(one: str) -> TargetId:
    return TargetId(one)


STANDING = {s(one): t(one.upper()) for one in "abcde"}

AGAIN = Entry(track=Track(id="b", title="b"), added_at="now")


# Every combination of a hand edit with what the source holds of the track


@pytest.mark.parametrize(
    ("case", "agreed", "listed", "disputed", "verdict"),
    [
        ("as it was agreed on", "abc", entries(*"abc"), (), "remove"),
        ("gone from the source as well", "abc", entries(*"ac"), (), "nothing"),
        ("moved on the source", "abc", entries(*"bac"), (), "either"),
        ("added again on the source", "abc", [*entries("a", "c"), AGAIN], (), "disputed"),
        ("added again where it was", "abc", [*entries("a"), AGAIN, *entries("c")], (), "disputed"),
        ("disputed before, and not decided", "abc", entries(*"abc"), ("B",), "disputed"),
        ("on the source twice", "abc", entries(*"abcb"), (), "stay"),
        ("never agreed on", "ac", entries(*"abc"), (), "remove"),
    ],
)  # fmt: skip
def test_a_hand_removal(case: str, agreed: str, listed: list[Entry], disputed: tuple[str, ...], verdict: str) -> None:
    flow = Flow(agreed=tuple(Listed(s(one), "then") for one in agreed), disputed=tuple(map(t, disputed)))
    found = give_back(flow, listed, STANDING, [(s("b"), t("B"))], [])
    assert found.add == ()
    told = {
        "remove": (found.remove, found.disputed, dict(found.stay)) == ((Sent(s("b"), t("B"), True),), (), {}),
        "nothing": (found.remove, found.disputed, dict(found.stay)) == ((), (), {}),
        "disputed": (found.remove, found.disputed, dict(found.stay)) == ((), (t("B"),), {}),
        "stay": (found.remove, found.disputed, dict(found.stay)) == ((), (), {t("B"): TWICE}),
    }
    told["either"] = told["remove"] or told["disputed"]  # one of two neighbours has moved, and nobody knows which
    assert told[verdict], (case, found)


def test_another_copy_of_a_removed_track_keeps_both() -> None:
    standing = {**STANDING, s("x"): t("B")}
    found = give_back(Flow(), entries("a", "b", "x"), standing, [(s("b"), t("B"))], [])
    assert (found.remove, found.stay) == ((), {t("B"): TWICE})


@pytest.mark.parametrize(
    ("listed", "standing", "verdict"),
    [
        (entries("a"), {}, "add"),
        (entries("a"), {s("d"): t("D")}, "add"),
        (entries("a", "d"), {s("d"): t("D")}, THERE),
        (entries("a"), {s("d"): t("E")}, TAKEN),
        (entries("a", "d"), {s("d"): t("E")}, TAKEN),
    ],
)
def test_a_hand_addition(listed: list[Entry], standing: dict[SourceId, TargetId], verdict: str) -> None:
    found = give_back(Flow(), listed, standing, [], [(t("D"), s("d"))])
    assert (found.remove, found.disputed) == ((), ())
    if verdict == "add":
        assert (found.add, found.stay) == ((Sent(s("d"), t("D")),), {})
    else:
        assert (found.add, found.stay) == ((), {t("D"): verdict})


def test_a_track_that_was_replaced_by_another_copy_stays_on_the_source() -> None:
    found = give_back(Flow(), entries("a", "b"), STANDING, [(s("b"), t("B"))], [(t("X"), s("b"))])
    assert (found.add, found.remove) == ((), ())
    assert found.stay == {t("B"): SWAPPED, t("X"): TAKEN}


def test_two_additions_of_one_counterpart_add_it_once() -> None:
    found = give_back(Flow(), [], {}, [], [(t("D"), s("d")), (t("E"), s("d"))])
    assert found.add == (Sent(s("d"), t("D")),)
    assert found.stay == {t("E"): TAKEN}


def test_local_files_and_episodes_are_no_tracks_of_the_agreement() -> None:
    listed = [Entry(skipped=SkipReason.LOCAL, label="mine"), *entries("a", "b", "a"), Entry(skipped=SkipReason.EPISODE)]
    assert agreement(listed) == (Listed(s("a"), "then"), Listed(s("b"), "then"))


# What moved


def longest_common_order(before: tuple[int, ...], now: tuple[int, ...]) -> int:
    both = [one for one in now if one in before]
    return max(
        length
        for length in range(len(both) + 1)
        if any(list(some) == sorted(some, key=before.index) for some in itertools.combinations(both, length))
    )


@given(st.permutations(range(6)), st.permutations(range(8)), st.integers(0, 6))
def test_what_did_not_move_is_a_longest_run_in_order(before: list[int], now: list[int], cut: int) -> None:
    old, new = tuple(before[cut:]), tuple(now)
    gone = moved(old, new)
    kept = [one for one in new if one in old and one not in gone]
    assert kept == sorted(kept, key=old.index)
    assert len(kept) == longest_common_order(old, new)
    assert gone <= set(old) & set(new)


def test_one_that_went_to_the_end_is_the_one_that_moved() -> None:
    assert moved("abcde", "acdeb") == {"b"}
    assert moved("abcde", "ae") == frozenset()
    assert moved("", "abc") == frozenset()


def test_a_new_date_tells_an_entry_that_was_added_again() -> None:
    agreed = agreement(entries("a", "b"))
    assert changed(agreed, [*entries("a"), *entries("b", added_at="now")]) == {"b"}
    assert changed(agreed, entries("a", "b", "c", added_at="then")) == frozenset()
    undated = [Entry(track=Track(id="a", title="a"))]
    assert changed(agreement(undated), undated) == frozenset()


# What was sent


def test_a_read_settles_what_was_sent() -> None:
    sent = (Sent(s("a"), t("A")), Sent(s("b"), t("B")), Sent(s("c"), t("C"), True), Sent(s("d"), t("D"), True))
    done, lost = settled(Flow(sent=sent, acknowledged=4), entries("a", "c"))
    assert done == (sent[0], sent[3])
    assert lost == (sent[1], sent[2])
    assert settled(Flow(sent=sent, acknowledged=0), entries("a", "c"))[1] == ()


def test_a_stay_says_when_it_is_tried_again() -> None:
    assert Stay(t("A"), "Song", LOST).retry_at is None


# The counterpart


def song(one: str, **fields: object) -> Track:
    known: dict[str, object] = {"title": "One Song", "artists": ("Band",), "duration_ms": 200_000, "album": "Album"}
    return Track(id=one, **{**known, **fields})  # type: ignore[arg-type]


def chosen(found: Scored | str) -> str:
    return found if isinstance(found, str) else found.track.id


@pytest.mark.parametrize(
    ("candidates", "ruled_out", "verdict"),
    [
        ([], (), NOTHING),
        ([song("s1")], (), "s1"),
        ([song("s1")], ("s1",), NOTHING),
        ([song("s1", title="One Song (Live)")], (), NOT_CLOSE),
        ([song("s1", artists=("Somebody",))], (), NOT_CLOSE),
        ([song("s1", duration_ms=240_000)], (), NOT_CLOSE),
        ([song("s1", title="One Song (Live)"), song("s2")], (), "s2"),
        ([song("s1"), song("s2")], (), "s1"),
        ([song("s1", isrc="USAAA2600001"), song("s2", isrc="USAAA2600001")], (), "s1"),
    ],
)
def test_a_counterpart_must_be_the_same_both_ways(
    candidates: list[Track], ruled_out: tuple[str, ...], verdict: str
) -> None:
    assert chosen(choose(song("1"), candidates, RULES, ruled_out)) == verdict


def test_what_is_good_enough_one_way_only_is_not_good_enough() -> None:
    """A plain title may stand for a radio edit whose length is not known, but not the other way round."""
    radio, plain = song("1", title="One Song (Radio Edit)", duration_ms=None), song("s1")
    assert not score(radio, plain, RULES).refused
    assert score(plain, radio, RULES).refused
    assert chosen(choose(radio, [plain], RULES, ())) == NOT_CLOSE


def test_two_recordings_that_are_as_near_are_nobodys_counterpart() -> None:
    near, other = song("s1", duration_ms=196_500), song("s2", duration_ms=203_500)
    assert chosen(choose(song("1"), [near, other], RULES, ())) == SEVERAL
