"""Access to a Spotify account by a refresh token, without a person.

Theory. An access token lives an hour and is fetched once per run. The refresh token behind it dies six months after
the consent, whatever is done with it; only a person can give a new consent (documented, June 2026,
https://developer.spotify.com/documentation/web-api/tutorials/refreshing-tokens). No field of any answer tells the
date, so it has to be brought along.

Rotation changed with time: until mid-2026 an app without a secret got a new refresh token with each answer, the old
one dying with it; since then the field is missing, or empty (observed by several clients). Right in every era: take
a different, non-empty token from the answer and store it *before* the access token is used, for a run that dies in
between must not take the only valid token with it. Where nothing can be stored the run ends at once and says so.

spotipy's own managers are not used: they have no time-out, and fall into a dialogue when a cached field is missing.
"""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
from contextlib import suppress
from datetime import datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from musicdiff_job.core.errors import AuthError, Transient
from musicdiff_job.core.model import Service
from musicdiff_job.core.secret import Redactor, Secret
from musicdiff_job.ports import Clock, Door

if TYPE_CHECKING:
    import requests

    from musicdiff_job.spotify.wire import Wire

MARGIN = timedelta(seconds=60)
"""A token this close to its end is renewed before it is used."""

SECOND_THOUGHTS = 3.0
"""Seconds before a refused refresh token is tried once more: an incident is known in which Spotify called valid
tokens invalid (observed, metabrainz/listenbrainz-server#3766)."""

_LIFETIME = 3600
"""Seconds an access token lives when the answer does not say (documented)."""

_PASSING = frozenset({"server_error", "temporarily_unavailable"})
"""OAuth's error names for trouble on the server's side (RFC 6749), whatever status they come with."""


class _Granted(msgspec.Struct, frozen=True):
    access: Secret
    expires_in: int
    rotated: Secret | None
    scopes: frozenset[str] | None


class _Refused(msgspec.Struct, frozen=True):
    error: str
    description: str


