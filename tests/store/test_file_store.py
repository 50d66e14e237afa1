"""The checkpoint file, on a real file system, with real processes racing for it and dying on it."""

from __future__ import annotations

import gzip
import os
import re
import resource
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from pack_suite import PackSuite, records
from stopped_clock import StoppedClock
from store_suite import FIRST, RUNS, SECOND, THIRD, StoreSuite

from musicdiff_job.core import packs
from musicdiff_job.core.checkpoint import Checkpoint
from musicdiff_job.core.errors import CheckpointInvalid, CheckpointUnwritable, Locked
from musicdiff_job.core.packs import SUFFIX
from musicdiff_job.ports import CheckpointStore
from musicdiff_job.store import durable, file, packing
from musicdiff_job.store.file import FileStore

SCRIPT = Path(__file__).with_name("saving_process.py")
UNTIL = datetime(2026, 11, 21, 12, 10, tzinfo=UTC)


class Folder:
    def __init__(self, path: Path) -> None:
        self.path = path
        self.clock = StoppedClock()

    def store(self) -> FileStore:
        return FileStore(self.path, clock=self.clock, app_version="0.1.0")

    def content(self, suffix: str = "") -> bytes | None:
        path = self.path.with_name(self.path.name + suffix)
        return path.read_bytes() if path.exists() else None

    def overwrite(self, content: bytes, suffix: str = "") -> None:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        new = self.path.with_name("foreign")
        new.write_bytes(content)
        new.replace(self.path.with_name(self.path.name + suffix))

    def remove(self) -> None:
        self.path.unlink()

    def discard(self, suffix: str) -> None:
        self.path.with_name(self.path.name + suffix).unlink()

    def age(self, suffix: str, age: timedelta) -> None:
        changed = (self.clock.now() - age).timestamp()
        os.utime(self.path.with_name(self.path.name + suffix), (changed, changed))

    def suffixes(self) -> set[str]:
        return {name.removeprefix(self.path.name) for name in self.names()} - {".lock"}

    def learn(self, schema: int, monkeypatch: pytest.MonkeyPatch) -> None:
        for module in (file, packing):
            monkeypatch.setattr(module, "SCHEMA", schema)

    def run(self, *checkpoints: Checkpoint) -> None:
        with self.store().lease(f"run-{next(RUNS)}", UNTIL) as lease:
            for checkpoint in checkpoints:
                lease.save(checkpoint)

    def names(self) -> set[str]:
        return {entry.name for entry in self.path.parent.iterdir()} if self.path.parent.exists() else set()


@pytest.fixture
def place(tmp_path: Path) -> Folder:
    return Folder(tmp_path / "state" / "musicdiff" / "checkpoint.json")


