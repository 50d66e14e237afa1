"""Who is notified of what: addresses in the notation of Apprise, each with occasions before it or without.

``failure,auth = mailto://...`` is Apprise's own way to put tags before an address in a text file; here the tags are
the occasions. An address without is for all.
"""

from __future__ import annotations

import re

import msgspec

from musicdiff_job.core.secret import Secret
from musicdiff_job.core.told import NotifyOn

_OCCASION = "|".join(NotifyOn)
_TAGS = rf"(?:{_OCCASION})(?:\s*,\s*(?:{_OCCASION}))*\s*=\s*"
_SCHEME = r"[A-Za-z][A-Za-z0-9+.-]*://"

PATTERN = rf"^(?:{_TAGS})?{_SCHEME}.*$"
"""One recipient."""

# Addresses contain commas themselves, so only a comma before the next address separates two of them; tags do too, so
# none after an occasion that stands alone does.
SEPARATOR = (
    "".join(rf"(?<!{one}=)(?<!{one} =)" for one in NotifyOn)
    + rf"[,\s]+(?={_SCHEME})|(?<![,\s])"
    + "".join(rf"(?<!^{one})(?<![,\s]{one})" for one in NotifyOn)
    + rf"[,\s]+(?={_TAGS}{_SCHEME})"
)
"""What stands between recipients in an environment variable."""


class Recipient(msgspec.Struct, frozen=True):
    """An address, and the occasions that it is for."""

    address: Secret
    occasions: frozenset[NotifyOn]


def recipients(urls: tuple[Secret, ...], on: tuple[NotifyOn, ...]) -> tuple[Recipient, ...]:
    """The recipients of ``notify.urls``; none is told of what is not in ``notify.on``."""
    found: list[Recipient] = []
    for url in urls:
        tags, scheme, rest = re.split(rf"({_SCHEME})", url.reveal(), maxsplit=1)
        named = frozenset(NotifyOn(tag) for tag in re.findall(r"[a-z_]+", tags)) or frozenset(NotifyOn)
        found.append(Recipient(Secret(scheme + rest), named & frozenset(on)))
    return tuple(found)
