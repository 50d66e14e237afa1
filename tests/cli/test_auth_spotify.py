"""``auth spotify`` against the sandbox, with a scripted browser."""

from __future__ import annotations

import json
import os
import pty
import socket
import stat
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, date, datetime

import pytest
import requests
import yaml
from auth_stage import Authorisation, base_urls, consent, rewritten, variables
from command_line import CommandLine

from musicdiff_job.cli import auth_spotify
from musicdiff_job.cli.auth_spotify import can_show_browser
from musicdiff_job.core.expiry import consent_ends
from musicdiff_job.sandbox.faults import Fault, quota_exceeded
from musicdiff_job.sandbox.server import SANDBOX_ARL, Sandbox
from musicdiff_job.sandbox.world import synthetic_world


@pytest.fixture
def sandbox(command: CommandLine) -> Iterator[Sandbox]:
    with Sandbox(synthetic_world(1, 3, 1)) as served:
        command.env |= base_urls(served)
        command.env |= {"SPOTIFY_CLIENT_ID": served.grants.client_id, "MUSICDIFF_DEEZER_WRITE_INTERVAL": "0s"}
        yield served


class Start:
    """Begins ``auth spotify`` and sees to it that it ends with the test."""

    def __init__(self, command: CommandLine) -> None:
        self.command = command
        self.begun: list[Authorisation] = []

    def __call__(self, *arguments: str, stdin: int = subprocess.DEVNULL) -> Authorisation:
        self.begun.append(Authorisation(self.command, "spotify", "--port", "0", *arguments, stdin=stdin))
        return self.begun[-1]


@pytest.fixture
def start(command: CommandLine) -> Iterator[Start]:
    starting = Start(command)
    yield starting
    for one in starting.begun:
        one.process.kill()
        one.process.communicate()


def visit(address: str) -> int:
    return requests.get(address, timeout=30).status_code


def today() -> date:
    return datetime.now(UTC).date()  # noqa: TID251 - what the command itself asks the machine for


@pytest.mark.parametrize("secret", [False, True], ids=["pkce", "secret"])
def test_consent_in_a_browser_ends_in_an_env_file(
    command: CommandLine, sandbox: Sandbox, start: Start, secret: bool
) -> None:
    if secret:
        command.env["SPOTIFY_CLIENT_SECRET"] = sandbox.grants.client_secret
    run = start("--no-browser")
    url = run.until_asked()
    assert ("code_challenge_method=S256" in url) is not secret
    assert "redirect_uri=http%3A%2F%2F127.0.0.1%3A" in url
    answer = consent(url)
    assert visit(answer) == 200
    status, out, err = run.end()
    assert status == 0, err
    file = command.home / "musicdiff.env"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600  # the process runs with umask 0
    kept = variables(file)
    expected = {"SPOTIFY_CLIENT_ID", "SPOTIFY_REFRESH_TOKEN", "SPOTIFY_AUTHORIZED_AT"}
    assert set(kept) == expected | ({"SPOTIFY_CLIENT_SECRET"} if secret else set())
    assert kept["SPOTIFY_AUTHORIZED_AT"] == today().isoformat()
    assert f"Spotify account: {sandbox.spotify.display_name} ({sandbox.spotify.user_id})" in out
    assert f"until {consent_ends(today())}" in out
    assert "Renew it before: musicdiff-job auth spotify --env-file musicdiff.env\n" in out
    assert "musicdiff-job auth deezer" in out
    assert "musicdiff-job run --env-file musicdiff.env" in out
    code = dict(part.split("=") for part in answer.split("?")[1].split("&"))["code"]
    for hidden in (kept["SPOTIFY_REFRESH_TOKEN"], sandbox.grants.client_secret, code):
        assert hidden not in out + err
    assert list(command.home.iterdir()) == [file]


