"""What was told is remembered beside the checkpoint where it cannot be in it."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from musicdiff_job.notify.memory import forget, places, recall, remember


def test_beside_a_local_checkpoint_and_else_in_the_state_folder() -> None:
    env = {"HOME": "/home/ada"}
    state = Path("/home/ada/.local/state/musicdiff/default.told")
    assert places("/data/checkpoint.json.gz", "default", env) == (Path("/data/checkpoint.json.gz.told"), state)
    assert places("s3://bucket/key", "default", env) == (state,)
    assert places("", "alice", {"XDG_STATE_HOME": "/state"}) == (Path("/state/musicdiff/alice.told"),)
    assert places("", "default", {**env, "MUSICDIFF_PROFILE": "alice"}) == (state.with_name("alice.told"),)


@pytest.mark.parametrize(("profile", "env"), [("../x", {"HOME": "/h"}), ("a", {}), ("a", {"XDG_STATE_HOME": "here"})])
def test_nowhere_else(profile: str, env: dict[str, str]) -> None:
    assert places("", profile, env) == ()


def test_remembered_privately_in_the_first_place_that_takes_it(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    files = [tmp_path / "file" / "x.told", tmp_path / "new" / "y.told"]
    assert remember(files, ("failure:1",))
    assert stat.S_IMODE(files[1].stat().st_mode) == 0o600
    assert stat.S_IMODE(files[1].parent.stat().st_mode) == 0o700
    assert recall([tmp_path / "none", files[1]]) == ("failure:1",)
    assert [one.name for one in files[1].parent.iterdir()] == ["y.told"]
    forget(files[1:])
    assert recall(files) == ()
    forget(files[1:])


def test_where_nothing_can_be_written_nothing_is(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    assert not remember([tmp_path / "file" / "x.told"], ("failure:1",))
    assert not remember([], ("failure:1",))


@pytest.mark.parametrize("content", [b"", b"{", b"\xff", b'{"causes": 3}', b"[]" * 50_000])
def test_what_makes_no_sense_holds_nothing(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "x.told"
    file.write_bytes(content)
    assert recall([file]) == ()
