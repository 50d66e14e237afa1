"""Which collections are due and why, in which order, and that none of them starves."""

from __future__ import annotations

import time
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from itertools import permutations

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from musicdiff_job.core.checkpoint import Creating, Mirror, Part, Reading
from musicdiff_job.core.model import (
    FAVOURITES,
    LIKED,
    CollectionHead,
    CollectionId,
    Header,
    Kind,
    PlaylistId,
    TargetHead,
)
from musicdiff_job.core.plan import AddTracks
from musicdiff_job.core.policy import LikedAs, Policy, Rule, Window
from musicdiff_job.core.schedule import (
    Due,
    NotDue,
    changed_on_target,
    due,
    given_up,
    learn,
    order_key,
    unfinished,
    within,
)
from musicdiff_job.core.summary import CollectionState
from musicdiff_job.core.timestamps import to_iso

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


@pytest.mark.parametrize(
    ("owned", "snapshot", "again"), [(False, "s0", False), (True, "s0", True), (True, "s1", False)]
)
def test_a_refused_list_is_asked_for_again_when_it_is_ones_own_and_changed(
    owned: bool, snapshot: str, again: bool
) -> None:
    known = mirror(state=CollectionState.SKIPPED, reason="refused", snapshot=snapshot)
    assert (ask(known, of=head(owned=owned)) != NotDue("refused")) is again


def test_a_list_without_a_snapshot_cannot_be_told_to_be_unchanged() -> None:
    assert isinstance(ask(mirror(snapshot=""), of=head(snapshot="")), Due)


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
    assert ask(mirror(snapshot="s0"), policy=slow) == NotDue("not before 2026-11-21 13:00 UTC")
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
        assert ask(known, policy=night) == NotDue("outside its time window")
        assert isinstance(ask(known, policy=night, now=NOW.replace(hour=3)), Due)


@pytest.mark.parametrize(
    ("start", "end", "clock", "inside"),
    [
        ("02:00", "06:00", "01:59", False),
        ("02:00", "06:00", "02:00", True),
        ("02:00", "06:00", "05:59", True),
        ("02:00", "06:00", "06:00", False),
        ("22:00", "06:00", "21:59", False),
        ("22:00", "06:00", "22:00", True),
        ("22:00", "06:00", "00:00", True),
        ("22:00", "06:00", "05:59", True),
        ("22:00", "06:00", "06:00", False),
        ("00:00", "24:00", "23:59", True),
        ("22:00", "00:00", "23:59", True),
        ("22:00", "00:00", "00:00", False),
    ],
)
def test_windows_within_a_day_and_over_midnight(start: str, end: str, clock: str, inside: bool) -> None:
    def minutes(text: str) -> int:
        hours, _, rest = text.partition(":")
        return int(hours) * 60 + int(rest)

    now = datetime(2026, 11, 21, minutes(clock) // 60, minutes(clock) % 60, 59, tzinfo=UTC)
    assert within(Window(minutes(start), minutes(end), "UTC"), now) is inside


@pytest.mark.parametrize(
    ("utc", "inside"),
    [
        ("2026-03-29T00:59:00+00:00", False),  # 01:59 in Paris, the last minute of winter time
        ("2026-03-29T01:00:00+00:00", True),  # 03:00: the hour from 2 to 3 does not exist
        ("2026-03-29T03:59:00+00:00", True),
        ("2026-03-29T04:00:00+00:00", False),  # 06:00
        ("2026-10-25T00:00:00+00:00", True),  # 02:00, summer time
        ("2026-10-25T01:00:00+00:00", True),  # 02:00 again, winter time
        ("2026-10-25T04:59:00+00:00", True),
        ("2026-10-25T05:00:00+00:00", False),
        ("2026-07-01T00:00:00+00:00", True),
        ("2026-12-01T00:59:00+00:00", False),
    ],
)
def test_a_window_goes_by_its_own_wall_clock_on_the_days_it_is_changed(utc: str, inside: bool) -> None:
    assert within(Window(2 * 60, 6 * 60, "Europe/Paris"), datetime.fromisoformat(utc)) is inside


@settings(max_examples=100, deadline=None)
@given(
    st.integers(0, 1439),
    st.integers(0, 1439),
    st.integers(0, 365 * 24 * 60).map(lambda minutes: NOW + timedelta(minutes=minutes)),
)
def test_a_window_and_the_rest_of_the_day_share_no_minute(start: int, end: int, now: datetime) -> None:
    if start != end:
        assert within(Window(start, end, "UTC"), now) is not within(Window(end, start, "UTC"), now)


@pytest.mark.skipif(not hasattr(time, "tzset"), reason="only POSIX lets a process change its zone")
def test_a_window_without_a_zone_goes_by_the_machines(monkeypatch: pytest.MonkeyPatch) -> None:
    window = Window(21 * 60, 22 * 60)
    try:
        for zone, inside in (("Asia/Tokyo", True), ("UTC", False)):
            monkeypatch.setenv("TZ", zone)
            time.tzset()
            assert within(window, NOW) is inside
    finally:
        monkeypatch.undo()
        time.tzset()


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
        (head("Liked", kind=Kind.LIKED), None),
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
