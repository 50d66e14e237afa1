"""The loopback server: what it takes for an answer, and that nobody can hold it up."""

from __future__ import annotations

import selectors
import socket
import threading
from collections.abc import Iterator

import pytest
import requests

from musicdiff_job.spotify.loopback import Loopback


@pytest.fixture
def loopback() -> Iterator[Loopback]:
    with Loopback(0) as listening:
        yield listening


def arrivals(loopback: Loopback, wanted: int) -> list[str]:
    """Serve until so many addresses have arrived."""
    arrived: list[str] = []
    with selectors.SelectSelector() as selector:
        selector.register(loopback.listening, selectors.EVENT_READ)
        selector.register(loopback.arrival, selectors.EVENT_READ)
        while len(arrived) < wanted:
            for key, _ in selector.select():
                if key.fd == loopback.listening:
                    loopback.accept()
                else:
                    arrived.append(loopback.take())
    return arrived


def visits(loopback: Loopback, *tails: str) -> tuple[list[requests.Response], threading.Thread]:
    """A browser that opens one page after the other."""
    base = loopback.redirect_uri.removesuffix("/callback")
    answers: list[requests.Response] = []

    def visit() -> None:
        for tail in tails:
            answers.append(requests.get(f"{base}{tail}", timeout=30))

    browser = threading.Thread(target=visit)
    browser.start()
    return answers, browser


def test_it_listens_on_the_loopback_address_only(loopback: Loopback) -> None:
    assert loopback.redirect_uri.startswith("http://127.0.0.1:")
    assert loopback.redirect_uri.endswith("/callback")


def test_addresses_arrive_in_order_and_the_page_says_which_was_ours(loopback: Loopback) -> None:
    loopback.expect(lambda address: "ours" in address)
    answers, browser = visits(loopback, "/", "/favicon.ico?ours", "/callback", "/callback?theirs", "/callback?ours=1")
    assert arrivals(loopback, 2) == ["/callback?theirs", "/callback?ours=1"]
    browser.join()
    assert [answer.status_code for answer in answers] == [404, 404, 404, 400, 200]
    assert "still waits" in answers[3].text
    assert "can be closed" in answers[4].text


def test_the_page_repeats_nothing_and_leaks_nothing(loopback: Loopback) -> None:
    loopback.expect(lambda address: True)
    answers, browser = visits(loopback, "/callback?code=<script>alert(1)</script>")
    arrivals(loopback, 1)
    browser.join()
    assert "alert" not in answers[0].text
    assert answers[0].headers["Referrer-Policy"] == "no-referrer"
    assert answers[0].headers["Cache-Control"] == "no-store"
    assert "default-src 'none'" in answers[0].headers["Content-Security-Policy"]


def test_an_idle_connection_keeps_nobody_waiting(loopback: Loopback) -> None:
    loopback.expect(lambda address: True)
    address = ("127.0.0.1", int(loopback.redirect_uri.split(":")[2].partition("/")[0]))
    with socket.create_connection(address):
        _, browser = visits(loopback, "/callback?code=1")
        assert arrivals(loopback, 1) == ["/callback?code=1"]
        browser.join()


def test_other_methods_are_refused(loopback: Loopback) -> None:
    statuses: list[int] = []

    def post() -> None:
        statuses.append(requests.post(f"{loopback.redirect_uri}?code=1", timeout=30).status_code)
        statuses.append(requests.get(f"{loopback.redirect_uri}?code=2", timeout=30).status_code)

    browser = threading.Thread(target=post)
    browser.start()
    assert arrivals(loopback, 1) == ["/callback?code=2"]
    browser.join()
    assert statuses == [501, 400]


def test_a_port_that_is_taken() -> None:
    with socket.create_server(("127.0.0.1", 0)) as other, pytest.raises(OSError, match="in use"):
        Loopback(other.getsockname()[1])
