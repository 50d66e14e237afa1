"""Files of our own: private from their first instant, and never by way of somebody else's link."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest
from foreign import foreign_link

from musicdiff_job.private import make_folders, may_follow, open_private

UMASKS = (0, 0o022, 0o077, 0o777)
APPEND = os.O_WRONLY | os.O_APPEND | os.O_CREAT


@pytest.fixture(params=UMASKS, ids=oct)
def umask(request: pytest.FixtureRequest) -> Iterator[int]:
    before = os.umask(request.param)
    yield request.param
    os.umask(before)


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def write(path: Path, text: str) -> None:
    with os.fdopen(open_private(path, APPEND), "w") as file:
        file.write(text)


def test_a_new_file_is_private_whatever_the_umask(tmp_path: Path, umask: int) -> None:
    write(tmp_path / "log", "a")
    write(tmp_path / "log", "b")
    assert (tmp_path / "log").read_text() == "ab"
    assert mode(tmp_path / "log") == 0o600


def test_a_file_that_is_there_keeps_its_mode(tmp_path: Path) -> None:
    path = tmp_path / "log"
    path.touch()
    path.chmod(0o640)
    write(path, "a")
    assert mode(path) == 0o640


def test_new_folders_are_private_whatever_the_umask(tmp_path: Path, umask: int) -> None:
    made = make_folders(tmp_path / "a" / "b" / "c")
    assert made == [tmp_path / "a", tmp_path / "a" / "b", tmp_path / "a" / "b" / "c"]
    assert [mode(folder) for folder in made] == [0o700] * 3
    assert make_folders(tmp_path / "a" / "b") == []


def test_where_a_file_stands_no_folder_can_be(tmp_path: Path) -> None:
    (tmp_path / "a").touch()
    for folder in (tmp_path / "a", tmp_path / "a" / "b"):
        with pytest.raises(FileExistsError):
            make_folders(folder)


def test_an_own_link_is_followed(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to("real")
    write(tmp_path / "link", "a")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "real").read_text() == "a"
    assert may_follow(tmp_path / "link")
    assert not may_follow(tmp_path / "real")
    assert not may_follow(tmp_path / "absent")


@pytest.mark.parametrize("exists", [True, False])
def test_somebody_elses_link_is_not(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, exists: bool) -> None:
    victim = tmp_path / "victim"
    if exists:
        victim.write_text("precious")
    foreign_link(tmp_path / "link", victim, monkeypatch)
    with pytest.raises(OSError, match="symbolic links") as refused:
        write(tmp_path / "link", "a")
    assert refused.value.errno == errno.ELOOP
    assert not may_follow(tmp_path / "link")
    assert victim.exists() is exists
    assert not exists or victim.read_text() == "precious"