def test_both_accounts_into_one_file_and_then_the_job_runs(
    command: CommandLine, sandbox: Sandbox, start: Start
) -> None:
    run = start("--no-browser")
    visit(consent(run.until_asked()))
    assert run.end()[0] == 0
    piped = Authorisation(command, "deezer", stdin=subprocess.PIPE)
    assert piped.process.stdin is not None
    piped.process.stdin.write(f"{SANDBOX_ARL}\n".encode())
    piped.process.stdin.flush()  # and stays open: one line is enough
    status, out, err = piped.end()
    assert (status, SANDBOX_ARL in out + err) == (0, False)
    assert "next: musicdiff-job auth" not in out
    assert "next: musicdiff-job check --env-file musicdiff.env" in out
    assert out.splitlines()[-1] == "then: musicdiff-job run --env-file musicdiff.env"
    del command.env["SPOTIFY_CLIENT_ID"]
    result = command("run", "--env-file", "musicdiff.env")
    assert result.exit_code == 0, result.output
    assert json.loads(result.stdout.splitlines()[-1])["outcome"] == "changed"
    assert "others may read" not in result.stderr
    assert command("auth", "status", "--env-file", "musicdiff.env").exit_code == 0


def test_a_renewal_needs_the_file_and_nothing_else(command: CommandLine, sandbox: Sandbox, start: Start) -> None:
    del command.env["SPOTIFY_CLIENT_ID"]
    file = command.home / "my.env"
    file.write_text(
        f"# mine\nexport SPOTIFY_CLIENT_ID={sandbox.grants.client_id}\nSPOTIFY_CLIENT_SECRET="
        f"{sandbox.grants.client_secret}\nSPOTIFY_REFRESH_TOKEN=dead\nMUSICDIFF_SYNC_NAME='{{name}} (S)'\n"
    )
    file.chmod(0o644)
    run = start("--no-browser", "--env-file", "my.env")
    visit(consent(run.until_asked()))
    status, out, err = run.end()
    assert status == 0, err
    lines = file.read_text().splitlines()
    assert lines[:2] == ["# mine", f"export SPOTIFY_CLIENT_ID={sandbox.grants.client_id}"]
    assert lines[3].startswith("SPOTIFY_REFRESH_TOKEN=AQ")
    assert lines[4:] == ["MUSICDIFF_SYNC_NAME='{name} (S)'", f"SPOTIFY_AUTHORIZED_AT={today()}"]
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert "next: musicdiff-job auth deezer --env-file my.env" in out


def test_a_file_that_was_not_named_is_not_read_for_credentials(command: CommandLine, sandbox: Sandbox) -> None:
    del command.env["SPOTIFY_CLIENT_ID"]
    (command.home / "musicdiff.env").write_text(f"SPOTIFY_CLIENT_ID={sandbox.grants.client_id}\n")
    result = command("auth", "spotify", "--no-browser")
    assert result.exit_code == 64
    assert "--env-file musicdiff.env" in result.stderr
    assert "http://127.0.0.1:8913/callback" in result.stderr


def test_what_is_not_the_answer_is_refused_and_the_wait_goes_on(
    command: CommandLine, sandbox: Sandbox, start: Start
) -> None:
    run = start("--no-browser")
    answer = consent(run.until_asked())
    assert visit(answer.replace("/callback?", "/favicon.ico?")) == 404
    assert visit(answer.partition("?")[0]) == 404
    assert visit(rewritten(answer, state="guessed")) == 400
    assert visit(rewritten(answer, state="guessed", code=None, error="access_denied")) == 400
    assert visit(rewritten(answer, state="gu\u00e9ssed")) == 400
    assert visit(rewritten(answer, state=None)) == 400
    assert visit(answer) == 200
    status, _, err = run.end()
    assert status == 0, err
    assert err.count("still waiting") == 4
    assert "another attempt" in err


