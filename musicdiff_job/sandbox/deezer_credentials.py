"""What proves to the fake Deezer who is calling: access tokens, ARL cookies and web sessions.

Theory. The public API takes an OAuth token with permissions. The web gateway takes an ``arl`` cookie, answers with a
``sid`` cookie and a CSRF token bound to it, and lets the session die some time after its last use (observed by other
clients). An unknown ARL is no error there: it simply opens an anonymous session.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable, Mapping
from threading import RLock
from typing import Final

import msgspec

PERMISSIONS: Final = (
    "basic_access",
    "email",
    "offline_access",
    "manage_library",
    "manage_community",
    "delete_library",
    "listening_history",
)
"""The OAuth permissions, in the order of ``/user/me/permissions`` (recorded)."""


class Session(msgspec.Struct, frozen=True):
    """A web session. ``signed_in`` is False for a visitor without a valid ARL; ``used`` is a Unix time."""

    sid: str
    csrf: str
    arl: str
    signed_in: bool
    used: float

    def __repr__(self) -> str:
        return f"Session(signed_in={self.signed_in})"


class DeezerCredentials:
    """Valid tokens and ARLs and the open sessions of one account; safe to use from several threads."""

    def __init__(self, tokens: Mapping[str, Iterable[str]], arls: Iterable[str], clock: Callable[[], float]) -> None:
        self._lock = RLock()
        self._clock = clock
        self._tokens = {token: frozenset(permissions) for token, permissions in tokens.items()}
        self._arls = set(arls)
        self._sessions: dict[str, Session] = {}

    def add_token(self, token: str, permissions: Iterable[str] = PERMISSIONS) -> None:
        """Accept this access token with these permissions from now on."""
        with self._lock:
            self._tokens[token] = frozenset(permissions)

    def revoke_token(self, token: str) -> None:
        """Stop accepting this access token."""
        with self._lock:
            self._tokens.pop(token, None)

    def permissions_of(self, token: str) -> frozenset[str] | None:
        """The permissions of a token, None when it is not valid."""
        with self._lock:
            return self._tokens.get(token)

    def add_arl(self, arl: str) -> None:
        """Accept this ARL cookie from now on."""
        with self._lock:
            self._arls.add(arl)

    def revoke_arl(self, arl: str) -> None:
        """Stop accepting this ARL; sessions that it opened are no longer signed in."""
        with self._lock:
            self._arls.discard(arl)

    def open_session(self, arl: str) -> Session:
        """A new session; an unknown or empty ARL gives an anonymous one."""
        with self._lock:
            session = Session(
                sid="fr" + secrets.token_hex(20),
                csrf=secrets.token_urlsafe(24),
                arl=arl,
                signed_in=arl in self._arls,
                used=self._clock(),
            )
            self._sessions[session.sid] = session
            return session

    def session(self, sid: str, lifetime: float) -> Session | None:
        """The live session of a ``sid`` cookie, marked as used now, or None. ``lifetime`` is in seconds of idleness."""
        with self._lock:
            session = self._sessions.get(sid)
            now = self._clock()
            if session is None or now - session.used > lifetime:
                self._sessions.pop(sid, None)
                return None
            session = msgspec.structs.replace(session, used=now, signed_in=session.arl in self._arls)
            self._sessions[sid] = session
            return session

    def issued_csrf(self, csrf: str) -> bool:
        """Whether a live session of any ``sid`` was given this CSRF token."""
        with self._lock:
            return any(session.csrf == csrf for session in self._sessions.values())

    def issued(self) -> frozenset[str]:
        """Session ids and CSRF tokens of all live sessions, for tests that look for leaks."""
        with self._lock:
            return frozenset(value for one in self._sessions.values() for value in (one.sid, one.csrf))

    def expire_sessions(self) -> None:
        """Let every open session die, as after some hours."""
        with self._lock:
            self._sessions.clear()
