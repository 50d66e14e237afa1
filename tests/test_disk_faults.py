"""Disks that are full, closed or strange, as the user of the real command meets them: which status, what is said, what
is left, and that no service was called for nothing."""

from __future__ import annotations

import errno
import gzip
import os
import resource
import subprocess
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path

import pytest
from real_command import (
    COMMAND,
    Ended,
    as_an_ordinary_user,
    at,
    calm,
    command,
    copied,
    environment,
    inside,
    namespace,
    refused,
    wait_for,
)
from rig import Rig, open_rig
from test_process import writes

from musicdiff_job.core import document
from musicdiff_job.core.checkpoint import SCHEMA
from musicdiff_job.core.outcome import Outcome
from musicdiff_job.sandbox.world import SpotifyAccount, synthetic_world

SCALE = int(os.environ.get("MUSICDIFF_TORTURE", "1"))
TARGETS = [f"Synthetic {number:04}" for number in range(1, 5)]


def library() -> SpotifyAccount:
    return synthetic_world(playlists=3, tracks_each=4, liked=2, seed=9)


@pytest.fixture(scope="module")
def rig(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rig]:
    """One library in step, with two generations of its checkpoint; no test here may change either."""
    with open_rig(tmp_path_factory.mktemp("disk"), library()) as rig:
        assert rig.run().outcome is Outcome.CHANGED
        assert rig.run(force=True).outcome is Outcome.IN_SYNC
        before = rig.checkpoint_file.read_bytes()
        yield rig
        assert rig.checkpoint_file.read_bytes() == before
        assert len(rig.sandbox.deezer.writes()) > 0


def generation(path: Path) -> int:
    return document.decode(path.read_bytes())[0].generation


# What the checkpoint's place may be


WRONG_PLACES = {
    "folder": (65, 74, "must name a file, not a folder"),
    "pipe": (65, 74, "not a device, a pipe or a socket"),
    "device": (65, 74, "not a device, a pipe or a socket"),
    "in a file": (65, 74, "a folder is needed where the path names a file"),
    "in a place where none can be": (0, 74, "correct checkpoint.url"),
    "under a name that is too long": (65, 74, "give the checkpoint a shorter name"),
    "beside the longest name": (0, 74, "give the checkpoint a shorter name"),
}


def wrong_place(kind: str, folder: Path) -> Path:
    path = folder / "checkpoint.json"
    match kind:
        case "folder":
            path.mkdir()
        case "pipe":
            os.mkfifo(path)
        case "device":
            path.symlink_to("/dev/zero")
        case "in a file":
            path.touch()
            path /= "checkpoint.json"
        case "in a place where none can be":
            path = Path("/proc/nowhere/checkpoint.json")
        case "under a name that is too long":
            path = folder / ("x" * 300)
        case _:
            path = folder / ("x" * 255)
    return path


@pytest.mark.parametrize("kind", WRONG_PLACES)
def test_a_place_where_no_checkpoint_can_be(rig: Rig, tmp_path: Path, kind: str) -> None:
    reading, writing, told = WRONG_PLACES[kind]
    path = wrong_place(kind, tmp_path)
    with calm(rig):
        refused(inside(rig, "run", env=at(path)), writing, told)
        refused(inside(rig, "status", env=at(path)), reading, told if reading else "checkpoint: none yet")


@pytest.mark.parametrize("arguments", [("playlists",), ("checkpoint", "verify"), ("pause",), ("plan",)])
def test_no_command_waits_for_a_pipe(rig: Rig, tmp_path: Path, arguments: Sequence[str]) -> None:
    path = wrong_place("pipe", tmp_path)
    with calm(rig):
        ended = inside(rig, *arguments, env=at(path))
        refused(ended, 74 if arguments == ("pause",) else 65, "not a device, a pipe or a socket")


def test_missing_folders_are_made_and_a_link_stays_one(tmp_path: Path) -> None:
    real = tmp_path / "far" / "away" / "real.json"
    (tmp_path / "link.gz").symlink_to(real)
    with open_rig(tmp_path, synthetic_world(playlists=1, tracks_each=1, liked=0, seed=9)) as rig:
        env = at(tmp_path / "link.gz")
        assert inside(rig, "run", env=env).code == 0
        assert (tmp_path / "link.gz").is_symlink()
        assert gzip.decompress(real.read_bytes()).startswith(b'{"format":"musicdiff-checkpoint"')
        orphan = real.with_name(f".{real.name}.killed.tmp")
        orphan.touch()
        os.utime(orphan, (0, 0))
        assert inside(rig, "run", "--force", env=env).code == 0
        assert {entry.name for entry in real.parent.iterdir()} == {real.name, f"{real.name}.lock", f"{real.name}.prev"}


