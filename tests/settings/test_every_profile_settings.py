"""Several profiles in one file: in its order, each with its own mistakes, and no place for two of them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from musicdiff_job.core.errors import ConfigError, UsageError
from musicdiff_job.settings import Loaded, Reading, Refused, load

FILE = """
[checkpoint]
url = "{profile}.json"
[profiles.zoe.budget]
calls = 7
[profiles.alice]
[profiles.bob]
"""


def reading(folder: Path, text: str = FILE, **env: str) -> Reading:
    (folder / "musicdiff.toml").write_text(text)
    return Reading(None, {"HOME": "/home/me", **env}, None, {}, folder)


def test_all_in_the_order_of_the_file(tmp_path: Path) -> None:
    found = reading(tmp_path, MUSICDIFF_ALICE_DEEZER_ARL="hush").load_every()
    assert [one.settings.profile for one in found if isinstance(one, Loaded)] == ["zoe", "alice", "bob"]
    zoe, alice, _ = found
    assert isinstance(zoe, Loaded) and isinstance(alice, Loaded)
    assert (zoe.settings.budget.calls, alice.settings.budget.calls) == (7, 5000)
    assert alice.settings.checkpoint.url == f"{tmp_path}/alice.json"
    assert (len(zoe.secrets()), len(alice.secrets())) == (0, 1)


def test_what_is_wrong_with_one_is_told_of_that_one(tmp_path: Path) -> None:
    found = reading(tmp_path, MUSICDIFF_ALICE_DEEZER_ARL="hush hush").load_every()
    assert [type(one) for one in found] == [Loaded, Refused, Loaded]
    refused = found[1]
    assert isinstance(refused, Refused)
    assert refused.profile == "alice" and "MUSICDIFF_ALICE_DEEZER_ARL" in refused.error.problems[0]


def test_what_is_wrong_for_all_is_told_once(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        reading(tmp_path, MUSICDIFF_BUDGET_CALLS="0").load_every()
    assert len(caught.value.problems) == 1


def test_a_rate_of_ones_own_is_checked_too(tmp_path: Path) -> None:
    found = reading(tmp_path, FILE + "deezer.requests_per_5s = 500\n").load_every()
    assert [type(one) for one in found] == [Loaded, Loaded, Refused]


def test_a_warning_that_is_everybodys_is_told_once(tmp_path: Path) -> None:
    (tmp_path / "secrets").mkdir()
    (tmp_path / "secrets" / "nonsense").touch()
    found = reading(tmp_path, MUSICDIFF_SECRETS_DIR="secrets").load_every()
    assert [len(one.warnings) for one in found if isinstance(one, Loaded)] == [1, 0, 0]


def test_all_of_none_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no settings file with a"):
        reading(tmp_path, "").load_every()


def test_by_its_place(tmp_path: Path) -> None:
    (tmp_path / "musicdiff.toml").write_text(FILE)
    names = [load(env={}, cwd=tmp_path, profile_index=index).settings.profile for index in range(3)]
    assert names == ["zoe", "alice", "bob"]
    with pytest.raises(UsageError, match=r"there is no profile 3: the settings file has 3 of them \(0 to 2\)"):
        load(env={}, cwd=tmp_path, profile_index=3)


def test_in_a_file_that_is_wrong_places_are_not_counted(tmp_path: Path) -> None:
    (tmp_path / "musicdiff.toml").write_text("[profiles.a]\n[budget\n")
    with pytest.raises(ConfigError, match="not valid TOML"):
        load(env={}, cwd=tmp_path, profile_index=5)


@pytest.mark.parametrize("arguments", [{"profile": "all"}, {"env": {"MUSICDIFF_PROFILE": "all"}}])
def test_one_is_not_all(tmp_path: Path, arguments: dict[str, Any]) -> None:
    with pytest.raises(UsageError):
        load(**{"env": {}, "cwd": tmp_path, **arguments})


PLACES = {
    "checkpoint.url": "",
    "playback.url": "playback.enabled = true",
    "report.html": "",
    "metrics.textfile": "",
    "spotify.token_store": "",
    "target.path": 'target.kind = "files"',
}


@pytest.mark.parametrize(("key", "needs"), PLACES.items())
@pytest.mark.parametrize("name", ["alice", "bob", "default"])
def test_no_place_is_for_two(tmp_path: Path, key: str, needs: str, name: str) -> None:
    """Also where one of the two is asked for: in a Kubernetes Job each Pod sees only its own."""
    own = "" if key == "checkpoint.url" else 'checkpoint.url = "{profile}"\n'
    (tmp_path / "musicdiff.toml").write_text(
        f'{needs}\n{own}{key} = "same"\n[profiles.alice]\n[profiles.bob]\n{key} = "./same"\n[profiles.carol]\n'
    )
    with pytest.raises(ConfigError) as caught:
        load(env={"HOME": "/home/me"}, cwd=tmp_path, profile=name)
    assert caught.value.problems == (
        f"profiles alice and bob (and 1 more) have the same {key}, {tmp_path}/same; put {{profile}} into {key}, or "
        "give each profile its own",
    )


@pytest.mark.parametrize("key", ["playback.url", "target.path"])
def test_what_is_not_used_may_be_the_same(tmp_path: Path, key: str) -> None:
    text = f'checkpoint.url = "{{profile}}"\n{key} = "same"\n[profiles.alice]\n[profiles.bob]\n'
    assert len(reading(tmp_path, text).load_every()) == 2


def test_a_place_from_the_environment_counts(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"have the same checkpoint.url, s3://b/k"):
        reading(tmp_path, MUSICDIFF_CHECKPOINT_URL="s3://b/k").load_every()
    assert len(reading(tmp_path, MUSICDIFF_CHECKPOINT_URL="s3://b/{profile}").load_every()) == 3
