"""What both ``auth`` commands share: which file is read, which is written, what is said at the end."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from auth_stage import base_urls
from command_line import CommandLine

from musicdiff_job.cli import auth_spotify
from musicdiff_job.sandbox.server import SANDBOX_ARL, Sandbox


@pytest.fixture
def sandbox(command: CommandLine) -> Iterator[Sandbox]:
    with Sandbox() as served:
        command.env |= base_urls(served) | {"DEEZER_ARL": SANDBOX_ARL, "SPOTIFY_CLIENT_ID": "x"}
        yield served


def test_addresses_in_a_file_that_was_not_named_do_not_count(
    command: CommandLine, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    del command.env["SPOTIFY_CLIENT_ID"], command.env["MUSICDIFF_SPOTIFY_ACCOUNTS_URL"]
    lines = "SPOTIFY_CLIENT_ID=theirs\nMUSICDIFF_SPOTIFY_ACCOUNTS_URL=https://evil.example\n"
    (command.home / "musicdiff.env").write_text(lines)
    arguments = ("auth", "spotify", "--port", "0", "--no-browser")
    monkeypatch.setattr(auth_spotify, "WAIT", 0.0)
    result = command(*arguments, "--client-id", "mine")
    assert "https://accounts.spotify.com/authorize?client_id=mine&" in result.stderr
    assert (
        "https://evil.example/authorize?client_id=theirs&" in command(*arguments, "--env-file", "musicdiff.env").stderr
    )


def test_quiet_writes_without_a_word(command: CommandLine, sandbox: Sandbox) -> None:
    result = command("auth", "deezer", "-q")
    assert (result.exit_code, result.output) == (0, "")
    assert (command.home / "musicdiff.env").read_text() == f"DEEZER_ARL={SANDBOX_ARL}\n"


def test_print_reads_a_named_file_and_leaves_it_alone(command: CommandLine, sandbox: Sandbox) -> None:
    del command.env["DEEZER_ARL"]
    file = command.home / "my.env"
    file.write_text(f"DEEZER_ARL={SANDBOX_ARL}\n")
    file.chmod(0o400)
    result = command("auth", "deezer", "--print", "--env-file", "my.env")
    assert (result.exit_code, result.stdout) == (0, f"DEEZER_ARL={SANDBOX_ARL}\n")
    assert command("auth", "deezer", "--print", "--env-file", "none.env").exit_code == 78
    assert [entry.name for entry in command.home.iterdir()] == ["my.env"]


def test_names_of_accounts_are_shown_harmless(command: CommandLine) -> None:
    sandbox = Sandbox()
    object.__setattr__(sandbox.deezer, "name", "\x1b]0;evil\x07\u202ename")
    command.env |= base_urls(sandbox) | {"DEEZER_ARL": SANDBOX_ARL}
    with sandbox:
        result = command("auth", "deezer")
    assert result.exit_code == 0
    assert not set(result.output) & set("\x1b\x07\u202e")


def test_wrong_settings_are_78_before_anything_is_asked(command: CommandLine, sandbox: Sandbox) -> None:
    command.env["MUSICDIFF_BUDGET_TIME"] = "soon"
    assert command("auth", "deezer").exit_code == 78
    assert sandbox.calls("auth") == 0
