"""Messages delivered by Apprise, each to one address.

Apprise has a pool of threads of its own whose end Python waits for, so it is told to work in the calling one, and
that is given up in time (see ``bounded``).
"""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Sequence
from enum import StrEnum
from functools import partial
from typing import NamedTuple

from musicdiff_job.core.secret import Secret
from musicdiff_job.notify.bounded import within
from musicdiff_job.notify.message import Message


class Fate(StrEnum):
    """What became of a message."""

    DELIVERED = "delivered"
    REFUSED = "refused"
    """Apprise does not know such an address, or lacks what it needs on this machine. No message was tried."""
    FAILED = "failed"
    LATE = "late"


class Delivery(NamedTuple):
    """A message's fate, its address without secrets, and the kind of error that Apprise broke with if it did."""

    fate: Fate
    address: str
    error: str = ""


class Parcel(NamedTuple):
    """A message and where it goes."""

    address: Secret
    message: Message


def is_installed() -> bool:
    """Whether Apprise is there, without importing it, which takes a second."""
    return importlib.util.find_spec("apprise") is not None


def deliver(parcels: Sequence[Parcel], seconds: float, clock: Callable[[], float]) -> tuple[Delivery, ...]:
    """Deliver all of these at once, in ``seconds`` altogether; what became of each. What Apprise has to say of it is in
    the log."""
    ends = within(seconds, clock, [partial(_send, parcel) for parcel in parcels])
    return tuple(
        Delivery(Fate.LATE, _scheme(parcel.address))
        if end is None
        else end.value or Delivery(Fate.FAILED, _scheme(parcel.address), type(end.error).__name__)
        for parcel, end in zip(parcels, ends, strict=True)
    )


def _send(parcel: Parcel) -> Delivery:
    import apprise

    class Asset(apprise.AppriseAsset):
        app_id = "musicdiff"
        app_desc = "musicdiff"
        app_url = ""
        async_mode = False
        secure_logging = True
        _service_timeout = 0.0  # else the delivery is handed to Apprise's pool

    service = apprise.Apprise.instantiate(parcel.address.reveal(), asset=Asset())
    if service is None:
        return Delivery(Fate.REFUSED, _scheme(parcel.address))
    # The query holds tokens in some forms of address, and `privacy` masks the others only.
    shown = str(service.url(privacy=True)).partition("?")[0]  # type: ignore[no-untyped-call]
    box = apprise.Apprise(asset=service.asset)
    box.add(service)
    sent = box.notify(title=parcel.message.title, body=parcel.message.body, body_format=apprise.NotifyFormat.TEXT)
    return Delivery(Fate.DELIVERED if sent else Fate.FAILED, shown)


def _scheme(address: Secret) -> str:
    """All that may be shown of an address that nobody could make sense of."""
    return f"{address.reveal().partition('://')[0]}://..."
