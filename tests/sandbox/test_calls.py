"""The call log: what counts as what, and that no secret gets in."""

from __future__ import annotations

import pytest

from musicdiff_job.sandbox.calls import SECRET_PARAMETERS, CallLog, counted_as


@pytest.mark.parametrize(
    ("service", "path", "counter"),
    [
        ("spotify", "/me", "spotify"),
        ("accounts", "/api/token", "auth"),
        ("deezer", "/track/1", "deezer"),
        ("gateway", "/deezer.getUserData", "auth"),
        ("gateway", "/playlist.addSongs", "deezer"),
    ],
)
def test_counters(service: str, path: str, counter: str) -> None:
    assert counted_as(service, path) == counter


def test_calls_are_kept_in_order_without_secrets() -> None:
    log = CallLog(clock=lambda: 12.0)
    log.record("deezer", "GET", "/search", {"q": "song"} | dict.fromkeys(SECRET_PARAMETERS, "hush"), 200)
    log.record("accounts", "POST", "/api/token", {}, 0)
    first, second = log.all()
    assert (first.path, first.query["q"], first.status, first.at) == ("/search", "song", 200, 12.0)
    assert "hush" not in str(first)
    assert (second.counted_as, second.status) == ("auth", 0)
    assert log.counts() == {"deezer": 1, "auth": 1}
    log.forget()
    assert log.all() == ()
