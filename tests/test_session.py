"""What one run holds: its checkpoint, saved when it must be, and the listing, asked for once."""

from __future__ import annotations

import msgspec
import pytest
from memory_stage import Stage

from musicdiff_job.core.budget import LedgerRule
from musicdiff_job.core.checkpoint import Checkpoint, MatchRecord, Mirror, NotBefore, Part
from musicdiff_job.core.errors import BadAnswer, JobError, RateLimited, Throttled, Unavailable
from musicdiff_job.core.model import FAVOURITES, PlaylistId, Service, SourceId, TargetHead, Track
from musicdiff_job.gate import Gate, Limits
from musicdiff_job.session import SAVE_EVERY, Session

GYM = "spotify:playlist:gym"


def test_a_new_list_has_a_fresh_memory_that_is_not_kept_before_it_is_put() -> None:
    stage = Stage()
    head = stage.source.put(GYM, 1)
    session = stage.session()
    assert session.mirror(head) == Mirror(head.id, head.kind, "Gym")
    assert session.checkpoint.mirrors == {}
    session.put(msgspec.structs.replace(session.mirror(head), entries=5))
    assert session.mirror(head).entries == 5
    assert stage.store.saved == [], "put does not save"


def test_the_listing_is_asked_for_once_and_what_is_added_to_it_stays() -> None:
    stage = Stage()
    stage.deezer.create_by_hand("Gym")
    session = stage.session()
    assert not session.knows_target()
    listed = session.listed()
    stage.deezer.create_by_hand("Later")
    listed[PlaylistId("9")] = listed[PlaylistId("2")]
    assert set(session.listed()) == {"1", "2", "9", FAVOURITES}
    assert session.listed()[FAVOURITES].loved, "as parts name the list of favourites"
    assert session.knows_target()


@pytest.mark.parametrize("trouble", [BadAnswer("nonsense"), Unavailable("down", service=Service.DEEZER)])
def test_a_listing_that_fails_is_not_asked_for_by_every_collection(trouble: JobError) -> None:
    stage = Stage()
    session = stage.session()
    asked: list[int] = []

    def fail() -> tuple[TargetHead, ...]:
        asked.append(1)
        raise trouble

    stage.target.playlists = fail  # type: ignore[method-assign]
    for _ in range(3):
        with pytest.raises(Unavailable, match=trouble.message):
            session.listed()
    assert len(asked) == 1
    assert not session.knows_target()


def test_bound_are_the_playlists_of_all_mirrors() -> None:
    stage = Stage()
    session = stage.session()
    for number, playlists in enumerate((("2", "3"), ("4",), ())):
        head = stage.source.put(f"spotify:playlist:{number}")
        parts = tuple(Part(PlaylistId(playlist)) for playlist in playlists)
        session.put(msgspec.structs.replace(session.mirror(head), parts=parts))
    assert session.bound() == {"2", "3", "4"}


def test_saving_soon_saves_every_few_seconds() -> None:
    stage = Stage()
    session = stage.session()
    for _ in range(10):
        session.save_soon()
    assert stage.store.saved == []
    stage.clock.advance(SAVE_EVERY)
    session.save_soon()
    session.save_soon()
    assert len(stage.store.saved) == 1
    session.save()
    assert len(stage.store.saved) == 2
    stage.clock.advance(SAVE_EVERY - 0.5)
    session.save_soon()
    assert len(stage.store.saved) == 2, "counted from the last save of any kind"


def test_where_saving_takes_long_it_happens_less_often(monkeypatch: pytest.MonkeyPatch) -> None:
    stage = Stage()
    session = stage.session()
    save = session.lease.save

    def slowly(checkpoint: Checkpoint, *, last: bool = False) -> None:
        stage.clock.advance(0.2)
        save(checkpoint, last=last)

    monkeypatch.setattr(session.lease, "save", slowly)
    session.save()
    stage.clock.advance(19.0)
    session.save_soon()
    assert len(stage.store.saved) == 1
    stage.clock.advance(1.5)
    session.save_soon()
    assert len(stage.store.saved) == 2, "0.2 seconds are a hundredth of 20"


def test_what_the_services_must_be_spared_is_saved_with_it() -> None:
    stage = Stage()
    session = stage.session()
    gate = Gate(
        Limits(None, None, {Service.DEEZER: LedgerRule(9, 60, 10)}, {}), stage.clock, stage.stop,
        {"spotify": {"1": 1}}, {"spotify": NotBefore("2027-01-01T00:00:00Z", "quota", 1)},
    )  # fmt: skip
    session.connections = type(session.connections)(
        gate, session.source, session.target, session.connections.catalogue, lambda: None
    )

    def refused(timeout: float) -> None:
        raise Throttled("slow down", retry_after=600)

    try:
        gate.call(Service.DEEZER, refused)
    except RateLimited:
        session.save()
    saved = stage.store.load()
    assert set(saved.not_before) == {"spotify", "deezer"}
    assert saved.ledgers["spotify"] == {"1": 1}
    assert sum(saved.ledgers["deezer"].values()) == 1


def test_time_is_the_clocks() -> None:
    stage = Stage()
    session: Session = stage.session()
    assert session.now_text() == "2026-11-21T12:00:00Z"
    stage.clock.advance(3600)
    assert session.now() == stage.clock.now()


def test_records_are_folded_in_together_when_the_memory_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    """A fold copies the table of all matches, so a run may not make one for each track that it looks up."""
    folds: list[int] = []
    fold = Checkpoint.with_matches

    def counted(self: Checkpoint, records: dict[SourceId, MatchRecord]) -> Checkpoint:
        folds.append(len(records))
        return fold(self, records)

    monkeypatch.setattr(Checkpoint, "with_matches", counted)
    session = Stage().session()
    records = {SourceId(f"s{number}"): MatchRecord(Track(f"s{number}", "Song")) for number in range(200)}
    for source, record in records.items():
        session.put_record(source, record)
        assert session.record(source) is record
    assert session.record(SourceId("unknown")) is None
    assert folds == []
    before = session.checkpoint
    assert before.matches == records
    assert session.checkpoint is before
    later = msgspec.structs.replace(records[SourceId("s7")], tries=1)
    session.put_record(SourceId("s7"), later)
    assert session.record(SourceId("s7")) is later
    session.save()
    assert folds == [200, 1]
    assert before.matches == records, "what was read stays what it was"
    assert session.checkpoint.matches == {**records, SourceId("s7"): later}
