"""No secret gets out: not into the log, whoever logs; not into anything a run writes or a command prints; not by an
object's text; not by the list of processes. And none comes in where it could be read by others."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from auth_stage import Authorisation
from awkward import TORTURE, families, revealed, secrets
from command_line import CommandLine
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from leaks import (
    ANSWERS,
    PLACES,
    Ordeal,
    blow_up,
    check_log,
    check_objects,
    check_run,
    ordeals,
    places,
    talkative,
    under_secrets,
)

from musicdiff_job.cli.root import root
from musicdiff_job.sandbox.faults import Fault, Status
from musicdiff_job.sandbox.server import SANDBOX_ARL, Sandbox
from musicdiff_job.sandbox.world import synthetic_world

SLOW = (HealthCheck.too_slow, HealthCheck.function_scoped_fixture)
PLAIN = Ordeal(
    arl="c0ffeec0ffeec0ffee", token="frT0kenT0kenT0ken", client_secret="5ecre75ecre7", refresh="AQrefresh",
    grown=["rotatedrotated", "accessaccess", "unused"], credential="arl", service="*", skip=0, answer="echo",
    status=400, way="plain",
)  # fmt: skip
AWKWARD = {"arl": "a+b/c=&d%41", "token": "t.*?(x)[y]{2}\\", "client_secret": "s:'\"`<&>", "refresh": "$r^|{0}%s"}


@settings(max_examples=12 * TORTURE, deadline=None, suppress_health_check=SLOW)
@given(known=families(), placed=places())
@example(known=["0123456789abcdef-secret"], placed=[(place, "httpx", "plain", 3) for place in PLACES])
def test_no_library_can_log_a_secret_of_any_shape(tmp_path: Path, known: list[str], placed: list[Any]) -> None:
    check_log(tmp_path, known, placed)


SERVICES = ("accounts", "spotify", "deezer", "catalogue", "gateway")
"""The catalogue is Deezer's public API without a token."""
FAILURES = [
    (service, answer)
    for at, service in enumerate(SERVICES)
    for by, answer in enumerate(ANSWERS)
    # By default each answer of one service, in turn, and what repeats secrets in the service's own way of all.
    if TORTURE > 1 or (at + by) % len(SERVICES) == 0 or "way" in answer
]


@pytest.mark.parametrize(("service", "answer"), FAILURES)
def test_no_failing_request_lets_a_secret_out(tmp_path: Path, service: str, answer: str) -> None:
    """The first failing call of each service; the property below has any call of any service fail."""
    skip = {"spotify": 1, "gateway": 1}.get(service, 0)
    credential = "token" if service == "deezer" else "arl"
    service = "deezer" if service == "catalogue" else service
    at = ANSWERS.index(answer)
    changes: dict[str, Any] = {**(AWKWARD if at % 2 else {}), "way": ("plain", "quoted", "json", "html")[at % 4]}
    ordeal = Ordeal(
        **{**vars(PLAIN), **changes, "service": service, "skip": skip, "answer": answer, "credential": credential}
    )
    assert check_run(tmp_path, ordeal).outcome not in ("crash", "in_sync")


@settings(max_examples=4 * TORTURE, deadline=None, suppress_health_check=SLOW)
@given(ordeal=ordeals())
def test_no_run_lets_a_secret_out(tmp_path_factory: pytest.TempPathFactory, ordeal: Ordeal) -> None:
    assert check_run(tmp_path_factory.mktemp("ordeal"), ordeal).outcome != "crash"


@settings(max_examples=2 * TORTURE, deadline=None, suppress_health_check=SLOW)
@given(known=st.lists(secrets(printable=True, least=8), min_size=4, max_size=4, unique=True))
def test_no_object_shows_a_secret(tmp_path: Path, known: list[str]) -> None:
    assert check_objects(tmp_path, known) > 100


DEEP = (
    "musicdiff_job.spotify.auth._json_object",
    "musicdiff_job.spotify.wire.complaint",
    "musicdiff_job.spotify.decode.liked",
    "musicdiff_job.deezer.answers.read",
    "musicdiff_job.deezer.decode.sign_in",
    "musicdiff_job.deezer.decode.gateway_page",
    "musicdiff_job.core.document.encode",
    "requests.adapters.HTTPAdapter.send",
    "httpx.HTTPTransport.handle_request",
    "spotipy.Spotify._internal_call",
)


