"""Ids of tracks, albums and artists as people have them at hand: bare (a track's), as a URI, or in a web address; and
web addresses for people.

Addresses carry a locale and a query (``/intl-fr/track/...?si=...``, ``/fr/track/...?utm_source=...``). Short links
(``spotify.link``, ``link.deezer.com``, ``deezer.page.link``) say nothing without asking the service.
"""

from __future__ import annotations

import re

from musicdiff_job.core.errors import UsageError
from musicdiff_job.core.model import Item, SourceId, TargetId, bare_id, item_id, item_of

_A = {Item.TRACK: "a track", Item.ALBUM: "an album", Item.ARTIST: "an artist"}
_SPOTIFY = re.compile(
    r"(?:spotify:(?:user:[^:]+:)?(?P<uri>track|album|artist):|(?:https?://)?(?:open|play)\.spotify\.com/(?:intl-[a-z-]+/|embed/)*(?P<path>track|album|artist)/)?"
    r"(?P<id>[A-Za-z0-9]{22})/?(?:[?#].*)?",
)
_DEEZER = re.compile(
    r"(?:deezer:(?P<uri>track|album|artist):|(?:(?:https?|deezer)://)?(?:www\.)?deezer\.com/(?:[a-z]{2}(?:-[a-z]{2})?/)?(?P<path>track|album|artist)/)?"
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
    """The Spotify track, album or artist that ``text`` names. Raises ``UsageError`` when it names none."""
    return SourceId(_found(_SPOTIFY, text, "Spotify", "spotify:track:6habFhsOp2NvshLv26DqMb", Item.TRACK))


def target_id(text: str, item: Item = Item.TRACK) -> TargetId:
    """The Deezer item that ``text`` names, which must be of this kind. Raises ``UsageError`` when it names none.

    A negative number is a track that the user has uploaded (observed by other clients)."""
    found = TargetId(_found(_DEEZER, text, "Deezer", f"https://www.deezer.com/{item}/3135556", item))
    if item_of(found) is not item:
        raise UsageError(
            f"{text} names {_A[item_of(found)]}, the counterpart must be {_A[item]}", f"Give {_A[item]} on Deezer"
        )
    return found


def is_source_id(text: str) -> bool:
    """Whether ``text`` names something on Spotify by id."""
    return _SPOTIFY.fullmatch(text.strip()) is not None


def is_target_link(text: str) -> bool:
    """Whether ``text`` names something on Deezer by a URI or a web address."""
    return _DEEZER.fullmatch(text.strip()) is not None and "deezer" in text.casefold()


def target_link_item(text: str) -> Item:
    """What a URI or web address of Deezer names; a track where it names nothing."""
    found = _DEEZER.fullmatch(text.strip())
    return _item(found, Item.TRACK) if found else Item.TRACK


def source_link(source: str) -> str:
    """The web address of a Spotify track, album or artist."""
    return f"https://open.spotify.com/{item_of(source)}/{bare_id(source)}"


def target_link(target: str) -> str:
    """The web address of a Deezer track, album or artist."""
    return f"https://www.deezer.com/{item_of(target)}/{bare_id(target)}"


def _item(found: re.Match[str], usual: Item) -> Item:
    named = found["uri"] or found["path"]
    return Item(named.casefold()) if named else usual


def _found(form: re.Pattern[str], text: str, service: str, example: str, usual: Item) -> str:
    if found := form.fullmatch(text.strip()):
        return item_id(_item(found, usual), found["id"])
    if _SHORT.match(text.strip()):
        raise UsageError(f"{text} is a short link", "Open it in a browser and give the long address it leads to")
    other, more = _ELSEWHERE.match(text.strip()), ""
    if other and other["service"].casefold() != service.casefold():
        more = f", but something on {other['service'].capitalize()}"
    elif other and other["kind"].casefold() not in list(Item):
        more = f", but an address of another kind: {other['kind']}"
    raise UsageError(f"{text} names no {service} {usual}{more}", f"Give an id, a URI or an address such as {example}")