def test_a_declined_consent_is_77_and_writes_nothing(command: CommandLine, sandbox: Sandbox, start: Start) -> None:
    run = start("--no-browser")
    answer = consent(run.until_asked())
    assert visit(rewritten(answer, code=None, error="access_denied")) == 200
    status, out, err = run.end()
    assert (status, out) == (77, "")
    assert "declined" in err
    assert not list(command.home.iterdir())


def test_a_consent_without_what_the_job_needs_is_77_and_writes_nothing(
    command: CommandLine, sandbox: Sandbox, start: Start
) -> None:
    run = start("--no-browser")
    visit(consent(rewritten(run.until_asked(), scope="playlist-read-private user-library-read")))
    status, out, err = run.end()
    assert (status, out) == (77, "")
    assert "the consent lacks playlist-read-collaborative." in err
    assert not list(command.home.iterdir())


def test_a_consent_without_what_the_job_can_spare_is_kept(command: CommandLine, sandbox: Sandbox, start: Start) -> None:
    run = start("--no-browser")
    scope = "playlist-read-private playlist-read-collaborative user-library-read user-follow-read"
    visit(consent(rewritten(run.until_asked(), scope=scope)))
    status, _, err = run.end()
    assert status == 0, err
    assert "not consented to: what you played last" in err
    assert "user-follow-read); the job goes without" not in err


def test_what_a_setting_needs_is_not_shrugged_off(command: CommandLine, sandbox: Sandbox, start: Start) -> None:
    command.env["MUSICDIFF_PLAYBACK_ENABLED"] = "true"
    run = start("--no-browser")
    asked = run.until_asked()
    assert "user-read-recently-played" in asked
    visit(consent(rewritten(asked, scope="playlist-read-private playlist-read-collaborative user-library-read")))
    status, _, err = run.end()
    assert status == 0, err
    assert "(user-read-recently-played); playback.enabled records nothing until it is" in err
    assert "(user-follow-read); the job goes without" in err


def test_the_right_to_edit_playlists_is_asked_for_on_demand_only(
    command: CommandLine, sandbox: Sandbox, start: Start
) -> None:
    run = start("--no-browser")
    asked = run.until_asked()
    assert "playlist-modify" not in asked
    visit(consent(asked))
    run.end()
    run = start("--no-browser", "--both-ways", "--env-file", "musicdiff.env")
    asked = run.until_asked()
    assert all(f"playlist-modify-{which}" in asked for which in ("private", "public"))
    visit(consent(asked))
    status, out, err = run.end()
    assert status == 0, err
    assert "let the job read, and edit playlists:" in err
    assert "Renew it before: musicdiff-job auth spotify --both-ways --env-file musicdiff.env" in out
    kept = variables(command.home / "musicdiff.env")
    answer = sandbox.grants.refreshed(kept["SPOTIFY_REFRESH_TOKEN"])
    assert b"playlist-modify-private" in answer.body


def test_an_answer_that_comes_too_late_is_77(command: CommandLine, sandbox: Sandbox, start: Start) -> None:
    run = start("--no-browser")
    answer = consent(run.until_asked())
    sandbox.grants.revoke()
    visit(answer)
    status, out, err = run.end()
    assert (status, out) == (77, "")
    assert "invalid_grant: Invalid authorization code" in err
    assert "good for one use" in err
    assert not list(command.home.iterdir())


def test_a_wrong_secret_is_77(command: CommandLine, sandbox: Sandbox, start: Start) -> None:
    command.env["SPOTIFY_CLIENT_SECRET"] = "wrong-wrong"
    run = start("--no-browser")
    visit(consent(run.until_asked()))
    status, _, err = run.end()
    assert status == 77
    assert "SPOTIFY_CLIENT_SECRET" in err
    assert "wrong-wrong" not in err


def test_a_service_that_asks_to_wait_is_11(command: CommandLine, sandbox: Sandbox, start: Start) -> None:
    sandbox.misbehave(Fault(quota_exceeded(), "spotify"))
    run = start("--no-browser")
    visit(consent(run.until_asked()))
    assert run.end()[0] == 11
    assert not list(command.home.iterdir())


