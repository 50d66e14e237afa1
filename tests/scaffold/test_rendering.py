"""The files that come out: those in the repository, and those with other values."""

from __future__ import annotations

from pathlib import Path

import pytest

from musicdiff_job.core.errors import UsageError
from musicdiff_job.scaffold.kinds import KINDS
from musicdiff_job.scaffold.rendering import TEMPLATES, File, render, write

ROOT = Path(__file__).parent.parent.parent


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_shipped_is_what_is_made_with_the_defaults(kind: str) -> None:
    made = {file.path: file.text for file in render(KINDS[kind])}
    folder = ROOT / KINDS[kind].shipped
    shipped = {
        path.relative_to(folder).as_posix(): path.read_text(encoding="utf-8")
        for path in folder.rglob("*")
        if path.is_file()
    }
    assert shipped == made, "run `make docs`"


def test_every_folder_of_templates_has_its_kind() -> None:
    assert {path.name for path in TEMPLATES.iterdir()} == set(KINDS)


@pytest.mark.parametrize("kind", KINDS)
def test_nothing_of_a_template_is_left(kind: str) -> None:
    for file in render(KINDS[kind]):
        assert "<%" not in file.text, file.path
        assert "%>" not in file.text, file.path
        assert file.text.endswith("\n"), file.path
        assert not file.text.endswith("\n\n"), file.path


@pytest.mark.parametrize("kind", KINDS)
def test_a_longer_budget_moves_every_deadline(kind: str) -> None:
    short = "".join(file.text for file in render(KINDS[kind], {"time_budget": 600.0}))
    long = "".join(file.text for file in render(KINDS[kind], {"time_budget": 3600.0}))
    moved = [line for line in short.splitlines() if line not in long.splitlines()]
    assert any("600" in line for line in moved)
    if kind in ("systemd", "k8s", "github"):
        limits = ("TimeoutStartSec", "activeDeadlineSeconds", "timeout-minutes")
        assert any(line.strip().startswith(limits) for line in moved)


def test_nothing_is_overwritten_unless_asked_for(tmp_path: Path) -> None:
    files = (File("a/b.txt", "new\n"), File("c.txt", "new\n"))
    write(files, tmp_path)
    write(files, tmp_path)  # the same again overwrites nothing
    (tmp_path / "c.txt").write_text("mine\n", encoding="utf-8")
    (tmp_path / "a" / "b.txt").unlink()
    with pytest.raises(UsageError, match=r"c\.txt"):
        write(files, tmp_path)
    assert (tmp_path / "c.txt").read_text(encoding="utf-8") == "mine\n"
    assert not (tmp_path / "a" / "b.txt").exists(), "all or none"
    write(files, tmp_path, force=True)
    assert (tmp_path / "c.txt").read_text(encoding="utf-8") == "new\n"


def test_a_link_is_in_the_way_too(tmp_path: Path) -> None:
    (tmp_path / "c.txt").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(UsageError, match="there already"):
        write((File("c.txt", "new\n"),), tmp_path)
    assert not (tmp_path / "elsewhere").exists()


def test_a_folder_that_cannot_be_made_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(UsageError, match="cannot be written"):
        write((File("a.txt", ""),), tmp_path / "file")
