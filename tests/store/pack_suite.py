"""What every ``Store`` that has packs must do with them. Used like ``store_suite``, with a compressed checkpoint."""

from __future__ import annotations

import hashlib
import random
from datetime import timedelta

import msgspec
import pytest
from store_suite import RUNS, Place

from musicdiff_job.core import document, packs
from musicdiff_job.core.checkpoint import SCHEMA, Checkpoint, MatchRecord, Mirror
from musicdiff_job.core.errors import CheckpointInvalid, LostLease
from musicdiff_job.core.match import Match, Method
from musicdiff_job.core.model import CollectionId, Kind, SourceId, Track
from musicdiff_job.core.packs import SUFFIX
from musicdiff_job.store.packing import ORPHANED_AFTER

MANY = 60
"""Matches that are above the limits of these tests."""


def record(at: int, says: str = "") -> MatchRecord:
    """A record that does not compress well."""
    return MatchRecord(
        Track(f"s{at}", hashlib.sha256(f"{at}{says}".encode()).hexdigest()), Match("7", Method.ISRC, 1.0)
    )


def records(ats: range, says: str = "") -> dict[SourceId, MatchRecord]:
    return {SourceId(f"s{at}"): record(at, says) for at in ats}


def mirror(at: int, name: str = "Gym") -> Mirror:
    return Mirror(CollectionId(f"m{at}"), Kind.PLAYLIST, name)


def without(checkpoint: Checkpoint, ats: range) -> Checkpoint:
    gone = {f"s{at}" for at in ats}
    return msgspec.structs.replace(checkpoint, matches={k: v for k, v in checkpoint.matches.items() if k not in gone})


LARGE = Checkpoint(matches=records(range(MANY))).with_mirror(mirror(1))
LARGER = LARGE.with_matches(records(range(MANY, 2 * MANY)))
OTHER = LARGE.with_matches(records(range(MANY), "otherwise"))


