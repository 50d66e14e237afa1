"""Objects in an S3 bucket, read whole and replaced under a condition, by boto3.

Theory. S3 replaces an object only if its ETag is still the one that is expected (``If-Match``), or only if there is
none (``If-None-Match: *``): a compare-and-swap, which S3 makes atomic. An ETag is opaque; it is kept and sent back,
never computed. An answer to such a write can get lost after the write was carried out, and boto3 itself repeats
requests, so that its second attempt is refused because of its first (observed). ``Moved`` and ``Unanswered``
therefore do not say who wrote: whoever wrote last has to look at what is there now.

Settings and credentials are boto3's own: environment, files in ``~/.aws``, roles, ``AWS_ENDPOINT_URL_S3``. Retries
are those of its ``standard`` mode. A signal leaves a run five seconds, and neither a request nor its repetition may
outlast them: once the stop flag is set nothing is repeated, and requests are given what is left of that time.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cached_property
from typing import Any, NamedTuple

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError, ParamValidationError

from musicdiff_job.clock import StopFlag
from musicdiff_job.core.errors import CheckpointUnwritable, ConfigError, Interrupted
from musicdiff_job.store.s3_hints import hint_for, read_denied

CONNECT_TIMEOUT = 3.0
READ_TIMEOUT = 10.0
"""Seconds. S3 answers in a fraction of one; a request that takes longer is better repeated."""
STOPS_WITHIN = 4.5
"""Seconds after a signal within which requests are to end; the rest of the five is for leaving."""
LEAST_TIMEOUT = 0.3
"""Seconds that a request is given however late it is."""

_GZIP_MAGIC = b"\x1f\x8b"
_READS = 3
_MISSING = "NoSuchKey"


class Held(NamedTuple):
    """An object's content, and the ETag of exactly that state."""

    etag: str
    content: bytes


class Moved(Exception):
    """The object is not, or no longer, the one that the write was meant for (412, 404)."""


class Busy(Moved):
    """Somebody else is just writing the object; which of the two it will be is open (409)."""


class Unanswered(CheckpointUnwritable):
    """There was no answer, or none that says whether the write was carried out."""


class Denied(CheckpointUnwritable):
    """S3 does not allow it to these credentials. That may be on purpose."""


class Use(NamedTuple):
    """What a bucket is used for, in the words of its errors: the thing, and the setting that names its place.
    ``denied`` is what to do when it may not be read, "" for what a checkpoint needs."""

    thing: str
    setting: str
    denied: str = ""


CHECKPOINT = Use("the checkpoint", "checkpoint.url")


