"""Three files for each playlist, together, and nothing else touched."""

from __future__ import annotations

import os
from datetime import timedelta
from pathlib import Path

import msgspec
import pytest
from told_clock import ToldClock

from musicdiff_job.core.errors import BadAnswer, ConfigError
from musicdiff_job.core.model import PlaylistId, Track
from musicdiff_job.files.folder import BESIDE, JSPF, Folder, Kept
from musicdiff_job.files.jspf import Jspf, encode, row_of

NOW = ToldClock().now()
SONG = Track("7ouMYWpwJ422jRcDASZB7P", "Song", ("Muse",))


def playlist(title: str, number: int = 1) -> Jspf:
    return Jspf(PlaylistId(str(number)), title, rows=(row_of(SONG),))


def files(folder: Path) -> dict[str, tuple[bytes, int]]:
    return {path.name: (path.read_bytes(), path.stat().st_mtime_ns) for path in folder.iterdir()}


def stems(folder: Path) -> list[str]:
    assert all((folder / (path.stem + suffix)).exists() for path in folder.glob("*.jspf") for suffix in BESIDE)
    return sorted(path.stem for path in folder.glob("*.jspf"))


def test_three_files_that_only_the_owner_may_read(tmp_path: Path) -> None:
    folder = Folder(tmp_path / "new" / "backup")
    kept = folder.write(playlist("Gym"), None, NOW)
    assert sorted(files(folder.path)) == ["Gym.csv", "Gym.jspf", "Gym.m3u8"]
    assert {path.stat().st_mode & 0o777 for path in folder.path.iterdir()} == {0o600}
    assert folder.scan() == {PlaylistId("1"): kept}
    assert (kept.title, kept.tracks, folder.read(kept)) == ("Gym", 1, playlist("Gym"))


def test_what_stays_the_same_is_not_written(tmp_path: Path) -> None:
    folder = Folder(tmp_path)
    kept = folder.write(playlist("Gym"), None, NOW)
    before = files(tmp_path)
    assert Folder(tmp_path).write(playlist("Gym"), kept, NOW) == kept
    assert files(tmp_path) == before


def test_names_that_some_file_system_takes_for_one(tmp_path: Path) -> None:
    folder = Folder(tmp_path)
    for number, title in enumerate(["Gym", "GYM", "gym", "cafe\u0301", "CAFÉ", "a/b", "a:b"]):
        folder.write(playlist(title, number), None, NOW)
    assert stems(tmp_path) == sorted(["Gym", "GYM (2)", "gym (3)", "café", "CAFÉ (2)", "a_b", "a_b (2)"])
    assert len(folder.scan()) == 7


def test_files_of_others_are_left_alone(tmp_path: Path) -> None:
    theirs = {"Gym.csv": b"mine", "gym (2).M3U8": b"mine", "Other.jspf": b'{"playlist": {"title": "x"}}', "notes": b""}
    for name, content in theirs.items():
        (tmp_path / name).write_bytes(content)
    folder = Folder(tmp_path)
    kept = folder.write(playlist("Gym"), None, NOW)
    assert kept.stem == "Gym (3)"
    kept = folder.write(playlist("Other"), kept, NOW)
    assert kept.stem == "Other (2)"
    folder.remove(kept)
    assert {name: (tmp_path / name).read_bytes() for name in files(tmp_path)} == theirs


def test_a_new_title_moves_all_three_files(tmp_path: Path) -> None:
    folder = Folder(tmp_path)
    kept = folder.write(playlist("Gym"), None, NOW)
    moved = folder.write(playlist("Running"), kept, NOW)
    assert sorted(files(tmp_path)) == ["Running.csv", "Running.jspf", "Running.m3u8"]
    cased = folder.write(playlist("RUNNING"), moved, NOW)
    assert stems(tmp_path) == ["RUNNING"]
    assert folder.write(playlist("RUNNING?"), cased, NOW).stem == "RUNNING_"


def test_a_number_is_kept_while_the_title_is(tmp_path: Path) -> None:
    folder = Folder(tmp_path)
    first = folder.write(playlist("Gym", 1), None, NOW)
    second = folder.write(playlist("Gym", 2), None, NOW)
    folder.remove(first)
    assert folder.write(playlist("Gym", 2), second, NOW).stem == "Gym (2)"


class Killed(BaseException):
    pass


STEPS = ("replace", "rename", "unlink")