# Permissions


def test_a_folder_that_may_not_be_written(rig: Rig, tmp_path: Path) -> None:
    path = copied(rig, tmp_path / "state")
    path.parent.chmod(0o500)
    before = as_an_ordinary_user()
    with calm(rig):
        refused(command(rig, "run", before=before, env=at(path)), 74, "Permission denied", "run as the user")
    assert [entry.name for entry in path.parent.iterdir()] == [path.name]


def test_a_file_that_may_not_be_read_is_not_taken_for_none(rig: Rig, tmp_path: Path) -> None:
    path = copied(rig, tmp_path / "state")
    before = as_an_ordinary_user()
    path.chmod(0o000)
    with calm(rig):
        refused(command(rig, "run", before=before, env=at(path)), 65, "Permission denied", "run as the user")
    path.chmod(0o600)
    assert path.read_bytes() == rig.checkpoint_file.read_bytes()


# Locks


UNLOCKABLE = """
import errno, fcntl, os, runpy, sys

def refuse(descriptor, operation):
    raise OSError(errno.{0}, os.strerror(errno.{0}))

fcntl.flock = refuse
sys.argv[0] = "musicdiff-job"
runpy.run_module("musicdiff_job", run_name="__main__")
"""


@pytest.mark.parametrize("name", ["ENOLCK", "EOPNOTSUPP", "ENOSYS"][: min(SCALE, 3)])
def test_a_file_system_without_locks_is_refused(rig: Rig, tmp_path: Path, name: str) -> None:
    """As NFS without its lock service answers, and FUSE: at the system call, in the real command."""
    path = copied(rig, tmp_path / "state")
    with calm(rig):
        program = (COMMAND[0], "-c", UNLOCKABLE.format(name))
        ended = command(rig, "run", program=program, env=at(path))
        refused(ended, 74, f"cannot be locked: {os.strerror(getattr(errno, name))}", "with locks")
    assert path.read_bytes() == rig.checkpoint_file.read_bytes()


# Mounts


def test_a_read_only_file_system_is_told_before_the_first_call(rig: Rig, tmp_path: Path) -> None:
    path = copied(rig, tmp_path / "state")
    place = path.parent
    with namespace(f"mount --bind {place} {place} && mount -o remount,ro,bind {place}") as mounts:
        with calm(rig):
            ended = command(rig, "run", before=mounts.before, env=at(path))
            refused(ended, 74, "Read-only file system", "mount the file system writable")
        # What promises to write nothing needs no place to write to.
        assert command(rig, "run", "--dry-run", before=mounts.before, env=at(path)).code == 0
    assert [entry.name for entry in place.iterdir()] == [path.name]


def test_a_checkpoint_that_is_mounted_alone_is_told_before_the_first_call(rig: Rig, tmp_path: Path) -> None:
    path = copied(rig, tmp_path / "state")
    with namespace(f"mount --bind {path} {path}") as mounts, calm(rig):
        refused(command(rig, "run", before=mounts.before, env=at(path)), 74, "mount its folder instead")
        assert mounts.seen(path).read_bytes() == rig.checkpoint_file.read_bytes()


# A full disk


def test_a_disk_that_is_full_is_told_before_the_first_call(rig: Rig, tmp_path: Path) -> None:
    place = tmp_path / "state"
    place.mkdir()
    path = place / "checkpoint.json"
    with namespace(f"mount -t tmpfs -o size=512k none {place}") as mounts:
        mounts.seen(path).write_bytes(rig.checkpoint_file.read_bytes())
        fill(mounts.seen(place))
        with calm(rig):
            refused(command(rig, "run", before=mounts.before, env=at(path)), 74, "free some space on that disk")
        assert mounts.seen(path).read_bytes() == rig.checkpoint_file.read_bytes()


def fill(folder: Path) -> None:
    """Leave no byte free."""
    with (folder / "filled").open("wb", buffering=0) as file:
        for size in (4096, 1):
            try:
                while True:
                    file.write(bytes(size))
            except OSError as error:
                assert error.errno == errno.ENOSPC


@pytest.mark.parametrize("least", range(3, 3 + 2 * SCALE, 2))
def test_a_disk_that_fills_up_in_the_middle_loses_nothing(tmp_path: Path, least: int) -> None:
    place = tmp_path / "state"
    place.mkdir()
    path = place / "checkpoint.json"
    with open_rig(tmp_path, library()) as rig, namespace(f"mount -t tmpfs -o size=512k none {place}") as mounts:
        rig.sandbox.latency = 0.02
        process = started(rig, path, mounts.before)
        wait_for(writes(rig, least))
        fill(mounts.seen(place))
        ended = finished(process)
        refused(ended, 74, "No space left on device", "free some space on that disk")
        assert ended.summary["outcome"] == "checkpoint_unwritable"
        assert document.decode(mounts.seen(path).read_bytes())[0].generation >= 1
        mounts.seen(place / "filled").unlink()
        rig.sandbox.latency = 0
        comes_to_rest(rig, path, mounts.before)


