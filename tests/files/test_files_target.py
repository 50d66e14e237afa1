"""A folder as the target: change by change, and as the end of whole runs."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import pytest
from export_files import account_data, write_zip
from rig import Rig, Watcher, open_rig
from told_clock import ToldClock

from musicdiff_job.core.errors import ConfigError, Interrupted, NotFound, Unavailable
from musicdiff_job.core.model import Header, PlaylistId, TargetId, Track
from musicdiff_job.core.plan import (
    AddTracks,
    Created,
    CreatePlaylist,
    DeletePlaylist,
    LikeTrack,
    Refused,
    RemoveTracks,
    ReorderTracks,
    UpdatePlaylist,
    Written,
)
from musicdiff_job.core.questions import BySearch
from musicdiff_job.export import library
from musicdiff_job.files.target import FilesTarget, NothingToAsk
from musicdiff_job.sandbox.world import SpotifyAccount, demo_world

STRIDE = 1 if "MUSICDIFF_TORTURE" in os.environ else 4
"""The steps that a run is killed at; ``test_folder`` has every one of a single change."""

IDS = [TargetId(f"{number:022}") for number in range(5)]
TRACKS = [Track(track, f"Song {track[-1]}", ("Muse",)) for track in IDS]


def target(folder: Path, *, expected: bool = False) -> FilesTarget:
    made = FilesTarget(folder, ToldClock(), lambda: None, expected=expected)
    made.tell(TRACKS)
    return made


def ids(shown: FilesTarget, playlist: PlaylistId) -> list[str]:
    return [track.id for track in shown.tracks(playlist).tracks]


def create(shown: FilesTarget, title: str = "Gym", *tracks: TargetId) -> PlaylistId:
    made = shown.apply(CreatePlaylist(title, "Mine"))
    assert isinstance(made, Created)
    assert made.complete
    assert not tracks or shown.apply(AddTracks(made.playlist, tracks)) == Written()
    return made.playlist


# Changes


def test_changes_are_seen_at_once_and_by_the_next_run(tmp_path: Path) -> None:
    ours = target(tmp_path)
    gym = create(ours, "Gym", *IDS[:3])
    ours.apply(RemoveTracks(gym, (IDS[1],)))
    ours.apply(AddTracks(gym, (IDS[4],)))
    ours.apply(ReorderTracks(gym, (IDS[4], IDS[0], IDS[2])))
    ours.apply(UpdatePlaylist(gym, title="Running", description="Fast"))
    for seen in (ours, target(tmp_path)):
        assert ids(seen, gym) == [IDS[4], IDS[0], IDS[2]]
        assert seen.header(gym) == Header("Running", "Fast")
        (head,) = seen.playlists()
        assert (head.id, head.title, head.count, head.owned, head.loved) == (gym, "Running", 3, True, False)
        assert head.fingerprint == seen.tracks(gym).fingerprint != ""
    assert ours.apply(DeletePlaylist(gym)) == Written()
    assert list(tmp_path.iterdir()) == []
    assert ours.playlists() == ()


def test_an_edit_made_after_the_listing_is_not_overwritten(tmp_path: Path) -> None:
    ours = target(tmp_path)
    gym = create(ours, "Gym", *IDS[:2])
    ours.playlists()
    other = target(tmp_path)
    other.apply(AddTracks(gym, (IDS[3],)))
    ours.apply(AddTracks(gym, (IDS[4],)))
    assert ids(target(tmp_path), gym) == [*IDS[:2], IDS[3], IDS[4]]
    other.apply(DeletePlaylist(gym))
    with pytest.raises(NotFound):
        ours.tracks(gym)


def test_two_playlists_of_one_name_are_two(tmp_path: Path) -> None:
    ours = target(tmp_path)
    one, two = create(ours, "Gym", IDS[0]), create(ours, "Gym", IDS[1])
    assert (ids(ours, one), ids(ours, two)) == ([IDS[0]], [IDS[1]])
    assert {path.stem for path in tmp_path.iterdir()} == {"Gym", "Gym (2)"}


def test_one_backup_is_like_another(tmp_path: Path) -> None:
    for name in ("a", "b"):
        ours = target(tmp_path / name)
        create(ours, "Gym", *IDS)
        create(ours, "Gym", *IDS[:2])
    a, b = ({path.name: path.read_bytes() for path in (tmp_path / name).iterdir()} for name in ("a", "b"))
    assert a == b


def test_what_makes_no_sense_is_refused_and_changes_nothing(tmp_path: Path) -> None:
    ours = target(tmp_path)
    gym = create(ours, "Gym", *IDS[:2])
    before = (tmp_path / "Gym.jspf").read_bytes()
    for change in (
        AddTracks(gym, (TargetId("9" * 22),)),
        AddTracks(gym, (IDS[0],)),
        ReorderTracks(gym, (IDS[0],)),
        ReorderTracks(gym, (IDS[0], IDS[0])),
        LikeTrack(IDS[0]),
    ):
        assert isinstance(ours.apply(change), Refused), change
    assert (tmp_path / "Gym.jspf").read_bytes() == before
    nowhere = PlaylistId("0" * 16)
    for attempt in (
        lambda: ours.tracks(nowhere),
        lambda: ours.header(nowhere),
        lambda: ours.apply(DeletePlaylist(nowhere)),
        lambda: ours.apply(AddTracks(nowhere, (IDS[0],))),
    ):
        with pytest.raises(NotFound):
            attempt()


def test_nothing_is_asked_and_nothing_is_a_favourite(tmp_path: Path) -> None:
    assert NothingToAsk().ask(BySearch("x")) == ()
    assert target(tmp_path).favourites().tracks == ()


def test_the_place_is_the_account(tmp_path: Path) -> None:
    here, there = target(tmp_path / "here"), target(tmp_path / "there")
    assert here.account() == f"files:{tmp_path / 'here'}"
    assert here.credential() == target(tmp_path / "here").credential() != there.credential()


def test_an_empty_folder_is_not_the_one_that_was_written_to(tmp_path: Path) -> None:
    assert target(tmp_path / "none").playlists() == ()
    for folder in (tmp_path, tmp_path / "none"):
        with pytest.raises(ConfigError, match="holds none of the files") as caught:
            target(folder, expected=True).playlists()
        assert "Mount" in caught.value.hint


def test_a_signal_ends_the_run_before_the_next_change(tmp_path: Path) -> None:
    def stopped() -> None:
        raise Interrupted(15)

    with pytest.raises(Interrupted):
        FilesTarget(tmp_path / "new", ToldClock(), stopped, expected=False).apply(CreatePlaylist("Gym"))
    assert not (tmp_path / "new").exists()


def test_a_folder_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(Unavailable, match=r"target\.path: .*file/backup: File exists") as caught:
        target(tmp_path / "file" / "backup").apply(CreatePlaylist("Gym"))
    assert caught.value.hint


# Runs


@pytest.fixture
def world() -> SpotifyAccount:
    return demo_world(playlists=3, liked=10)


def to_files(folder: Path, world: SpotifyAccount | None, **more: Any) -> AbstractContextManager[Rig]:
    """A rig that backs up to ``folder``/backup, without credentials for Deezer."""
    return open_rig(
        folder, world, DEEZER_ARL="", DEEZER_ACCESS_TOKEN="", MUSICDIFF_TARGET_KIND="files",
        MUSICDIFF_TARGET_PATH=str(folder / "backup"), **more,
    )  # fmt: skip


@pytest.fixture
def rig(tmp_path: Path, world: SpotifyAccount) -> Iterator[Rig]:
    with to_files(tmp_path, world) as rig:
        yield rig


def files(rig: Rig) -> dict[str, tuple[bytes, int]]:
    return {path.name: (path.read_bytes(), path.stat().st_mtime_ns) for path in (rig.folder / "backup").iterdir()}


def rows(rig: Rig, stem: str) -> list[str]:
    found = json.loads((rig.folder / "backup" / f"{stem}.jspf").read_text())["playlist"]["track"]
    return [row["identifier"][0].removeprefix("spotify:track:") for row in found]


def tracks(world: SpotifyAccount, name: str) -> list[str]:
    ids = [getattr(entry.content, "id", "") for entry in world.named(name).entries]
    return list(dict.fromkeys(track for track in ids if track in world.catalogue.spotify))


def test_a_library_is_backed_up_and_stays_byte_for_byte(rig: Rig, world: SpotifyAccount) -> None:
    assert rig.run(dry_run=True).outcome == "changed"
    assert not (rig.folder / "backup").exists()
    first = rig.run()
    assert (first.outcome, first.errors, first.api_calls["deezer"]) == ("changed", (), 0)
    assert first.totals.unmatched == 0
    own = [one.name for one in world.playlists() if world.readable(one)]
    for name in own:
        assert rows(rig, name) == tracks(world, name)
    assert rows(rig, "Liked Songs") == [one.track_id for one in world.liked()]
    assert sorted({Path(name).stem for name in files(rig)}) == sorted([*own, "Liked Songs"])
    before = files(rig)
    again = rig.run()
    assert (again.outcome, again.api_calls["deezer"], files(rig) == before) == ("in_sync", 0, True)
    # A machine that has only the files and a new checkpoint writes nothing either.
    rig.checkpoint_file.unlink()
    assert rig.run().outcome in ("in_sync", "changed")
    assert files(rig) == before


def test_an_edit_touches_its_own_three_files(rig: Rig, world: SpotifyAccount) -> None:
    rig.run()
    before = files(rig)
    name = world.playlists()[1].name
    rig.sandbox.spotify.move(world.playlists()[1].id, 0, 5)
    rig.sandbox.spotify.remove_at(world.playlists()[1].id, 2)
    assert rig.run().outcome == "changed"
    after = files(rig)
    assert {one for one in before if before[one] != after[one]} == {f"{name}.jspf", f"{name}.m3u8", f"{name}.csv"}
    assert rows(rig, name) == tracks(rig.sandbox.spotify, name)
    assert rig.run().outcome == "in_sync"


def test_hostile_names_stay_in_the_folder(tmp_path: Path) -> None:
    world = SpotifyAccount()
    some = list(world.catalogue.spotify)[:3]
    for name in ("../../escape", "/etc/cron.d/x", "CON", "con", "\u202ecod.exe", "a" * 3000, "..", ""):
        world.add_playlist(name, some)
    with to_files(tmp_path, world) as rig:
        done = rig.run()
        assert (done.outcome, done.errors) == ("changed", ())
        assert len(files(rig)) == 3 * (8 + len(["Liked Songs"]))
        assert {path.name for path in tmp_path.iterdir() if not path.name.startswith("checkpoint")} == {"backup"}
        before = files(rig)
        assert rig.run().outcome == "in_sync"
        assert files(rig) == before


def test_what_a_person_has_changed_in_a_file_is_kept(rig: Rig, world: SpotifyAccount) -> None:
    rig.run()
    path = rig.folder / "backup" / "Liked Songs.jspf"
    whole = json.loads(path.read_text())
    gone = whole["playlist"]["track"].pop(0)["identifier"][0]
    whole["playlist"]["track"].append({"title": "Mine", "creator": "My Band", "location": ["file:///x.mp3"]})
    path.write_text(json.dumps(whole))
    assert rig.run().errors == ()
    rig.sandbox.spotify.like(tracks(world, world.playlists()[0].name)[0])
    assert rig.run().errors == ()
    found = json.loads(path.read_text())["playlist"]["track"]
    assert found[-1]["location"] == ["file:///x.mp3"]
    assert gone not in [row.get("identifier", [""])[0] for row in found]


def test_a_rejected_track_is_left_out(rig: Rig, world: SpotifyAccount) -> None:
    out = world.liked()[0].track_id
    (rig.folder / "overrides.toml").write_text(f'[tracks]\n"{out}" = "none"\n')
    assert rig.run().errors == ()
    assert out not in rows(rig, "Liked Songs")
    assert len(rows(rig, "Liked Songs")) == 9


@pytest.mark.parametrize("policy", ["detach", "delete"])
def test_a_deleted_playlist_follows_the_setting(tmp_path: Path, world: SpotifyAccount, policy: str) -> None:
    clock = ToldClock()
    name = world.playlists()[1].name
    with to_files(tmp_path, world, MUSICDIFF_SYNC_ON_SOURCE_DELETED=policy) as rig:
        rig.clock = clock
        rig.run()
        rig.sandbox.spotify.delete_playlist(world.playlists()[1].id)
        for _ in range(3):
            clock.wait(86_400.0)
            assert rig.run().errors == ()
        left = {path.suffix for path in (tmp_path / "backup").iterdir() if path.stem == name}
        assert left == (set() if policy == "delete" else {".jspf", ".m3u8", ".csv"})


class Killed(BaseException):
    pass


def die(patched: pytest.MonkeyPatch, folder: Path, allowed: int) -> None:
    """Let the step after ``allowed`` ones in this folder be the last."""
    left = iter(range(allowed))

    def dying(name: str) -> None:
        real = getattr(Path, name)

        def step(path: Path, *given: object, **more: object) -> object:
            if path.parent == folder and (name, path.suffix) != ("unlink", ".tmp") and next(left, None) is None:
                raise Killed
            return real(path, *given, **more)

        patched.setattr(Path, name, step)

    for name in ("replace", "rename", "unlink"):
        dying(name)


def test_killed_at_any_step_the_next_runs_come_to_the_same_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = SpotifyAccount()
    some = list(world.catalogue.spotify)[:8]
    world.add_playlist("Gym", some[:4])
    world.add_playlist("Sleep", some[2:6])
    with to_files(tmp_path, world) as rig:
        rig.run()
        gym, sleep = rig.sandbox.spotify.playlists()
        rig.sandbox.spotify.rename(gym.id, "Running")
        rig.sandbox.spotify.remove_at(gym.id, 0)
        rig.sandbox.spotify.add_track(sleep.id, some[7], 1)
        before, checkpoint = tmp_path / "before", rig.checkpoint_file.read_bytes()
        shutil.copytree(tmp_path / "backup", before)
        rig.run()
        expected = {name: content for name, (content, _) in files(rig).items()}
        for allowed in range(0, 60, STRIDE):
            shutil.rmtree(tmp_path / "backup")
            shutil.copytree(before, tmp_path / "backup")
            rig.checkpoint_file.write_bytes(checkpoint)
            died = False
            with monkeypatch.context() as patched:
                die(patched, tmp_path / "backup", allowed)
                try:
                    rig.run()
                except Killed:
                    died = True
            assert rig.run().errors == ()
            assert {name: content for name, (content, _) in files(rig).items()} == expected, allowed
            if not died:
                assert allowed > 10
                return
    raise AssertionError("it never came to its end")


def test_a_folder_that_is_gone_is_not_begun_anew(rig: Rig) -> None:
    rig.run()
    shutil.move(rig.folder / "backup", rig.folder / "unmounted")
    done = rig.run()
    assert (done.outcome, done.exit_code) == ("config", 78)
    assert not (rig.folder / "backup").exists()
    shutil.move(rig.folder / "unmounted", rig.folder / "backup")
    assert rig.run().outcome == "in_sync"


def test_a_file_with_a_merge_conflict_is_not_taken_for_deleted(rig: Rig) -> None:
    rig.run()
    path = rig.folder / "backup" / "Liked Songs.jspf"
    whole = path.read_text()
    path.write_text("<<<<<<< HEAD\n" + whole)
    done = rig.run()
    assert done.exit_code != 0
    assert "Liked Songs.jspf line 1 is not JSON" in done.errors[0].message
    path.write_text(whole)
    before = files(rig)
    assert rig.run().outcome == "in_sync"
    assert files(rig) == before


def test_from_files_to_files_without_any_account(tmp_path: Path, world: SpotifyAccount) -> None:
    path = write_zip(tmp_path / "export.zip", account_data(world, old=True))
    export: dict[str, Any] = {
        "MUSICDIFF_SOURCE_KIND": "export",
        "MUSICDIFF_SOURCE_PATH": str(path),
        "SPOTIFY_CLIENT_ID": "",
    }
    with to_files(tmp_path, None, SPOTIFY_REFRESH_TOKEN="", **export) as rig:
        first = rig.run()
        assert (first.outcome, first.errors, first.api_calls) == ("changed", (), {"spotify": 0, "deezer": 0, "auth": 0})
        watcher = Watcher()
        assert rig.run(watcher=watcher).outcome == "in_sync"
        assert watcher.changes == []
    # The backup is an export itself.
    restored, original = library.read(tmp_path / "backup"), library.read(path)
    assert restored.liked is not None
    assert original.liked is not None
    assert [one.track for one in restored.liked] == [one.track for one in original.liked]
    assert {one.name for one in restored.playlists or ()} == {one.name for one in original.playlists or ()}
