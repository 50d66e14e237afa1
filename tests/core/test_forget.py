"""What ``reset`` forgets, and what it must not."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
from checkpoint_sample import DAFT, GYM, LOST, NOW, OPEN, sample

from musicdiff_job.core.checkpoint import Checkpoint, MatchRecord, Mirror, Pair, Part, Reading
from musicdiff_job.core.forget import forget_all, forget_bases, forget_matches, forget_unused
from musicdiff_job.core.model import LIKED, CollectionId, Entry, Kind, PlaylistId, SourceId, TargetId, Track
from musicdiff_job.core.overrides import set_match
from musicdiff_job.core.plan import AddTracks
from musicdiff_job.core.summary import CollectionState
from musicdiff_job.core.timestamps import to_iso


def test_a_base_is_forgotten_but_not_its_playlist() -> None:
    before = sample()
    part = msgspec.structs.replace(
        before.mirrors[GYM].parts[0], in_flight=(AddTracks(before.mirrors[GYM].parts[0].playlist, (TargetId("1"),)),)
    )
    before = before.with_mirror(msgspec.structs.replace(before.mirrors[GYM], parts=(part,)))
    after, names = forget_bases(before, lambda mirror: mirror.id == GYM)
    assert names == ("Gym",)
    (kept,) = after.mirrors[GYM].parts
    assert (kept.playlist, kept.base, kept.in_flight, kept.fingerprint, kept.count) == ("2", (), (), "", -1)
    assert (after.mirrors[GYM].snapshot, after.mirrors[GYM].reading, after.mirrors[GYM].waiting) == ("", None, ())
    assert after.mirrors[LIKED] == before.mirrors[LIKED]
    assert after.matches == before.matches
    assert not after.conflicts


def test_what_was_put_back_stays_a_persons_when_the_base_is_forgotten() -> None:
    back = (TargetId("7"),)
    before = sample()
    for state in CollectionState:
        known = msgspec.structs.replace(before.mirrors[GYM], state=state, restored=back)
        after, _ = forget_bases(before.with_mirror(known), lambda mirror: mirror.id == GYM)
        assert after.mirrors[GYM].restored == back


def test_nothing_chosen_nothing_forgotten() -> None:
    assert forget_bases(sample(), lambda mirror: False) == (sample(), ())


def test_matches_are_forgotten_but_not_a_persons_words() -> None:
    before = set_match(sample(), DAFT, TargetId("42"), to_iso(NOW))
    after, number = forget_matches(before)
    assert number == 2
    assert after.matches[DAFT] == before.matches[DAFT]
    assert (after.matches[LOST].decision, after.matches[LOST].rejected) == (None, ("777",))
    assert OPEN not in after.matches
    assert {mirror.snapshot for mirror in after.mirrors.values()} == {""}
    assert after.mirrors[GYM].parts == before.mirrors[GYM].parts


def test_everything_is_forgotten_but_what_the_services_are_to_be_spared() -> None:
    before = sample()
    assert forget_all(before) == Checkpoint(ledgers=before.ledgers, not_before=before.not_before)


def test_a_match_that_nothing_holds_is_forgotten_after_half_a_year() -> None:
    now = datetime(2026, 11, 21, 12, tzinfo=UTC)
    old, new = to_iso(now - timedelta(days=181)), to_iso(now - timedelta(days=179))

    def record(name: str, **fields: Any) -> MatchRecord:
        return MatchRecord(Track(name, name), **{"decided_at": old, **fields})

    part = Part(PlaylistId("1"), base=(Pair(SourceId("placed"), TargetId("9")),))
    reading = Reading("s", 1, (Entry(track=Track("read", "read")),))
    mirror = Mirror(
        CollectionId("a"), Kind.PLAYLIST, "A", parts=(part,), left_out=(Pair(SourceId("out"), TargetId("8")),),
        waiting=(SourceId("waiting"),), reading=reading,
    )  # fmt: skip
    records = [
        *map(record, ("placed", "out", "waiting", "read", "gone")), record("young", decided_at=new),
        record("set", override="match set"), record("refused", rejected=(TargetId("7"),)),
        record("open", decided_at=""), record("odd", decided_at="yesterday"),
    ]  # fmt: skip
    checkpoint = Checkpoint(mirrors={mirror.id: mirror}, matches={SourceId(one.track.id): one for one in records})
    kept = forget_unused(checkpoint, now)
    assert set(checkpoint.matches) - set(kept.matches) == {"gone"}
    assert forget_unused(kept, now) is kept


def test_a_playlist_that_is_gone_is_forgotten_after_half_a_year() -> None:
    now = datetime(2026, 11, 21, 12, tzinfo=UTC)

    def gone(name: str, days: int | None, state: CollectionState = CollectionState.DETACHED) -> Mirror:
        since = None if days is None else to_iso(now - timedelta(days=days))
        return Mirror(
            CollectionId(name), Kind.PLAYLIST, name, state=state, missing_since=since, waiting=(SourceId(name),)
        )

    mirrors = [
        gone("long gone", 181), gone("lately", 179), gone("detached by a person", None), gone("in the future", -200),
        gone("not given up", 181, CollectionState.IN_SYNC),
    ]  # fmt: skip
    checkpoint = Checkpoint(
        mirrors={one.id: one for one in mirrors},
        matches={
            SourceId(one.name): MatchRecord(Track(one.name, one.name), decided_at=to_iso(now - timedelta(days=300)))
            for one in mirrors
        },
    )
    kept = forget_unused(checkpoint, now)
    assert set(checkpoint.mirrors) - set(kept.mirrors) == {"long gone"}
    assert set(checkpoint.matches) - set(kept.matches) == {"long gone"}
    assert forget_unused(kept, now) is kept
