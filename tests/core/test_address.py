"""Which addresses are this machine."""

from __future__ import annotations

import pytest

from musicdiff_job.core.address import is_this_machine


@pytest.mark.parametrize(
    ("url", "here"),
    [
        ("http://127.0.0.1:8080/x", True), ("https://127.9.9.9", True), ("http://[::1]:1/", True),
        ("http://localhost/x?y", True), ("http://LOCALHOST", True), ("http://me:pw@127.0.0.1/", True),
        ("https://api.deezer.com", False), ("http://127.0.0.1.evil.example/", False),
        ("http://127.0.0.1@evil.example", False),
        ("http://localhost.evil.example/", False), ("http://2130706433/", False), ("http://0.0.0.0/", False),
        ("http://[::1", False), ("", False), ("127.0.0.1", False), ("//127.0.0.1/", True),
    ],
)  # fmt: skip
def test_this_machine_and_others(url: str, here: bool) -> None:
    assert is_this_machine(url) is here
