"""Whose account a Deezer credential opens, and whether it may do what the job needs. Asked before one is kept."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

import msgspec

from musicdiff_job.core.model import AccountId, Service
from musicdiff_job.core.secret import Redactor, Secret
from musicdiff_job.deezer import decode
from musicdiff_job.deezer.fields import flag, obj, text
from musicdiff_job.deezer.gateway_session import GatewaySession
from musicdiff_job.deezer.public_api import PublicApi

if TYPE_CHECKING:
    from musicdiff_job.ports import Door

PERMISSIONS: Final[Mapping[str, str]] = {
    "basic_access": "read your account and its playlists",
    "manage_library": "create playlists, add tracks and favourites",
    "delete_library": "remove what left Spotify",
    "offline_access": "outlive the day the token was made on",
}
"""What a token must allow (recorded names), and what for."""


class Identity(msgspec.Struct, frozen=True):
    """An account. ``name`` and ``country`` (two letters) are "" when Deezer does not say; ``allowed`` and ``missing``
    are permissions that a token has and lacks, none of either for an ARL, which may do everything. ``date`` is what
    Deezer's clock said, as HTTP writes it."""

    id: AccountId
    name: str
    country: str
    allowed: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    date: str = ""


def identify_arl(door: Door, redactor: Redactor, gateway_url: str, arl: Secret) -> Identity:
    """The account that an ARL signs in to. One auth call and one more. Raises ``AuthError`` when it signs nobody in,
    and what ``GatewaySession.call`` raises."""
    session = GatewaySession(door, redactor, gateway_url, arl)
    try:
        account = session.signed_in().account
        # Asked a second time, for the session keeps of its first answer only what it needs itself.
        found = session.call("deezer.getUserData", {}, lambda results: _of_user_data(account, results))
        return msgspec.structs.replace(found, date=session.date)
    finally:
        session.close()


def identify_token(door: Door, redactor: Redactor, api_url: str, token: Secret) -> Identity:
    """The account of an access token and the permissions it lacks. Two calls. Raises ``AuthError`` when the token is
    not valid, and what ``PublicApi.request`` raises."""
    api = PublicApi(api_url, redactor, token)

    def read(path: str) -> object:
        return door.call(Service.DEEZER, lambda timeout: api.request("GET", path, timeout))

    try:
        user = read("user/me")
        allowed = obj(obj(read("user/me/permissions")).get("permissions"))
    finally:
        api.close()
    held = tuple(name for name in allowed if flag(allowed[name]))
    missing = tuple(name for name in PERMISSIONS if name not in held)
    name, country = text(obj(user).get("name")), text(obj(user).get("country"))
    return Identity(decode.account(user), name, country, held, missing, api.date)


def _of_user_data(account: AccountId, results: object) -> Identity:
    found = obj(results)
    return Identity(account, text(obj(found.get("USER")).get("BLOG_NAME")), text(found.get("COUNTRY")))
