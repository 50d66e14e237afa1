"""Credentials that AWS keeps: parameters of Systems Manager, or secrets of Secrets Manager, for Lambda.

``MUSICDIFF_SECRETS`` says where. ``ssm:/musicdiff`` means the parameters ``/musicdiff/SPOTIFY_CLIENT_ID`` and so on,
and ``/musicdiff/alice/SPOTIFY_REFRESH_TOKEN`` and so on for the profile alice. ``secretsmanager:musicdiff`` means the
secrets ``musicdiff`` and ``musicdiff/alice``, each a JSON object of names and values. They are read at every event:
a variable would need a deployment when a consent is renewed, and would hold no more than 4 KB for all profiles.

What the environment says goes before what AWS keeps. The first level holds the app, which is everybody's, and the
tokens of the profile ``default``, which are not: a named profile does not get them.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from musicdiff_job.core.errors import ConfigError, StopRun
from musicdiff_job.core.outcome import Outcome
from musicdiff_job.settings.document import is_profile_name
from musicdiff_job.settings.environment import VARIABLES
from musicdiff_job.settings.findings import CREDENTIALS
from musicdiff_job.settings.places import DEFAULT_PROFILE
from musicdiff_job.settings.scopes import APP, prefix_of

PLACE = "MUSICDIFF_SECRETS"
SETTINGS = tuple(name for name, row in VARIABLES.items() if row.kind.secret)
"""Settings that hold passwords; they may be kept with the credentials."""
_AT_ONCE = 10
"""Parameters that one request may name (documented)."""
_PASSING = ("ThrottlingException", "InternalServerError", "InternalServiceError", "ServiceUnavailable")


class SecretsUnavailable(StopRun):
    """AWS did not give the credentials out now; the next event may get them."""

    outcome = Outcome.UNAVAILABLE


def with_secrets(env: Mapping[str, str], profile: str) -> dict[str, str]:
    """``env`` with what AWS keeps for ``profile`` in it. Makes no call where ``MUSICDIFF_SECRETS`` is not set. Raises
    ``ConfigError`` for what is not allowed or not there, ``SecretsUnavailable``."""
    given = dict(env)
    place = given.pop(PLACE, "")
    if not place or not is_profile_name(profile):  # such a name is refused by the settings
        return given
    kind, _, name = place.partition(":")
    name = name.rstrip("/")
    if kind not in _READERS or not name or (kind == "ssm" and not name.startswith("/")):
        raise ConfigError([f"{PLACE}: must be ssm:/path or secretsmanager:name"])
    own = profile != DEFAULT_PROFILE
    wanted = {f"{name}/": (*(APP if own else CREDENTIALS), *SETTINGS)}
    if own:
        wanted[f"{name}/{profile}/"] = CREDENTIALS
    before = {f"{name}/": "", f"{name}/{profile}/": prefix_of(profile)}
    for folder, variable, value in _guarded(lambda: list(_READERS[kind](wanted)), place):
        full = f"{before[folder]}{variable}"
        if not given.get(full) and not given.get(f"{full}_FILE"):
            given[full] = value
    return given


def _from_parameters(wanted: Mapping[str, tuple[str, ...]]) -> Iterator[tuple[str, str, str]]:
    client = _client("ssm")
    names = [f"{folder}{variable}" for folder, variables in wanted.items() for variable in variables]
    for at in range(0, len(names), _AT_ONCE):
        for found in client.get_parameters(Names=names[at : at + _AT_ONCE], WithDecryption=True)["Parameters"]:
            folder, _, variable = found["Name"].rpartition("/")
            yield f"{folder}/", variable, found["Value"]


def _from_secrets(wanted: Mapping[str, tuple[str, ...]]) -> Iterator[tuple[str, str, str]]:
    client = _client("secretsmanager")
    for folder, variables in wanted.items():
        name = folder.rstrip("/")
        try:
            text = client.get_secret_value(SecretId=name).get("SecretString", "")
        except client.exceptions.ResourceNotFoundException:
            continue  # what is missing then is told by whoever needs it
        try:
            kept = json.loads(text)
        except ValueError:
            kept = None
        if not isinstance(kept, dict):
            raise ConfigError([f'{PLACE}: the secret {name} must be a JSON object such as {{"DEEZER_ARL": "..."}}'])
        yield from ((folder, name, kept[name]) for name in variables if isinstance(kept.get(name), str))


_READERS: dict[str, Callable[[Mapping[str, tuple[str, ...]]], Iterator[tuple[str, str, str]]]] = {
    "ssm": _from_parameters,
    "secretsmanager": _from_secrets,
}


def _client(service: str) -> Any:
    import boto3  # takes half a second, and whoever sets no MUSICDIFF_SECRETS needs none
    from botocore.config import Config

    return boto3.client(service, config=Config(connect_timeout=3.0, read_timeout=5.0, retries={"mode": "standard"}))


def _guarded(read: Callable[[], list[tuple[str, str, str]]], place: str) -> list[tuple[str, str, str]]:
    try:
        import botocore.exceptions as aws
    except ModuleNotFoundError:
        raise ConfigError([f"{PLACE}: credentials in AWS need boto3: pip install 'musicdiff-job[s3]'"]) from None
    try:
        return read()
    except aws.ClientError as error:
        said = error.response.get("Error", {}).get("Code", "")
        status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
        if said in _PASSING or status >= 500:
            raise SecretsUnavailable(f"{PLACE}: {place} cannot be read now: AWS says {said}") from None
        told = f"{PLACE}: {place} cannot be read: AWS says {said}"
        raise ConfigError([told], "Allow the function's role to read it, and to decrypt with its key") from None
    except aws.NoCredentialsError:
        raise ConfigError([f"{PLACE}: {place} cannot be read: there are no AWS credentials here"]) from None
    except aws.BotoCoreError as error:
        raise SecretsUnavailable(f"{PLACE}: {place} cannot be read now: boto3 says {type(error).__name__}") from None
