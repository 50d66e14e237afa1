"""What is worth telling, and that it is told once."""

from __future__ import annotations

from datetime import date, timedelta

import msgspec
import pytest
from checkpoint_sample import DAFT, GYM, LOST, NOW, run_summary, sample

from musicdiff_job.core.checkpoint import Checkpoint, MatchRecord, Pause
from musicdiff_job.core.conflict import Side
from musicdiff_job.core.model import SourceId, Track
from musicdiff_job.core.notices import CAUSES_APART, CAUSES_KEPT, NEWS, SHOWN, Decision, Notice, decide
from musicdiff_job.core.outcome import Outcome
from musicdiff_job.core.summary import CollectionState, ErrorLine, Summary, Totals
from musicdiff_job.core.told import NotifyOn, Told

DOWN = ErrorLine("deezer", "HTTP 503 after 12.3 s")
ASKED = {"spotify": 3, "deezer": 5, "auth": 0}


def run(outcome: Outcome, *errors: ErrorLine, day: int = 21, hour: int = 12, **fields: object) -> Summary:
    plain: dict[str, object] = {"totals": Totals(), "new_playlists": (), "api_calls": ASKED, **fields}
    return msgspec.structs.replace(run_summary(day, outcome, 0, hour=hour, errors=errors), **plain)


