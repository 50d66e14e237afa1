"""Problems: how values are shown, and what looks like a credential."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from musicdiff_job.settings.findings import Findings, Given, credential_for, dotted, looks_secret, shown
from musicdiff_job.settings.kinds import Text
from musicdiff_job.settings.quantities import Whole


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("a", '"a"'),
        (1.5, "1.5"),
        ([1, "b"], '[1, "b"]'),
        ("東", '"東"'),
        ("\x1b[2J\x9b\u202e\ud800", '"\\u001b[2J\\x9b\\u202e\\ud800"'),
        ("x" * 99, '"' + "x" * 59 + "..."),
    ],
)
def test_values_as_they_are_shown(value: object, text: str) -> None:
    assert shown(value) == text


def test_a_number_that_python_refuses_to_write_is_shown_by_its_type() -> None:
    assert shown(10**5000) == "a value of type int"


@given(st.recursive(st.one_of(st.text(), st.integers(), st.floats(), st.dates()), st.lists, max_leaves=6))
def test_any_value_is_shown_on_one_printable_line(value: object) -> None:
    text = shown(value)
    assert text.isprintable() and len(text) < 700


def test_unusual_keys_are_quoted() -> None:
    assert dotted("a", "b c", "d-1") == 'a."b c".d-1'


def test_reading_one_value() -> None:
    findings = Findings()
    assert findings.read(Whole(), 3, "a.b", "here", Path("/x")) == Given(3, "here", Path("/x"))
    assert findings.read(Whole(), "3", "a.b", "here", Path("/x")) is None
    assert findings.read(Text("hidden", r"^x$", secret=True), "hush", "a.c", "here", Path("/x")) is None
    assert findings.problems == [
        'here: a.b is "3"; it must be a whole number of at least 0',
        "here: a.c has a value that does not fit (not shown, it may hold a password); it must be hidden",
    ]


@pytest.mark.parametrize(
    ("key", "secret"),
    [
        ("arl", True),
        ("spotify_refresh_token", True),
        ("refreshToken", True),
        ("SPOTIFY_CLIENT_ID", True),
        ("api-key", True),
        ("APIKey", True),
        ("set_cookie", True),
        ("charlie", False),
        ("playlist", False),
        ("tokenize", False),
        ("", False),
    ],
)
def test_names_of_credentials(key: str, secret: bool) -> None:
    assert looks_secret(key) is secret


def test_the_variable_for_a_key() -> None:
    assert credential_for("spotify", "clientId") == "SPOTIFY_CLIENT_ID"
    assert credential_for("deezer", "client_id") == ""
