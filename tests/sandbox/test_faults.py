"""Fault rules and effects, without sockets: which calls they pick, what leaves the server, what was applied."""

from __future__ import annotations

import json
import threading
from typing import Any

import msgspec
import pytest

from musicdiff_job.sandbox import faults
from musicdiff_job.sandbox.faults import Dropped, Effect, Fault, FaultRules, deliver
from musicdiff_job.sandbox.http import Request, Response

EFFECTS: list[Effect] = [
    faults.Status(502, {"Content-Type": "text/html"}, "<h1>Bad gateway</h1>"),
    faults.Html200(),
    faults.TruncatedJson(),
    faults.EmptyBody(),
    faults.JsonFalse(),
    faults.DeezerQuota(),
    faults.ResetBefore(),
    faults.ResetAfter(),
    faults.Hang(30.0),
    faults.Slow(2.0),
    faults.TokenExpired(),
    faults.WrongJson({"data": None}),
    faults.EditJson(("more", -1), value="x"),
    faults.EditJson(("answer",), remove=True),
    faults.FirstPage(),
]
RIGHT = Response.of({"answer": "right", "more": [1, 2, 3]})


class Service:
    """Counts how often it was really asked, and for how long the server waited."""

    def __init__(self) -> None:
        self.applied = 0
        self.waited: list[float] = []

    def serve(self) -> Response:
        self.applied += 1
        return RIGHT

    def deliver(self, effect: Effect | None, name: str = "deezer") -> Response | Dropped:
        return deliver(effect, name, self.serve, self.waited.append)


def served(answer: Response | Dropped) -> Response:
    assert isinstance(answer, Response)
    return answer


def parsed(answer: Response | Dropped) -> Any:
    return json.loads(served(answer).body)


def test_without_an_effect_the_answer_is_right() -> None:
    service = Service()
    assert service.deliver(None) is RIGHT
    assert service.applied == 1


@pytest.mark.parametrize("effect", EFFECTS, ids=lambda effect: type(effect).__name__)
def test_only_some_effects_apply_the_request(effect: Effect) -> None:
    service = Service()
    service.deliver(effect)
    late_or_spoilt = faults.TruncatedJson | faults.ResetAfter | faults.Slow | faults.EditJson | faults.FirstPage
    applies = isinstance(effect, late_or_spoilt)
    assert service.applied == (1 if applies else 0)


@pytest.mark.parametrize("effect", EFFECTS, ids=lambda effect: type(effect).__name__)
def test_every_effect_survives_serialisation(effect: Effect) -> None:
    fault = Fault(effect, service="gateway", method="POST", path="/playlist.*", skip=2, count=faults.ALWAYS)
    assert msgspec.json.decode(msgspec.json.encode(fault), type=Fault) == fault


def test_effects_one_by_one() -> None:
    service = Service()
    bad = served(service.deliver(EFFECTS[0]))
    assert (bad.status, bad.body, bad.headers["Content-Type"]) == (502, b"<h1>Bad gateway</h1>", "text/html")
    page = served(service.deliver(faults.Html200()))
    assert page.status == 200
    assert page.body.startswith(b"<!DOCTYPE html>")
    assert served(service.deliver(faults.EmptyBody())).body == b""
    assert parsed(service.deliver(faults.JsonFalse())) is False
    assert parsed(service.deliver(faults.WrongJson([1]))) == [1]
    cut = served(service.deliver(faults.TruncatedJson()))
    assert 0 < len(cut.body) < len(RIGHT.body)
    with pytest.raises(ValueError, match=r"delimiter|Unterminated|Expecting"):
        json.loads(cut.body)


def test_dropped_connections_and_waiting() -> None:
    service = Service()
    assert service.deliver(faults.ResetBefore()) == Dropped()
    assert service.deliver(faults.ResetAfter()) == Dropped()
    assert service.deliver(faults.Hang(30.0, applied=True)) == Dropped()
    assert service.applied == 2
    assert service.deliver(faults.Slow(1.5)) is RIGHT
    assert service.waited == [30.0, 1.5]


def test_a_status_can_come_after_the_deed() -> None:
    service = Service()
    assert served(service.deliver(faults.Status(504, applied=True))).status == 504
    assert service.applied == 1