class Story:
    """Runs one after the other, each told and remembered."""

    def __init__(self, checkpoint: Checkpoint | None = None, told: Told | None = None) -> None:
        self.checkpoint = checkpoint or Checkpoint()
        self.told = told or Told()
        self.at = 0

    def then(self, outcome: Outcome, *errors: ErrorLine, delivered: bool = True, **fields: object) -> list[str]:
        self.at += 1
        summary = run(outcome, *errors, day=1 + self.at // 24, hour=self.at % 24, **fields)
        self.checkpoint = self.checkpoint.with_run(summary)
        notices, told = self.decide(summary)
        if delivered:
            self.told = told
        return [notice.subject for notice in notices]

    def decide(self, summary: Summary) -> Decision:
        return decide(self.told, summary, self.checkpoint, now=NOW, on=frozenset({NotifyOn.FAILURE, NotifyOn.AUTH}))


def only(decision: Decision, occasion: NotifyOn) -> Notice:
    (found,) = [notice for notice in decision.notices if occasion in notice.occasions]
    return found


AUTH = "auth: credentials refused or expired"
UNAVAILABLE = "unavailable: a service was down throughout"


def test_ten_failures_of_one_cause_are_one_notice_and_one_more_when_they_are_over() -> None:
    story = Story()
    told = [story.then(Outcome.AUTH, ErrorLine("", "token expired")) for _ in range(10)]
    assert told == [[AUTH], *[[]] * 9]
    assert story.then(Outcome.IN_SYNC) == ["works again"]
    assert story.then(Outcome.IN_SYNC) == []
    assert story.then(Outcome.AUTH, ErrorLine("", "token expired")) == [AUTH], "and begins anew"


def test_what_may_pass_is_told_from_the_second_run_on() -> None:
    story = Story()
    assert story.then(Outcome.UNAVAILABLE, DOWN) == []
    assert story.then(Outcome.IN_SYNC) == []
    assert story.then(Outcome.UNAVAILABLE, DOWN) == []
    assert story.then(Outcome.RATE_LIMITED) == []
    assert story.then(Outcome.UNAVAILABLE, ErrorLine("deezer", "HTTP 503 after 9.9 s")) == [UNAVAILABLE]
    assert story.then(Outcome.UNAVAILABLE, DOWN) == [], "another time is no other cause"


def test_what_nobody_got_is_told_again() -> None:
    story = Story()
    assert story.then(Outcome.CRASH, ErrorLine("", "a bug: TypeError"), delivered=False) != []
    assert story.then(Outcome.CRASH, ErrorLine("", "a bug: TypeError")) != []
    assert story.then(Outcome.CRASH, ErrorLine("", "a bug: TypeError")) == []


def test_another_cause_is_told_and_only_that() -> None:
    story = Story()
    gym, tokyo = ErrorLine("Gym", "not found"), ErrorLine("Tokyo", "not found", "Look there")
    story.then(Outcome.PARTIAL, gym)
    assert story.then(Outcome.PARTIAL, gym)
    summary = run(Outcome.PARTIAL, gym, tokyo)
    story.checkpoint = story.checkpoint.with_run(summary)
    (notice,) = story.decide(summary).notices
    assert notice.lines == ("Tokyo: not found. Look there", "3 runs in a row have failed")
    assert story.then(Outcome.PARTIAL, gym, tokyo)
    assert story.then(Outcome.PARTIAL, gym) == []


def test_many_causes_take_bounded_room_and_are_told_once() -> None:
    story = Story()
    errors = [ErrorLine(f"playlist {chr(65 + at // 26)}{chr(65 + at % 26)}", "not found") for at in range(300)]
    story.then(Outcome.PARTIAL, *errors)
    assert story.then(Outcome.PARTIAL, *errors)
    assert story.then(Outcome.PARTIAL, *errors) == []
    assert len(story.told.causes) == CAUSES_APART + 1
    for at in range(200):
        story.then(Outcome.AUTH, ErrorLine("x" * at, "no"))
    assert len(story.told.causes) == CAUSES_KEPT


@pytest.mark.parametrize("outcome", [Outcome.RATE_LIMITED, Outcome.LOCKED, Outcome.PAUSED, Outcome.INTERRUPTED])
def test_a_run_that_could_not_work_proves_no_recovery(outcome: Outcome) -> None:
    story = Story()
    story.then(Outcome.AUTH, ErrorLine("", "token expired"))
    assert story.then(outcome) == []
    assert story.then(Outcome.MORE_TO_DO, api_calls={}) == [], "nobody was asked"
    assert story.then(Outcome.IN_SYNC, rests_until="2026-11-30T00:00:00Z") == []
    assert story.then(Outcome.MORE_TO_DO) == ["works again"]


def test_a_collection_that_is_still_failed_is_no_recovery() -> None:
    failing = sample()  # one of its collections is
    assert any(one.state is CollectionState.FAILED for one in failing.mirrors.values())
    story = Story(failing, Told(causes=("failure:1",)))
    assert story.then(Outcome.MORE_TO_DO) == []


def test_recovery_is_told_to_who_was_told_of_the_failure() -> None:
    told, good = Told(causes=("auth:1", "failure:2")), run(Outcome.IN_SYNC)
    checkpoint = Checkpoint().with_run(good)
    every = decide(told, good, checkpoint, now=NOW, on=frozenset({NotifyOn.AUTH, NotifyOn.FAILURE}))
    assert every.notices[0].occasions == {NotifyOn.AUTH, NotifyOn.FAILURE}
    assert every.told.causes == ()
    one = decide(told, good, checkpoint, now=NOW, on=frozenset({NotifyOn.AUTH}))
    assert one.notices[0].occasions == {NotifyOn.AUTH}
    assert one.told.causes == ("failure:2",)


def test_that_the_job_paused_itself_is_told_at_once() -> None:
    summary = run(Outcome.UNAVAILABLE, DOWN, ErrorLine("", "paused after 1 failed run"))
    checkpoint = msgspec.structs.replace(
        Checkpoint().with_run(summary), paused=Pause(summary.finished_at, "paused after 1 failed run")
    )
    (notice,) = decide(Told(), summary, checkpoint, now=NOW).notices
    assert "paused after 1 failed run" in notice.lines


def test_without_a_checkpoint_only_failures_are_told() -> None:
    broken = run(Outcome.CHECKPOINT_INVALID, ErrorLine("", "damaged"))
    decision = decide(Told(), broken, None, now=NOW, consent_ends=NOW.date())
    assert [notice.occasions for notice in decision.notices] == [{NotifyOn.FAILURE}]
    assert decide(decision.told, broken, None, now=NOW).notices == ()
    locked = run(Outcome.LOCKED, new_playlists=("x",))
    assert decide(Told(), locked, sample(), now=NOW, consent_ends=NOW.date()).notices == ()


def test_the_end_of_the_consent_is_told_four_times() -> None:
    ends = date(2027, 5, 21)
    told, said = Told(), dict[int, str]()
    for days in range(40, -3, -1):
        good = run(Outcome.IN_SYNC)
        now = NOW.replace(year=2027, month=5, day=21) - timedelta(days=days)
        notices, told = decide(
            told, good, Checkpoint().with_run(good), now=now, consent_ends=ends, on=frozenset({NotifyOn.AUTH})
        )
        if notices:
            said[days] = notices[0].subject
    assert said == {days: f"Spotify's consent ends in {days} day{'s' * (days > 1)}" for days in (30, 14, 7, 1)}
    renewed = decide(told, good, Checkpoint().with_run(good), now=NOW, consent_ends=NOW.date() + timedelta(days=5))
    assert only(renewed, NotifyOn.AUTH).subject == "Spotify's consent ends in 5 days"


def test_a_conflict_is_told_once_and_again_when_it_is_opened_again() -> None:
    last = run(Outcome.CONFLICT)
    checkpoint = sample().with_run(last)
    first = decide(Told(), last, checkpoint, now=NOW)
    notice = only(first, NotifyOn.CONFLICT)
    assert "40 of 50 entries would be removed" in notice.lines[0]
    assert f"`musicdiff-job resolve mass_removal:{GYM}`" in notice.lines[0]
    assert not decide(first.told, last, checkpoint, now=NOW, on=frozenset({NotifyOn.CONFLICT})).notices
    (one,) = checkpoint.conflicts.values()
    later = msgspec.structs.replace(one, opened_at="2026-11-21T12:00:00Z")
    again = msgspec.structs.replace(checkpoint, conflicts={one.id: later})
    assert only(decide(first.told, last, again, now=NOW), NotifyOn.CONFLICT).lines
    answered = msgspec.structs.replace(one, decision=Side.DEEZER)
    decided = msgspec.structs.replace(checkpoint, conflicts={one.id: answered})
    assert not decide(Told(), last, decided, now=NOW, on=frozenset({NotifyOn.CONFLICT})).notices


def test_a_track_without_a_counterpart_is_told_once() -> None:
    last = run(Outcome.CHANGED)
    checkpoint = sample().with_run(last)
    first = decide(Told(), last, checkpoint, now=NOW)
    notice = only(first, NotifyOn.UNMATCHED)
    assert notice.subject == "1 track without a counterpart on Deezer"
    assert notice.lines == ("くるり, Quruli - 東京 (Live) in Gym: only other versions",)
    assert first.told.unmatched == (LOST,)
    gym = checkpoint.mirrors[GYM]
    more = checkpoint.with_mirror(msgspec.structs.replace(gym, waiting=(LOST, DAFT)))
    second = decide(first.told, last, more, now=NOW, on=frozenset({NotifyOn.UNMATCHED}))
    assert [line.partition(" - ")[0] for line in second.notices[0].lines] == ["Daft Punk"]
    gone = checkpoint.with_mirror(msgspec.structs.replace(gym, waiting=(DAFT,)))
    assert decide(second.told, last, gone, now=NOW, on=frozenset({NotifyOn.UNMATCHED})).told == second.told


def test_a_first_sync_does_not_tell_track_by_track() -> None:
    last = run(Outcome.MORE_TO_DO)
    checkpoint = msgspec.structs.replace(sample(), last_success_at=None).with_run(last)
    assert not decide(Told(), last, checkpoint, now=NOW, on=frozenset({NotifyOn.UNMATCHED})).notices


def test_a_long_list_is_cut() -> None:
    last = run(Outcome.CHANGED)
    sources = [SourceId(f"s{at:03}") for at in range(100)]
    known = {one: MatchRecord(Track(id=one, title=one, artists=())) for one in sources}
    gym = msgspec.structs.replace(sample().mirrors[GYM], waiting=tuple(sources))
    checkpoint = sample().with_mirror(gym).with_matches(known).with_run(last)
    lines = only(decide(Told(), last, checkpoint, now=NOW), NotifyOn.UNMATCHED).lines
    assert (len(lines), lines[-1]) == (SHOWN + 1, "and 90 more")


def test_new_playlists_are_told_once_also_those_that_nobody_heard_of() -> None:
    on = frozenset({NotifyOn.NEW_PLAYLIST})
    first, quiet = run(Outcome.CHANGED, hour=1, new_playlists=("Gym", "Tokyo")), run(Outcome.IN_SYNC, hour=2)
    checkpoint = Checkpoint().with_run(first).with_run(quiet)
    missed = decide(Told(), quiet, checkpoint, now=NOW, on=on)
    assert (missed.notices[0].subject, missed.notices[0].lines) == ("2 new playlists", ("Gym", "Tokyo"))
    assert not decide(missed.told, quiet, checkpoint, now=NOW, on=on).notices
    third = run(Outcome.CHANGED, hour=3, new_playlists=("Sea",))
    later = decide(missed.told, third, checkpoint.with_run(third), now=NOW, on=on)
    assert later.notices[0].lines == ("Sea",)
    assert not decide(Told(), quiet, checkpoint, now=NOW + NEWS + timedelta(days=1), on=on).notices, "no news"


def test_the_first_success_is_told_once() -> None:
    on = frozenset({NotifyOn.COMPLETED})
    checkpoint = Checkpoint().with_run(run(Outcome.MORE_TO_DO, hour=1))
    done = run(Outcome.CHANGED, hour=2, totals=Totals(collections=3, matched=200, unmatched=4))
    checkpoint = checkpoint.with_run(done)
    first = decide(Told(), done, checkpoint, now=NOW, on=on)
    assert first.notices[0].subject == "the first sync is complete"
    assert first.notices[0].lines == ("3 collections, 200 tracks matched, 4 without a counterpart",)
    assert not decide(first.told, done, checkpoint, now=NOW, on=on).notices
    next_one = run(Outcome.IN_SYNC, hour=3)
    assert decide(Told(), next_one, checkpoint.with_run(next_one), now=NOW, on=on).notices, "nobody got it yet"
    assert not decide(Told(), done, checkpoint, now=NOW + NEWS + timedelta(days=1), on=on).notices


@pytest.mark.parametrize(("older", "told"), [(Outcome.IN_SYNC, 0), (Outcome.MORE_TO_DO, 1)])
def test_where_older_runs_are_forgotten_a_success_is_the_first_only_after_none(older: Outcome, told: int) -> None:
    checkpoint = Checkpoint()
    for at in range(60):
        checkpoint = checkpoint.with_run(run(older, hour=at % 12))
    done = run(Outcome.IN_SYNC)
    decision = decide(Told(), done, checkpoint.with_run(done), now=NOW, on=frozenset({NotifyOn.COMPLETED}))
    assert len(decision.notices) == told


def test_a_profile_stands_in_the_commands() -> None:
    last = run(Outcome.AUTH, ErrorLine("", "no"), profile="alice")
    (notice,) = decide(Told(), last, Checkpoint().with_run(last), now=NOW).notices
    assert "`musicdiff-job status --profile alice`" in notice.todo
