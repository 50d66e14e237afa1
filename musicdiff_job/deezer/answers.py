"""What the public API and the web gateway answer alike: the body, the rate limit, the result of a write.

Theory. Deezer answers nearly everything with HTTP 200 and says in the body what went wrong, so a status other than 200
mostly comes from something in front of it: an edge server, a proxy, a captive portal. A body that is not JSON says
nothing about the library and may be read again; it must never be taken for a missing playlist.

Foreign exceptions are never raised from here or chained: a decoder's error holds the whole body, and Deezer's bodies
hold access tokens (``next`` links, recorded). ``from None`` would only hide them in ``__context__``, so every
translation raises outside the ``except`` block.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from email.utils import parsedate_to_datetime

from musicdiff_job.core.errors import BadAnswer, Throttled, Transient, UnknownOutcome
from musicdiff_job.core.plan import Refused, Written
from musicdiff_job.core.secret import Redactor
from musicdiff_job.deezer.fields import number

LONGEST_MESSAGE = 200
"""Characters of a service's own message that are passed on."""


class Declined(BadAnswer):
    """The service understood a change and refuses it as it is; ``already`` as in ``plan.Refused``."""

    def __init__(self, message: str, *, already: bool = False) -> None:
        super().__init__(message)
        self.already = already


class Full(Declined):
    """The service takes no more items in one call, or in one list."""


class _Unreadable:
    """The body was not JSON."""


def read(status: int, headers: Mapping[str, str], body: bytes) -> object:
    """The JSON value of one answer. Raises ``Throttled`` for 429 and for 403 without JSON, ``Transient`` for 5xx,
    redirects and bodies that are empty, cut off or HTML. ``headers`` ignore case. Other statuses with JSON are left
    to the caller, for the body says more."""
    if status == 429:
        raise Throttled("Deezer takes no more calls for now (HTTP 429)", retry_after=retry_after(headers))
    if status >= 500:
        raise Transient(f"Deezer failed (HTTP {status})")
    if 300 <= status < 400:
        # Following it would take the credential to another address.
        raise Transient(f"Deezer answered with a redirect (HTTP {status}), which is not followed")
    value = _parse(body)
    if not isinstance(value, _Unreadable):
        return value
    if status == 403:
        # Observed by another client: after too many calls the edge server answers "Access Denied" to the whole IP
        # address for hours. The request did not reach Deezer, and repeating it soon makes it worse.
        raise Throttled("Deezer's edge server refuses this IP address (HTTP 403 without JSON)")
    raise Transient(f"Deezer's answer is not JSON (HTTP {status}, {len(body)} bytes)")


def retry_after(headers: Mapping[str, str]) -> float | None:
    """``Retry-After`` in seconds, from seconds or from a date, which is taken relative to the answer's own ``Date``.
    None when absent or unusable. Never recorded from Deezer; one client handles it."""
    value = headers.get("Retry-After", "").strip()
    if value.isascii() and value.isdigit() and len(value) < 10:
        return float(value)
    try:
        wait = parsedate_to_datetime(value) - parsedate_to_datetime(headers.get("Date", ""))
    except (TypeError, ValueError, OverflowError):
        return None
    return max(wait.total_seconds(), 0.0)


def quoted(message: object, redactor: Redactor) -> str:
    """A service's own words, short and without secrets, fit for an error message."""
    words = " ".join(message.split()) if isinstance(message, str) else ""
    return redactor.scrub(words)[:LONGEST_MESSAGE] or "no message"


def refused(refusal: Declined) -> Refused:
    """A refusal as the receipt of a change."""
    return Refused(refusal.message, already=refusal.already, full=isinstance(refusal, Full))


def receipt(answer: object, change: str) -> Written | Refused:
    """What the answer to a write says: ``true`` is a success, ``false`` a refusal without a reason (both recorded), and
    a number other than 0 is as good as ``true`` (the gateway's are loosely typed). Raises ``UnknownOutcome`` for
    anything else."""
    match answer:
        case Refused():
            return answer
        case False:
            return Refused(f"Deezer refused to {change} and gave no reason")
        case True:
            return Written()
        case _ if number(answer):
            return Written()
        case _:
            raise UnknownOutcome(f"Deezer's answer to the request to {change} makes no sense")


def _parse(body: bytes) -> object:
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return _Unreadable()
