"""Where the services are. Settable by the environment only, for the sandbox, proxies and tests.

Tokens travel to these hosts, so plain ``http`` is accepted for this machine alone, and nothing that could make the
host another than it looks: no user name, no query, no fragment, no backslash or white space.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from urllib.parse import urlsplit

from musicdiff_job.settings.findings import Findings, Variable, shown
from musicdiff_job.settings.model import BaseUrls

BASE_URLS = {
    "MUSICDIFF_SPOTIFY_API_URL": "spotify_api",
    "MUSICDIFF_SPOTIFY_ACCOUNTS_URL": "spotify_accounts",
    "MUSICDIFF_DEEZER_API_URL": "deezer_api",
    "MUSICDIFF_DEEZER_GATEWAY_URL": "deezer_gateway",
}
"""The variables and the fields that they set."""

_LOOPBACK = ("127.0.0.1", "localhost", "::1")
_PLAIN = re.compile(r"[!-\[\]-~]+")
_ACCEPTED = "an https URL, or an http URL of this machine (127.0.0.1, localhost, ::1), with nothing but host and path"


def read_base_urls(variables: Mapping[str, Variable], findings: Findings) -> BaseUrls:
    """The base URLs, those that are not set or wrong by default."""
    found: dict[str, str] = {}
    for name, field in BASE_URLS.items():
        if variable := variables.get(name):
            if _acceptable(variable.text):
                found[field] = variable.text.rstrip("/")
            else:
                # A user name in a URL usually comes with a password.
                what = "has a user name in it (not shown)" if "@" in variable.text else f"is {shown(variable.text)}"
                findings.problems.append(f"{variable.origin} {what}; it must be {_ACCEPTED}")
    return BaseUrls(**found)


def _acceptable(url: str) -> bool:
    if not _PLAIN.fullmatch(url) or "@" in url or "?" in url or "#" in url:
        return False
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port  # a port that is no number is only noticed when it is asked for
    except ValueError:
        return False
    return bool(host) and (parts.scheme == "https" or (parts.scheme == "http" and host in _LOOPBACK))
