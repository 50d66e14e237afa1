from __future__ import annotations

import pytest
from requests.structures import CaseInsensitiveDict
from target_suite import assert_clean

from musicdiff_job.core.errors import Throttled, Transient, UnknownOutcome
from musicdiff_job.core.plan import Refused, Written
from musicdiff_job.core.secret import Redactor
from musicdiff_job.deezer import answers

DATE = "Sat, 21 Nov 2026 10:00:00 GMT"


@pytest.mark.parametrize("status", [200, 400, 404])
def test_json_is_read_whatever_the_status(status: int) -> None:
    assert answers.read(status, {}, b'{"a": [1]}') == {"a": [1]}


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (200, b""),
        (200, b"<html>log in to the hotel</html>"),
        (200, b'{"data": [{"id": 1'),
        (200, b"\xff\xfe\xff"),
        (200, b"[" * 100_000),
        (200, b"9" * 10_000),
        (404, b"<html>no such page</html>"),
        (500, b'{"error": {"code": 800}}'),
        (503, b""),
        (302, b'{"data": []}'),
    ],
)
def test_what_says_nothing_may_be_asked_again(status: int, body: bytes) -> None:
    with pytest.raises(Transient) as caught:
        answers.read(status, {}, body)
    assert not caught.value.unsent


def test_the_body_is_not_kept_by_the_error() -> None:
    with pytest.raises(Transient) as caught:
        answers.read(200, {}, b'{"next": "https://api.deezer.com/?access_token=fr-sesame-open"')
    assert_clean(caught.value, ["fr-sesame-open"])


@pytest.mark.parametrize(
    ("status", "headers", "body", "seconds"),
    [
        (429, {"Retry-After": "7"}, b"{}", 7.0),
        (429, {}, b"{}", None),
        (403, {}, b"<html>Access Denied. Reference #18.2</html>", None),
    ],
)
def test_refusals_for_rate_are_told_apart(
    status: int, headers: dict[str, str], body: bytes, seconds: float | None
) -> None:
    with pytest.raises(Throttled) as caught:
        answers.read(status, headers, body)
    assert caught.value.retry_after == seconds


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"retry-after": "120"}, 120.0),
        ({"retry-after": "Sat, 21 Nov 2026 10:02:00 GMT", "date": DATE}, 120.0),
        ({"retry-after": "Sat, 21 Nov 2026 09:00:00 GMT", "date": DATE}, 0.0),
        ({"retry-after": "Sat, 21 Nov 2026 10:02:00 GMT"}, None),
        ({"retry-after": "Sat, 21 Nov 2026 10:02:00 -0000", "date": DATE}, None),
        ({"retry-after": "soon", "date": DATE}, None),
        ({"retry-after": "²"}, None),
        ({"retry-after": "9" * 40}, None),
        ({"retry-after": f"Sat, {'9' * 20} Nov 2026 10:02:00 GMT", "date": DATE}, None),
        ({"retry-after": "Sat, 21 Nov 2026 10:02:00 GMT", "date": f"Sat, {'9' * 20} Nov 2026 10:02:00 GMT"}, None),
        ({}, None),
    ],
)
def test_retry_after_is_read_from_seconds_and_dates(headers: dict[str, str], seconds: float | None) -> None:
    assert answers.retry_after(CaseInsensitiveDict(headers)) == seconds


def test_quoted_messages_are_short_and_without_secrets() -> None:
    redactor = Redactor()
    redactor.learn("fr-sesame-open")
    said = answers.quoted("token fr-sesame-open\n is " + "very " * 100 + "bad", redactor)
    assert said.startswith("token *** is very very")
    assert len(said) == answers.LONGEST_MESSAGE
    assert answers.quoted(None, redactor) == "no message"


@pytest.mark.parametrize("answer", [True, 1, "1", 7000000001])
def test_true_and_numbers_are_a_success(answer: object) -> None:
    assert answers.receipt(answer, "x") == Written()


def test_false_is_a_refusal() -> None:
    assert isinstance(answers.receipt(False, "add tracks"), Refused)
    refused = Refused("because", already=True)
    assert answers.receipt(refused, "x") is refused


@pytest.mark.parametrize("answer", [None, {}, [], 0, "", "ok", "0", {"results": True}, [True]])
def test_anything_else_leaves_the_outcome_open(answer: object) -> None:
    with pytest.raises(UnknownOutcome):
        answers.receipt(answer, "x")
