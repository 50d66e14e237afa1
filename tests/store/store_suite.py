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
from musicdiff_job.ports import CheckpointStore

FIRST = Checkpoint(accounts={"spotify": Account("me")}, paused=Pause("2026-11-21T12:00:00Z", "by hand"))
SECOND = FIRST.with_mirror(Mirror(LIKED, Kind.LIKED, "Кукушка 東京"))
THIRD = Checkpoint(overrides="third")


class Place(Protocol):
    """Somewhere a checkpoint can live, empty at first. A ``suffix`` names what is kept beside it (".prev")."""

    clock: StoppedClock

    def store(self) -> CheckpointStore:
        """A new store on this place, as another process would have it."""
        ...

    def content(self, suffix: str = "") -> bytes | None:
        """The bytes that are there."""
        ...

    def overwrite(self, content: bytes, suffix: str = "") -> None:
        """Somebody puts these bytes there who asks nobody."""
        ...

    def remove(self) -> None:
        """Somebody removes the checkpoint who asks nobody."""
        ...

    def suffixes(self) -> set[str]:
        """Those of all checkpoints that are there."""
        ...

    def learn(self, schema: int, monkeypatch: pytest.MonkeyPatch) -> None:
        """Have its stores know this schema, as a newer version would."""
        ...


def foreign(checkpoint: Checkpoint, *, generation: int = 40) -> bytes:
    """A document as another run would have written it."""
    return document.encode(
        checkpoint, generation=generation, run_id="other", saved_at="t", app_version="0.1.0", compress=False
    )[1]


