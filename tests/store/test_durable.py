"""Replacing whole files, where hard links exist and where they do not."""

from __future__ import annotations

import errno
import os
import socket
from pathlib import Path

import pytest

from musicdiff_job.store import durable


@pytest.fixture(params=["links", "no links"])
def folder(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder, on a file system that knows hard links and on one that does not (FAT, some network mounts)."""

    def refuse(*_: object, **__: object) -> None:
        raise OSError(errno.EPERM, os.strerror(errno.EPERM))

    if request.param == "no links":
        monkeypatch.setattr(os, "link", refuse)
    return tmp_path


def put(path: Path, content: bytes) -> durable.Identity:
    with durable.temporary(path, content) as (new, state):
        new.replace(path)
    return state


def test_a_temporary_file_is_private_and_gone_afterwards(tmp_path: Path) -> None:
    with durable.temporary(tmp_path / "file", b"content") as (new, _):
        assert new.parent == tmp_path
        assert new.read_bytes() == b"content"
        assert new.stat().st_mode & 0o777 == 0o600
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(ZeroDivisionError), durable.temporary(tmp_path / "file", b"content"):
        raise ZeroDivisionError
    assert list(tmp_path.iterdir()) == []


def test_the_identity_is_that_of_the_state_that_was_written_or_read(tmp_path: Path) -> None:
    path = tmp_path / "file"
    assert durable.identity(path) is None
    assert durable.read(path) is None
    state = put(path, b"one")
    assert durable.identity(path) == state
    assert durable.read(path) == (state, b"one")
    assert put(path, b"one") != state


@pytest.mark.parametrize("kind", ["pipe", "device", "socket", "folder"])
def test_only_a_regular_file_is_read_and_nothing_else_is_waited_for(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "file"
    number = errno.ENXIO
    with socket.socket(socket.AF_UNIX) as listening:
        match kind:
            case "pipe":
                os.mkfifo(path)
            case "device":
                path.symlink_to("/dev/zero")
            case "socket":
                listening.bind(str(path))
            case _:
                path.mkdir()
                number = errno.EISDIR
        for refuse in (durable.read, durable.prove_regular):
            with pytest.raises(OSError, match=r".") as refusal:
                refuse(path)
            assert refusal.value.errno == number


def test_a_regular_file_or_none_is_regular(tmp_path: Path) -> None:
    durable.prove_regular(tmp_path / "file")
    put(tmp_path / "file", b"content")
    durable.prove_regular(tmp_path / "file")
    found = durable.read(tmp_path / "file", 3)
    assert found is not None
    assert (found[0], found[1]) == (durable.identity(tmp_path / "file"), b"con")


def test_what_is_kept_stays_as_it_was(folder: Path) -> None:
    path, kept = folder / "file", folder / "file.prev"
    put(path, b"one")
    for _ in range(2):  # the second time `kept` may be the same file already
        durable.keep(path, kept)
        assert (path.read_bytes(), kept.read_bytes()) == (b"one", b"one")
        assert {entry.name for entry in folder.iterdir()} == {"file", "file.prev"}
    put(path, b"two")
    assert kept.read_bytes() == b"one"
    assert kept.stat().st_mode & 0o777 == 0o600
    durable.keep(path, kept)
    assert kept.read_bytes() == b"two"


def test_swapping_exchanges_contents(folder: Path) -> None:
    path, other = folder / "file", folder / "other"
    put(path, b"one")
    put(other, b"two")
    durable.swap(path, other)
    assert (path.read_bytes(), other.read_bytes()) == (b"two", b"one")
    assert {entry.name for entry in folder.iterdir()} == {"file", "other"}


def test_an_ordinary_file_is_replaceable_and_left_alone(folder: Path) -> None:
    state = put(folder / "file", b"one")
    durable.prove_replaceable(folder / "file")
    assert durable.identity(folder / "file") == state
    assert [entry.name for entry in folder.iterdir()] == ["file"]


def test_a_refused_link_is_not_mistaken_for_a_missing_ability(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise OSError(errno.EXDEV, os.strerror(errno.EXDEV))

    put(tmp_path / "file", b"one")
    monkeypatch.setattr(os, "link", refuse)
    with pytest.raises(OSError, match="cross-device"):
        durable.prove_replaceable(tmp_path / "file")
    with pytest.raises(OSError, match="cross-device"):
        durable.keep(tmp_path / "file", tmp_path / "file.prev")
    assert [entry.name for entry in tmp_path.iterdir()] == ["file"]


def test_missing_folders_are_private_and_existing_ones_untouched(tmp_path: Path) -> None:
    tmp_path.chmod(0o751)
    before = os.umask(0)
    try:
        durable.make_folder(tmp_path / "a" / "b")
        durable.make_folder(tmp_path / "a" / "b")
    finally:
        os.umask(before)
    assert [path.stat().st_mode & 0o777 for path in (tmp_path, tmp_path / "a", tmp_path / "a" / "b")] == [
        0o751, 0o700, 0o700,
    ]  # fmt: skip


def test_a_folder_that_cannot_be_synced_is_not_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_: int) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, "fsync", refuse)
    number = errno.EINVAL  # what FUSE and SMB say
    durable.sync_folder(tmp_path)
    number = errno.EIO  # what a dying disk says
    with pytest.raises(OSError, match="Input/output"):
        durable.sync_folder(tmp_path)


def test_free_space_is_told(tmp_path: Path) -> None:
    free = durable.free_bytes(tmp_path)
    assert free is not None
    assert free > 0
    assert durable.free_bytes(Path("/proc")) is None, "a file system without a size does not say"
