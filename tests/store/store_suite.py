"""What every ``Store`` must do, whatever it is made of.

To add a store: write a ``Place`` for it, subclass ``StoreSuite`` in its test file, and give the subclass a fixture
``place``. Everything else is inherited.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Protocol

import pytest
from stopped_clock import StoppedClock

from musicdiff_job.core import document
from musicdiff_job.core.checkpoint import SCHEMA, Account, Checkpoint, Mirror, Pause
from musicdiff_job.core.errors import CheckpointInvalid, Locked, LostLease
from musicdiff_job.core.model import LIKED, Kind
from musicdiff_job.ports import Store

FIRST = Checkpoint(accounts={"spotify": Account("me")}, paused=Pause("2026-11-21T12:00:00Z", "by hand"))
SECOND = FIRST.with_mirror(Mirror(LIKED, Kind.LIKED, "Кукушка 東京"))


class Place(Protocol):
    """Somewhere a checkpoint can live, empty at first."""

    clock: StoppedClock

    def store(self) -> Store:
        """A new store on this place, as another process would have it."""
        ...

    def content(self) -> bytes | None:
        """The bytes that are there."""
        ...

    def overwrite(self, content: bytes) -> None:
        """Somebody puts these bytes there who asks nobody."""
        ...


def foreign(checkpoint: Checkpoint, *, generation: int = 40) -> bytes:
    """A document as another run would have written it."""
    return document.encode(
        checkpoint, generation=generation, run_id="other", saved_at="t", app_version="0.1.0", compress=False
    )[1]


class StoreSuite:
    def until(self, place: Place) -> datetime:
        return place.clock.now() + timedelta(minutes=10)

    def saved(self, place: Place, *checkpoints: Checkpoint, run_id: str = "run-1") -> None:
        with place.store().lease(run_id, self.until(place)) as lease:
            lease.load()
            for checkpoint in checkpoints:
                lease.save(checkpoint)

    def header(self, place: Place) -> document.DocumentHeader:
        content = place.content()
        assert content is not None
        return document.read_header(content)

    def test_a_missing_checkpoint_is_a_first_run(self, place: Place) -> None:
        assert place.store().peek() is None
        with place.store().lease("run-1", self.until(place)) as lease:
            assert lease.load() == Checkpoint()

    def test_what_one_run_saves_the_next_one_loads(self, place: Place) -> None:
        self.saved(place, FIRST)
        with place.store().lease("run-2", self.until(place)) as lease:
            assert lease.load() == FIRST
            lease.save(SECOND)
            assert lease.load() == SECOND
        assert place.store().peek() == SECOND

    def test_a_run_that_saves_nothing_changes_nothing(self, place: Place) -> None:
        self.saved(place, FIRST)
        with place.store().lease("run-2", self.until(place)) as lease:
            lease.load()
            lease.prove_writable()
        assert place.store().peek() == FIRST

    def test_generations_count_saves_across_runs(self, place: Place) -> None:
        self.saved(place, FIRST)
        first = self.header(place).generation
        self.saved(place, SECOND, FIRST, run_id="run-2")
        assert self.header(place).generation >= first + 2

    def test_the_header_names_the_run_and_the_time(self, place: Place) -> None:
        place.clock.wait(90)
        self.saved(place, FIRST, run_id="run-7")
        header = self.header(place)
        assert (header.run_id, header.saved_at, header.schema) == ("run-7", "2026-11-21T12:01:30Z", SCHEMA)

    def test_a_reader_needs_no_lease(self, place: Place) -> None:
        self.saved(place, FIRST)
        with place.store().lease("run-2", self.until(place)) as lease:
            lease.load()
            assert place.store().peek() == FIRST
            lease.save(SECOND)
            assert place.store().peek() == SECOND

    def test_there_is_one_lease_at_a_time(self, place: Place) -> None:
        with place.store().lease("run-1", self.until(place)) as lease:
            with pytest.raises(Locked, match="run-1"), place.store().lease("run-2", self.until(place)):
                pytest.fail("two leases at once")
            lease.save(FIRST)  # the failed attempt has taken nothing away
        with place.store().lease("run-3", self.until(place)) as lease:
            assert lease.load() == FIRST

    def test_a_run_that_fails_gives_the_lease_back(self, place: Place) -> None:
        with pytest.raises(ZeroDivisionError), place.store().lease("run-1", self.until(place)) as lease:
            lease.save(FIRST)
            raise ZeroDivisionError
        self.saved(place, SECOND, run_id="run-2")
        assert place.store().peek() == SECOND

    def test_a_lease_that_is_over_saves_nothing(self, place: Place) -> None:
        with place.store().lease("run-1", self.until(place)) as lease:
            lease.save(FIRST)
        with pytest.raises(LostLease):
            lease.save(SECOND)
        assert place.store().peek() == FIRST

    @pytest.mark.parametrize("damage", ["empty", "cut short", "altered", "newer"])
    def test_a_damaged_checkpoint_is_refused_and_left_alone(self, place: Place, damage: str) -> None:
        whole = foreign(FIRST)
        content = {
            "empty": b"",
            "cut short": whole[:-20],
            "altered": whole.replace(b"by hand", b"by HAND"),
            "newer": whole.replace(f'"schema": {SCHEMA}'.encode(), f'"schema": {SCHEMA + 1}'.encode()),
        }[damage]
        assert content != whole
        place.overwrite(content)
        with pytest.raises(CheckpointInvalid):
            place.store().peek()
        # A store may find out when the lease is taken, when it is loaded, or when it is saved without loading.
        with pytest.raises(CheckpointInvalid), place.store().lease("run-1", self.until(place)) as lease:
            lease.load()
        with pytest.raises(CheckpointInvalid), place.store().lease("run-1", self.until(place)) as lease:
            lease.save(SECOND)
        assert place.content() == content

    @pytest.mark.parametrize("when", ["after loading", "after saving", "where there was nothing"])
    def test_another_writer_is_never_overwritten(self, place: Place, when: str) -> None:
        if when != "where there was nothing":
            self.saved(place, FIRST)
        theirs = foreign(SECOND)
        with place.store().lease("run-2", self.until(place)) as lease:
            lease.load()
            if when == "after saving":
                lease.save(SECOND)
            place.overwrite(theirs)
            with pytest.raises(LostLease):
                lease.save(FIRST)
            with pytest.raises(LostLease):
                lease.save(FIRST)
        assert place.content() == theirs
