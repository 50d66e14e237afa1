"""Whose a credential is: names with a profile in them, folders of secrets, and nobody's token for everybody."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from musicdiff_job.core.errors import ConfigError
from musicdiff_job.core.secret import Secret
from musicdiff_job.settings import Loaded, load
from musicdiff_job.settings.base_urls import BASE_URLS
from musicdiff_job.settings.environment import OTHER_VARIABLES, VARIABLES
from musicdiff_job.settings.findings import CREDENTIALS
from musicdiff_job.settings.scopes import GROUPS, prefix_of, scoped

TWO = '[checkpoint]\nurl = "{profile}.json"\n[profiles.alice]\n[profiles."bob.b-2"]\n'
ONE = '[checkpoint]\nurl = "{profile}.json"\n[profiles.alice]\n'


@pytest.fixture
def home(tmp_path: Path) -> Path:
    (tmp_path / "musicdiff.toml").write_text(TWO)
    return tmp_path


def read(home: Path, profile: str, env: dict[str, str]) -> Loaded:
    return load(env={"HOME": str(home), **env}, cwd=home, profile=profile)


def problems(home: Path, profile: str, env: dict[str, str]) -> tuple[str, ...]:
    with pytest.raises(ConfigError) as caught:
        read(home, profile, env)
    return caught.value.problems


def secret_files(folder: Path, files: dict[str, str]) -> dict[str, str]:
    folder.mkdir(exist_ok=True)
    for name, text in files.items():
        (folder / name).write_text(text)
        (folder / name).chmod(stat.S_IRUSR)
    return {"MUSICDIFF_SECRETS_DIR": str(folder)}


def test_each_profile_has_its_own(home: Path) -> None:
    env = {
        "SPOTIFY_CLIENT_ID": "app",
        "SPOTIFY_CLIENT_SECRET": "hush-0",
        "MUSICDIFF_ALICE_SPOTIFY_REFRESH_TOKEN": "hush-1",
        "MUSICDIFF_ALICE_DEEZER_ARL": "hush-2",
        "MUSICDIFF_BOB_B_2_SPOTIFY_REFRESH_TOKEN": "hush-3",
        "MUSICDIFF_BOB_B_2_DEEZER_ACCESS_TOKEN": "hush-4",
    }
    alice, bob = (read(home, name, env).credentials for name in ("alice", "bob.b-2"))
    assert alice.secrets() == (Secret("hush-0"), Secret("hush-1"), Secret("hush-2"))
    assert bob.secrets() == (Secret("hush-0"), Secret("hush-3"), Secret("hush-4"))
    assert alice.spotify_client_id == bob.spotify_client_id == "app"
    assert not alice.require() and not bob.require()


def test_a_token_that_is_nobodys_is_for_none_of_several(home: Path) -> None:
    env = {"SPOTIFY_CLIENT_ID": "app", "SPOTIFY_REFRESH_TOKEN": "hush-1", "DEEZER_ARL": "hush-2"}
    loaded = read(home, "alice", env)
    assert [one.name for one in loaded.credentials.require()] == [
        "MUSICDIFF_ALICE_SPOTIFY_REFRESH_TOKEN",
        "MUSICDIFF_ALICE_DEEZER_ARL or MUSICDIFF_ALICE_DEEZER_ACCESS_TOKEN",
    ]
    assert [warning.partition(",")[0] for warning in loaded.warnings] == [
        "SPOTIFY_REFRESH_TOKEN is not used for profile alice",
        "DEEZER_ARL is not used for profile alice",
    ]
    assert not loaded.credentials.secrets()


def test_it_is_for_the_default_profile_and_for_one_that_is_alone(home: Path) -> None:
    env = {"SPOTIFY_CLIENT_ID": "app", "SPOTIFY_REFRESH_TOKEN": "hush-1", "DEEZER_ARL": "hush-2"}
    assert not read(home, "default", env).credentials.require()
    (home / "musicdiff.toml").write_text(ONE)
    alone = read(home, "alice", env)
    assert not alone.credentials.require() and not alone.warnings


def test_an_app_of_ones_own_does_not_get_anothers_secret(home: Path) -> None:
    env = {"SPOTIFY_CLIENT_ID": "app", "SPOTIFY_CLIENT_SECRET": "hush", "MUSICDIFF_ALICE_SPOTIFY_CLIENT_ID": "hers"}
    alice = read(home, "alice", env).credentials
    assert (alice.spotify_client_id, alice.spotify_client_secret) == ("hers", None)


def test_one_of_deezers_two_keeps_the_other_of_nobody_out(home: Path) -> None:
    (home / "musicdiff.toml").write_text(ONE)
    env = {"DEEZER_ARL": "hush-1", "MUSICDIFF_ALICE_DEEZER_ACCESS_TOKEN": "hush-2"}
    assert read(home, "alice", env).credentials.secrets() == (Secret("hush-2"),)


def test_a_mounted_file_of_ones_own(home: Path) -> None:
    (home / "token").write_text("hush\n")
    env = {"MUSICDIFF_ALICE_DEEZER_ARL_FILE": str(home / "token")}
    assert read(home, "alice", env).credentials.deezer_arl == Secret("hush")


def test_a_folder_as_kubernetes_mounts_it(home: Path) -> None:
    folder = home / "secrets"
    env = secret_files(
        folder,
        {
            "SPOTIFY_CLIENT_ID": "app",
            "alice.DEEZER_ARL": "hush-1\n",
            "bob.b-2.DEEZER_ARL": "hush-2",
            "alice.SPOTIFY_REFRESH_TOKEN": "hush-3",
            "alice.SPOTIFY_REFRESH_TOKN": "slip",
            "carol.DEEZER_ARL": "hush-4",
        },
    )
    (folder / "..data").mkdir()
    env["MUSICDIFF_ALICE_SPOTIFY_REFRESH_TOKEN"] = "hush-5"
    alice, bob = read(home, "alice", env), read(home, "bob.b-2", env)
    assert alice.credentials.secrets() == (Secret("hush-5"), Secret("hush-1"))  # the environment goes before it
    assert bob.credentials.secrets() == (Secret("hush-2"),)
    assert alice.credentials.spotify_client_id == "app"
    assert [warning.rpartition(": ")[2] for warning in alice.warnings] == [
        "alice.SPOTIFY_REFRESH_TOKN is not used; no credential is called so",
        "carol.DEEZER_ARL is not used; there is no such profile",
    ]


def test_a_folder_that_cannot_be_read(home: Path) -> None:
    told = problems(home, "alice", {"MUSICDIFF_SECRETS_DIR": "none"})
    assert told == ("MUSICDIFF_SECRETS_DIR: none: cannot be read (No such file or directory)",)


def test_a_name_that_is_nobodys_is_refused(home: Path) -> None:
    told = problems(home, "alice", {"MUSICDIFF_CAROL_DEEZER_ARL": "hush"})
    assert told == ("MUSICDIFF_CAROL_DEEZER_ARL: no profile is called so; the settings file has alice, bob.b-2",)


def test_names_that_would_give_the_same_variables_are_refused(tmp_path: Path) -> None:
    (tmp_path / "musicdiff.toml").write_text(
        '[checkpoint]\nurl = "{profile}"\n[profiles.a-b]\n[profiles."a.b"]\n[profiles.c]\n'
    )
    told = problems(tmp_path, "c", {})
    assert len(told) == 1 and told[0].startswith("profiles a-b and a.b: their credentials would have the same names")


def test_no_profile_may_be_called_all(tmp_path: Path) -> None:
    (tmp_path / "musicdiff.toml").write_text("[profiles.all]\n")
    assert "is no name for a profile" in problems(tmp_path, "default", {})[0]


def test_no_name_can_mean_two_things() -> None:
    assert sorted(name for group in GROUPS for name in group) == sorted(CREDENTIALS)
    meant = {*VARIABLES, *BASE_URLS, *OTHER_VARIABLES, *(f"{name}_FILE" for name in VARIABLES)}
    for profile in ("a", "spotify", "deezer", "log", "checkpoint", "secrets"):
        assert prefix_of(profile) == f"MUSICDIFF_{profile.upper()}_"
        assert not scoped([profile]) & meant
