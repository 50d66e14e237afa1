"""What befalls calls in the histories: places and effects by name, so that a program made of them can be read.

A place is what a call is for; which service, method and path that is depends on the credential in use.
"""

from __future__ import annotations

from collections.abc import Mapping

from rig import Credential

from musicdiff_job.sandbox.faults import (
    DeezerQuota,
    Effect,
    EmptyBody,
    Fault,
    Html200,
    JsonFalse,
    ResetAfter,
    ResetBefore,
    Status,
    TokenExpired,
    TruncatedJson,
    WrongJson,
    quota_exceeded,
    rate_limited,
)

Place = tuple[str, str, str]
"""Service, method and path, as a ``Fault`` has them."""

SPOTIFY: Place = ("spotify", "*", "*")
SIGN_IN: Place = ("accounts", "*", "*")
WRITES: Mapping[str, Mapping[Credential, Place]] = {
    "create": {"arl": ("gateway", "*", "/playlist.create"), "token": ("deezer", "POST", "/user/me/playlists")},
    "add": {"arl": ("gateway", "*", "/playlist.addSongs"), "token": ("deezer", "POST", "/playlist/*/tracks")},
    "remove": {"arl": ("gateway", "*", "/playlist.deleteSongs"), "token": ("deezer", "DELETE", "/playlist/*/tracks")},
    "reorder": {"arl": ("gateway", "*", "/playlist.updateOrder"), "token": ("deezer", "POST", "/playlist/*/tracks")},
    "update": {"arl": ("gateway", "*", "/playlist.update"), "token": ("deezer", "POST", "/playlist/*[0-9]")},
    "delete": {"arl": ("gateway", "*", "/playlist.delete"), "token": ("deezer", "DELETE", "/playlist/*[0-9]")},
    "like": {"arl": ("gateway", "*", "/*song.add*"), "token": ("deezer", "POST", "/user/me/tracks")},
    "unlike": {"arl": ("gateway", "*", "/*song.remove*"), "token": ("deezer", "DELETE", "/user/me/tracks")},
}
DEEZER: Mapping[str, Mapping[Credential, Place]] = {
    **WRITES,
    "everything": {"arl": ("gateway", "*", "*"), "token": ("deezer", "*", "*")},
    "catalogue": {"arl": ("deezer", "GET", "*"), "token": ("deezer", "GET", "/track/*")},
    "listing": {"arl": ("gateway", "*", "/deezer.pageProfile"), "token": ("deezer", "GET", "/user/me/playlists")},
    "playlist": {"arl": ("gateway", "*", "/playlist.getSongs"), "token": ("deezer", "GET", "/playlist/*")},
    "favourites": {"arl": ("gateway", "*", "/*song.get*"), "token": ("deezer", "GET", "/user/me/tracks")},
}

ANYWHERE: Mapping[str, Effect] = {
    "reset before": ResetBefore(),
    "reset after": ResetAfter(),
    "half an answer": TruncatedJson(),
    "empty answer": EmptyBody(),
    "web page": Html200(),
    "503": Status(503),
    "502 after": Status(502, applied=True),
    "token expired": TokenExpired(),
}
ON_SPOTIFY: Mapping[str, Effect] = {
    **ANYWHERE,
    "429 for 2 s": rate_limited(2),
    "429 for an hour": rate_limited(4000),
    "429": rate_limited(),
    "quota exceeded": quota_exceeded(),
}
ON_SIGN_IN: Mapping[str, Effect] = {
    "reset before": ResetBefore(),
    "503": Status(503),
    "web page": Html200(),
    "429 for 3 s": rate_limited(3),
}
ON_DEEZER: Mapping[str, Effect] = {**ANYWHERE, "quota": DeezerQuota(), "429": Status(429)}


def spoilt(place: Place, effect: Effect, skip: int, count: int) -> Fault:
    """Of the calls to this place, ``count`` after the first ``skip`` are spoilt."""
    service, method, path = place
    return Fault(effect, service, method, path, skip, count)


def refusal(place: Place, skip: int, count: int) -> Fault:
    """Deezer refuses writes without a reason."""
    return spoilt(place, JsonFalse(), skip, count)


def hidden(status: int, skip: int, count: int) -> Fault:
    """Spotify denies that there is such a playlist (404), or that one may read it (403)."""
    return spoilt(("spotify", "*", "/playlists/*"), Status(status), skip, count)


def torn(path: str, total: int, count: int) -> Fault:
    """Spotify counts ``total`` rows and lists none."""
    page = {"href": "", "items": [], "limit": 50, "next": None, "offset": 0, "previous": None, "total": total}
    return spoilt(("spotify", "GET", path), WrongJson(page), 0, count)