@pytest.mark.parametrize("title", ["Gym", "Running"])
def test_killed_at_any_step_the_playlist_is_there_and_the_same_change_completes_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, title: str
) -> None:
    changed = msgspec.structs.replace(playlist(title), rows=())
    for allowed in range(20):
        path = tmp_path / str(allowed)
        kept = Folder(path).write(playlist("Gym"), None, NOW)
        died = False
        with monkeypatch.context() as patched:
            _die_after(patched, allowed)
            try:
                Folder(path).write(changed, kept, NOW)
            except Killed:
                died = True
        (found,) = Folder(path).scan().values()
        now = Folder(path).read(found)
        assert now in (playlist("Gym"), changed)
        if now == changed or not died:
            stems(path)  # what is shown as done is done
        Folder(path).write(changed, found, NOW)
        assert sorted(files(path)) == sorted(found_for(title))
        assert (path / f"{title}.jspf").read_bytes() == encode(changed)
        if not died:
            assert allowed >= 3
            return
    raise AssertionError("it never came to its end")


def found_for(title: str) -> list[str]:
    return [title + suffix for suffix in (JSPF, *BESIDE)]


def _die_after(patched: pytest.MonkeyPatch, allowed: int) -> None:
    left = iter(range(allowed))

    def dying(name: str) -> None:
        real = getattr(Path, name)

        def step(path: Path, *given: object, **more: object) -> object:
            if (path.suffix != ".tmp" or name != "unlink") and next(left, None) is None:
                raise Killed
            return real(path, *given, **more)

        patched.setattr(Path, name, step)

    for name in STEPS:
        dying(name)


def test_what_a_dead_run_has_left_is_swept_away(tmp_path: Path) -> None:
    folder = Folder(tmp_path)
    kept = folder.write(playlist("Gym"), None, NOW)
    orphan, foreign = tmp_path / ".Gym.jspf.abc123.tmp", tmp_path / ".other.tmp"
    for path in (orphan, foreign):
        path.touch()
        old = (NOW - timedelta(days=2)).timestamp()
        os.utime(path, (old, old))
    Folder(tmp_path).write(playlist("Gym"), kept, NOW)
    assert not orphan.exists()
    assert foreign.exists()


def test_a_copy_is_not_a_second_playlist(tmp_path: Path) -> None:
    Folder(tmp_path).write(playlist("Gym"), None, NOW)
    (tmp_path / "Gym copy.jspf").write_bytes((tmp_path / "Gym.jspf").read_bytes())
    with pytest.raises(BadAnswer, match=r"Gym copy\.jspf and Gym\.jspf"):
        Folder(tmp_path).scan()


@pytest.mark.parametrize("content", [b"{", b"\xff\xfe"])
def test_a_file_that_may_be_ours_must_be_readable(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "Gym.jspf").write_bytes(content)
    with pytest.raises(BadAnswer, match=r"Gym\.jspf"):
        Folder(tmp_path).scan()


def test_what_is_no_file_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "Gym.jspf")
    with pytest.raises(BadAnswer, match="cannot be read"):
        Folder(tmp_path).scan()


def test_the_place_must_be_a_folder_if_it_is_there(tmp_path: Path) -> None:
    assert Folder(tmp_path / "none").scan() == {}
    (tmp_path / "file").touch()
    with pytest.raises(ConfigError, match="is not a folder"):
        Folder(tmp_path / "file").scan()


def test_a_link_is_replaced_and_what_it_leads_to_is_not_touched(tmp_path: Path) -> None:
    outside = tmp_path / "outside.jspf"
    folder = Folder(tmp_path / "backup")
    kept: Kept = folder.write(playlist("Gym"), None, NOW)
    (folder.path / "Gym.jspf").rename(outside)
    (folder.path / "Gym.jspf").symlink_to(outside)
    before = outside.read_bytes()
    folder.write(msgspec.structs.replace(playlist("Gym"), rows=()), kept, NOW)
    assert outside.read_bytes() == before
    assert not (folder.path / "Gym.jspf").is_symlink()


def test_another_playlist_in_its_file_is_not_it(tmp_path: Path) -> None:
    folder = Folder(tmp_path)
    gym = folder.write(playlist("Gym", 1), None, NOW)
    folder.write(playlist("Sleep", 2), None, NOW)
    (tmp_path / "Sleep.jspf").replace(tmp_path / "Gym.jspf")
    assert folder.read(gym) is None
