"""The composition root: every setting arrives where it belongs, and nothing is called or imported too early."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec
import pytest
from memory_stage import MemoryStore, Silent
from told_clock import ToldClock

from musicdiff_job import bootstrap, settings
from musicdiff_job.clock import StopFlag
from musicdiff_job.core.checkpoint import Account, Checkpoint, MatchRecord, NotBefore
from musicdiff_job.core.errors import AuthError, ConfigError
from musicdiff_job.core.match import Rules
from musicdiff_job.core.model import Service, SourceId, TargetId, Track
from musicdiff_job.core.outcome import ExitCodes
from musicdiff_job.core.override_file import Overrides
from musicdiff_job.core.plan import AddTracks, Created, CreatePlaylist, Written
from musicdiff_job.core.policy import HandEdits, LikedAs, OnSourceDeleted, Policy, Privacy, Rule, Window
from musicdiff_job.core.secret import Redactor
from musicdiff_job.core.summary import Trigger
from musicdiff_job.dry_run import DryHistory, DryStore, DryTarget
from musicdiff_job.playback.folder import FolderHistory
from musicdiff_job.session import Connections, Job
from musicdiff_job.store.file import FileStore
from musicdiff_job.store.s3 import S3Store

NOWHERE = {
    "MUSICDIFF_SPOTIFY_API_URL": "http://127.0.0.1:9/v1",
    "MUSICDIFF_SPOTIFY_ACCOUNTS_URL": "http://127.0.0.1:9",
    "MUSICDIFF_DEEZER_API_URL": "http://127.0.0.1:9",
    "MUSICDIFF_DEEZER_GATEWAY_URL": "http://127.0.0.1:9/gw",
    "HOME": "/nonexistent",
}
SIGNED_IN = {**NOWHERE, "SPOTIFY_CLIENT_ID": "id" * 16, "SPOTIFY_REFRESH_TOKEN": "AQ" * 40}
ARL = {"DEEZER_ARL": "a1" * 96}
TOKEN = {"DEEZER_ACCESS_TOKEN": "fr" + "x1" * 24}


def load(folder: Path, **env: str) -> settings.Loaded:
    return settings.load(env={**NOWHERE, **env}, cwd=folder)


def assemble(loaded: settings.Loaded, **options: Any) -> Job:
    return bootstrap.assemble(
        loaded, stop=StopFlag(), clock=ToldClock(), observer=Silent(), redactor=Redactor(), store=MemoryStore(),
        run_id="r", **options,
    )  # fmt: skip


@contextmanager
def connected(job: Job, checkpoint: Checkpoint | None = None) -> Iterator[Connections]:
    connections = job.connect(checkpoint or Checkpoint())
    try:
        yield connections
    finally:
        connections.close()


# Settings


def test_the_defaults_of_the_settings_are_those_of_the_core(tmp_path: Path) -> None:
    defaults = load(tmp_path).settings
    assert bootstrap.policy_of(defaults) == Policy(entities=bootstrap.policy_of(defaults).entities)
    assert set(bootstrap.policy_of(defaults).entities) == set(Policy().entities)
    assert bootstrap.rules_of(defaults) == Rules()
    job = assemble(load(tmp_path))
    assert (job.max_seconds, job.retry) == (600.0, (86_400.0, 3 * 86_400.0, 7 * 86_400.0, 30 * 86_400.0))
    assert (job.dry_run, job.only, job.force, job.overrides) == (False, (), False, Overrides())


def test_every_setting_that_shapes_a_mirror_arrives(tmp_path: Path) -> None:
    (tmp_path / "musicdiff.toml").write_text(
        """
        [sync]
        entities = ["playlists", "liked"]
        include = ["G*"]
        exclude = ["*old"]
        hand_edits = "ask"
        max_removals = "10%"
        on_source_deleted = "delete"
        verify_every = "1d"
        public = "source"
        name = "{name}!"
        liked_as = "playlist"
        [deezer]
        playlist_limit = 500
        [matching]
        min_score = 0.9
        prefer_explicit = false
        retry_unmatched = ["2d"]
        [[playlist]]
        match = "Gym*"
        every = "6h"
        window = "22:00-06:00"
        timezone = "Europe/Paris"
        priority = 7
        hand_edits = "overwrite"
        [[playlist]]
        match = "*"
        window = "02:00-03:00"
        """
    )
    loaded = load(tmp_path)
    assert bootstrap.policy_of(loaded.settings) == Policy(
        entities=("playlists", "liked"),
        include=("G*",),
        exclude=("*old",),
        hand_edits=HandEdits.ASK,
        max_removals=0.1,
        on_source_deleted=OnSourceDeleted.DELETE,
        verify_every=86_400.0,
        privacy=Privacy.SOURCE,
        name="{name}!",
        liked_as=LikedAs.PLAYLIST,
        playlist_limit=500,
        rules=(
            Rule("Gym*", 6 * 3600.0, Window(22 * 60, 6 * 60, "Europe/Paris"), 7, HandEdits.OVERWRITE),
            Rule("*", window=Window(120, 180)),
        ),
    )
    assert bootstrap.rules_of(loaded.settings) == Rules(min_score=0.9, prefer_explicit=False)
    assert assemble(loaded).retry == (2 * 86_400.0,)


def test_flags_go_before_settings(tmp_path: Path) -> None:
    loaded = load(tmp_path, MUSICDIFF_BUDGET_TIME="20m", MUSICDIFF_BUDGET_CALLS="77", **{**SIGNED_IN, **ARL})
    with connected(assemble(loaded)) as ours:
        assert ours.gate.calls_left() == 77
        assert ours.gate.seconds_left() == 1195.0
    job = assemble(
        loaded, max_seconds=100.0, max_calls=5, only=("G*",), force=True, trigger=Trigger.CRON,
        exit_codes=ExitCodes.DETAILED,
    )  # fmt: skip
    assert job.max_seconds == 100.0
    assert (job.only, job.force, job.trigger, job.exit_codes) == (("G*",), True, Trigger.CRON, ExitCodes.DETAILED)
    with connected(job) as ours:
        assert ours.gate.calls_left() == 5
        assert ours.gate.seconds_left() == 95.0


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ({"MUSICDIFF_SOURCE_KIND": "export", "MUSICDIFF_PLAYBACK_ENABLED": "true"}, "playback.enabled"),
        ({"MUSICDIFF_SOURCE_KIND": "export", "MUSICDIFF_PLAYLIST": '[{"direction": "both"}]'}, "cannot be written to"),
        ({"MUSICDIFF_TARGET_KIND": "files", "MUSICDIFF_PLAYLIST": '[{"direction": "both"}]'}, "files are a copy"),
    ],
)
def test_what_cannot_go_together_is_refused(tmp_path: Path, settings: dict[str, str], told: str) -> None:
    loaded = load(tmp_path, MUSICDIFF_SOURCE_PATH=str(tmp_path), MUSICDIFF_TARGET_PATH=str(tmp_path), **settings)
    with pytest.raises(ConfigError) as caught:
        assemble(loaded)
    (problem,) = caught.value.problems
    assert told in problem


def test_the_checkpoint_is_kept_where_the_settings_say(tmp_path: Path) -> None:
    loaded = load(tmp_path, MUSICDIFF_CHECKPOINT_URL=str(tmp_path / "here.json"))
    assert isinstance(bootstrap.open_store(loaded.settings, ToldClock()), FileStore)
    loaded = load(tmp_path, MUSICDIFF_CHECKPOINT_URL="s3://bucket/{profile}/a key.json.gz")
    store = bootstrap.open_store(loaded.settings, ToldClock())
    assert isinstance(store, S3Store)
    assert store.place == "s3://bucket/default/a key.json.gz"


def test_a_folder_in_a_bucket_is_no_place_for_a_checkpoint(tmp_path: Path) -> None:
    loaded = load(tmp_path, MUSICDIFF_CHECKPOINT_URL="s3://bucket/folder/")
    with pytest.raises(ConfigError, match="must name an object"):
        bootstrap.open_store(loaded.settings, ToldClock())


def run_apart(program: str, tmp_path: Path, url: str) -> subprocess.CompletedProcess[str]:
    """A command line in an interpreter of its own, begun and ended by ``program``."""
    return subprocess.run(
        [sys.executable, "-c", program, "checkpoint", "show"],
        capture_output=True,
        text=True,
        check=False,
        env={"HOME": str(tmp_path), "MUSICDIFF_CHECKPOINT_URL": url},
    )


def test_without_boto3_it_says_what_to_install(tmp_path: Path) -> None:
    program = "import sys; sys.modules['boto3'] = None; from musicdiff_job.cli.root import root; root()"
    done = run_apart(program, tmp_path, "s3://bucket/key")
    assert (done.returncode, done.stdout) == (78, "")
    assert done.stderr == "checkpoint.url: a checkpoint in S3 needs boto3: pip install 'musicdiff-job[s3]'\n"


def test_without_boto3_it_says_so_of_the_history_too(tmp_path: Path) -> None:
    program = "import sys; sys.modules['boto3'] = None; from musicdiff_job.cli.root import root; root(['plays'])"
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False,
        env={"HOME": str(tmp_path), "MUSICDIFF_PLAYBACK_URL": "s3://bucket/plays"},
    )  # fmt: skip
    assert (done.returncode, done.stdout) == (78, "")
    assert done.stderr == "playback.url: a listening history in S3 needs boto3: pip install 'musicdiff-job[s3]'\n"


def test_boto3_is_not_imported_for_a_file(tmp_path: Path) -> None:
    program = (
        "import sys; from musicdiff_job.cli.root import root; root(standalone_mode=False); "
        "print(sorted({'boto3', 'botocore'} & set(sys.modules)), 'musicdiff_job.store.file' in sys.modules)"
    )
    done = run_apart(program, tmp_path, str(tmp_path / "checkpoint.json"))
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines()[-1] == "[] True"


def test_the_history_is_kept_where_the_settings_say(tmp_path: Path) -> None:
    loaded = load(tmp_path, MUSICDIFF_PLAYBACK_URL=str(tmp_path / "plays"))
    assert assemble(loaded).history is None, "only where it is asked for"
    loaded = load(tmp_path, MUSICDIFF_PLAYBACK_URL=str(tmp_path / "plays"), MUSICDIFF_PLAYBACK_ENABLED="true")
    history = assemble(loaded).history
    assert isinstance(history, FolderHistory)
    assert history.place == str(tmp_path / "plays")
    assert isinstance(assemble(loaded, dry_run=True).history, DryHistory)
    for url, place in (("s3://b/a/{profile}", "s3://b/a/default/"), ("s3://b/a/", "s3://b/a/")):
        loaded = load(tmp_path, MUSICDIFF_PLAYBACK_URL=url)
        assert bootstrap.open_history(loaded.settings, "r").place == place


def test_the_source_tells_what_was_played(tmp_path: Path) -> None:
    with connected(assemble(load(tmp_path, **SIGNED_IN, **ARL))) as ours:
        assert type(ours.listening).__name__ == "SpotifySource"
        assert id(ours.listening) == id(ours.source), "one connection, one token"


# Overrides

TRACK = "4uLU6hMCjMI75M1A2tKUQC"


def test_the_default_overrides_file_is_read_if_it_is_there(tmp_path: Path) -> None:
    assert assemble(load(tmp_path)).overrides == Overrides()
    (tmp_path / "overrides.toml").write_text(f'[tracks]\n{TRACK} = "781592622"\n')
    assert assemble(load(tmp_path)).overrides.tracks == {SourceId(TRACK): TargetId("781592622")}


@pytest.mark.parametrize("content", [b"[tracks\n", b'[tracks]\nx = "y"\n', b"\xff\xfe\x00"])
def test_overrides_that_cannot_be_read_are_a_settings_error(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "overrides.toml").write_bytes(content)
    with pytest.raises(ConfigError, match=r"overrides\.toml"):
        assemble(load(tmp_path))


def test_overrides_without_end_are_a_settings_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bootstrap, "OVERRIDES_AT_MOST", 1000)
    (tmp_path / "overrides.toml").symlink_to("/dev/zero")
    with pytest.raises(ConfigError, match=r"overrides\.toml is larger than 1000 characters"):
        assemble(load(tmp_path))


# Connections


@pytest.mark.parametrize(
    ("env", "named"),
    [
        ({}, ("SPOTIFY_CLIENT_ID", "SPOTIFY_REFRESH_TOKEN", "DEEZER_ARL", "auth spotify", "auth deezer")),
        (SIGNED_IN, ("DEEZER_ARL", "auth deezer")),
        (ARL, ("SPOTIFY_REFRESH_TOKEN", "auth spotify")),
    ],
)
def test_missing_credentials_are_named_with_what_makes_them(
    tmp_path: Path, env: dict[str, str], named: tuple[str, ...]
) -> None:
    job = assemble(load(tmp_path, **env))
    with pytest.raises(AuthError) as caught:
        job.connect(Checkpoint())
    for name in named:
        assert name in str(caught.value)


@pytest.mark.parametrize(("credential", "adapter"), [(ARL, "DeezerGateway"), (TOKEN, "DeezerRest")])
def test_the_credential_chooses_the_way_to_deezer_and_nothing_is_called(
    tmp_path: Path, credential: dict[str, str], adapter: str
) -> None:
    with connected(assemble(load(tmp_path, **SIGNED_IN, **credential))) as ours:
        assert type(ours.target).__name__ == adapter
        assert type(ours.source).__name__ == "SpotifySource"
        assert ours.gate.tally().calls == {"spotify": 0, "deezer": 0, "auth": 0}


def test_an_export_needs_no_credentials_for_spotify(tmp_path: Path) -> None:
    export = {"MUSICDIFF_SOURCE_KIND": "export", "MUSICDIFF_SOURCE_PATH": str(tmp_path)}
    with connected(assemble(load(tmp_path, **export, **ARL))) as ours:
        assert type(ours.source).__name__ == "ExportSource"
    with pytest.raises(AuthError) as caught:
        assemble(load(tmp_path, **export)).connect(Checkpoint())
    assert "DEEZER_ARL" in str(caught.value)
    assert "SPOTIFY" not in str(caught.value)


def test_files_need_no_credentials_for_deezer_and_no_catalogue(tmp_path: Path) -> None:
    files = {"MUSICDIFF_TARGET_KIND": "files", "MUSICDIFF_TARGET_PATH": str(tmp_path / "backup")}
    loaded = load(tmp_path, **files, **SIGNED_IN)
    known = {SourceId("a"): MatchRecord(Track("a", "Song"))}
    with connected(assemble(loaded), Checkpoint(matches=known)) as ours:
        assert type(ours.target).__name__ == "FilesTarget"
        assert type(ours.catalogue).__name__ == "NothingToAsk"
        made = ours.target.apply(CreatePlaylist("Gym"))
        assert isinstance(made, Created)
        # What earlier runs have read is known, and what this one reads.
        assert ours.target.apply(AddTracks(made.playlist, (TargetId("a"),))) == Written()
        assert ours.tell is not None
        ours.tell([Track("b", "Song")])
        assert ours.target.apply(AddTracks(made.playlist, (TargetId("b"),))) == Written()
    with connected(assemble(loaded, dry_run=True)) as ours:
        assert isinstance(ours.target, DryTarget)
    with pytest.raises(AuthError, match="SPOTIFY_REFRESH_TOKEN"):
        assemble(load(tmp_path, **files)).connect(Checkpoint())
    policy = bootstrap.policy_of(loaded.settings)
    assert (policy.liked_as, policy.playlist_limit) == (LikedAs.PLAYLIST, bootstrap.NO_LIMIT)


@pytest.mark.parametrize("dry", [True, False])
def test_a_dry_run_is_wrapped_on_once(tmp_path: Path, dry: bool) -> None:
    job = assemble(load(tmp_path, **SIGNED_IN, **ARL), dry_run=dry)
    assert isinstance(job.store, DryStore) is dry
    with connected(job) as ours:
        assert isinstance(ours.target, DryTarget) is dry


def test_the_gate_begins_with_what_the_last_run_left(tmp_path: Path) -> None:
    closed = {"spotify": NotBefore("2027-01-01T00:00:00Z", "quota", 1)}
    checkpoint = Checkpoint(not_before=closed, ledgers={"deezer": {"1": 2}})
    with connected(assemble(load(tmp_path, **SIGNED_IN, **ARL)), checkpoint) as ours:
        assert ours.gate.not_before() == closed
        assert ours.gate.ledgers() == {"deezer": {"1": 2}}
        assert ours.gate.closed(Service.SPOTIFY) is not None


def test_a_known_credential_needs_no_call_to_tell_its_account(tmp_path: Path) -> None:
    loaded = load(tmp_path, **SIGNED_IN, **TOKEN)
    with connected(assemble(loaded)) as ours:
        known = {
            "spotify": Account("ada", ours.source.credential()),
            "deezer": Account("1234", ours.target.credential()),
        }
    with connected(assemble(loaded), Checkpoint(accounts=known)) as ours:
        assert (ours.source.account(), ours.target.account()) == ("ada", "1234")
        assert ours.gate.tally().calls == {"spotify": 0, "deezer": 0, "auth": 0}
    for account in known.values():
        assert not any(secret.reveal() in msgspec.json.encode(account).decode() for secret in loaded.secrets())


def test_the_catalogue_opens_without_any_account(tmp_path: Path) -> None:
    catalogue, close = bootstrap.open_catalogue(load(tmp_path), ToldClock(), StopFlag(), Redactor())
    assert type(catalogue).__name__ == "DeezerCatalogue"
    close()


def test_no_network_library_is_imported_before_a_run_connects() -> None:
    program = "import musicdiff_job.bootstrap, sys; print(*sys.modules)"
    found = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout.split()
    assert not {"requests", "spotipy", "deezer", "httpx", "boto3", "rich"} & set(found)
