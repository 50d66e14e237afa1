"""Whether a store that speaks S3's language really refuses a write whose condition does not hold.

Some ignore ``If-Match`` and answer 200 (see docs/s3.md); there two runs could overwrite each other, and nothing would
tell. That cannot be tried on the checkpoint itself, which such a store would overwrite. So it is tried on an object of
its own beside it, named so that it cannot be taken for anything else, and removed again.
"""

from __future__ import annotations

import secrets
from contextlib import suppress

from musicdiff_job.core.errors import CheckpointUnwritable
from musicdiff_job.store.bucket import Bucket, Denied, Moved

PROBE = ".probe-"
"""Between the checkpoint's key and a random word."""

_IGNORES = (
    "without conditional writes two runs overwrite each other: use another store, or a file as the checkpoint "
    "(checkpoint.url)"
)
_STALE = '"00000000000000000000000000000000"'


def rehearse(bucket: Bucket, key: str) -> tuple[str, ...]:
    """Create, replace and remove an object, under conditions that hold and under some that do not. What could not be
    proven for want of rights is returned, with what to allow. Raises ``CheckpointUnwritable``."""
    probe = f"{key}{PROBE}{secrets.token_hex(8)}"
    try:
        etag = bucket.write(probe, b"{}", None)
    except Denied as error:
        return (
            f"conditional writes were not tried ({error.message}); to have them tried, allow s3:PutObject and "
            f"s3:DeleteObject on {bucket.place(key)}{PROBE}*",
        )
    except Moved:
        raise CheckpointUnwritable(
            f"S3 says that an object is there which is not ({bucket.place(probe)})", "Try again"
        ) from None
    try:
        _prove_refused(bucket, probe, None, "If-None-Match")
        _prove_refused(bucket, probe, _STALE, "If-Match")
        bucket.write(probe, b"{ }", etag)
    except Moved:
        raise CheckpointUnwritable(
            f"S3 does not know the ETag that it has just given ({bucket.place(probe)})",
            "look whether a proxy on the way alters ETags",
        ) from None
    finally:
        left = _remove(bucket, probe)
    return left


def _prove_refused(bucket: Bucket, probe: str, expected: str | None, header: str) -> None:
    with suppress(Moved):
        bucket.write(probe, b"{  }", expected)
        raise CheckpointUnwritable(f"this store ignores {header} ({bucket.place(probe)})", _IGNORES)


def _remove(bucket: Bucket, probe: str) -> tuple[str, ...]:
    try:
        bucket.remove(probe)
    except (CheckpointUnwritable, Moved):
        return (f"{bucket.place(probe)} could not be removed again: remove it, or allow s3:DeleteObject on it",)
    return ()
