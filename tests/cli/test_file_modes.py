"""Whatever a command writes is its user's own: under any umask, from the first instant, whoever prepared the folder."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from typing import Any

import pytest
from command_line import CommandLine
from foreign import foreign_link

from musicdiff_job.core.checkpoint import Checkpoint, Pause
from musicdiff_job.sandbox.server import SANDBOX_ARL, Sandbox
from musicdiff_job.sandbox.spotify_accounts import TokenMode
from musicdiff_job.sandbox.world import synthetic_world

UMASKS = (0, 0o777)


@pytest.fixture
def sandbox(command: CommandLine) -> Iterator[Sandbox]:
    with Sandbox(synthetic_world(playlists=1, tracks_each=2, liked=1, seed=1)) as served:
        served.grants.mode = TokenMode.ROTATE_KEEP_OLD
        command.env |= served.environment() | {
            "MUSICDIFF_CHECKPOINT_URL": str(command.home / "state" / "deep" / "checkpoint.json"),
            "MUSICDIFF_LOG_FILE": str(command.home / "logs" / "deep" / "job.log"),
            "MUSICDIFF_LOG_MAX_BYTES": "300",
            "MUSICDIFF_SPOTIFY_TOKEN_STORE": str(command.home / "tokens.json"),
            "MUSICDIFF_DEEZER_WRITE_INTERVAL": "0s",
        }
        yield served


@pytest.fixture
def begun(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The modes of temporary files, at the time when all that they will hold is in them."""
    modes: list[int] = []
    sync = os.fsync

    def watched(descriptor: Any) -> None:
        status = os.fstat(descriptor)
        if stat.S_ISREG(status.st_mode):
            modes.append(stat.S_IMODE(status.st_mode))
        sync(descriptor)

    monkeypatch.setattr(os, "fsync", watched)
    return modes


@pytest.mark.parametrize("umask", UMASKS, ids=oct)
def test_all_files_and_folders_are_private(
    umask: int, command: CommandLine, sandbox: Sandbox, begun: list[int]
) -> None:
    before = os.umask(umask)
    try:
        for arguments in (
            ("-v", "plan", "-o", "plan.json"),
            ("-v", "run", "--summary-file", "summary.json"),
            ("-v", "run", "--force", "--summary-file", "summary.json"),
            ("auth", "deezer", "--env-file", "my.env"),
            ("checkpoint", "restore-previous"),
        ):
            result = command(*arguments)
            assert result.exit_code == 0, result.output
    finally:
        os.umask(before)
    found = {path.relative_to(command.home): path for path in command.home.rglob("*")}
    modes = {str(name): stat.S_IMODE(path.stat().st_mode) for name, path in found.items()}
    assert {
        "summary.json", "plan.json", "my.env", "tokens.json", "logs/deep/job.log", "logs/deep/job.log.1",
        "state/deep/checkpoint.json", "state/deep/checkpoint.json.prev", "state/deep/checkpoint.json.lock",
    } <= modes.keys()  # fmt: skip
    assert modes == {str(name): 0o700 if path.is_dir() else 0o600 for name, path in found.items()}
    assert len(begun) > 8 and set(begun) == {0o600}
    assert SANDBOX_ARL in (command.home / "my.env").read_text()


PREPARED: dict[str, tuple[tuple[str, ...], ...]] = {
    "summary.json": (("run", "--summary-file", "summary.json"),),
    "plan.json": (("plan", "-o", "plan.json"),),
    "my.env": (("auth", "deezer", "--env-file", "my.env"),),
    "new.toml": (("init", "--config", "new.toml"), ("init", "--config", "new.toml", "--force")),
    "tokens.json": (("run",), ("run", "--force")),
    "logs/deep/job.log": (("run",),),
    "state/deep/checkpoint.json.lock": (("run",),),
    "state/deep/checkpoint.json.prev": (("run",), ("run", "--force"), ("checkpoint", "restore-previous")),
}
"""Where somebody else may have put a link, and who writes there."""


@pytest.mark.parametrize("name", PREPARED)
def test_somebody_elses_link_leads_nowhere(
    name: str, command: CommandLine, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In folders where anybody may make files, as in ``/tmp``."""
    victims = [command.home / "absent", command.home / "precious"]
    victims[1].write_text("A=precious\n")
    link = command.home / name
    for folder in (command.home / "logs" / "deep", command.home / "state" / "deep"):
        folder.mkdir(parents=True)
        folder.chmod(0o1777)
    for victim in victims:
        link.unlink(missing_ok=True)
        foreign_link(link, victim, monkeypatch)
        for arguments in PREPARED[name]:
            result = command(*arguments)
            assert result.exit_code != 70, result.output
    assert not victims[0].exists()
    assert victims[1].read_text() == "A=precious\n"


def test_a_backup_that_was_put_back_open_to_all_is_kept_privately(command: CommandLine) -> None:
    command.keep(Checkpoint(paused=Pause("2026-11-21T00:00:00Z", "x")))
    command.path.chmod(0o644)
    assert command("resume").exit_code == 0
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in command.home.glob("checkpoint.json*")}
    assert modes == dict.fromkeys(("checkpoint.json", "checkpoint.json.prev", "checkpoint.json.lock"), 0o600)
