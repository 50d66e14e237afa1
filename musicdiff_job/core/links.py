"""Ids of tracks as people have them at hand: bare, as a URI, or in a web address; and web addresses for people.

Addresses carry a locale and a query (``/intl-fr/track/...?si=...``, ``/fr/track/...?utm_source=...``). Short links
(``spotify.link``, ``link.deezer.com``, ``deezer.page.link``) say nothing without asking the service.
"""

from __future__ import annotations

import re

from musicdiff_job.core.errors import UsageError
from musicdiff_job.core.model import SourceId, TargetId

_SPOTIFY = re.compile(
    r"(?:spotify:(?:user:[^:]+:)?track:|(?:https?://)?(?:open|play)\.spotify\.com/(?:intl-[a-z-]+/|embed/)*track/)?"
    r"(?P<id>[A-Za-z0-9]{22})/?(?:[?#].*)?",
)
_DEEZER = re.compile(
    r"(?:deezer:track:|(?:(?:https?|deezer)://)?(?:www\.)?deezer\.com/(?:[a-z]{2}(?:-[a-z]{2})?/)?track/)?"
    r"(?P<id>-?[1-9][0-9]{0,18})/?(?:[?#].*)?",
    re.IGNORECASE,
)
_ELSEWHERE = re.compile(
    r"(?:https?://)?(?:[a-z]+\.)?(?P<service>spotify|deezer)(?:\.com/(?:[a-z]{2}(?:-[a-z]{2})?/|intl-[a-z-]+/|embed/)*|:)"
    r"(?P<kind>track|album|playlist|artist|episode|show|user)\b",
    re.IGNORECASE,
)
"""An address of either service, of whatever it is."""
_SHORT = re.compile(
    r"(?:https?://)?(?:spotify\.(?:link|app\.link)|link\.deezer\.com|deezer\.page\.link)/", re.IGNORECASE
)


def source_id(text: str) -> SourceId:
    """The Spotify track that ``text`` names. Raises ``UsageError`` when it names none."""
    return SourceId(_found(_SPOTIFY, text, "Spotify", "spotify:track:6habFhsOp2NvshLv26DqMb"))


def target_id(text: str) -> TargetId:
    """The Deezer track that ``text`` names. Raises ``UsageError`` when it names none.

    A negative number is a track that the user has uploaded (observed by other clients)."""
    return TargetId(_found(_DEEZER, text, "Deezer", "https://www.deezer.com/track/3135556"))


def is_source_id(text: str) -> bool:
    """Whether ``text`` names a Spotify track by id."""
    return _SPOTIFY.fullmatch(text.strip()) is not None


def is_target_link(text: str) -> bool:
    """Whether ``text`` names a Deezer track by a URI or a web address."""
    return _DEEZER.fullmatch(text.strip()) is not None and "deezer" in text.casefold()


def source_link(track: str) -> str:
    """The web address of a Spotify track."""
    return f"https://open.spotify.com/track/{track}"


def target_link(track: str) -> str:
    """The web address of a Deezer track."""
    return f"https://www.deezer.com/track/{track}"


def _found(form: re.Pattern[str], text: str, service: str, example: str) -> str:
    if found := form.fullmatch(text.strip()):
        return found["id"]
    if _SHORT.match(text.strip()):
        raise UsageError(f"{text} is a short link", "Open it in a browser and give the long address it leads to")
    other, more = _ELSEWHERE.match(text.strip()), ""
    if other and other["service"].casefold() != service.casefold():
        more = f", but something on {other['service'].capitalize()}"
    elif other and other["kind"].casefold() != "track":
        more = f", but an address of another kind: {other['kind']}"
    raise UsageError(f"{text} names no {service} track{more}", f"Give an id, a URI or an address such as {example}")