@contextmanager
def process(*arguments: object) -> Iterator[subprocess.Popen[str]]:
    """``saving_process.py``; killed and waited for at the end."""
    command = [sys.executable, str(SCRIPT), *map(str, arguments)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as running:
        try:
            yield running
        finally:
            running.kill()


def tell(running: subprocess.Popen[str]) -> None:
    assert running.stdin is not None
    running.stdin.write("go\n")
    running.stdin.flush()


def hear(running: subprocess.Popen[str]) -> str:
    assert running.stdout is not None
    return running.stdout.readline().strip()


def test_it_is_a_store(place: Folder) -> None:
    store: CheckpointStore = place.store()
    assert store.peek() is None
    assert not place.path.parent.exists(), "looking must not create anything"


class TestPlainFile(StoreSuite):
    @pytest.fixture
    def place(self, tmp_path: Path) -> Folder:
        return Folder(tmp_path / "checkpoint.json")


class TestGzipFile(StoreSuite):
    @pytest.fixture
    def place(self, tmp_path: Path) -> Folder:
        return Folder(tmp_path / "checkpoint.json.gz")


class TestPacks(PackSuite):
    @pytest.fixture
    def place(self, tmp_path: Path) -> Folder:
        return Folder(tmp_path / "checkpoint.json.gz")


class TestLayout:
    def test_the_name_decides_how_it_is_written_and_the_content_how_it_is_read(self, tmp_path: Path) -> None:
        plain, packed = Folder(tmp_path / "a.json"), Folder(tmp_path / "a.json.gz")
        plain.run(FIRST)
        packed.run(FIRST)
        assert (plain.content() or b"").startswith(b"{")
        assert gzip.decompress(packed.content() or b"").startswith(b'{"format":"musicdiff-checkpoint"')
        shutil.copy(plain.path, packed.path)
        assert packed.store().peek() == FIRST

    def test_a_run_leaves_nothing_else_behind(self, place: Folder) -> None:
        place.run(FIRST)
        assert place.names() == {"checkpoint.json", "checkpoint.json.lock"}
        place.run(SECOND)
        assert place.names() == {"checkpoint.json", "checkpoint.json.lock", "checkpoint.json.prev"}

    @pytest.mark.parametrize("umask", [0o000, 0o022, 0o777])
    def test_everything_is_private_whatever_the_umask(self, place: Folder, umask: int) -> None:
        before = os.umask(umask)
        try:
            place.run(FIRST)
            place.run(SECOND)
        finally:
            os.umask(before)
        modes = {entry.name: entry.stat().st_mode & 0o777 for entry in place.path.parent.iterdir()}
        assert modes == dict.fromkeys(("checkpoint.json", "checkpoint.json.lock", "checkpoint.json.prev"), 0o600)
        for folder in (place.path.parent, place.path.parent.parent):
            assert folder.stat().st_mode & 0o777 == 0o700

    def test_a_folder_that_exists_keeps_its_mode(self, place: Folder) -> None:
        place.path.parent.mkdir(parents=True)
        place.path.parent.chmod(0o750)
        place.run(FIRST)
        assert place.path.parent.stat().st_mode & 0o777 == 0o750

    def test_a_symbolic_link_stays_one(self, place: Folder, tmp_path: Path) -> None:
        link = Folder(tmp_path / "link.json")
        link.path.symlink_to(place.path)  # to nothing, yet
        link.run(FIRST)
        link.run(SECOND)
        assert link.path.is_symlink()
        assert place.store().peek() == SECOND
        assert place.store().previous.exists()
        with link.store().lease("run", UNTIL), pytest.raises(Locked), place.store().lease("run", UNTIL):
            pytest.fail("the link and the file have two locks")

    def test_orphans_are_swept_after_a_day(self, place: Folder) -> None:
        place.run(FIRST)
        now = place.clock.now().timestamp()
        old, fresh, others = (
            place.path.with_name(name)
            for name in (".checkpoint.json.abc.tmp", ".checkpoint.json.def.tmp", ".checkpoint.json.alice.abc.tmp")
        )
        for orphan, age in ((old, 86_401), (fresh, 86_399), (others, 999_999)):
            orphan.touch()
            os.utime(orphan, (now - age, now - age))
        with place.store().lease("run", UNTIL):
            assert not old.exists()
            old.touch()
            os.utime(old, (0, 0))
            with pytest.raises(Locked), place.store().lease("run", UNTIL):
                pytest.fail("two leases at once")
            assert old.exists(), "only who holds the lock may sweep"
        assert fresh.exists()
        assert others.exists()


class TestReading:
    def test_what_cannot_be_read_is_not_taken_for_nothing(self, place: Folder, tmp_path: Path) -> None:
        place.path.mkdir(parents=True)
        with pytest.raises(CheckpointInvalid, match=r"cannot be read: Is a directory.*must name a file"):
            place.store().peek()
        (tmp_path / "loop").symlink_to("loop")
        with pytest.raises(CheckpointInvalid, match="cannot be read"):
            Folder(tmp_path / "loop").store().peek()


class TestLostLease:
    def test_a_file_that_was_merely_touched_or_copied_back_is_still_ours(self, place: Folder) -> None:
        place.run(FIRST)
        with place.store().lease("run-2", UNTIL) as lease:
            lease.load()
            os.utime(place.path, (1, 1))
            lease.save(SECOND)
            place.overwrite(place.content() or b"")
            lease.save(THIRD)
        assert place.store().peek() == THIRD


class TestProcesses:
    def test_of_several_that_race_for_the_lock_one_wins(self, place: Folder) -> None:
        with (
            process("hold", place.path, "one") as one,
            process("hold", place.path, "two") as two,
            process("hold", place.path, "three") as three,
        ):
            racing = (one, two, three)
            assert [hear(rival) for rival in racing] == ["ready"] * 3
            for rival in racing:
                tell(rival)
            results = [hear(rival).split()[0] for rival in racing]
            assert sorted(results) == ["held", "locked", "locked"]

    def test_the_holder_is_named_and_a_dead_one_holds_nothing(self, place: Folder) -> None:
        with process("hold", place.path, "run-of-another") as holder:
            hear(holder)
            tell(holder)
            assert hear(holder) == "held"
            named = f"run run-of-another on .+, process {holder.pid}, started 2026-11-21T12:00:00Z, ends by .+12:10:00Z"
            with pytest.raises(Locked, match=named), place.store().lease("mine", UNTIL):
                pytest.fail("two leases at once")
            assert place.store().peek() is None
            holder.kill()
            holder.wait()
        lock = place.path.with_name("checkpoint.json.lock")
        assert b"run-of-another" in lock.read_bytes(), "it could not tidy up"
        inode = lock.stat().st_ino
        place.run(FIRST)
        assert place.store().peek() == FIRST
        assert lock.stat().st_ino == inode, "the lock file is never replaced"
        assert lock.read_bytes() == b""

    @pytest.mark.parametrize(
        ("act", "states"),
        [
            # Two whole generations, then the second one twice, then a run's first and second save.
            ("die-running", {(2, 1), (2, 2), (3, 2), (4, 2)}),
            # Before, gone back without the present one being kept, gone back.
            ("die-restoring", {(2, 1), (1, 1), (1, 2)}),
        ],
    )
    def test_killed_at_any_step_it_leaves_a_whole_checkpoint(
        self, tmp_path: Path, act: str, states: set[tuple[int, int]]
    ) -> None:
        with process(act, tmp_path) as dying:
            killed = int(hear(dying))
        seen = set()
        for step in range(1, killed + 1):
            place = Folder(tmp_path / str(step) / "checkpoint.json")
            now, before = place.store().verify().generation, place.store().previous_header()
            assert before is not None, step
            seen.add((now, before.generation))
            place.clock.moment = datetime.fromtimestamp(place.path.stat().st_mtime, UTC) + timedelta(days=2)
            place.run(THIRD)
            assert place.store().verify().generation == now + 1
            assert place.names() == {"checkpoint.json", "checkpoint.json.lock", "checkpoint.json.prev"}
        assert seen == states

    def test_killed_at_any_step_no_document_is_without_its_pack(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(packs, "WHOLE_UP_TO", 3000)
        monkeypatch.setattr(packs, "APART_UP_TO", 1500)
        with process("die-packing", tmp_path) as dying:
            killed = int(hear(dying))
        states, orphaned = set(), 0
        for step in range(1, killed + 1):
            place = Folder(tmp_path / str(step) / "checkpoint.json.gz")
            header, before = place.store().verify(), place.store().previous_header()
            assert header.pack is not None, step
            assert before is not None, step
            assert before.pack is not None, step
            states.add((header.generation, before.generation))
            named = {header.pack.suffix, before.pack.suffix}
            orphaned += not {suffix for suffix in place.suffixes() if suffix.startswith(SUFFIX)} <= named
            place.clock.moment = datetime.fromtimestamp(place.path.stat().st_mtime, UTC) + timedelta(days=2)
            place.run(Checkpoint(matches=records(range(100), "after")))
            present = place.store().peek_header()
            assert present is not None
            assert present.pack is not None
            assert place.suffixes() == {"", ".prev", present.pack.suffix, header.pack.suffix}, step
        assert states == {(2, 1), (2, 2), (3, 2), (4, 2)}
        assert orphaned > 0, "it was killed between a pack and its document"

    def test_killed_at_any_instant_it_has_what_it_said_it_saved(self, place: Folder) -> None:
        with process("save", place.path) as saving:
            for round_ in range(20):
                tell(saving)
                for _ in range(1 + round_ % 3):
                    word, child, acknowledged = hear(saving).split()
                    assert word == "saved"
                os.kill(int(child), signal.SIGKILL)
                while (line := hear(saving)) != "dead":
                    acknowledged = line.split()[2]
                assert place.store().verify().generation >= int(acknowledged)
                assert round_ == 0 or place.store().previous_header() is not None


class TestUnwritable:
    def refused(self, place: Folder, told: str) -> None:
        with pytest.raises(CheckpointUnwritable, match=told), place.store().lease("run", UNTIL):
            pytest.fail("there is no such place")

    def test_the_folder_is_a_file(self, tmp_path: Path) -> None:
        (tmp_path / "file").touch()
        self.refused(Folder(tmp_path / "file" / "checkpoint.json"), "a folder is needed")
        self.refused(Folder(tmp_path / "file" / "deeper" / "checkpoint.json"), "a folder is needed")

    def test_the_file_is_a_folder(self, tmp_path: Path) -> None:
        self.refused(Folder(tmp_path), "must name a file, not a folder")

    def test_the_folder_cannot_be_created(self) -> None:
        self.refused(Folder(Path("/proc/nowhere/checkpoint.json")), r"cannot be locked: .*\(/proc/nowhere/")

    def test_the_lock_is_a_symbolic_link(self, place: Folder, tmp_path: Path) -> None:
        place.path.parent.mkdir(parents=True)
        place.path.with_name("checkpoint.json.lock").symlink_to(tmp_path / "victim")
        self.refused(place, "cannot be locked: .*symbolic link")
        assert not (tmp_path / "victim").exists()

    def test_no_permission(self, place: Folder) -> None:
        place.run(FIRST)
        place.path.parent.chmod(0o000)
        user = os.geteuid()
        if user == 0:
            os.seteuid(65534)  # permission bits do not bind root
        try:
            self.refused(place, "cannot be locked: Permission denied .*run as the user")
            with pytest.raises(CheckpointInvalid, match=r"cannot be read: Permission denied .*run as the user"):
                place.store().peek()
        finally:
            os.seteuid(user)
            place.path.parent.chmod(0o700)
        assert place.store().peek() == FIRST

    def test_a_file_size_limit_leaves_everything_as_it_was(self, place: Folder) -> None:
        place.run(FIRST)
        place.run(SECOND)
        limits = resource.getrlimit(resource.RLIMIT_FSIZE)
        with place.store().lease("run-3", UNTIL) as lease:
            lease.load()
            resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, limits[1]))  # CPython ignores SIGXFSZ
            try:
                with pytest.raises(CheckpointUnwritable, match=r"File too large.*ulimit"):
                    lease.save(Checkpoint(overrides="x" * 60_000))
            finally:
                resource.setrlimit(resource.RLIMIT_FSIZE, limits)
            assert place.store().peek() == SECOND
            assert Folder(place.store().previous).store().peek() == FIRST, "a save that failed keeps nothing either"
            assert place.names() == {"checkpoint.json", "checkpoint.json.lock", "checkpoint.json.prev"}
            lease.save(THIRD)
        assert place.store().peek() == THIRD

    def test_too_little_space_is_told_before_the_work(self, place: Folder, monkeypatch: pytest.MonkeyPatch) -> None:
        place.run(Checkpoint(overrides="x" * 100_000))
        size = place.path.stat().st_size
        for free, enough in (
            (2 * size + file.SPARE_BYTES, True),
            (2 * size + file.SPARE_BYTES - 1, False),
            (None, True),
        ):
            monkeypatch.setattr(durable, "free_bytes", lambda _, free=free: free)
            with place.store().lease("run", UNTIL) as lease:
                if enough:
                    lease.prove_writable()
                    continue
                with pytest.raises(CheckpointUnwritable, match="free some space"):
                    lease.prove_writable()

    def test_a_new_pack_needs_room_too(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(packs, "WHOLE_UP_TO", 3000)
        place = Folder(tmp_path / "checkpoint.json.gz")
        place.run(Checkpoint(matches=records(range(100))))
        header = place.store().verify()
        assert header.pack is not None
        needed = 2 * place.path.stat().st_size + header.pack.size + file.SPARE_BYTES
        with place.store().lease("run", UNTIL) as lease:
            lease.load()
            monkeypatch.setattr(durable, "free_bytes", lambda _: needed)
            lease.prove_writable()
            monkeypatch.setattr(durable, "free_bytes", lambda _: needed - 1)
            with pytest.raises(CheckpointUnwritable, match="free some space"):
                lease.prove_writable()


class TestMounts:
    """File systems that only a mount can make, in a mount namespace of their own."""

    @staticmethod
    def outcomes(folder: Path, mount: str, *sizes: int) -> list[str]:
        """What ``attempt`` prints about ``checkpoint.json`` in ``folder`` after the shell command ``mount``."""
        private = ["unshare", "--map-root-user", "--mount", "sh", "-c"]
        try:
            subprocess.run([*private, "mount -t tmpfs none /mnt"], check=True, capture_output=True)
        except (OSError, subprocess.CalledProcessError):
            pytest.skip("mounting in a namespace of one's own is not permitted here")
        attempt = [sys.executable, str(SCRIPT), "attempt", str(folder / "checkpoint.json"), *map(str, sizes)]
        done = subprocess.run(
            [*private, f'cd "$0" && {mount} && exec "$@"', str(folder), *attempt],
            check=True,
            capture_output=True,
            text=True,
        )
        return done.stdout.splitlines()

    def test_a_full_disk(self, tmp_path: Path) -> None:
        mount = f"mount -t tmpfs -o size=1m none {tmp_path}"
        proved, saved, proved_again, full, *rest = self.outcomes(tmp_path, mount, 300_000, 900_000, 350_000, 10)
        assert (proved, saved, proved_again) == ("ok", "ok", "ok")
        assert re.match("CheckpointUnwritable .*No space left on device .*free some space", full)
        assert rest[:2] == ["ok", "ok"], "the failed save gave its space back"
        assert re.match(r"CheckpointUnwritable .*7\d\d,\d+ bytes may be needed, 3\d\d,\d+ are free", rest[2])
        assert rest[3:] == ["ok", "generation 3", "checkpoint.json checkpoint.json.lock checkpoint.json.prev"]

    def test_a_read_only_file_system(self, tmp_path: Path) -> None:
        Folder(tmp_path / "checkpoint.json").run(FIRST)
        mount = f"mount --bind {tmp_path} {tmp_path} && mount -o remount,ro,bind {tmp_path}"
        refused, *rest = self.outcomes(tmp_path, mount, 10)
        assert re.match("CheckpointUnwritable .*Read-only file system .*mount the file system writable", refused)
        assert rest == ["generation 1", "checkpoint.json checkpoint.json.lock"]

    def test_a_file_that_is_mounted_alone(self, tmp_path: Path) -> None:
        Folder(tmp_path / "checkpoint.json").run(FIRST)
        mount = f"mount --bind {tmp_path}/checkpoint.json {tmp_path}/checkpoint.json"
        proved, saved, *rest = self.outcomes(tmp_path, mount, 10)
        for outcome in (proved, saved):
            assert re.match("CheckpointUnwritable .*mount its folder instead", outcome)
        assert rest == ["generation 1", "checkpoint.json checkpoint.json.lock"]


def test_a_rehearsal_leaves_no_folder_behind(place: Folder, tmp_path: Path) -> None:
    place.store().rehearse()
    assert list(tmp_path.iterdir()) == []
    (tmp_path / "state").mkdir()
    place.store().rehearse()
    assert list((tmp_path / "state").iterdir()) == []


def test_a_rehearsal_says_what_a_run_would(place: Folder, tmp_path: Path) -> None:
    (tmp_path / "state").write_text("")
    with pytest.raises(CheckpointUnwritable, match="cannot be saved") as refusal:
        place.store().rehearse()
    assert "correct checkpoint.url" in refusal.value.hint


def test_a_lock_that_cannot_be_seen_is_told(place: Folder) -> None:
    place.run(FIRST)
    lock = place.path.with_name(f"{place.path.name}.lock")
    lock.unlink()
    lock.symlink_to("/dev/null")
    with pytest.raises(CheckpointUnwritable, match="cannot be locked"):
        place.store().prove_free()