@pytest.mark.parametrize(("place", "form"), [(place, ("text", "json")[at % 2]) for at, place in enumerate(DEEP)])
def test_a_bug_deep_down_lets_no_secret_out(
    place: str, form: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    command = CommandLine(tmp_path)
    ordeal = Ordeal(**{**vars(PLAIN), **AWKWARD})
    with under_secrets(tmp_path, ordeal) as (rig, known):
        command.env |= rig.environment() | {"MUSICDIFF_LOG_FILE": str(tmp_path / "job.log")}
        if "complaint" in place:
            rig.sandbox.misbehave(Fault(Status(403), service="spotify"))

        given_ones = known()

        def broken(*_: object, **__: object) -> None:
            # What a service has only just said is known by its shape, the rest as it is.
            fresh = "".join(
                f'{{"access_token": "{one}"}}, sid={one}; {{"checkForm":"{one}"}}' for one in known() - given_ones
            )
            blow_up(" ".join(sorted(given_ones)) + fresh)

        monkeypatch.setattr(place, broken)
        with talkative():
            result = command("run", "-vv", "--log-format", form, "--summary-file", str(tmp_path / "summary.json"))
        assert result.exit_code == 70, result.output[-2000:]
        assert "Bug" in result.output and "Traceback" in result.output
        said = result.output
        for path in tmp_path.iterdir():
            if path.name != "tokens.json" and path.is_file():
                said += path.read_text(encoding="utf-8", errors="replace")
        assert not revealed(said, known(), depth=1)


COMMANDS: tuple[tuple[str, ...], ...] = (
    *((name,) for name in ("status", "playlists", "history", "unmatched", "matches", "conflicts")),
    *((name, "--json") for name in ("status", "playlists", "history", "unmatched", "matches", "conflicts")),
    ("matches", "--csv"), ("matches", "--doubtful", "-o", "matches.csv"),
    ("status", "-v"), ("checkpoint", "show"), ("checkpoint", "show", "--json"), ("checkpoint", "verify"),
    ("auth", "status"), ("check", "-vv"), ("check", "--json"),
    ("plan", "-vv", "-o", "plan.json"), ("pause",), ("run", "-vv"), ("resume",),
    ("run", "-vv", "--force", "--summary-file", "summary.json"),
)  # fmt: skip


@pytest.mark.parametrize("credential", ["arl", "token"])
def test_no_command_prints_a_secret(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, credential: Any) -> None:
    monkeypatch.chdir(tmp_path)
    command = CommandLine(tmp_path)
    with under_secrets(tmp_path, Ordeal(**{**vars(PLAIN), **AWKWARD, "credential": credential})) as (rig, known):
        command.env |= rig.environment() | {"MUSICDIFF_LOG_FILE": str(tmp_path / "job.log")}
        said = command("run", "-vv").output
        with talkative():
            for arguments in COMMANDS:
                result = command(*arguments)
                assert result.exit_code == 0, (arguments, result.output[-2000:])
                said += result.output
        for path in tmp_path.iterdir():
            if path.name != "tokens.json" and path.is_file():
                said += path.read_text(encoding="utf-8", errors="replace")
        assert not revealed(said, known(), depth=1)


# The list of processes


def command_lines(session: int) -> str:
    """The command lines of all processes of a session; environments are for their user's eyes only."""
    found = ""
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if os.getsid(int(process.name)) == session:
                found += (process / "cmdline").read_text(errors="replace").replace("\0", " ") + "\n"
        except (OSError, ValueError):
            continue  # gone by now
    return found


@pytest.fixture
def sandbox(command: CommandLine) -> Iterator[Sandbox]:
    with Sandbox(synthetic_world(playlists=1, tracks_each=3, liked=1, seed=5)) as served:
        command.env |= served.environment() | {"MUSICDIFF_DEEZER_WRITE_INTERVAL": "0s"}
        yield served


@pytest.mark.skipif(not Path("/proc/self/cmdline").exists(), reason="needs /proc")
def test_no_secret_is_in_the_list_of_processes(command: CommandLine, sandbox: Sandbox) -> None:
    sandbox.latency = 0.05
    with subprocess.Popen(
        [sys.executable, "-m", "musicdiff_job", "run", "-vv"], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        cwd=command.home, env=command.env | {"PYTHONPATH": ":".join(sys.path)}, start_new_session=True,
    ) as process:  # fmt: skip
        assert process.stderr is not None
        seen = ""
        for at, _ in enumerate(process.stderr):
            if at % 20 == 0:
                seen += command_lines(process.pid)
    assert process.returncode == 0
    assert "musicdiff_job run" in seen
    assert not revealed(seen, {sandbox.grants.client_secret, SANDBOX_ARL, *sandbox.grants.issued()}, depth=1)


@pytest.mark.skipif(not Path("/proc/self/cmdline").exists(), reason="needs /proc")
def test_a_browser_is_told_the_question_and_no_secret(command: CommandLine, sandbox: Sandbox) -> None:
    """Its address is for everybody to see, as all addresses are that a browser is opened with."""
    told = command.home / "told"
    os.mkfifo(told)
    browser = command.home / "browser"
    browser.write_text(f'#!/bin/sh\n(echo "$@"; env) > {told}\n')
    browser.chmod(0o700)
    command.env |= {"DISPLAY": ":0", "BROWSER": str(browser), "PATH": os.environ["PATH"]}
    for secret in (True, False):
        if not secret:
            del command.env["SPOTIFY_CLIENT_SECRET"]
        started = Authorisation(command, "spotify", "--port", "0")
        url = started.until_asked()
        address, _, environment = told.read_text().partition("\n")
        started.process.kill()
        started.end()
        assert address == url
        assert "DISPLAY=:0" in environment
        assert not revealed(
            address + environment, {sandbox.grants.client_secret, SANDBOX_ARL, *sandbox.grants.issued()}
        )
        assert ("code_challenge=" in address) is not secret
        assert "verifier" not in address


# The way in


@pytest.mark.parametrize(
    "line",
    [
        "[spotify]\nclient_secret = '{}'", "[spotify]\nrefresh_token = '{}'", "[deezer]\narl = '{}'",
        "[deezer]\naccess_token = '{}'", "DEEZER_ARL = '{}'", "[credentials]\ndeezer_arl = '{}'",
        "[profiles.default.deezer]\narl = '{}'", "[secrets]\nx = '{}'",
    ],
)  # fmt: skip
def test_no_credential_is_taken_from_the_settings_file(command: CommandLine, line: str) -> None:
    (command.home / "musicdiff.toml").write_text(line.format("s3cret-in-a-file"))
    result = command("run", "-vv")
    assert result.exit_code == 78
    assert "credentials are not read from this file" in result.output
    assert "s3cret" not in result.output


def test_no_option_takes_a_credential(command: CommandLine) -> None:
    for path in (
        ("run",),
        ("plan",),
        ("status",),
        ("auth", "spotify"),
        ("auth", "deezer"),
        ("auth", "status"),
        ("check",),
        ("init",),
        ("explain", "x"),
    ):
        for option in ("--arl", "--deezer-arl", "--access-token", "--client-secret", "--refresh-token", "--password"):
            result = command(*path, f"{option}=s3cret-argument")
            assert result.exit_code == 64, (path, option)
            assert "s3cret" not in result.output
    assert not [option for option in root.params if "secret" in str(option.opts) or "arl" in str(option.opts)]


@pytest.mark.parametrize(
    "name", ["SPOTIFY_CLIENT_SECRET", "SPOTIFY_REFRESH_TOKEN", "DEEZER_ARL", "DEEZER_ACCESS_TOKEN"]
)
@pytest.mark.parametrize(
    ("mode", "warned"), [(0o600, False), (0o400, False), (0o640, True), (0o604, True), (0o666, True)]
)
def test_a_mounted_secret_that_others_may_read_is_warned_about(
    command: CommandLine, name: str, mode: int, warned: bool
) -> None:
    mounted = command.home / "mounted"
    mounted.write_text("s3cret-in-a-file\n")
    mounted.chmod(mode)
    command.env[f"{name}_FILE"] = str(mounted)
    result = command("auth", "status", "--log-format", "text")
    assert ("others may read" in result.stderr and f"{mode:04o}" in result.stderr) is warned
    assert "s3cret" not in result.output