class PackSuite:
    @pytest.fixture(autouse=True)
    def small(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Limits that a few records exceed."""
        monkeypatch.setattr(packs, "WHOLE_UP_TO", 3000)
        monkeypatch.setattr(packs, "APART_UP_TO", 1500)

    def run(self, place: Place, *checkpoints: Checkpoint, load: bool = True) -> None:
        with place.store().lease(f"run-{next(RUNS)}", place.clock.now() + timedelta(minutes=10)) as lease:
            if load:
                lease.load()
            for checkpoint in checkpoints:
                lease.save(checkpoint)

    def named(self, place: Place, suffix: str = "") -> str:
        """The pack that a document names, "" for none."""
        header = document.read_header(place.content(suffix) or b"")
        return header.pack.suffix if header.pack else ""

    def packs(self, place: Place) -> set[str]:
        return {suffix for suffix in place.suffixes() if suffix.startswith(SUFFIX)}

    def test_what_is_small_is_in_one_piece(self, place: Place) -> None:
        small = Checkpoint(matches=records(range(10)))
        self.run(place, small, without(small, range(3)))
        self.run(place, small)
        assert place.suffixes() == {"", ".prev"}
        assert self.named(place) == ""

    def test_what_is_large_is_in_a_pack_that_the_header_names(self, place: Place) -> None:
        self.run(place, LARGE)
        header = place.store().verify()
        assert header == place.store().peek_header()
        assert header.pack is not None
        content = place.content(header.pack.suffix) or b""
        assert (header.pack.matches, header.pack.size) == (MANY, len(content))
        assert header.pack.sha256 == hashlib.sha256(content).hexdigest()
        assert place.suffixes() == {"", header.pack.suffix}
        assert place.store().peek() == LARGE

    def test_a_save_writes_what_has_changed(self, place: Place) -> None:
        self.run(place, LARGE)
        pack = self.named(place)
        before = place.content(pack)
        changed = (
            without(LARGE, range(3)).with_matches({SourceId("s9"): record(9, "new")}).with_mirror(mirror(1, "Jazz"))
        )
        with place.store().lease(f"run-{next(RUNS)}", place.clock.now() + timedelta(minutes=10)) as lease:
            assert lease.load() == LARGE
            assert len(place.content() or b"") < 1000
            loaded = lease.load()
            later = without(loaded, range(3)).with_matches({SourceId("s9"): record(9, "new")})
            lease.save(later.with_mirror(mirror(1, "Jazz")).with_mirror(mirror(2)))
            assert place.store().peek() == changed.with_mirror(mirror(2))
            lease.save(loaded)
            assert place.store().peek() == LARGE
            assert len(place.content() or b"") < 1000
        assert (self.named(place), place.content(pack)) == (pack, before)

    def test_a_new_pack_replaces_the_one_before_it(self, place: Place) -> None:
        self.run(place, LARGE)
        first = self.named(place)
        with place.store().lease(f"run-{next(RUNS)}", place.clock.now() + timedelta(minutes=10)) as lease:
            checkpoint, seen = lease.load(), [first]
            for turn in range(4):
                checkpoint = checkpoint.with_matches(records(range(MANY), f"{turn}"))
                lease.save(checkpoint)
                seen.append(self.named(place))
                assert self.packs(place) == {first, seen[-1]}, "the first is the previous checkpoint's"
                assert place.store().peek() == checkpoint
        assert len(set(seen)) == 5
        self.run(place, OTHER)
        assert self.packs(place) == {self.named(place), self.named(place, ".prev")} == {self.named(place), seen[-1]}

    def test_no_two_packs_have_one_name(self, place: Place) -> None:
        """One that was removed must not come back under the eyes of whoever removes it late."""
        names = set()
        for turn in range(3):
            with place.store().lease(f"run-{next(RUNS)}", place.clock.now() + timedelta(minutes=10)) as lease:
                lease.save(OTHER if turn % 2 else LARGE)
            names.add(self.named(place))
        assert len(names) == 3

    def test_when_most_is_forgotten_it_is_whole_again(self, place: Place) -> None:
        self.run(place, LARGER)
        few = without(LARGER, range(2 * MANY - 3))
        self.run(place, few)
        assert self.named(place) == ""
        assert self.packs(place) == {self.named(place, ".prev")}
        assert place.store().peek() == few
        place.store().restore_previous()
        assert place.store().peek() == LARGER

    def test_when_half_is_forgotten_it_is_no_longer_kept(self, place: Place) -> None:
        self.run(place, LARGER)
        half = without(LARGER, range(MANY + 1))
        self.run(place, half)
        header = place.store().verify()
        assert header.pack is not None
        assert header.pack.matches == MANY - 1
        assert place.store().peek() == half

    def test_restoring_goes_back_to_another_pack_and_forth(self, place: Place) -> None:
        self.run(place, LARGE)
        self.run(place, LARGER, OTHER)
        both = {self.named(place), self.named(place, ".prev")}
        for expected in (LARGE, OTHER, LARGE):
            place.store().restore_previous()
            assert place.store().peek() == expected
            assert self.packs(place) == both
        self.run(place, LARGER)
        assert place.store().peek() == LARGER
        place.store().restore_previous()
        assert place.store().peek() == LARGE
        assert self.packs(place) == {self.named(place), self.named(place, ".prev")}

    def test_a_previous_one_from_before_the_split_is_whole(self, place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(packs, "WHOLE_UP_TO", 1 << 30)
        self.run(place, LARGE)
        monkeypatch.setattr(packs, "WHOLE_UP_TO", 3000)
        self.run(place, LARGER)
        assert self.named(place) != ""
        assert self.named(place, ".prev") == ""
        place.store().restore_previous()
        assert place.store().peek() == LARGE
        self.run(place, OTHER)
        assert place.store().peek() == OTHER

    @pytest.mark.parametrize("damage", ["missing", "altered", "cut short", "another one"])
    def test_without_its_pack_it_is_invalid_and_left_alone(self, place: Place, damage: str) -> None:
        self.run(place, LARGE)
        self.run(place, OTHER)
        pack, previous = self.named(place), self.named(place, ".prev")
        content = place.content(pack) or b""
        if damage == "missing":
            place.discard(pack)
        else:
            wrong = bytearray(content)
            wrong[len(wrong) // 2] ^= 1
            place.overwrite(
                {"altered": bytes(wrong), "cut short": content[:-1], "another one": place.content(previous) or b""}[
                    damage
                ],
                pack,
            )
        before = {suffix: place.content(suffix) for suffix in place.suffixes()}
        for read in (place.store().peek, place.store().verify):
            with pytest.raises(CheckpointInvalid) as refusal:
                read()
            assert f"{place.store().place}{pack}" in refusal.value.message
            assert ("missing" if damage == "missing" else "damaged") in refusal.value.message
            assert "restore-previous` goes back to generation 1" in refusal.value.hint
        for load in (True, False):
            with pytest.raises(CheckpointInvalid):
                self.run(place, LARGER, load=load)
        assert {suffix: place.content(suffix) for suffix in place.suffixes()} == before
        place.store().restore_previous()
        assert place.store().peek() == LARGE

    def test_a_previous_one_without_its_pack_is_not_restored(self, place: Place) -> None:
        self.run(place, LARGE)
        self.run(place, OTHER)
        place.discard(self.named(place, ".prev"))
        assert place.store().previous_header() is None
        with pytest.raises(CheckpointInvalid, match="no whole previous"):
            place.store().restore_previous()
        assert place.store().peek() == OTHER

    def test_what_a_killed_run_left_is_removed_when_it_is_old(self, place: Place) -> None:
        self.run(place, LARGE)
        orphan, young, foreign = f"{SUFFIX}{'0' * 16}", f"{SUFFIX}{'1' * 16}", f"{SUFFIX}of-mine"
        for suffix in (orphan, foreign):
            place.overwrite(b"left over", suffix)
            place.age(suffix, ORPHANED_AFTER + timedelta(seconds=60))
        place.overwrite(b"just stored", young)
        for suffix in (self.named(place), "", ".prev"):
            if place.content(suffix) is not None:
                place.age(suffix, timedelta(days=300))
        self.run(place, LARGE)
        assert self.packs(place) >= {self.named(place), self.named(place, ".prev"), young}
        assert orphan not in self.packs(place)
        assert place.store().peek() == LARGE

    def test_the_previous_one_keeps_its_pack_where_the_present_one_was_removed(self, place: Place) -> None:
        self.run(place, LARGE)
        self.run(place, OTHER)
        for suffix in self.packs(place):
            place.age(suffix, timedelta(days=300))
        present, previous = self.named(place), self.named(place, ".prev")
        place.remove()
        self.run(place, LARGER)
        assert self.packs(place) == {self.named(place), previous} != {present, previous}
        place.store().restore_previous()
        assert place.store().peek() == LARGE

    @pytest.mark.parametrize("seen", [True, False])
    def test_what_an_older_schema_names_is_kept(
        self, place: Place, monkeypatch: pytest.MonkeyPatch, seen: bool
    ) -> None:
        self.run(place, LARGE)
        first = self.named(place)
        place.learn(SCHEMA + 1, monkeypatch)
        with place.store().lease(f"run-{next(RUNS)}", place.clock.now() + timedelta(minutes=10)) as lease:
            lease.save(OTHER)
            lease.save(LARGER)
        assert self.named(place, f".v{SCHEMA}") == first
        place.learn(SCHEMA, monkeypatch)  # documents of this test are of one schema, and would be kept again
        monkeypatch.setattr("musicdiff_job.store.packing.SCHEMA", SCHEMA + 1)
        if not seen:
            place.overwrite(b"{", f".v{SCHEMA}")
        for checkpoint in (OTHER, LARGE, OTHER):
            before = self.packs(place)
            self.run(place, checkpoint)
            assert self.packs(place) > before if not seen else first in self.packs(place)
        assert seen == (self.packs(place) == {first, self.named(place), self.named(place, ".prev")})

    def test_who_reads_while_a_run_replaces_the_pack_sees_one_or_the_other(
        self, place: Place, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        self.run(place, LARGE)
        decode, meanwhile = document.decode_in_pieces, [OTHER, LARGER]

        def late(*arguments: object, **options: object) -> object:
            if meanwhile:
                saves = [meanwhile.pop(), LARGE, OTHER]
                meanwhile.clear()
                self.run(place, *saves)
                self.run(place, LARGER)
            return decode(*arguments, **options)  # type: ignore[arg-type]

        monkeypatch.setattr(document, "decode_in_pieces", late)
        assert place.store().peek() == LARGER

    @pytest.mark.parametrize("when", ["before its save", "after it"])
    def test_a_run_that_has_lost_its_lease_removes_nothing(self, place: Place, when: str) -> None:
        """Least of all what it stored last: the document may have been written after all, and built on."""
        self.run(place, LARGE)
        with place.store().lease("slow", place.clock.now() + timedelta(minutes=10)) as lease:
            lease.load()
            if when == "after it":
                lease.save(OTHER)
            before = self.packs(place)
            # What a run that took over would save first, on what is there.
            theirs = document.Claim("other", "host", "2026-11-21T12:00:01Z", "1f2e")
            header, content = document.with_lease(place.content() or b"", theirs, compress=True)
            place.overwrite(content)
            for checkpoint in (LARGER, OTHER, LARGER):
                with pytest.raises(LostLease):
                    lease.save(checkpoint)
            assert self.packs(place) >= before
        assert place.store().verify() == header

    @pytest.mark.parametrize("seed", range(3))
    def test_through_any_history_every_document_has_its_pack(self, place: Place, seed: int) -> None:
        pick = random.Random(seed)
        present = previous = Checkpoint()
        whole = False
        for _ in range(6):
            place.clock.wait(pick.choice([60, 3 * 86_400]))
            if whole and pick.random() < 0.2:
                place.store().restore_previous()
                present, previous = previous, present
            else:
                with place.store().lease(f"run-{next(RUNS)}", place.clock.now() + timedelta(minutes=10)) as lease:
                    checkpoint = lease.load()
                    assert checkpoint == present
                    whole = place.content() is not None and document.read_header(place.content() or b"").generation > 0
                    previous = present
                    for _ in range(pick.randint(1, 4)):
                        begin = pick.randrange(100)
                        some = range(begin, begin + pick.randint(0, 40))
                        if pick.random() < 0.3:
                            checkpoint = without(checkpoint, some)
                        else:
                            checkpoint = checkpoint.with_matches(records(some, str(pick.randrange(3))))
                        checkpoint = checkpoint.with_mirror(mirror(pick.randrange(5), str(pick.random())))
                        lease.save(checkpoint)
                        assert place.store().peek() == checkpoint
                    present = checkpoint
            assert place.store().peek() == present
            if whole:
                assert place.store().previous_header() is not None
                named = {self.named(place), self.named(place, ".prev")} - {""}
                assert self.packs(place) >= named
                assert len(self.packs(place)) <= len(named) + 1
