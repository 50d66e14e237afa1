"""What can be told of a web address by looking at it."""

from __future__ import annotations

import ipaddress
from urllib.parse import urlsplit


def is_this_machine(url: str) -> bool:
    """Whether the host of ``url`` is a loopback address or ``localhost``: what is sent there crosses no network, unless
    a proxy takes it there. An address that cannot be understood is not this machine."""
    try:
        host = urlsplit(url).hostname or ""
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
