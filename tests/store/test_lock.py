"""The lock: who gets it, who is refused and what they are told."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import msgspec
import pytest

from musicdiff_job.core.errors import Locked
from musicdiff_job.store.lock import Holder, locked, prove_free

ONE = Holder("run-1", "host", 1, "2026-11-21T12:00:00Z", "2026-11-21T12:10:00Z")
TWO = msgspec.structs.replace(ONE, run_id="run-2")


def test_one_at_a_time_and_the_note_names_the_holder(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    with locked(path, ONE):
        assert msgspec.json.decode(path.read_bytes(), type=Holder) == ONE
        told = "run run-1 on host, process 1, started 2026-11-21T12:00:00Z, ends by 2026-11-21T12:10:00Z"
        with pytest.raises(Locked, match=told), locked(path, TWO):
            pytest.fail("two holders")
        assert msgspec.json.decode(path.read_bytes(), type=Holder) == ONE, "a rival does not sign"
    assert path.read_bytes() == b""
    with locked(path, TWO):
        pass


@pytest.mark.parametrize("note", [b"", b"{", b"\xff" * 10_000, b'{"run_id": 3}', b'{"a":' * 800])
def test_what_stands_in_the_file_decides_nothing(tmp_path: Path, note: bytes) -> None:
    path = tmp_path / "lock"
    path.write_bytes(note)
    with locked(path, ONE):
        path.write_bytes(note)
        with pytest.raises(Locked, match=re.escape("another run holds the checkpoint. nothing")), locked(path, TWO):
            pytest.fail("two holders")


def test_the_file_is_never_replaced_and_always_private(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    with locked(path, ONE):
        first = path.stat()
    path.chmod(0o644)
    with locked(path, TWO):
        second = path.stat()
    assert (first.st_ino, first.st_mode) == (second.st_ino, second.st_mode)
    assert second.st_mode & 0o777 == 0o600


def test_a_second_name_of_another_file_is_locked_and_left_as_it_is(tmp_path: Path) -> None:
    victim = tmp_path / "victim"
    victim.write_text("precious")
    victim.chmod(0o644)
    (tmp_path / "lock").hardlink_to(victim)
    with locked(tmp_path / "lock", ONE), pytest.raises(Locked), locked(tmp_path / "lock", TWO):
        pytest.fail("two holders")
    assert victim.read_text() == "precious"
    assert victim.stat().st_mode & 0o777 == 0o644


def test_a_program_started_meanwhile_does_not_keep_it(tmp_path: Path) -> None:
    with locked(tmp_path / "lock", ONE):
        child = subprocess.Popen(["cat"], stdin=subprocess.PIPE, close_fds=False)  # a hook, say
    with child, locked(tmp_path / "lock", TWO):
        assert child.poll() is None


def test_whether_it_is_free_is_seen_and_nothing_is_created(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    prove_free(path)
    assert not path.exists()
    with locked(path, ONE):
        with pytest.raises(Locked, match="run run-1 on host"):
            prove_free(path)
        with pytest.raises(Locked), locked(path, TWO):
            pytest.fail("looking took the lock from its holder")
    prove_free(path)
    with locked(path, TWO):
        pass
