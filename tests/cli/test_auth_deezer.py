"""``auth deezer`` against the sandbox: where the credential comes from, what is checked, what is kept."""

from __future__ import annotations

import os
import pty
import subprocess
from collections.abc import Iterator

import pytest
from auth_stage import Authorisation, base_urls, variables
from command_line import CommandLine

from musicdiff_job.sandbox.faults import Fault, Status
from musicdiff_job.sandbox.server import SANDBOX_ACCESS_TOKEN, SANDBOX_ARL, Sandbox


@pytest.fixture
def sandbox(command: CommandLine) -> Iterator[Sandbox]:
    with Sandbox() as served:
        command.env |= base_urls(served)
        yield served


def piped(command: CommandLine, text: str, *arguments: str) -> tuple[int, str, str]:
    run = Authorisation(command, "deezer", *arguments, stdin=subprocess.PIPE)
    assert run.process.stdin is not None
    run.process.stdin.write(text.encode())
    run.process.stdin.close()
    run.process.stdin = None
    return run.end()


@pytest.mark.parametrize("text", [SANDBOX_ARL, f"\r\n {SANDBOX_ARL} \r\n", f"arl={SANDBOX_ARL};\n"])
def test_an_arl_by_stdin(command: CommandLine, sandbox: Sandbox, text: str) -> None:
    status, out, err = piped(command, text)
    assert status == 0, err
    account = sandbox.deezer
    assert out.splitlines()[0] == f"Deezer account: {account.name} ({account.user_id}, {account.country})"
    assert variables(command.home / "musicdiff.env") == {"DEEZER_ARL": SANDBOX_ARL}
    assert SANDBOX_ARL not in out + err
    assert "next: musicdiff-job auth spotify" in out
    assert err == ""


def test_an_arl_from_the_environment_needs_no_stdin(command: CommandLine, sandbox: Sandbox) -> None:
    command.env["DEEZER_ARL"] = SANDBOX_ARL
    run = Authorisation(command, "deezer", stdin=subprocess.PIPE)  # a pipe that nobody writes to and nobody closes
    status, out, err = run.process.wait(timeout=60), *run.end()[1:]
    assert status == 0, err
    assert "is set in the environment" not in err
    assert SANDBOX_ARL not in out + err


def test_an_arl_from_a_mounted_file(command: CommandLine, sandbox: Sandbox) -> None:
    mounted = command.home / "arl"
    mounted.write_text(f"{SANDBOX_ARL}\n")
    mounted.chmod(0o600)
    command.env["DEEZER_ARL_FILE"] = str(mounted)
    result = command("auth", "deezer", "--print")
    assert (result.exit_code, result.stdout) == (0, f"DEEZER_ARL={SANDBOX_ARL}\n")


def test_a_new_arl_by_stdin_goes_before_the_old_one_of_the_file(command: CommandLine, sandbox: Sandbox) -> None:
    file = command.home / "my.env"
    file.write_text("DEEZER_ARL=dead-and-gone\nOTHER=x\n")
    status, _, err = piped(command, SANDBOX_ARL, "--env-file", "my.env")
    assert status == 0, err
    assert file.read_text() == f"DEEZER_ARL={SANDBOX_ARL}\nOTHER=x\n"


def test_without_a_new_one_the_old_one_is_checked(command: CommandLine, sandbox: Sandbox) -> None:
    (command.home / "my.env").write_text("DEEZER_ARL=dead-and-gone\n")
    status, out, err = piped(command, "", "--env-file", "my.env")
    assert (status, out) == (77, "")
    assert "signs nobody in" in err


@pytest.mark.parametrize("arl", ["dead-and-gone", "two words"])
def test_a_wrong_arl_is_77_and_is_not_kept(command: CommandLine, sandbox: Sandbox, arl: str) -> None:
    status, out, err = piped(command, arl)
    assert (status, out) == (77, "")
    assert arl not in err
    assert "Copy it again" in err
    assert "musicdiff-job auth deezer" not in err
    assert not list(command.home.iterdir())


def test_nothing_given_is_77_without_a_question(command: CommandLine, sandbox: Sandbox) -> None:
    status, out, err = piped(command, "")
    assert (status, out) == (77, "")
    assert "no ARL was given" in err
    assert sandbox.calls("auth") == 0