class Bucket:
    """A bucket. Constructing reaches nothing; whatever is asked of it raises ``CheckpointUnwritable`` when S3 refuses
    or is out of reach, ``Unanswered`` among them, and ``ConfigError`` when there can be no such bucket or address."""

    def __init__(self, name: str, stop: StopFlag, use: Use = CHECKPOINT) -> None:
        self.name = name
        self._stop = stop
        self._use = use

    def place(self, key: str) -> str:
        """The object's address, for people."""
        return f"s3://{self.name}/{key}"

    def read(self, key: str, at_most: int | None = None) -> Held | None:
        """The object, or its first ``at_most`` bytes; None when there is none."""
        part = {"Range": f"bytes=0-{at_most - 1}"} if at_most else {}
        attempt = 0
        while True:
            attempt += 1
            try:
                answer = self._client().get_object(Bucket=self.name, Key=key, **part)
            except ClientError as error:
                status, code = _said(error)
                if code == _MISSING:
                    return None
                if status == 416:  # an empty object has no first byte
                    return Held("", b"")
                raise self._refusal(error, key, "read") from None
            except (BotoCoreError, Interrupted) as error:
                raise self._refusal(error, key, "read") from None
            try:
                return Held(answer["ETag"], answer["Body"].read())
            except (BotoCoreError, Interrupted) as error:  # boto3 does not repeat what breaks off after its head
                if attempt == _READS or self._stop.signal is not None:
                    raise self._refusal(error, key, "read") from None

    def names(self, prefix: str, after: str = "") -> Iterator[str]:
        """The keys that begin with ``prefix``, those behind ``after`` alone, in the order of their bytes. One request
        for each thousand. Needs ``s3:ListBucket``."""
        begin = {"StartAfter": after} if after else {}
        try:
            pages = self._client().get_paginator("list_objects_v2").paginate(Bucket=self.name, Prefix=prefix, **begin)
            for page in pages:
                for entry in page.get("Contents", []):
                    yield str(entry["Key"])
        except (ClientError, BotoCoreError, Interrupted) as error:
            raise self._refusal(error, prefix, "read") from None

    def write(self, key: str, content: bytes, expected: str | None) -> str:
        """Replace the object that has the ETag ``expected``, or create it where None is expected; the new ETag.
        Raises ``Moved`` when something else is there, ``Unanswered``."""
        condition = {"IfNoneMatch": "*"} if expected is None else {"IfMatch": expected}
        kind = "application/gzip" if content.startswith(_GZIP_MAGIC) else "application/json"
        answer = self._change("put_object", key, Body=content, ContentType=kind, **condition)
        etag: str = answer["ETag"]
        return etag

    def put(self, key: str, content: bytes, kind: str, seconds: float) -> None:
        """Make ``content``, which is of the media type ``kind``, the object, whatever is there now, within about so
        many seconds. For what is made anew each time and never read back."""
        tries = 2 if seconds >= 2 * (CONNECT_TIMEOUT + READ_TIMEOUT) else 1
        client = _connect(
            Config(
                connect_timeout=min(CONNECT_TIMEOUT, seconds / 2),
                read_timeout=min(READ_TIMEOUT, seconds / 2),
                retries={"total_max_attempts": tries},
            )
        )
        try:
            # Whoever serves the bucket shall not show the page of an earlier run.
            client.put_object(Bucket=self.name, Key=key, Body=content, ContentType=kind, CacheControl="no-cache")
        except (ClientError, BotoCoreError) as error:
            raise self._refusal(error, key, "saved") from None

    def copy(self, key: str, to: str, expected: str) -> None:
        """Make ``to`` a copy of the object at ``key``, within S3, if that has the ETag ``expected``. Raises ``Moved``
        when it has another one, ``Unanswered``."""
        self._change("copy_object", to, CopySource={"Bucket": self.name, "Key": key}, CopySourceIfMatch=expected)

    def remove(self, key: str) -> None:
        """Remove the object, if there is one. Needs ``s3:DeleteObject``, which runs do not have to be given."""
        self._change("delete_object", key)

    def _change(self, operation: str, key: str, **arguments: Any) -> Any:
        try:
            return getattr(self._client(), operation)(Bucket=self.name, Key=key, **arguments)
        except ClientError as error:
            status, code = _said(error)
            if status == 409:
                raise Busy from None
            if status == 412 or code == _MISSING:
                raise Moved from None
            raise self._refusal(error, key, "saved") from None
        except (BotoCoreError, Interrupted) as error:
            raise self._refusal(error, key, "saved") from None

    def _refusal(self, error: Exception, key: str, done: str) -> CheckpointUnwritable | ConfigError:
        """The error that tells this one. Says nothing of what is not known to be harmless."""
        place, refused = self.place(key), False
        match error:
            case ClientError():
                status, code = _said(error)
                told = f"S3 says {code or status}"
                denied = done == "read" and code == "AccessDenied"
                denial = self._use.denied or read_denied(error.response["Error"].get("Message", ""))
                hint = denial if denied else hint_for(error, code)
                # What S3 did not get to the end of (5xx), or wants later, may have been carried out.
                refused = code == "AccessDenied"
                unsure = status >= 500 or status == 429 or code == "RequestTimeout"
            case ParamValidationError():
                return ConfigError([f"{self._use.setting}: {place} cannot be the address of an object in S3"])
            case _ if self._stop.signal is not None:
                told, hint, unsure = "S3 did not answer before the run had to stop", "", True
            case _:
                # Some of these never sent anything, but an attempt before the last one may have.
                told, hint, unsure = f"boto3 says {type(error).__name__}", hint_for(error), True
        kind = Unanswered if unsure else Denied if refused else CheckpointUnwritable
        hint = hint.replace(CHECKPOINT.setting, self._use.setting)
        return kind(f"{self._use.thing} cannot be {done}: {told} ({place})", hint)

    def _client(self) -> Any:
        """boto3's client: for requests that may be repeated or, after a signal, for one that may not."""
        if self._stop.signal is None:
            return self._patient
        left = max(LEAST_TIMEOUT, STOPS_WITHIN - self._stop.age())
        return _connect(Config(connect_timeout=left, read_timeout=left, retries={"total_max_attempts": 1}))

    @cached_property
    def _patient(self) -> Any:
        client = _connect(
            Config(connect_timeout=CONNECT_TIMEOUT, read_timeout=READ_TIMEOUT, retries={"mode": "standard"})
        )
        client.meta.events.register_first("needs-retry.s3", self._give_up_when_stopped)
        return client

    def _give_up_when_stopped(self, caught_exception: Exception | None, **_: object) -> None:
        """What ends the wait for a service (``Interrupted``, raised where the run happens to be) is to boto3 one more
        thing to try again after."""
        if caught_exception is not None and self._stop.signal is not None:
            raise caught_exception


def _connect(config: Config) -> Any:
    try:
        client = boto3.client("s3", config=config)
    except ValueError:
        raise ConfigError(
            ["AWS_ENDPOINT_URL_S3 (or AWS_ENDPOINT_URL) is not an address: https://host[:port]"]
        ) from None
    except BotoCoreError as error:
        raise CheckpointUnwritable(
            f"S3 cannot be asked for the checkpoint: boto3 says {type(error).__name__}", hint_for(error)
        ) from None
    client.meta.events.register_last("before-call.s3", _send_at_once)
    return client


def _send_at_once(params: dict[str, Any], **_: object) -> None:
    """A checkpoint is sooner sent than S3 is asked whether it may be (``Expect: 100-continue``); and where nobody
    answers that question, boto3 waits a second for it at every save."""
    params["headers"].pop("Expect", None)


def _said(error: ClientError) -> tuple[int, str]:
    """The status and S3's error code, as far as it is a word."""
    code = re.sub(r"[^A-Za-z0-9.]", "", str(error.response.get("Error", {}).get("Code", "")))
    return int(error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)), code[:60]
