"""``notify test``: whether messages arrive."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from command_line import CommandLine
from endpoints import Endpoint, http_endpoint, load_apprise

from musicdiff_job.notify import delivery


@pytest.fixture
def endpoint() -> Iterator[Endpoint]:
    load_apprise()
    with http_endpoint() as server:
        yield server


def test_a_message_to_each_address(command: CommandLine, endpoint: Endpoint) -> None:
    web = endpoint.url.replace("http://", "json://ada:hunter22@")
    command.env["MUSICDIFF_NOTIFY_URLS"] = f"{web}/one, conflict,auth={web}/two"
    result = command("notify", "test")
    assert result.exit_code == 0, result.output
    first, second = result.stdout.splitlines()
    assert first.startswith("1. json://ada:***@127.0.0.1")
    assert ": delivered (told of auth, completed, conflict," in first
    assert second.endswith(": delivered (told of auth, conflict)")
    assert "hunter22" not in result.output
    assert sorted(endpoint.paths) == ["/one", "/two"]
    assert json.loads(endpoint.asked[0].body)["title"] == "musicdiff: a test"
    assert command("notify", "test", "-q").output == ""


def test_what_did_not_arrive(command: CommandLine, endpoint: Endpoint) -> None:
    endpoint.status = lambda number: 500
    command.env["MUSICDIFF_NOTIFY_URLS"] = endpoint.url.replace("http", "json")
    result = command("notify", "test")
    assert result.exit_code == 69
    assert "failed: the service did not take it" in result.stdout
    command.env["MUSICDIFF_NOTIFY_URLS"] += ", nosuch://user:hunter22@host"
    result = command("notify", "test", "-q")
    assert result.exit_code == 78
    assert result.stdout == ""
    assert "2. nosuch://...: refused: " in result.stderr
    assert "hunter22" not in result.output


def test_nobody_to_tell(command: CommandLine) -> None:
    result = command("notify", "test")
    assert result.exit_code == 78
    assert "notify.urls is empty" in result.stderr


def test_without_apprise(command: CommandLine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(delivery, "is_installed", lambda: False)
    command.env["MUSICDIFF_NOTIFY_URLS"] = "ntfy://topic"
    result = command("notify", "test")
    assert result.exit_code == 78
    assert "pip install 'musicdiff-job[notify]'" in result.stderr