def test_the_command_line_is_refused_and_not_repeated(command: CommandLine, sandbox: Sandbox) -> None:
    for arguments in ((SANDBOX_ARL,), ("--token", SANDBOX_ARL, "--print"), (f"--arl={SANDBOX_ARL}",)):
        result = command("auth", "deezer", *arguments)
        assert result.exit_code == 64
        assert SANDBOX_ARL not in result.output
    assert "everybody on this machine" in command("auth", "deezer", SANDBOX_ARL).output
    assert sandbox.calls("auth") == 0
    assert not list(command.home.iterdir())


def at_a_terminal(command: CommandLine, typed: str, *arguments: str) -> tuple[int, str, str, str]:
    """Status, stdout, stderr and what the terminal showed of what was typed."""
    terminal, stdin = pty.openpty()
    try:
        run = Authorisation(command, "deezer", *arguments, stdin=stdin)
        run.until_prompted("): ")
        run.until_prompted("not shown")
        os.write(terminal, f"{typed}\n".encode())
        status, out, err = run.end()
        os.set_blocking(terminal, False)
        try:
            shown = os.read(terminal, 10_000).decode()
        except BlockingIOError:
            shown = ""
    finally:
        os.close(terminal)
        os.close(stdin)
    return status, out, err, shown


def test_at_a_terminal_it_is_explained_asked_for_and_not_shown(command: CommandLine, sandbox: Sandbox) -> None:
    status, out, err, shown = at_a_terminal(command, SANDBOX_ARL)
    assert status == 0, err
    assert SANDBOX_ARL not in out + err + shown
    for word in ("cookie", "logging out", "no official way", "whoever has the cookie has the account"):
        assert word in err
    assert variables(command.home / "musicdiff.env") == {"DEEZER_ARL": SANDBOX_ARL}


def test_at_a_terminal_enter_alone_takes_the_one_that_is_set(command: CommandLine, sandbox: Sandbox) -> None:
    command.env["DEEZER_ARL"] = SANDBOX_ARL
    assert at_a_terminal(command, "")[0] == 0
    del command.env["DEEZER_ARL"]
    (command.home / "musicdiff.env").unlink()
    assert at_a_terminal(command, "")[0] == 77


def test_a_token_is_kept_if_it_may_do_all(command: CommandLine, sandbox: Sandbox) -> None:
    file = command.home / "musicdiff.env"
    file.write_text("DEEZER_ARL=old-one-here\n")
    status, out, err = piped(command, SANDBOX_ACCESS_TOKEN, "--token")
    assert status == 0, err
    assert file.read_text() == f"#DEEZER_ARL=old-one-here\nDEEZER_ACCESS_TOKEN={SANDBOX_ACCESS_TOKEN}\n"
    assert "contradict them: DEEZER_ARL" in out
    assert "the access token allows:\n" in out
    assert "  manage_library: create playlists, add tracks and favourites\n" in out
    assert SANDBOX_ACCESS_TOKEN not in out + err


def test_a_token_that_may_not_do_all_is_77_and_says_what(command: CommandLine, sandbox: Sandbox) -> None:
    sandbox.deezer.credentials.add_token("frnarrow", ("basic_access", "manage_library"))
    status, out, err = piped(command, "frnarrow", "--token")
    assert (status, out) == (77, "")
    assert "lacks delete_library (remove what left Spotify); offline_access (outlive the day" in err
    assert not list(command.home.iterdir())


def test_a_wrong_token_is_77(command: CommandLine, sandbox: Sandbox) -> None:
    status, out, err = piped(command, "frwrongwrong", "--token")
    assert (status, out) == (77, "")
    assert "frwrongwrong" not in err


def test_a_service_that_asks_to_wait_is_11_and_nothing_is_kept(command: CommandLine, sandbox: Sandbox) -> None:
    sandbox.misbehave(Fault(Status(429, {"Retry-After": "3600"}), "gateway"))
    command.env["DEEZER_ARL"] = SANDBOX_ARL
    result = command("auth", "deezer")
    assert (result.exit_code, result.stdout) == (11, "")
    assert not list(command.home.iterdir())


def test_what_the_environment_says_otherwise_is_told(command: CommandLine, sandbox: Sandbox) -> None:
    command.env["DEEZER_ARL"] = "dead-and-gone"
    _, _, err, _ = at_a_terminal(command, SANDBOX_ARL)
    assert "DEEZER_ARL is set in the environment, which goes before the file" in err