class TokenRefresher:
    """Access tokens for one account. Used serially.

    ``client_secret`` is None for an app that uses PKCE. ``authorized_at`` is the date of the consent, for the message
    when it has run out. ``token_store`` is the file that keeps a rotated refresh token; while it holds a successor of
    the very token given here, the successor is used, so a newly given token wins over an old file.
    """

    def __init__(
        self,
        door: Door,
        clock: Clock,
        redactor: Redactor,
        accounts_url: str,
        client_id: str,
        client_secret: Secret | None,
        refresh_token: Secret,
        authorized_at: datetime | None,
        token_store: Path | None,
    ) -> None:
        self._door = door
        self._clock = clock
        self._redactor = redactor
        self._url = accounts_url.rstrip("/") + "/api/token"
        self._client_id = client_id
        self._client_secret = client_secret
        self._given = refresh_token
        self._authorized_at = authorized_at
        self._token_store = token_store
        self._refresh: Secret | None = None
        self._access: Secret | None = None
        self._good_until: datetime | None = None
        self._store_trouble = ""
        self.scopes: frozenset[str] | None = None
        """What the consent allows, as the last answer said; None while unknown."""
        redactor.learn(refresh_token, client_secret)

    def credential(self) -> str:
        """A fingerprint of client and given refresh token; a rotation through the token store does not change it."""
        return _sha256("\0".join(("spotify", self._client_id, self._given.reveal())))[:16]

    def access_token(self) -> Secret:
        """A token good for at least another minute; refreshed when there is none. At most two auth calls.

        Raises ``AuthError``, and what the door raises.
        """
        if self._access is not None and self._good_until is not None and self._clock.now() < self._good_until:
            return self._access
        return self.renew()

    def renew(self) -> Secret:
        """A new token, whatever the old one still promises. Raises as ``access_token``."""
        refresh = self._refresh or self._remembered()
        answer = self._ask(refresh)
        if isinstance(answer, _Refused) and answer.error == "invalid_grant":
            self._clock.wait(SECOND_THOUGHTS)
            answer = self._ask(refresh)
        match answer:
            case _Refused():
                raise self._refusal(answer)
            case _Granted(access=access, expires_in=expires_in, rotated=rotated, scopes=scopes):
                if rotated is not None and rotated != refresh:
                    self._store(rotated)
                    refresh = rotated
                self._refresh = refresh
                self._access = access
                self._good_until = self._clock.now() + timedelta(seconds=expires_in) - MARGIN
                self.scopes = scopes
                return access

    def close(self) -> None:
        """Close the connections."""
        if "_wire" in self.__dict__:
            self._wire.close()

    @cached_property
    def _wire(self) -> Wire:
        # Loads requests and spotipy, which a run with nothing to do does not need.
        from musicdiff_job.spotify.wire import Wire

        return Wire(self._clock, self._redactor)

    def _ask(self, refresh: Secret) -> _Granted | _Refused:
        form = {"grant_type": "refresh_token", "refresh_token": refresh.reveal()}
        if self._client_secret is None:
            form["client_id"] = self._client_id
            basic = None
        else:
            basic = (self._client_id, self._client_secret.reveal())

        def request(timeout: float) -> _Granted | _Refused:
            response = self._wire.attempt(
                "token refresh",
                lambda: self._wire.session.post(self._url, data=form, auth=basic, timeout=timeout),
            )
            return self._understand(response)

        return self._door.call(Service.SPOTIFY, request, auth=True)

    def _understand(self, response: requests.Response) -> _Granted | _Refused:
        """What the token endpoint answered; raises ``Throttled`` or ``Transient`` where asking again may help."""
        if response.status_code == 429:
            raise self._wire.throttled("token refresh", response)
        body = _json_object(response)
        error = body.get("error")
        if 400 <= response.status_code < 500 and isinstance(error, str) and error not in _PASSING:
            description = body.get("error_description")
            return _Refused(error, self._wire.presentable(description) if isinstance(description, str) else "")
        access, rotated = body.get("access_token"), body.get("refresh_token")
        if response.status_code != 200 or not isinstance(access, str) or not access or not access.isascii():
            raise Transient(f"token refresh: Spotify answered {response.status_code} without a token")
        expires_in, scope = body.get("expires_in"), body.get("scope")
        granted = _Granted(
            access=Secret(access),
            expires_in=expires_in if type(expires_in) is int and 0 < expires_in <= 86_400 else _LIFETIME,
            rotated=Secret(rotated) if isinstance(rotated, str) and rotated and rotated.isascii() else None,
            scopes=frozenset(scope.split()) if isinstance(scope, str) and scope.strip() else None,
        )
        self._redactor.learn(granted.access, granted.rotated)
        return granted

    def _refusal(self, refused: _Refused) -> AuthError:
        said = f"Spotify refuses the token refresh ({self._wire.presentable(refused.error)}"
        said += f": {refused.description})" if refused.description else ")"
        match refused.error:
            case "invalid_grant":
                since = (
                    f"yours is of {self._authorized_at:%Y-%m-%d}" if self._authorized_at else "yours is of unknown date"
                )
                return AuthError(
                    said,
                    f"Spotify ends every consent six months after it was given ({since}), and when the password is "
                    "changed or the app's access removed. Authorise again with `musicdiff-job auth spotify`"
                    + self._store_trouble,
                )
            case "invalid_client":
                kind = (
                    "SPOTIFY_CLIENT_ID"
                    if self._client_secret is None
                    else "SPOTIFY_CLIENT_ID and SPOTIFY_CLIENT_SECRET"
                )
                return AuthError(said, f"Check {kind} against the app on https://developer.spotify.com/dashboard")
            case _:
                return AuthError(said, "Check the app's settings, or authorise again with `musicdiff-job auth spotify`")

    def _remembered(self) -> Secret:
        """The successor of the given token if the store has one, else the given token itself.

        A store that cannot be read is no reason to stop, for the given token is usually still good; should it be
        refused, the message says so.
        """
        if self._token_store is None:
            return self._given
        try:
            kept = json.loads(self._token_store.read_text(encoding="utf-8"))
        except FileNotFoundError:
            return self._given
        except (OSError, ValueError, RecursionError):
            self._store_trouble = f". The token store {self._token_store} cannot be read, so it was not used"
            return self._given
        if not isinstance(kept, dict) or kept.get("replaces") != _sha256(self._given.reveal()):
            return self._given
        token = kept.get("refresh_token")
        if not isinstance(token, str) or not token:
            return self._given
        self._redactor.learn(token)
        return Secret(token)

    def _store(self, token: Secret) -> None:
        """Keep a rotated token for the next run. Raises ``AuthError`` when that cannot be done: the run would succeed
        and be the last one to."""
        lost = "Spotify replaced the refresh token, and the new one cannot be kept"
        hint = (
            "Later runs would be refused. Name a file in a folder that can be written (token_store under [spotify], or "
            "MUSICDIFF_SPOTIFY_TOKEN_STORE), or use an app with a client secret, whose tokens do not change. Then "
            "authorise again with `musicdiff-job auth spotify`"
        )
        if self._token_store is None:
            raise AuthError(f"{lost}, because no token store is configured", hint)
        content = {"refresh_token": token.reveal(), "replaces": _sha256(self._given.reveal())}
        problem = _replace(self._token_store, json.dumps(content) + "\n")
        if problem is not None:
            raise AuthError(f"{lost} in {self._token_store} ({problem})", hint)


def _json_object(response: requests.Response) -> dict[str, Any]:
    """The answer's JSON object. Raises ``Transient`` for anything else: gateways answer in HTML when they fail."""
    with suppress(ValueError, RecursionError):
        body = response.json()
        if isinstance(body, dict):
            return body
    raise Transient(f"token refresh: Spotify answered {response.status_code}, not in JSON")


def _replace(path: Path, text: str) -> str | None:
    """Put ``text`` in place of ``path``, durably, readable by its owner only; what went wrong, or None."""
    temporary: Path | None = None
    try:
        # mkstemp makes the file with mode 0600, in the same folder so that the rename is atomic.
        descriptor, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
        temporary = Path(name)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
        temporary = None
        _sync_folder(path.parent)
    except OSError as error:
        return error.strerror or type(error).__name__
    finally:
        if temporary is not None:
            with suppress(OSError):
                temporary.unlink()
    return None


def _sync_folder(folder: Path) -> None:
    """Make a rename in ``folder`` durable, where the system can: some network file systems and Windows cannot open or
    sync a folder, and there the rename has to do."""
    with suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
