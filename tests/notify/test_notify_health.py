"""Pings, as a monitor gets them."""

from __future__ import annotations

import time
import uuid

import msgspec
import pytest
from checkpoint_sample import HOSTILE, NOW, run_summary
from endpoints import Endpoint

from musicdiff_job.core.outcome import TABLE, Outcome
from musicdiff_job.core.secret import Redactor, Secret
from musicdiff_job.core.summary import ErrorLine, Summary
from musicdiff_job.notify.health import BODY_AT_MOST, PINGS, HealthPings, NoAnswer, Ping, address, body_of
from musicdiff_job.sinks import Ended

RID = uuid.uuid5(uuid.NAMESPACE_OID, "run-21-3")


def pings(url: str) -> HealthPings:
    return HealthPings(Secret(url), Redactor(), time.monotonic)


def run(outcome: Outcome = Outcome.CHANGED, *errors: ErrorLine) -> Summary:
    return msgspec.structs.replace(run_summary(21, outcome, 3, errors=errors), exit_code=int(TABLE[outcome].simple))


def tell(sink: HealthPings, summary: Summary, seconds: float = 30.0) -> None:
    sink.begin(summary.run_id)
    sink.end(Ended(summary, NOW, lambda: None, seconds))


@pytest.mark.parametrize(
    ("outcome", "signal"),
    [
        ("in_sync", ""), ("changed", ""), ("more_to_do", ""),
        ("rate_limited", "/log"), ("locked", "/log"), ("paused", "/log"), ("lost_lease", "/log"),
        ("interrupted", "/log"),
        ("partial", "/20"), ("conflict", "/21"),
        ("unavailable", "/fail"), ("crash", "/fail"), ("auth", "/fail"), ("config", "/fail"), ("usage", "/fail"),
        ("checkpoint_invalid", "/fail"), ("checkpoint_unwritable", "/fail"),
    ],
)  # fmt: skip
def test_each_outcome_has_its_ping(endpoint: Endpoint, outcome: str, signal: str) -> None:
    tell(pings(f"{endpoint.url}/ping/key"), run(Outcome(outcome)))
    assert endpoint.paths == [f"/ping/key/start?rid={RID}", f"/ping/key{signal}?rid={RID}"]
    assert [asked.method for asked in endpoint.asked] == ["POST", "POST"]
    assert endpoint.asked[1].body.decode().startswith(f"{outcome}: ")


def test_every_outcome_has_one_and_none_that_needs_a_person_is_a_success() -> None:
    assert set(PINGS) == set(Outcome)
    assert all(TABLE[outcome].healthy for outcome, ping in PINGS.items() if ping is Ping.SUCCESS)


def test_the_address_may_have_a_query() -> None:
    url = Secret("https://hc.example/ping/key/slug/?create=1")
    assert address(url, "start", "run-21-3").reveal() == f"https://hc.example/ping/key/slug/start?create=1&rid={RID}"
    assert address(url, "", "run-21-3").reveal() == f"https://hc.example/ping/key/slug?create=1&rid={RID}"


def test_a_monitor_that_is_down_is_asked_twice(endpoint: Endpoint) -> None:
    endpoint.status = lambda number: 503 if number == 1 else 200
    tell(pings(endpoint.url), run())
    assert len(endpoint.asked) == 3
    endpoint.status = lambda number: 503
    with pytest.raises(NoAnswer, match=r"HTTP 503"):
        tell(pings(endpoint.url), run())
    assert len(endpoint.asked) == 7


def test_what_it_refuses_is_not_sent_again_and_a_redirect_is_not_followed(endpoint: Endpoint) -> None:
    endpoint.status = lambda number: 404
    with pytest.raises(NoAnswer, match=r"HTTP 404"):
        tell(pings(endpoint.url), run())
    endpoint.status, endpoint.location = (lambda number: 302), f"{endpoint.url}/elsewhere"
    with pytest.raises(NoAnswer, match=r"HTTP 302"):
        tell(pings(f"{endpoint.url}/key"), run())
    assert "/elsewhere" not in "".join(endpoint.paths)
    assert len(endpoint.asked) == 4


def test_what_it_says_of_trouble_holds_no_address() -> None:
    with pytest.raises(NoAnswer) as told:
        tell(pings("http://127.0.0.1:9/ping/sesame-key"), run())
    assert "sesame" not in str(told.value)
    assert "127.0.0.1" not in str(told.value)


def test_a_monitor_that_hangs_is_left_behind(endpoint: Endpoint) -> None:
    endpoint.hang.set()
    with pytest.raises(NoAnswer, match="does not answer"):
        tell(pings(endpoint.url), run(), seconds=0.5)


def test_the_body_is_short_harmless_and_without_secrets() -> None:
    redactor = Redactor()
    redactor.learn("sesame-opens-it")
    errors = [ErrorLine(HOSTILE, "no sesame-opens-it", "x" * 500) for _ in range(100)]
    body = body_of(run(Outcome.PARTIAL, *errors), redactor)
    assert len(body) <= BODY_AT_MOST
    text = body.decode()
    assert "sesame" not in text
    assert text.replace("\n", "").isprintable()
    assert "4 collections, 3 added, 2 removed" in text
    assert "Spotify 3, Deezer 1207" in text
