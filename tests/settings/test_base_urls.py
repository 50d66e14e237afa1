"""Base URLs: tokens travel there, so little is accepted."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from musicdiff_job.settings.base_urls import BASE_URLS, read_base_urls
from musicdiff_job.settings.findings import Findings, Variable
from musicdiff_job.settings.model import BaseUrls


def read(url: str, name: str = "MUSICDIFF_DEEZER_API_URL") -> tuple[BaseUrls, list[str]]:
    findings = Findings()
    return read_base_urls({name: Variable(url, name, Path("/"))}, findings), findings.problems


def test_defaults_and_variables() -> None:
    assert read_base_urls({}, Findings()) == BaseUrls()
    assert BASE_URLS.keys() == {
        f"MUSICDIFF_{name}_URL" for name in ("SPOTIFY_API", "SPOTIFY_ACCOUNTS", "DEEZER_API", "DEEZER_GATEWAY")
    }
    for name, field in BASE_URLS.items():
        assert getattr(read("https://proxy.example/x/", name)[0], field) == "https://proxy.example/x"


@pytest.mark.parametrize(
    "url", ["https://a.example", "https://a:8443/b", "http://127.0.0.1:80/v1", "http://localhost", "http://[::1]:1/x"]
)
def test_accepted(url: str) -> None:
    urls, problems = read(url)
    assert urls.deezer_api == url and not problems


@pytest.mark.parametrize(
    "url",
    [
        "http://a.example",
        "http://localhost.evil.example",
        "http://127.0.0.1.evil.example/",
        "http://127.0.0.2",
        "ftp://localhost",
        "https://",
        "https:///x",
        "a.example",
        "https://a?b=c",
        "https://a#b",
        "https://a:x",
        "https://a:99999",
        "https://[::1",
        "http://localhost\\.evil.example",
        "https://a b",
        "https://a\tb",
        "https://é.example",
    ],
)
def test_refused(url: str) -> None:
    urls, problems = read(url)
    assert urls == BaseUrls()
    assert len(problems) == 1 and problems[0].startswith("MUSICDIFF_DEEZER_API_URL is ")


def test_a_user_name_is_refused_and_not_shown() -> None:
    _, problems = read("https://me:hush@proxy.example")
    assert len(problems) == 1 and "hush" not in problems[0]


@given(st.text(), st.sampled_from(["http://", "https://", "http://localhost", ""]))
def test_any_text_is_read_or_refused(text: str, head: str) -> None:
    urls, problems = read(head + text)
    assert problems or urls.deezer_api.startswith(("https://", "http://localhost"))