@pytest.mark.parametrize(
    ("edit", "expected"),
    [
        (faults.EditJson(("answer",)), {"answer": None, "more": [1, 2, 3]}),
        (faults.EditJson(("answer",), remove=True), {"more": [1, 2, 3]}),
        (faults.EditJson(("more", 0), value={}), {"answer": "right", "more": [{}, 2, 3]}),
        (faults.EditJson(("more", -1), remove=True), {"answer": "right", "more": [1, 2]}),
        (faults.EditJson(("new",), value=1), {"answer": "right", "more": [1, 2, 3], "new": 1}),
        (faults.EditJson((), value=[]), []),
        (faults.EditJson(("more", 7), value=1), {"answer": "right", "more": [1, 2, 3]}),
        (faults.EditJson(("answer", "deeper"), value=1), {"answer": "right", "more": [1, 2, 3]}),
        (faults.EditJson(("new",), remove=True), {"answer": "right", "more": [1, 2, 3]}),
    ],
)
def test_one_value_of_the_right_answer_is_edited(edit: faults.EditJson, expected: object) -> None:
    service = Service()
    assert parsed(service.deliver(edit)) == expected
    assert service.applied == 1


def test_the_first_page_is_given_whichever_was_asked_for() -> None:
    asked = Request("GET", "/me/playlists", query={"offset": "50", "index": "50", "limit": "50"})
    assert faults.understood(faults.FirstPage(), asked).query == {"limit": "50"}
    gateway = Request("POST", "/", query={"method": "playlist.getSongs"}, body=b'{"start": 500, "nb": 2000}')
    assert faults.understood(faults.FirstPage(), gateway).json() == {"start": 0, "nb": 2000}
    assert faults.understood(faults.EmptyBody(), asked) is asked
    assert faults.understood(None, gateway) is gateway


def test_quota_and_expiry_speak_the_services_language() -> None:
    service = Service()
    assert parsed(service.deliver(faults.DeezerQuota(), "deezer"))["error"]["code"] == 4
    assert "QUOTA_ERROR" in parsed(service.deliver(faults.DeezerQuota(), "gateway"))["error"]
    assert parsed(service.deliver(faults.TokenExpired(), "deezer"))["error"]["code"] == 300
    assert "VALID_TOKEN_REQUIRED" in parsed(service.deliver(faults.TokenExpired(), "gateway"))["error"]
    assert served(service.deliver(faults.TokenExpired(), "spotify")).status == 401
    assert parsed(service.deliver(faults.TokenExpired(), "accounts"))["error"] == "invalid_grant"


def test_rate_limits() -> None:
    plain = faults.rate_limited(7)
    assert (plain.code, plain.headers["Retry-After"]) == (429, "7")
    assert "Retry-After" not in faults.rate_limited().headers
    assert faults.rate_limited("Sun, 22 Nov 2026 12:00:00 GMT").headers["Retry-After"].endswith("GMT")
    quota = faults.quota_exceeded()
    assert json.loads(quota.body)["error"]["reason"] == "QUOTA_EXCEEDED"
    assert quota.headers["Retry-After"] == "48925"


def taken(rules: FaultRules, *calls: tuple[str, str, str]) -> list[str | None]:
    effects = [rules.take(*call) for call in calls]
    return [type(effect).__name__ if effect else None for effect in effects]


CALL = ("deezer", "GET", "/track/1")


def test_the_first_calls_or_the_kth_call_are_spoilt() -> None:
    rules = FaultRules()
    rules.add(Fault(faults.EmptyBody(), count=2))
    assert taken(rules, *[CALL] * 4) == ["EmptyBody", "EmptyBody", None, None]
    rules.clear()
    rules.add(Fault(faults.EmptyBody(), skip=2))
    assert taken(rules, *[CALL] * 4) == [None, None, "EmptyBody", None]


def test_rules_pick_by_service_method_and_path() -> None:
    rules = FaultRules()
    rules.add(
        Fault(faults.EmptyBody(), service="spotify", method="GET", path="/playlists/*/items", count=faults.ALWAYS)
    )
    assert taken(
        rules,
        ("spotify", "GET", "/playlists/x/items"),
        ("spotify", "GET", "/playlists/x"),
        ("spotify", "POST", "/playlists/x/items"),
        ("deezer", "GET", "/playlists/x/items"),
    ) == ["EmptyBody", None, None, None]


def test_several_rules_all_count_and_the_first_open_one_wins() -> None:
    rules = FaultRules()
    rules.add(Fault(faults.EmptyBody()), Fault(faults.JsonFalse(), count=2))
    assert taken(rules, *[CALL] * 3) == ["EmptyBody", "JsonFalse", None]
    assert len(rules.listed()) == 2


def test_threads_share_a_count() -> None:
    rules = FaultRules()
    rules.add(Fault(faults.EmptyBody(), count=100))
    hits: list[Effect | None] = []
    threads = [threading.Thread(target=lambda: hits.extend(rules.take(*CALL) for _ in range(50))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(effect is not None for effect in hits) == 100