def test_a_limit_on_file_sizes_in_the_middle_loses_nothing(tmp_path: Path) -> None:
    path = tmp_path / "checkpoint.json"
    with open_rig(tmp_path, library()) as rig:
        rig.sandbox.latency = 0.02
        process = started(rig, path)
        wait_for(writes(rig, 2))
        resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (1000, 1000))
        refused(finished(process), 74, "File too large", "ulimit -f")
        assert {entry.name for entry in tmp_path.iterdir()} == {"checkpoint.json", "checkpoint.json.lock"}
        rig.sandbox.latency = 0
        comes_to_rest(rig, path)


def started(rig: Rig, path: Path, before: Sequence[str] = ()) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [*before, *COMMAND, "run"],
        env=environment(rig, **at(path)),
        cwd=rig.folder,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def finished(process: subprocess.Popen[str]) -> Ended:
    with process:
        try:
            out, err = process.communicate(timeout=60)
        finally:
            process.kill()
    return Ended(process.returncode, out, err)


def comes_to_rest(rig: Rig, path: Path, before: Sequence[str] = ()) -> None:
    """The next run completes what was begun, the one after it has nothing to do, and nothing was placed twice or taken
    for somebody else's."""
    run = partial(command, before=before) if before else inside
    outcomes = [run(rig, "run", env=at(path)).summary for _ in range(2)]
    assert outcomes[0]["outcome"] in ("changed", "in_sync")  # the last write may have been made before the end
    assert outcomes[1]["outcome"] == "in_sync"
    assert rig.sandbox.deezer.refused_duplicates() == 0
    assert sorted(rig.playlists()) == TARGETS[:3], "a playlist was made twice"
    assert all(len(tracks) == 4 for tracks in rig.playlists().values())
    assert all(line["hand_added"] == line["left_out"] == 0 for one in outcomes for line in one["collections"])


# What others read


def test_a_log_and_a_summary_that_cannot_be_written_change_nothing(rig: Rig, tmp_path: Path) -> None:
    path = copied(rig, tmp_path / "state")
    full = tmp_path / "full"
    full.mkdir()
    with namespace(f"mount -t tmpfs -o size=16k none {full}") as mounts:
        mounts.seen(full / "job.log").touch()
        fill(mounts.seen(full))
        arguments = ("run", "--force", "--summary-file", str(full / "summary.json"))
        env = at(path) | {"MUSICDIFF_LOG_FILE": str(full / "job.log")}
        ended = command(rig, *arguments, before=mounts.before, env=env)
    assert (ended.code, ended.summary["outcome"]) == (0, "in_sync")
    assert "the summary cannot be written to" in ended.err
    assert ended.err.count("log.file_lost") == 2, "the event and its message, once"
    assert ended.is_no_bug()
    assert generation(path) > generation(rig.checkpoint_file), "it was saved"


# Other checkpoints than ours


def test_a_checkpoint_from_the_future_is_left_alone(rig: Rig, tmp_path: Path) -> None:
    path = copied(rig, tmp_path / "state")
    newer = path.read_bytes().replace(f'"schema": {SCHEMA}'.encode(), f'"schema": {SCHEMA + 1}'.encode())
    assert newer != path.read_bytes()
    path.write_bytes(newer)
    with calm(rig):
        for arguments in (("run",), ("status",), ("pause",), ("reset", "--all", "--yes"), ("plan",)):
            refused(inside(rig, *arguments, env=at(path)), 65, "upgrade musicdiff_job")
    assert path.read_bytes() == newer


def test_a_checkpoint_that_was_saved_in_the_future_is_as_good_as_any(rig: Rig, tmp_path: Path) -> None:
    path = tmp_path / "checkpoint.json"
    fields = {"generation": 7, "run_id": "r", "saved_at": "2999-01-01T00:00:00Z", "app_version": "0.1.0"}
    path.write_bytes(document.encode(rig.checkpoint(), compress=False, **fields)[1])  # type: ignore[arg-type]
    ended = inside(rig, "run", env=at(path))
    assert (ended.code, ended.summary["outcome"]) == (0, "in_sync")
    assert inside(rig, "checkpoint", "show", env=at(path)).code == 0
