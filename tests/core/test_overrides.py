"""A person's word about a counterpart, as transitions."""

from __future__ import annotations

import pytest
from checkpoint_sample import DAFT, GYM, LOST, NOW, OPEN, sample

from musicdiff_job.core.checkpoint import Checkpoint, MatchRecord
from musicdiff_job.core.errors import UsageError
from musicdiff_job.core.match import Match, Method, Reason, Unmatched
from musicdiff_job.core.model import LIKED, SourceId, TargetId
from musicdiff_job.core.overrides import BY_COMMAND, clear_match, reject_match, set_match
from musicdiff_job.core.timestamps import to_iso

WHEN = to_iso(NOW)
NEW = TargetId("42")


def record(checkpoint: Checkpoint, source: SourceId) -> MatchRecord:
    return checkpoint.matches[source]


def test_set_decides_and_makes_the_collections_due() -> None:
    after = set_match(sample(), LOST, NEW, WHEN)
    assert record(after, LOST).decision == Match(NEW, Method.OVERRIDE, 1.0)
    assert (record(after, LOST).override, record(after, LOST).decided_at) == (BY_COMMAND, WHEN)
    assert (record(after, LOST).tries, record(after, LOST).retry_at) == (0, None)
    assert after.mirrors[GYM].snapshot == ""
    assert after.mirrors[LIKED].snapshot == "s"


def test_set_none_says_that_there_is_no_counterpart() -> None:
    after = set_match(sample(), DAFT, None, WHEN)
    assert record(after, DAFT).decision == Unmatched(Reason.REJECTED)
    assert record(after, DAFT).override == BY_COMMAND


def test_set_takes_a_rejection_of_the_same_target_back_and_keeps_the_others() -> None:
    rejected = reject_match(sample(), LOST, NEW)
    assert record(set_match(rejected, LOST, NEW, WHEN), LOST).rejected == ("777",)


def test_set_works_for_a_track_nobody_has_seen() -> None:
    unseen = SourceId("z" * 22)
    after = set_match(Checkpoint(), unseen, NEW, WHEN)
    assert record(after, unseen).track.id == unseen
    assert record(after, unseen).decision == Match(NEW, Method.OVERRIDE, 1.0)


def test_reject_of_the_counterpart_decides_anew() -> None:
    after = reject_match(sample(), DAFT, None)
    assert record(after, DAFT) == MatchRecord(track=record(sample(), DAFT).track, rejected=(TargetId("3135556"),))
    assert after.mirrors[GYM].snapshot == ""


def test_reject_of_another_target_leaves_the_counterpart() -> None:
    after = reject_match(sample(), DAFT, NEW)
    assert record(after, DAFT).decision == record(sample(), DAFT).decision
    assert record(after, DAFT).rejected == (NEW,)


def test_reject_of_a_candidate_decides_anew_at_once() -> None:
    after = reject_match(sample(), LOST, NEW)
    assert record(after, LOST).decision is None
    assert record(after, LOST).retry_at is None
    assert record(after, LOST).rejected == ("777", NEW)


def test_reject_twice_is_reject_once() -> None:
    once = reject_match(sample(), LOST, NEW)
    assert reject_match(once, LOST, NEW) == once


def test_reject_of_what_was_set_takes_the_word_back() -> None:
    after = reject_match(set_match(sample(), DAFT, NEW, WHEN), DAFT, None)
    assert (record(after, DAFT).override, record(after, DAFT).rejected) == ("", (NEW,))


def test_reject_beside_a_word_that_there_is_no_counterpart_leaves_the_word() -> None:
    after = reject_match(set_match(sample(), DAFT, None, WHEN), DAFT, NEW)
    assert (record(after, DAFT).decision, record(after, DAFT).override) == (Unmatched(Reason.REJECTED), BY_COMMAND)
    assert record(after, DAFT).rejected == (NEW,)


@pytest.mark.parametrize("source", [LOST, OPEN, SourceId("z" * 22)])
def test_reject_needs_something_to_reject(source: SourceId) -> None:
    with pytest.raises(UsageError, match="no counterpart to reject"):
        reject_match(sample(), source, None)


def test_clear_forgets_everything_but_the_track() -> None:
    after = clear_match(set_match(sample(), LOST, NEW, WHEN), LOST)
    assert record(after, LOST) == MatchRecord(track=record(sample(), LOST).track)
    with pytest.raises(UsageError, match="nothing is known"):
        clear_match(sample(), SourceId("z" * 22))