class StoreSuite:
    def until(self, place: Place) -> datetime:
        return place.clock.now() + timedelta(minutes=10)

    def saved(self, place: Place, *checkpoints: Checkpoint, run_id: str = "") -> None:
        """One run that saves these; each has a name of its own unless told otherwise, the first is "run-1"."""
        if not run_id:
            content = place.content()
            run_id = f"run-{1 + (document.read_header(content).generation if content else 0)}"
        with place.store().lease(run_id, self.until(place)) as lease:
            lease.load()
            for checkpoint in checkpoints:
                lease.save(checkpoint)

    def header(self, place: Place) -> document.DocumentHeader:
        content = place.content()
        assert content is not None
        return document.read_header(content)

    def kept(self, place: Place, suffix: str = ".prev") -> Checkpoint:
        content = place.content(suffix)
        assert content is not None
        return document.decode(content)[1]

    def cut(self, place: Place) -> bytes:
        """The checkpoint, with a bit of its body turned."""
        damaged = bytearray(place.content() or b"")
        damaged[-60] ^= 1
        return bytes(damaged)

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

    def test_whether_it_is_free_is_seen_without_a_lease(self, place: Place) -> None:
        place.store().prove_free()
        assert place.suffixes() == set()
        with place.store().lease("run-1", self.until(place)) as lease:
            lease.save(FIRST)
            with pytest.raises(Locked, match="run-1"):
                place.store().prove_free()
            lease.save(SECOND, last=True)
        place.store().prove_free()
        assert place.store().peek() == SECOND

    def test_a_rehearsal_proves_and_leaves_nothing(self, place: Place) -> None:
        assert place.store().rehearse() == ()
        assert place.suffixes() == set()
        self.saved(place, FIRST)
        before, beside = place.content(), place.suffixes()
        assert place.store().rehearse() == ()
        assert (place.content(), place.suffixes()) == (before, beside)

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

    def test_after_the_last_save_there_is_none(self, place: Place) -> None:
        with place.store().lease("run-1", self.until(place)) as lease:
            lease.save(FIRST)
            lease.save(SECOND, last=True)
            with pytest.raises(LostLease, match="is over"):
                lease.save(FIRST)
        assert place.store().peek() == SECOND
        self.saved(place, THIRD, run_id="run-2")
        assert place.store().peek() == THIRD

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

    def test_creating_needs_nothing_and_overwrites_nothing(self, place: Place) -> None:
        assert place.store().create("init")
        assert place.store().peek() == Checkpoint()
        assert (self.header(place).run_id, self.header(place).generation) == ("init", 1)
        self.saved(place, FIRST)
        for content in (place.content(), b"", b"{"):
            assert content is not None
            place.overwrite(content)
            assert not place.store().create("init")
            assert place.content() == content

    def test_headers_tell_what_is_there_without_reading_it_all(self, place: Place) -> None:
        assert place.store().peek_header() is None
        with pytest.raises(CheckpointInvalid, match="there is no checkpoint"):
            place.store().verify()
        self.saved(place, FIRST, Checkpoint(overrides=" ".join(map(str, range(20_000)))))
        header = place.store().peek_header()
        assert header is not None
        assert header.generation == 2
        assert place.store().verify() == header
        place.overwrite(self.cut(place))
        assert place.store().peek_header() == header
        with pytest.raises(CheckpointInvalid, match=r"checksum|damaged"):
            place.store().verify()

    def test_the_message_names_the_place_and_the_way_back(self, place: Place) -> None:
        place.overwrite(b"{")
        for read in (place.store().peek, place.store().peek_header, place.store().verify):
            with pytest.raises(CheckpointInvalid) as refusal:
                read()
            assert place.store().place in refusal.value.message
            assert "first run" in refusal.value.hint
        place.remove()
        self.saved(place, FIRST)
        self.saved(place, SECOND)
        place.overwrite(b"{")
        with pytest.raises(CheckpointInvalid) as refusal:
            place.store().peek()
        assert "restore-previous` goes back to generation 1, saved 2026-11-21T12:00:00Z" in refusal.value.hint
        assert f"{place.store().place}.prev" in refusal.value.hint

    def test_the_previous_one_is_the_state_before_the_run_not_before_the_save(self, place: Place) -> None:
        self.saved(place, FIRST, SECOND, FIRST)
        assert place.store().previous_header() is None
        with place.store().lease("run-2", self.until(place)) as lease:
            for checkpoint in (SECOND, THIRD, SECOND):
                lease.save(checkpoint)
                assert self.kept(place) == FIRST
        header = place.store().previous_header()
        assert header is not None
        assert header.generation == 3
        with place.store().lease("run-3", self.until(place)) as lease:
            lease.load()
            lease.prove_writable()
        assert place.store().previous_header() == header, "a run that saves nothing keeps nothing"
        assert place.suffixes() == {"", ".prev"}

    def test_a_run_that_takes_the_lease_again_keeps_the_state_before_itself(self, place: Place) -> None:
        self.saved(place, FIRST, run_id="run-1")
        self.saved(place, SECOND, run_id="run-2")
        self.saved(place, THIRD, run_id="run-2")
        assert self.kept(place) == FIRST

    def test_restoring_undoes_a_run_and_restoring_again_redoes_it(self, place: Place) -> None:
        self.saved(place, FIRST)
        self.saved(place, SECOND, THIRD)
        assert place.store().restore_previous().generation == 1
        assert place.store().peek() == FIRST
        assert place.store().restore_previous().generation == 3
        assert place.store().peek() == THIRD
        assert place.suffixes() == {"", ".prev"}

    def test_a_run_goes_on_after_a_restore(self, place: Place) -> None:
        self.saved(place, FIRST)
        self.saved(place, SECOND, THIRD)
        place.store().restore_previous()
        self.saved(place, SECOND)
        assert place.store().verify().generation == 2
        assert self.kept(place) == FIRST

    @pytest.mark.parametrize("present", ["damaged", "missing"])
    def test_restoring_is_the_way_back_from_damage(self, place: Place, present: str) -> None:
        self.saved(place, FIRST)
        self.saved(place, SECOND)
        place.overwrite(b"{")
        if present == "missing":
            place.remove()
        place.store().restore_previous()
        assert place.store().peek() == FIRST
        assert place.suffixes() == {"", ".prev"}
        self.saved(place, THIRD)
        assert place.store().peek() == THIRD
        assert self.kept(place) == FIRST

    @pytest.mark.parametrize("previous", [None, b"", b"{", foreign(FIRST)[:-9]])
    def test_without_a_whole_previous_one_nothing_is_touched(self, place: Place, previous: bytes | None) -> None:
        self.saved(place, FIRST)
        if previous is not None:
            place.overwrite(previous, ".prev")
        with pytest.raises(CheckpointInvalid, match="no whole previous checkpoint"):
            place.store().restore_previous()
        assert place.store().peek() == FIRST
        assert place.content(".prev") == previous

    def test_no_restoring_during_a_run(self, place: Place) -> None:
        self.saved(place, FIRST)
        self.saved(place, SECOND)
        with place.store().lease("run-3", self.until(place)), pytest.raises(Locked, match="run-3"):
            place.store().restore_previous()
        assert place.store().peek() == SECOND

    def test_an_older_schema_is_kept_under_its_number(self, place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
        self.saved(place, FIRST)
        place.learn(SCHEMA + 1, monkeypatch)
        self.saved(place, SECOND, THIRD)
        assert place.suffixes() == {"", ".prev", f".v{SCHEMA}"}
        assert (self.kept(place, f".v{SCHEMA}"), self.kept(place)) == (FIRST, FIRST)
        assert place.store().peek() == THIRD

    def test_a_checkpoint_that_was_removed_is_not_brought_back(self, place: Place) -> None:
        self.saved(place, FIRST)
        with place.store().lease("run-2", self.until(place)) as lease:
            lease.load()
            place.remove()
            for checkpoint in (SECOND, FIRST):
                with pytest.raises(LostLease, match="removed"):
                    lease.save(checkpoint)
            with pytest.raises(LostLease):
                lease.load()
        assert place.content() is None

    def test_a_lost_lease_names_the_other_run(self, place: Place) -> None:
        with place.store().lease("run-1", self.until(place)) as lease:
            lease.save(FIRST)
            place.overwrite(foreign(FIRST, generation=41))
            with pytest.raises(LostLease, match="run other saved generation 41"):
                lease.save(SECOND)
