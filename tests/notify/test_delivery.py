"""Messages by the real Apprise, to a real SMTP server and a real HTTP server."""

from __future__ import annotations

import json
import time

import pytest
from endpoints import Endpoint, Mailbox

from musicdiff_job.core.notices import Notice
from musicdiff_job.core.outcome import Outcome
from musicdiff_job.core.secret import Redactor, Secret
from musicdiff_job.core.summary import Summary
from musicdiff_job.core.told import NotifyOn
from musicdiff_job.notify import delivery
from musicdiff_job.notify.delivery import Delivery, Fate, Parcel, deliver
from musicdiff_job.notify.message import Message, compose

MESSAGE = Message("musicdiff: a test", "one\n\n- two")
SUMMARY = Summary("r1", Outcome.PARTIAL, "2026-11-21T12:00:00Z", "2026-11-21T12:00:04Z", 4.0)
NASTY = "<b>Gym</b>\r\nBcc: eve@example.org\n@everyone [free](http://evil.example) <!channel> *x* \u202egnp"


def send(*urls: str, message: Message = MESSAGE, seconds: float = 30.0) -> tuple[Delivery, ...]:
    return deliver([Parcel(Secret(url), message) for url in urls], seconds, time.monotonic)


def test_by_mail_and_by_web(endpoint: Endpoint, post: Mailbox) -> None:
    web = endpoint.url.replace("http://", "json://user:hunter22@")
    mailed, posted = send(post.url, web + "/hook?+X-Token=sesame99")
    assert (mailed.fate, posted.fate) == (Fate.DELIVERED, Fate.DELIVERED)
    assert mailed.address.startswith("mailto://127.0.0.1")
    assert "hunter22" not in posted.address
    assert "sesame99" not in posted.address
    (letter,) = post.letters
    assert (letter["Subject"], letter["To"]) == ("musicdiff: a test", "ada@example.org")
    assert letter.get_content().split() == ["one", "-", "two"]
    (asked,) = endpoint.asked
    told = json.loads(asked.body)
    assert (told["title"], told["message"]) == MESSAGE
    assert (asked.path, asked.headers["X-Token"]) == ("/hook", "sesame99")


@pytest.mark.parametrize("form", ["text", "html"])
def test_a_hostile_name_is_text_wherever_it_arrives(post: Mailbox, form: str) -> None:
    notice = Notice(frozenset({NotifyOn.CONFLICT}), f"a question about {NASTY}", (NASTY,), "See")
    message = compose([notice], SUMMARY, Redactor())
    (end,) = send(f"{post.url}&format={form}", message=message)
    assert end.fate is Fate.DELIVERED
    (letter,) = post.letters
    assert letter["Bcc"] is None
    assert set(letter.keys()) <= {
        "Content-Type", "Content-Transfer-Encoding", "MIME-Version", "Subject", "From", "To", "Date", "Message-ID",
        "X-Application",
    }  # fmt: skip
    part = letter.get_body(("html", "plain"))
    assert part is not None
    said = part.get_content().replace("&nbsp;", " ")
    for live in ("<b>Gym", "@everyone", "<!channel>", "http://evil", "\u202e"):
        assert live not in said, live
    assert "Bcc: eve" in said, "on one line, as text"


def test_what_is_no_address_is_refused_and_not_shown() -> None:
    (end,) = send("nosuch://user:hunter22@host/token")
    assert end == Delivery(Fate.REFUSED, "nosuch://...")


def test_a_refusal_of_the_service_is_a_failure(endpoint: Endpoint) -> None:
    endpoint.status = lambda number: 500
    (end,) = send(endpoint.url.replace("http", "json"))
    assert end.fate is Fate.FAILED


def test_a_service_that_hangs_is_left_behind(endpoint: Endpoint, post: Mailbox) -> None:
    endpoint.hang.set()
    late, delivered = send(endpoint.url.replace("http", "json"), post.url, seconds=1.0)
    assert late == Delivery(Fate.LATE, "json://...")
    assert delivered.fate is Fate.DELIVERED


def test_it_is_known_whether_apprise_is_there() -> None:
    assert delivery.is_installed()