def test_nobody_answers_in_time(command: CommandLine, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(auth_spotify, "WAIT", 0.0)
    result = command("auth", "spotify", "--port", "0", "--no-browser")
    assert (result.exit_code, result.stdout) == (77, "")
    assert "no answer came" in result.stderr


def test_a_port_that_is_taken_is_64(command: CommandLine, sandbox: Sandbox) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        result = command("auth", "spotify", "--no-browser", "--port", str(other.getsockname()[1]))
    assert result.exit_code == 64
    assert "--port" in result.stderr


def test_the_address_can_be_pasted_at_a_terminal(command: CommandLine, sandbox: Sandbox, start: Start) -> None:
    terminal, stdin = pty.openpty()
    try:
        run = start("--no-browser", stdin=stdin)
        answer = consent(run.until_asked())
        run.until(lambda line: "paste the address" in line)
        os.write(terminal, b"what?\n")
        run.until(lambda line: "still waiting" in line)
        os.write(terminal, f"{rewritten(answer, state='old')}\n".encode())
        run.until(lambda line: "another attempt; still waiting" in line)
        os.write(terminal, f"  {answer}\n".encode())
        status, _, err = run.end()
    finally:
        os.close(terminal)
        os.close(stdin)
    assert status == 0, err
    assert "SPOTIFY_REFRESH_TOKEN" in variables(command.home / "musicdiff.env")


def test_a_terminal_that_hangs_up_leaves_the_browser(command: CommandLine, sandbox: Sandbox, start: Start) -> None:
    terminal, stdin = pty.openpty()
    run = start("--no-browser", stdin=stdin)
    os.close(stdin)
    answer = consent(run.until_asked())
    run.until(lambda line: "paste the address" in line)
    os.close(terminal)
    visit(answer)
    assert run.end()[0] == 0


def test_the_address_can_be_piped_in(command: CommandLine, sandbox: Sandbox, start: Start) -> None:
    run = start("--no-browser", stdin=subprocess.PIPE)
    answer = consent(run.until_asked())
    status_pipe = run.process.stdin
    assert status_pipe is not None
    status_pipe.write(f"{answer}\n".encode())
    status_pipe.flush()
    status, _, err = run.end()
    assert status == 0, err
    assert "paste" not in err


def test_a_wrong_address_that_is_piped_in_is_77(command: CommandLine, sandbox: Sandbox, start: Start) -> None:
    run = start("--no-browser", stdin=subprocess.PIPE)
    answer = consent(run.until_asked())
    assert run.process.stdin is not None
    run.process.stdin.write(f"{rewritten(answer, state='old')}\n".encode())
    run.process.stdin.flush()
    status, _, err = run.end()
    assert status == 77
    assert "another attempt" in err


def test_a_browser_is_opened_where_it_can_be_seen(
    command: CommandLine, sandbox: Sandbox, start: Start, tmp_path_factory: pytest.TempPathFactory
) -> None:
    script = tmp_path_factory.mktemp("browser") / "browser.py"
    # It greets on stdout, as some browsers do, and only ends when the page has come.
    script.write_text("import sys, urllib.request\nprint('hello')\nurllib.request.urlopen(sys.argv[1]).read()\n")
    command.env |= {"DISPLAY": ":99", "BROWSER": f"{sys.executable} {script} %s"}
    run = start("--print")
    status, out, err = run.end()
    assert status == 0, err
    assert out.startswith("SPOTIFY_CLIENT_ID=")


@pytest.mark.parametrize(
    ("env", "platform", "plausible"),
    [
        ({}, "linux", False),
        ({"DISPLAY": ":0"}, "linux", True),
        ({"WAYLAND_DISPLAY": "wayland-0"}, "linux", True),
        ({"DISPLAY": "localhost:10.0", "SSH_CONNECTION": "1 2 3 4"}, "linux", False),
        ({}, "darwin", True),
        ({"SSH_TTY": "/dev/ttys001"}, "darwin", False),
    ],
)
def test_where_a_browser_would_be_seen(env: dict[str, str], platform: str, plausible: bool) -> None:
    assert can_show_browser(env, platform) is plausible


@pytest.mark.parametrize("form", ["env", "k8s", "github"])
def test_print_shows_the_values_and_nothing_else_on_stdout(
    command: CommandLine, sandbox: Sandbox, start: Start, form: str
) -> None:
    run = start("--no-browser", "--print", "--format", form)
    visit(consent(run.until_asked()))
    status, out, err = run.end()
    assert status == 0, err
    assert not list(command.home.iterdir())
    match form:
        case "env":
            values = dict(line.split("=", 1) for line in out.splitlines())
        case "k8s":
            document = yaml.safe_load(out)
            assert (document["kind"], document["metadata"]["name"]) == ("Secret", "musicdiff-spotify")
            values = document["stringData"]
        case _:
            # Run by a real shell, with a program in gh's place that says what it was given.
            gh = command.home / "gh"
            gh.write_text('#!/bin/sh\necho "$@"\ncat\n')
            gh.chmod(0o755)
            done = subprocess.run(
                ["sh"],
                check=True,
                input=out,
                env={"PATH": f"{command.home}:{os.defpath}"},
                capture_output=True,
                text=True,
            )
            arguments, *lines = done.stdout.splitlines()
            assert arguments == "secret set --env-file -"
            values = dict(line.split("=", 1) for line in lines)
    assert set(values) == {"SPOTIFY_CLIENT_ID", "SPOTIFY_REFRESH_TOKEN", "SPOTIFY_AUTHORIZED_AT"}
    assert values["SPOTIFY_REFRESH_TOKEN"].startswith("AQ")
    assert values["SPOTIFY_REFRESH_TOKEN"] not in err
    assert sandbox.spotify.user_id in err


@pytest.mark.parametrize("form", ["k8s", "github"])
def test_without_print_a_secret_is_made_from_the_file_by_a_command_without_values(
    command: CommandLine, sandbox: Sandbox, start: Start, form: str
) -> None:
    run = start("--no-browser", "--format", form)
    visit(consent(run.until_asked()))
    status, out, err = run.end()
    assert status == 0, err
    assert variables(command.home / "musicdiff.env")["SPOTIFY_REFRESH_TOKEN"] not in out + err
    assert "musicdiff.env" in out.splitlines()[-1]
    assert {"k8s": "kubectl create secret", "github": "gh secret set"}[form] in out.splitlines()[-1]


@pytest.mark.parametrize("place", ["no/such/folder/x.env", "folder", "broken.env"])
def test_a_file_that_cannot_be_written_is_told_before_anybody_is_asked(
    command: CommandLine, sandbox: Sandbox, place: str
) -> None:
    (command.home / "folder").mkdir()
    (command.home / "broken.env").write_text("not a variable\n")
    result = command("auth", "spotify", "--no-browser", "--env-file", place)
    assert result.exit_code in (64, 78)
    assert place in result.stderr
    assert "Open this address" not in result.stderr
    assert (command.home / "broken.env").read_text() == "not a variable\n"


def test_a_stranger_that_says_nothing_keeps_nobody_waiting(
    command: CommandLine, sandbox: Sandbox, start: Start
) -> None:
    run = start("--no-browser")
    answer = consent(run.until_asked())
    host, _, port = answer.split("/")[2].partition(":")
    with socket.create_connection((host, int(port))):
        assert visit(answer) == 200
    assert run.end()[0] == 0


def test_a_signal_ends_the_wait(command: CommandLine, sandbox: Sandbox, start: Start) -> None:
    run = start("--no-browser")
    run.until_asked()
    run.process.send_signal(2)
    status, out, err = run.end()
    assert (status, out) == (130, "")
    assert "Traceback" not in err
