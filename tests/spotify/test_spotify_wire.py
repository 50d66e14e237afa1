"""wire: what an answer says for itself, how long it asks to wait, and that our own mistakes are not Spotify's."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
import requests
from spotify_stage import StillClock

from musicdiff_job.core.errors import Transient
from musicdiff_job.core.secret import Redactor
from musicdiff_job.spotify.wire import LONGEST_WAIT, Wire, complaint, is_token, retry_after

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        (None, None),
        ("", None),
        ("30", 30.0),
        (" 30 ", 30.0),
        ("30\x1d", 30.0),
        ("1.5", 1.5),
        ("0", 0.0),
        ("99999999999999999999", None),
        ("999999999999", LONGEST_WAIT),
        ("٣", None),
        ("inf", None),
        ("Sat, 21 Nov 2026 12:00:30 GMT", 30.0),
        ("Sat, 21 Nov 2026 13:00:30 +0100", 30.0),
        ("Sat, 21 Nov 2026 12:00:30 -0000", 30.0),
        ("Fri, 20 Nov 2026 12:00:00 GMT", 0.0),
        ("Fri, 31 Dec 9999 23:59:59 GMT", LONGEST_WAIT),
        ("Sat, 99 Nov 2026 12:00:30 GMT", None),
    ],
)
def test_retry_after(value: str | None, seconds: float | None) -> None:
    assert retry_after(value, NOON) == seconds


def answered(body: bytes) -> requests.Response:
    response = requests.Response()
    response._content = body
    return response


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b'{"error":{"status":403,"message":"Forbidden"}}', ("Forbidden", "")),
        (b'{"error":{"message":"Too many","reason":"QUOTA_EXCEEDED"}}', ("Too many", "QUOTA_EXCEEDED")),
        (b'{"error":{"message":5,"reason":null}}', ("", "")),
        (b'{"error":"invalid"}', ("invalid", "")),
        (b'{"error":null}', ("", "")),
        (b'{"other":1}', ("", "")),
        (b"[1]", ("", "")),
        (b"null", ("", "")),
        (b"User not registered", ("User not registered", "")),
        (b"\xff!", ("\ufffd!", "")),
        (b"", ("", "")),
    ],
)
def test_complaint(body: bytes, said: tuple[str, str]) -> None:
    assert complaint(answered(body)) == said


@pytest.fixture
def redactor() -> Redactor:
    return Redactor()


def test_presentable_text_is_one_harmless_line(redactor: Redactor) -> None:
    redactor.learn("BQaccessaccess")
    wire = Wire(StillClock(), redactor)
    assert wire.presentable("a\r\n\x1b[31mb\u202e  BQaccessaccess") == "a [31mb ***"
    assert len(wire.presentable("y" * 5000)) == 200
    # Cut only when the secrets are out of it: half a secret would not be recognised.
    assert wire.presentable(" " * 990 + "BQaccessaccess") == "***"
    assert wire.presentable("y" * 190 + " BQaccessaccess") == "y" * 190 + " ***"
    assert wire.presentable(" <!DOCTYPE html><p>Sorry") == ""
    wire.close()


def test_our_own_mistake_before_any_answer_is_not_blamed_on_spotify(redactor: Redactor) -> None:
    wire = Wire(StillClock(), redactor)

    def mistaken() -> int:
        raise AttributeError("ours")

    with pytest.raises(AttributeError, match="ours"):
        wire.attempt("test", mistaken)
    wire.close()


def test_no_answer_is_no_answer(redactor: Redactor) -> None:
    wire = Wire(StillClock(), redactor)
    assert wire.attempt("test", dict) == {}
    with pytest.raises(Transient):
        wire.attempt("test", lambda: None)
    wire.close()


@pytest.mark.parametrize(
    ("value", "is_one"),
    [
        ("BQx-._~+/=", True),
        ("", False),
        ("a b", False),
        ("a\n", False),
        ("tok\u20acn", False),
        (None, False),
        (5, False),
    ],
)
def test_what_can_be_a_token(value: object, is_one: bool) -> None:
    assert is_token(value) is is_one


@pytest.mark.parametrize("url", ["http://127.0.0.1:1/v1", "http://127.0.0.1:1/v1/"])
def test_the_address_of_the_api_ends_in_one_slash(redactor: Redactor, url: str) -> None:
    wire = Wire(StillClock(), redactor)
    assert wire.api(url).prefix == "http://127.0.0.1:1/v1/"
    wire.close()
