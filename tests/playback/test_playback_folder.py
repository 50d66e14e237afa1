"""The listening history in a folder: a real one, with torn lines, odd files and refusals."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable
from pathlib import Path

import pytest
from history_suite import HistorySuite, play, written

from musicdiff_job.core.errors import HistoryUnusable
from musicdiff_job.core.plays import NotALine, encode, key
from musicdiff_job.playback.folder import FolderHistory


class TestFolder(HistorySuite):
    @pytest.fixture(autouse=True)
    def _folder(self, tmp_path: Path) -> None:
        self.folder = tmp_path / "a" / "plays"

    def open(self, run: str = "run-1") -> FolderHistory:
        return FolderHistory(self.folder)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "new" / "plays"


def test_a_file_a_month_for_the_owner_only(folder: Path) -> None:
    before = os.umask(0)
    try:
        FolderHistory(folder).append([play(31, month=10), play(1), play(2)])
    finally:
        os.umask(before)
    assert sorted(path.name for path in folder.iterdir()) == ["2026-10.ndjson", "2026-11.ndjson"]
    assert (folder / "2026-11.ndjson").read_bytes() == encode([play(1), play(2)])
    assert stat.S_IMODE(folder.stat().st_mode) == stat.S_IMODE(folder.parent.stat().st_mode) == 0o700
    assert all(stat.S_IMODE(path.stat().st_mode) == 0o600 for path in folder.iterdir())


def test_nothing_is_created_by_looking(folder: Path) -> None:
    history = FolderHistory(folder)
    assert history.is_empty() and written(history) == [] and history.place == str(folder)
    assert not folder.parent.exists()


def test_what_a_crash_tore_is_taken_off_by_the_next_append_wherever_it_was_torn(folder: Path) -> None:
    history, file = FolderHistory(folder), folder / "2026-11.ndjson"
    history.append([play(1)])
    whole = file.read_bytes()
    last = encode([play(2)])
    for cut in range(1, len(last) - 1):
        file.write_bytes(whole + last[:cut])
        assert history.holding([play(1), play(2)]) == {key(play(1))}, "what is torn was not written"
        history.append([play(2), play(3)])
        assert written(history) == [play(1), play(2), play(3)], cut


def test_a_line_that_only_lacks_its_end_is_kept(folder: Path) -> None:
    history, file = FolderHistory(folder), folder / "2026-11.ndjson"
    history.append([play(1), play(2)])
    file.write_bytes(file.read_bytes().rstrip(b"\n"))
    assert history.holding([play(2)]) == {key(play(2))}
    history.append([play(3)])
    assert written(history) == [play(1), play(2), play(3)]


def test_a_line_torn_at_the_very_beginning(folder: Path) -> None:
    folder.mkdir(parents=True)
    (folder / "2026-11.ndjson").write_bytes(encode([play(1)])[:7])
    FolderHistory(folder).append([play(1)])
    assert written(FolderHistory(folder)) == [play(1)]


def test_lines_of_others_are_told_and_left_alone(folder: Path) -> None:
    history, file = FolderHistory(folder), folder / "2026-11.ndjson"
    history.append([play(1)])
    strange = b'{"kind":"podcast"}\nnot json\n'
    file.write_bytes(strange + file.read_bytes())
    history.append([play(2)])
    assert written(history) == [NotALine(str(file), 1), NotALine(str(file), 2), play(1), play(2)]
    assert file.read_bytes().startswith(strange)


def test_other_files_are_none_of_ours(folder: Path) -> None:
    history = FolderHistory(folder)
    folder.mkdir(parents=True)
    for name in ("notes.txt", "2026-11.ndjson.bak", "2026.ndjson", "x2026-11.ndjson"):
        (folder / name).write_text("hello")
    assert history.is_empty()
    history.append([play(1)])
    assert written(history) == [play(1)]


def test_a_refusal_says_where_and_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    history = FolderHistory(tmp_path / "file")
    acts: list[Callable[[], object]] = [lambda: history.append([play(1)]), history.is_empty, lambda: written(history)]
    for act in acts:
        with pytest.raises(HistoryUnusable, match=r"listening history cannot be .*file") as raised:
            act()
        assert "playback.url" in raised.value.hint
    (tmp_path / "2026-11.ndjson").mkdir()
    with pytest.raises(HistoryUnusable, match="Is a directory"):
        FolderHistory(tmp_path).append([play(1)])
    (tmp_path / "pipes").mkdir()
    os.mkfifo(tmp_path / "pipes" / "2026-11.ndjson")
    pipes = FolderHistory(tmp_path / "pipes")
    acts = [lambda: pipes.append([play(1)]), lambda: written(pipes), lambda: pipes.holding([play(1)])]
    for act in acts:
        with pytest.raises(HistoryUnusable):
            act()


def test_a_full_disk_is_a_refusal_and_the_next_append_mends_what_it_left(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    history = FolderHistory(folder)
    history.append([play(1)])
    real = os.write

    def small(descriptor: int, content: bytes) -> int:
        if len(content) < 200:
            raise OSError(28, "No space left on device")
        return real(descriptor, content[:150])

    with monkeypatch.context() as patch:
        patch.setattr(os, "write", small)
        with pytest.raises(HistoryUnusable, match="No space left"):
            history.append([play(2), play(3)])
    kept = history.holding([play(2), play(3)])
    history.append([one for one in (play(2), play(3)) if key(one) not in kept])
    assert written(history) == [play(1), play(2), play(3)]
