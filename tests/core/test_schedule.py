"""Which collections are due and why, in which order, and that none of them starves."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from itertools import pairwise, permutations
from random import Random
from typing import NamedTuple

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from told_clock import ToldClock

from musicdiff_job.clock import StopFlag
from musicdiff_job.core.checkpoint import Checkpoint, Creating, Look, Mirror, Part, Reading
from musicdiff_job.core.conflict import Conflict, ConflictKind, Side
from musicdiff_job.core.errors import OutOfBudget
from musicdiff_job.core.model import (
    FAVOURITES,
    LIKED,
    CollectionHead,
    CollectionId,
    Header,
    Kind,
    PlaylistId,
    Service,
    TargetHead,
    Whose,
)
from musicdiff_job.core.plan import AddTracks
from musicdiff_job.core.policy import LikedAs, Policy, Rule, Window
from musicdiff_job.core.schedule import (
    BY_CONTENT,
    ORDER,
    Due,
    NotDue,
    changed_on_target,
    due,
    given_up,
    learn,
    order_key,
    remembered,
    resting,
    unfinished,
)
from musicdiff_job.core.summary import CollectionState
from musicdiff_job.core.timestamps import to_iso
from musicdiff_job.gate import Gate, Limits

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
PLAYLIST = PlaylistId("7")
POLICY = Policy()


def ago(**span: float) -> str:
    return to_iso(NOW - timedelta(**span))


def head(
    name: str = "Gym",
    *,
    snapshot: str = "s1",
    kind: Kind = Kind.PLAYLIST,
    total: int | None = 10,
    owned: bool = True,
) -> CollectionHead:
    id_ = LIKED if kind is Kind.LIKED else CollectionId(f"spotify:playlist:{name}")
    return CollectionHead(id_, kind, name, snapshot, total=total, owned=owned)


PART = Part(PLAYLIST, fingerprint="sum", count=3, modified=1000, title="Gym", header=Header("Gym"), base=())
SHOWN = TargetHead(PLAYLIST, "Gym", 3, fingerprint="sum", modified=1000, public=False)


def mirror(**fields: object) -> Mirror:
    """A mirror that is in step, but for ``fields``."""
    settled: dict[str, object] = {
        "id": head().id, "kind": Kind.PLAYLIST, "name": "Gym", "state": CollectionState.IN_SYNC, "parts": (PART,),
        "snapshot": "s1", "rule": POLICY.fingerprint(head()), "synced_at": ago(hours=5), "verified_at": ago(hours=5),
        "tried_at": ago(hours=5),
    }  # fmt: skip
    return Mirror(**{**settled, **fields})  # type: ignore[arg-type]


def ask(
    known: Mirror | None,
    *,
    shown: TargetHead | None = SHOWN,
    listed: bool = True,
    policy: Policy = POLICY,
    force: bool = False,
    now: datetime = NOW,
    of: CollectionHead | None = None,
) -> Due | NotDue:
    found: Mapping[PlaylistId, TargetHead] | None = ({PLAYLIST: shown} if shown else {}) if listed else None
    return due(of or head(), known, found, policy, now, force=force)


READING = Reading("s1", 10)
AHEAD = to_iso(NOW + timedelta(days=400))
"""What a clock has written that was ahead and has been set back."""


@pytest.mark.parametrize(
    ("known", "reason"),
    [
        pytest.param(None, "new", id="never seen"),
        pytest.param(Mirror(head().id, Kind.PLAYLIST, "Gym"), "new", id="seen, never worked on"),
        pytest.param(mirror(synced_at=None, snapshot="", failures=2), "new", id="never once in step"),
        pytest.param(mirror(snapshot="s0"), "snapshot changed", id="snapshot"),
        pytest.param(mirror(snapshot=""), "to be looked at again", id="snapshot forgotten on purpose"),
        pytest.param(mirror(reading=READING), "unfinished", id="reading"),
        pytest.param(mirror(creating=Creating("Gym")), "unfinished", id="creating"),
        pytest.param(
            mirror(parts=(msgspec.structs.replace(PART, in_flight=(AddTracks(PLAYLIST, ()),)),)),
            "unfinished",
            id="in flight",
        ),
        pytest.param(mirror(failures=1), "failed last time", id="failed"),
        pytest.param(mirror(rule="other"), "settings changed", id="settings"),
        pytest.param(mirror(retry_at=ago(seconds=1)), "unmatched tracks are due again", id="retry"),
        pytest.param(mirror(retry_at=to_iso(NOW)), "unmatched tracks are due again", id="retry now"),
        pytest.param(mirror(verified_at=ago(days=7)), "verification due", id="verification"),
        pytest.param(mirror(verified_at=None), "verification due", id="never verified"),
        pytest.param(mirror(verified_at=AHEAD), "verification due", id="verified by a clock that was ahead"),
        pytest.param(
            mirror(state=CollectionState.SKIPPED, verified_at=ago(days=7)),
            "to be looked at again",
            id="unreadable, a week on",
        ),
    ],
)
def test_due_for_a_reason(known: Mirror | None, reason: str) -> None:
    assert ask(known) == Due(reason)


@pytest.mark.parametrize(
    ("known", "reason"),
    [
        pytest.param(mirror(), "unchanged", id="in step"),
        pytest.param(mirror(retry_at=to_iso(NOW + timedelta(seconds=1))), "unchanged", id="retry later"),
        pytest.param(mirror(verified_at=ago(days=6.9)), "unchanged", id="verified lately"),
        pytest.param(
            mirror(state=CollectionState.DETACHED, reason="given up", snapshot="s0"), "given up", id="detached"
        ),
        pytest.param(mirror(state=CollectionState.CONFLICT, reason="asks"), "asks", id="conflict"),
    ],
)
def test_not_due_for_a_reason(known: Mirror, reason: str) -> None:
    assert ask(known) == NotDue(reason)


OTHERS = head(owned=False)
SHARED = msgspec.structs.replace(OTHERS, collaborative=True)
MADE = msgspec.structs.replace(OTHERS, by_spotify=True, snapshot="")


@pytest.mark.parametrize(
    ("of", "known", "again"),
    [
        (head(), {"snapshot": "s0"}, True),
        (head(), {"snapshot": "s1"}, False),
        (head(), {"snapshot": "s1", "tried_at": ago(days=1)}, True),
        (head(), {"snapshot": "s1", "verified_at": ago(days=7)}, True),
        (OTHERS, {"snapshot": "s0", "whose": Whose.OTHERS, "verified_at": ago(days=29)}, False),
        (OTHERS, {"whose": Whose.OTHERS, "verified_at": ago(days=30)}, True),
        (OTHERS, {"whose": Whose.OTHERS, "verified_at": None}, True),
        (SHARED, {"whose": Whose.OTHERS}, True),
        (SHARED, {"whose": Whose.SHARED}, False),
        (head(), {"whose": Whose.OTHERS}, True),
        (MADE, {"whose": Whose.SPOTIFY, "verified_at": ago(days=29)}, False),
    ],
)  # fmt: skip
def test_a_refused_list_is_asked_for_again(of: CollectionHead, known: dict[str, object], again: bool) -> None:
    """An own one soon, one of others rarely, and any when it becomes something else."""
    refused = mirror(**{"state": CollectionState.SKIPPED, "reason": "refused", **known})
    assert ask(refused, of=of) == (Due("to be looked at again") if again else NotDue("refused"))


def test_an_own_list_without_a_snapshot_is_read_by_every_run() -> None:
    assert ask(mirror(snapshot="content:1"), of=head(snapshot="")) == Due(BY_CONTENT)


@pytest.mark.parametrize(
    ("known", "every", "expected"),
    [
        ({"checked_at": ago(hours=23)}, None, NotDue()),
        ({"checked_at": ago(hours=24)}, None, Due(BY_CONTENT)),
        ({"checked_at": ago(hours=23), "retry_at": ago(hours=1)}, None, Due("unmatched tracks are due again")),
        ({"checked_at": None, "synced_at": ago(hours=23)}, None, NotDue()),
        ({"checked_at": ago(hours=2)}, 3600.0, Due(BY_CONTENT)),
        ({"checked_at": ago(hours=30)}, 172_800.0, NotDue("not before 2026-11-22 06:00 UTC", rests=True)),
        ({"checked_at": AHEAD, "synced_at": AHEAD}, None, Due(BY_CONTENT)),
        ({"checked_at": ago(hours=1), "snapshot": ""}, None, Due("to be looked at again")),
    ],
)
def test_a_list_that_spotify_makes_is_read_once_a_day_whatever_its_snapshot(
    known: dict[str, object], every: float | None, expected: Due | NotDue
) -> None:
    policy = Policy(rules=(Rule("*", every=every),))
    settled = {"snapshot": "content:1", "whose": Whose.SPOTIFY, **known}
    assert ask(mirror(**settled), of=MADE, policy=policy) == expected


@pytest.mark.parametrize(
    "known", [mirror(), mirror(state=CollectionState.DETACHED), mirror(state=CollectionState.SKIPPED)]
)
def test_force_makes_everything_due(known: Mirror) -> None:
    closed = Policy(rules=(Rule("*", window=Window(0, 1, "UTC"), every=1e9),))
    assert ask(known, policy=closed, force=True) == Due("forced")


# What a listing of the target tells


@pytest.mark.parametrize(
    "shown",
    [
        None,
        msgspec.structs.replace(SHOWN, count=4),
        msgspec.structs.replace(SHOWN, fingerprint="other"),
        msgspec.structs.replace(SHOWN, modified=1001),
        msgspec.structs.replace(SHOWN, title="Mine"),
    ],
)
def test_a_change_on_the_target_is_seen_in_the_listing(shown: TargetHead | None) -> None:
    assert ask(mirror(), shown=shown) == Due("changed on Deezer")
    assert ask(mirror(), shown=shown, listed=False) == NotDue()


@pytest.mark.parametrize(
    ("part", "shown"),
    [
        (PART, msgspec.structs.replace(SHOWN, fingerprint="", modified=0)),
        (msgspec.structs.replace(PART, fingerprint="", modified=0, count=-1, title=""), SHOWN),
        (Part(FAVOURITES, created=False, count=5), None),
    ],
)
def test_what_either_side_does_not_know_says_nothing(part: Part, shown: TargetHead | None) -> None:
    assert not changed_on_target(part, shown)


def test_a_listing_without_a_change_is_learned_from() -> None:
    fresh = Part(PLAYLIST, title="Gym")
    assert learn(fresh, SHOWN) == msgspec.structs.replace(fresh, fingerprint="sum", modified=1000, count=3)
    assert learn(PART, msgspec.structs.replace(SHOWN, fingerprint="other", modified=5, count=9)) == PART
    assert learn(PART, None) == PART


@pytest.mark.parametrize(
    "now_wanted",
    [
        msgspec.structs.replace(head(), name="Renamed"),
        msgspec.structs.replace(head(), description="new words"),
    ],
)
def test_a_header_changed_on_the_source_is_due_although_the_snapshot_stayed(now_wanted: CollectionHead) -> None:
    assert ask(mirror(), of=now_wanted) == Due("name, description or privacy changed")


def test_the_favourites_have_no_header_to_follow() -> None:
    liked = head(kind=Kind.LIKED)
    part = Part(FAVOURITES, created=False, count=3)
    known = mirror(id=LIKED, kind=Kind.LIKED, parts=(part,), rule=POLICY.fingerprint(liked))
    assert ask(known, of=liked, shown=None) == NotDue()
    as_playlist = Policy(liked_as=LikedAs.PLAYLIST)
    assert isinstance(ask(known, of=liked, policy=as_playlist), Due)


# Rules: every, window


def test_every_waits_after_a_success_but_never_leaves_anything_unfinished() -> None:
    slow = Policy(rules=(Rule("*", every=6 * 3600.0),))
    assert ask(mirror(snapshot="s0"), policy=slow) == NotDue("not before 2026-11-21 13:00 UTC", rests=True)
    assert ask(mirror(snapshot="s0", synced_at=ago(hours=6)), policy=slow) == Due("snapshot changed")
    assert ask(mirror(reading=READING), policy=slow) == Due("unfinished")
    assert ask(None, policy=slow) == Due("new")


def test_a_success_in_the_future_is_not_waited_for() -> None:
    every = Policy(rules=(Rule("Gym", every=3600.0),))
    assert ask(mirror(synced_at=AHEAD, snapshot="s0"), policy=every) == Due("snapshot changed")
    assert ask(mirror(synced_at=ago(seconds=1), snapshot="s0"), policy=every) != Due("snapshot changed")


def test_a_list_refused_in_the_future_is_asked_for_again() -> None:
    refused = mirror(state=CollectionState.SKIPPED, reason="not yours to read")
    assert ask(msgspec.structs.replace(refused, tried_at=AHEAD)) == Due("to be looked at again")
    assert ask(msgspec.structs.replace(refused, tried_at=ago(hours=1))) == NotDue("not yours to read")


def test_what_was_tried_in_the_future_does_not_wait_behind_everything_else() -> None:
    def key(**times: str | None) -> tuple[object, ...]:
        return order_key(head(), mirror(**times), POLICY, NOW)

    assert key(tried_at=AHEAD) < key(tried_at=ago(seconds=1))
    assert key(tried_at=None, seen_at=AHEAD) == key(tried_at=None)


def test_outside_its_window_nothing_is_due() -> None:
    night = Policy(rules=(Rule("*", window=Window(2 * 60, 6 * 60, "UTC")),))
    for known in (None, mirror(snapshot="s0"), mirror(reading=READING)):
        reason = "outside its time window, which opens 2026-11-22 02:00 UTC"
        assert ask(known, policy=night) == NotDue(reason, rests=True)
        assert isinstance(ask(known, policy=night, now=NOW.replace(hour=3)), Due)


# Order


def keys_in_order(*entries: tuple[CollectionHead, Mirror | None], policy: Policy = POLICY) -> list[str]:
    orders = {
        tuple(one.name for one, _ in sorted(order, key=lambda entry: order_key(entry[0], entry[1], policy, NOW)))
        for order in permutations(entries)
    }
    assert len(orders) == 1, "the order depends on the listing's"
    return list(orders.pop())


def named(name: str, **fields: object) -> tuple[CollectionHead, Mirror]:
    return head(name), mirror(id=head(name).id, **fields)


def test_priority_comes_first_then_the_entities_then_what_was_begun_then_the_stalest() -> None:
    policy = Policy(rules=(Rule("First", priority=1), Rule("Last", priority=-5)))
    assert keys_in_order(
        named("Last", tried_at=ago(hours=9)),
        named("Lately", tried_at=ago(hours=1)),
        named("Stale", tried_at=ago(hours=9)),
        named("Begun", tried_at=ago(hours=1), reading=READING),
        (head("Liked", kind=Kind.LIKED), mirror(id=LIKED, kind=Kind.LIKED, tried_at=ago(hours=1))),
        named("First", tried_at=ago(hours=1)),
        policy=policy,
    ) == ["First", "Liked", "Begun", "Stale", "Lately", "Last"]


def test_what_was_begun_and_failed_goes_to_the_back() -> None:
    assert keys_in_order(
        named("Failing", tried_at=ago(hours=1), reading=READING, failures=1), named("Fine", tried_at=ago(hours=2))
    ) == ["Fine", "Failing"]


def test_a_day_of_waiting_counts_as_one_more_priority() -> None:
    policy = Policy(rules=(Rule("Busy", priority=2),))
    busy = named("Busy", tried_at=ago(hours=1))
    assert keys_in_order(busy, named("Idle", tried_at=ago(days=1.5)), policy=policy) == ["Busy", "Idle"]
    assert keys_in_order(busy, named("Idle", tried_at=ago(days=3)), policy=policy) == ["Idle", "Busy"]


def test_of_new_collections_the_small_ones_are_done_first() -> None:
    assert keys_in_order((head("Big", total=900), None), (head("Small", total=3), None)) == ["Small", "Big"]


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 5), st.sampled_from(Kind), st.booleans()), min_size=2, max_size=6),
    st.integers(1, 48),
)
def test_no_collection_starves_however_small_the_budget(ones: list[tuple[int, Kind, bool]], hours: int) -> None:
    """Every run has budget for one collection only and all of them have work all the time."""
    rules = tuple(Rule(f"n{number}", priority=priority) for number, (priority, _, _) in enumerate(ones))
    policy = Policy(rules=rules)
    heads = [msgspec.structs.replace(head(f"n{n}"), kind=kind) for n, (_, kind, _) in enumerate(ones)]
    # First seen just now, like a playlist that was made a moment ago, or known for a while.
    mirrors = {
        one.id: Mirror(one.id, one.kind, one.name, seen_at=to_iso(NOW))
        if new
        else mirror(id=one.id, kind=one.kind, tried_at=ago(hours=1))
        for one, (_, _, new) in zip(heads, ones, strict=True)
    }
    step = timedelta(hours=hours)
    bound = timedelta(days=max(priority for priority, _, _ in ones) + 3) + (len(ones) + 1) * step
    last = dict.fromkeys((one.id for one in heads), NOW)
    now = NOW
    while now - NOW < 4 * bound:
        now += step
        first = min(heads, key=lambda one: order_key(one, mirrors[one.id], policy, now))
        last[first.id] = now
        mirrors[first.id] = msgspec.structs.replace(mirrors[first.id], tried_at=to_iso(now))
        for one in heads:
            assert now - last[one.id] <= bound, f"{one.name} waits since {last[one.id]}"


def test_the_smallest_lists_are_whole_first_and_kept_ones_before_them() -> None:
    policy = Policy(rules=(Rule("Dear", priority=1),))
    assert keys_in_order(
        (msgspec.structs.replace(head("Liked", kind=Kind.LIKED), total=3500), None),
        (head("Small", total=3), None),
        (head("Dear", total=900), None),
        (head("Empty", total=0), None),
        (head("Unknown", total=None), None),
        named("Kept"),
        policy=policy,
    ) == ["Dear", "Kept", "Empty", "Small", "Liked", "Unknown"]


def test_the_order_is_a_table_of_its_own_words() -> None:
    assert len(order_key(head(), None, POLICY, NOW)) == len(ORDER) == len({words for words, _ in ORDER})


class Model(NamedTuple):
    """A list of a fake world: what it costs to be whole, and whether it is edited again after every run."""

    priority: int
    kind: Kind
    calls: int
    busy: bool


models = st.builds(Model, st.integers(0, 4), st.sampled_from(Kind), st.integers(1, 30), st.booleans())


@settings(max_examples=20, deadline=None)
@given(
    st.lists(models, min_size=2, max_size=7), st.integers(1, 12), st.integers(1, 30), st.randoms(use_true_random=False)
)
def test_a_model_of_many_runs(ones: list[Model], budget: int, hours: int, random: Random) -> None:
    """Runs of a fake world through the real door: each call of each list asks it. Nothing starves, no budget is
    overdrawn, the dearer goes first of two that have waited alike, and the order of the listing does not count."""
    policy = Policy(rules=tuple(Rule(f"n{number}", priority=one.priority) for number, one in enumerate(ones)))
    heads = [
        msgspec.structs.replace(head(f"n{number}", total=one.calls), id=CollectionId(f"n{number}"), kind=one.kind)
        for number, one in enumerate(ones)
    ]
    by_id = {known.id: one for known, one in zip(heads, ones, strict=True)}
    mirrors = {known.id: Mirror(known.id, known.kind, known.name, seen_at=to_iso(NOW)) for known in heads}
    left = {known.id: by_id[known.id].calls for known in heads}
    last = dict.fromkeys(left, NOW)
    clock, step = ToldClock(NOW), timedelta(hours=hours)
    slices = sum(-(-one.calls // budget) for one in ones)
    bound = timedelta(days=max(one.priority for one in ones) + 3) + 2 * (slices + len(ones)) * step
    while clock.now() - NOW < bound + 2 * step:
        clock.advance(step.total_seconds())
        now, gate, made = clock.now(), Gate(Limits(60.0, budget, {}, {}), clock, StopFlag()), 0
        waiting = [known for known in heads if left[known.id]]
        ranked = sorted(waiting, key=lambda known: order_key(known, mirrors[known.id], policy, now))
        random.shuffle(waiting)
        assert sorted(waiting, key=lambda known: order_key(known, mirrors[known.id], policy, now)) == ranked
        for one, other in pairwise(ranked):
            since = [mirrors[known.id].tried_at or mirrors[known.id].seen_at for known in (one, other)]
            assert since[0] != since[1] or by_id[one.id].priority >= by_id[other.id].priority
        try:
            for known in ranked:
                last[known.id] = now
                begun = msgspec.structs.replace(mirrors[known.id], tried_at=to_iso(now), reading=READING)
                mirrors[known.id] = begun
                while left[known.id]:
                    gate.call(Service.SPOTIFY, lambda _: None)
                    made, left[known.id] = made + 1, left[known.id] - 1
                mirrors[known.id] = msgspec.structs.replace(begun, reading=None, synced_at=to_iso(now))
        except OutOfBudget:
            pass
        assert made <= budget
        assert gate.tally().calls["spotify"] == made
        for known in heads:
            if not left[known.id]:
                last[known.id] = now  # in step: it waits for nothing
                left[known.id] = by_id[known.id].calls if by_id[known.id].busy else 0
            assert now - last[known.id] <= bound, f"{known.name} waits since {last[known.id]}"


# Resting: a run that need not look

SLOW = Policy(rules=(Rule("*", every=6 * 3600.0),))


def kept(*mirrors: Mirror, policy: Policy = SLOW, looked: str | None = None) -> Checkpoint:
    look = Look(looked or ago(hours=1), policy.whole_fingerprint())
    return Checkpoint(mirrors={one.id: one for one in mirrors}, look=look)


def resting_until(checkpoint: Checkpoint, policy: Policy = SLOW) -> str | None:
    hold = resting(checkpoint, policy, NOW)
    return to_iso(hold.until) if hold else None


CHECKED = mirror(checked_at=ago(hours=1))


def test_a_run_rests_until_the_first_collection_may_be_worked_on() -> None:
    later = mirror(id=LIKED, kind=Kind.LIKED, checked_at=ago(hours=2))
    assert resting_until(kept(CHECKED)) == "2026-11-21T17:00:00Z"
    assert resting_until(kept(CHECKED, later)) == "2026-11-21T16:00:00Z"


def test_no_rest_is_longer_than_the_look_for_what_is_new() -> None:
    week = Policy(rules=(Rule("*", every=7 * 86_400.0),))
    assert resting_until(kept(CHECKED, policy=week), week) == "2026-11-22T13:00:00Z"
    assert resting_until(kept(CHECKED, policy=week, looked=ago(hours=26)), week) is None


@pytest.mark.parametrize(
    "checkpoint",
    [
        pytest.param(Checkpoint(), id="first run"),
        pytest.param(Checkpoint(mirrors={CHECKED.id: CHECKED}), id="never looked"),
        pytest.param(kept(CHECKED, looked=AHEAD), id="looked by a clock that was ahead"),
        pytest.param(kept(), id="nothing known"),
        pytest.param(kept(mirror(checked_at=ago(hours=6))), id="its rest is over"),
        pytest.param(kept(mirror(checked_at=None, synced_at=None)), id="never whole"),
        pytest.param(kept(mirror(checked_at=ago(hours=1), reading=READING)), id="unfinished"),
        pytest.param(kept(mirror(checked_at=ago(hours=1), state=CollectionState.PENDING)), id="pending"),
        pytest.param(kept(CHECKED, mirror(id="b", checked_at=ago(hours=9))), id="another is due"),
        pytest.param(kept(CHECKED, mirror(id="b", state=CollectionState.SKIPPED)), id="an own one that was refused"),
        pytest.param(kept(CHECKED, policy=Policy()), id="settings changed"),
    ],
)
def test_a_run_looks(checkpoint: Checkpoint) -> None:
    assert resting_until(checkpoint) is None


def test_without_a_rule_nothing_rests() -> None:
    assert resting_until(kept(CHECKED, policy=POLICY), POLICY) is None
    some = Policy(rules=(Rule("Gym", every=6 * 3600.0),))
    other = mirror(id=LIKED, kind=Kind.LIKED, name="Liked Songs")
    assert resting_until(kept(CHECKED, other, policy=some), some) is None


def test_what_is_left_alone_keeps_nothing_awake() -> None:
    others = mirror(id="b", state=CollectionState.SKIPPED, whose=Whose.OTHERS)
    gone = mirror(id="c", state=CollectionState.DETACHED)
    assert resting_until(kept(CHECKED, others, gone)) == "2026-11-21T17:00:00Z"
    deselected = Policy(include=("G*",), rules=SLOW.rules)
    unwanted = mirror(id="d", name="Other", state=CollectionState.SKIPPED)
    assert resting_until(kept(CHECKED, unwanted, policy=deselected), deselected) == "2026-11-21T17:00:00Z"


def test_a_decision_ends_a_rest() -> None:
    asked = Conflict("1", CHECKED.id, "Gym", ConflictKind.MASS_REMOVAL, "many", ago(hours=2))
    waiting = msgspec.structs.replace(kept(CHECKED), conflicts={"1": asked})
    assert resting_until(waiting) is not None
    decided = msgspec.structs.replace(asked, decision=Side.SPOTIFY)
    assert resting_until(msgspec.structs.replace(waiting, conflicts={"1": decided})) is None


@pytest.mark.parametrize("whose", [head(), OTHERS, SHARED, MADE])
def test_rules_go_by_whose_a_collection_was(whose: CollectionHead) -> None:
    assert remembered(mirror(whose=whose.whose)).whose is whose.whose


# Tombstones


@pytest.mark.parametrize(
    ("since", "runs", "over"),
    [
        (None, 9, False),
        (ago(hours=25), 1, False),
        (ago(hours=23.9), 9, False),
        (ago(hours=24), 2, True),
        (ago(days=9), 2, True),
        (AHEAD, 9, False),
    ],
)
def test_a_vanished_collection_is_given_up_after_two_runs_and_a_day(since: str | None, runs: int, over: bool) -> None:
    assert given_up(mirror(missing_since=since, missing_runs=runs), NOW) is over


def test_unfinished_is_what_was_begun_and_not_ended() -> None:
    assert not unfinished(mirror())
    assert unfinished(mirror(reading=READING))
