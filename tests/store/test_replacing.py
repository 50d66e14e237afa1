"""Files for others to read: whole or not at all."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest
from foreign import foreign_link

from musicdiff_job.store.replacing import replace_file


def test_a_file_is_replaced_privately(tmp_path: Path) -> None:
    path = tmp_path / "summary.json"
    path.write_text("old")
    path.chmod(0o644)
    replace_file(path, b"new")
    assert path.read_bytes() == b"new"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [one.name for one in tmp_path.iterdir()] == ["summary.json"]


def test_what_is_no_regular_file_is_written_in_place(tmp_path: Path) -> None:
    path = tmp_path / "link.json"
    (tmp_path / "real.json").write_text("old")
    path.symlink_to("real.json")
    replace_file(path, b"new")
    assert path.is_symlink()
    assert (tmp_path / "real.json").read_bytes() == b"new"
    replace_file(Path(os.devnull), b"new")
    assert not Path(os.devnull).is_file()


@pytest.mark.parametrize("exists", [True, False])
def test_somebody_elses_link_is_not_followed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, exists: bool) -> None:
    victim = tmp_path / "victim"
    if exists:
        victim.write_text("precious")
    foreign_link(tmp_path / "summary.json", victim, monkeypatch)
    with pytest.raises(OSError, match="somebody else"):
        replace_file(tmp_path / "summary.json", b"new")
    assert victim.exists() is exists
    assert not exists or victim.read_text() == "precious"


def test_a_second_name_of_another_file_goes_its_own_way(tmp_path: Path) -> None:
    victim = tmp_path / "victim"
    victim.write_text("precious")
    (tmp_path / "summary.json").hardlink_to(victim)
    replace_file(tmp_path / "summary.json", b"new")
    assert victim.read_text() == "precious"
    assert (tmp_path / "summary.json").read_bytes() == b"new"


def test_a_file_in_a_folder_that_may_not_be_changed_is_written_in_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "termination-log"
    path.write_text("")

    def busy(self: Path, target: Path) -> Path:
        raise OSError(16, "Device or resource busy")

    monkeypatch.setattr(Path, "replace", busy)
    replace_file(path, b"new")
    assert path.read_bytes() == b"new"
    with pytest.raises(OSError, match="busy"):
        replace_file(tmp_path / "absent", b"new")
