"""Whose account an access token of Spotify opens."""

from __future__ import annotations

import msgspec

from musicdiff_job.core.errors import Unauthorized
from musicdiff_job.core.model import AccountId, Service
from musicdiff_job.core.secret import Secret
from musicdiff_job.ports import Door
from musicdiff_job.spotify import decode
from musicdiff_job.spotify.wire import Wire


class Profile(msgspec.Struct, frozen=True):
    """An account. ``name`` is "" when it shows none; ``date`` is what Spotify's clock said, as HTTP writes it."""

    id: AccountId
    name: str
    date: str = ""


def whose(door: Door, wire: Wire, api_url: str, access: Secret) -> Profile:
    """The account, by one real call of the API. Raises ``AuthError``, ``Forbidden``, ``BadAnswer`` and what the door
    raises."""
    spotify = wire.api(api_url)

    def request(timeout: float) -> Profile:
        spotify.requests_timeout = timeout
        spotify.set_auth(access.reveal())
        body = wire.attempt("account", spotify.me)
        name = body.get("display_name") if isinstance(body, dict) else None
        return Profile(decode.account(body), name if isinstance(name, str) else "", wire.date)

    try:
        return door.call(Service.SPOTIFY, request)
    except Unauthorized as error:
        refused = error.message
    raise wire.unauthorised(refused)
