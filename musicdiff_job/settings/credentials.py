"""Credentials: read from the environment, from mounted files or from the ``--env-file``, and from nowhere else.

A credential that is missing is not a wrong setting: most commands need none, so ``Credentials.require`` tells which
are missing for what, and how to make them, and the caller decides.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from datetime import date, datetime

import msgspec

from musicdiff_job.core.secret import Secret
from musicdiff_job.settings.choices import SourceKind, TargetKind
from musicdiff_job.settings.findings import Findings, Variable, shown
from musicdiff_job.settings.places import DEFAULT_PROFILE
from musicdiff_job.settings.private_file import read_variable
from musicdiff_job.settings.scopes import names_for

_ONE_WORD = re.compile(r"[!-~]+")


class Missing(msgspec.Struct, frozen=True):
    """A credential that is not set, and the command that makes it."""

    name: str
    command: str


class Credentials(msgspec.Struct, frozen=True):
    """What identifies the user to the services; None or "" where not given.

    Without ``spotify_client_secret`` the app uses PKCE. At most one of Deezer's two is set: ``deezer_arl`` is the
    cookie of a browser session, ``deezer_access_token`` a token of the former developer programme.
    ``spotify_authorized_at`` is the day on which the user consented. ``prefix`` stands before the names of the user's
    own variables where there are several profiles.
    """

    spotify_client_id: str = ""
    spotify_client_secret: Secret | None = None
    spotify_refresh_token: Secret | None = None
    spotify_authorized_at: date | None = None
    deezer_arl: Secret | None = None
    deezer_access_token: Secret | None = None
    prefix: str = ""

    def secrets(self) -> tuple[Secret, ...]:
        """All secret values, for the redactor."""
        secrets = (
            self.spotify_client_secret,
            self.spotify_refresh_token,
            self.deezer_arl,
            self.deezer_access_token,
        )
        return tuple(secret for secret in secrets if secret is not None)

    def require(
        self, source: SourceKind = SourceKind.SPOTIFY, target: TargetKind = TargetKind.DEEZER
    ) -> tuple[Missing, ...]:
        """What is missing to read this source and write this target; empty when all is there. Files need nothing."""
        missing: list[Missing] = []
        if source is SourceKind.SPOTIFY:
            if not self.spotify_client_id:
                missing.append(Missing("SPOTIFY_CLIENT_ID", "musicdiff-job auth spotify"))
            if self.spotify_refresh_token is None:
                missing.append(Missing(f"{self.prefix}SPOTIFY_REFRESH_TOKEN", "musicdiff-job auth spotify"))
        if target is TargetKind.DEEZER and self.deezer_arl is None and self.deezer_access_token is None:
            either = f"{self.prefix}DEEZER_ARL or {self.prefix}DEEZER_ACCESS_TOKEN"
            missing.append(Missing(either, "musicdiff-job auth deezer"))
        return tuple(missing)


def read_credentials(
    variables: Mapping[str, Variable],
    findings: Findings,
    profile: str = DEFAULT_PROFILE,
    profiles: Collection[str] = (),
) -> Credentials:
    """The credentials of ``profile`` among the variables; problems for those that cannot be meant so. ``profiles``
    are those of the settings file."""
    names = names_for(profile, profiles, variables)
    _warn_of_ownerless(names, profile, variables, findings)

    def word(name: str) -> str | None:
        variable = read_variable(names[name], variables, findings)
        if variable is None:
            return None
        text = variable.text.strip()
        if text[:1] in ("'", '"'):
            findings.problems.append(f"{variable.origin}: the value is in quotes; they are not part of it")
            return None
        if not _ONE_WORD.fullmatch(text):
            findings.problems.append(
                f"{variable.origin}: the value is empty, or has a space, a line break or another character in it that "
                "no credential has; copy it again"
            )
            return None
        return text

    def secret(name: str) -> Secret | None:
        text = word(name)
        return None if text is None else Secret(text)

    arl, token = secret("DEEZER_ARL"), secret("DEEZER_ACCESS_TOKEN")
    if arl is not None and token is not None:
        findings.problems.append(
            f"{names['DEEZER_ARL']} and {names['DEEZER_ACCESS_TOKEN']} are both set; unset "
            f"{names['DEEZER_ACCESS_TOKEN']} unless you know that it still works: Deezer gives out no new ones"
        )
    return Credentials(
        spotify_client_id=word("SPOTIFY_CLIENT_ID") or "",
        spotify_client_secret=secret("SPOTIFY_CLIENT_SECRET"),
        spotify_refresh_token=secret("SPOTIFY_REFRESH_TOKEN"),
        spotify_authorized_at=_day(names["SPOTIFY_AUTHORIZED_AT"], variables, findings),
        deezer_arl=arl,
        deezer_access_token=token,
        prefix=names["DEEZER_ARL"].removesuffix("DEEZER_ARL"),
    )


def _warn_of_ownerless(
    names: Mapping[str, str], profile: str, variables: Mapping[str, Variable], findings: Findings
) -> None:
    """Warn where a token is set that could be meant for this profile, and is for nobody."""
    for name, wanted in names.items():
        if wanted == name or any(f"{wanted}{form}" in variables for form in ("", "_FILE")):
            continue
        if unowned := variables.get(name) or variables.get(f"{name}_FILE"):
            findings.warnings.append(
                f"{unowned.origin} is not used for profile {profile}, because there are several profiles: it would be "
                f"everybody's; set {wanted}"
            )


def _day(name: str, variables: Mapping[str, Variable], findings: Findings) -> date | None:
    variable = read_variable(name, variables, findings)
    if variable is None:
        return None
    try:
        return datetime.fromisoformat(variable.text.strip()).date()
    except ValueError:
        # Shown only when it looks like a date: in a slip, a token could have been pasted here.
        text = variable.text
        what = f" {shown(text)}" if re.fullmatch(r"[0-9T:Z+./ -]{1,30}", text) else ""
        findings.problems.append(f"{variable.origin}:{what} is not a date such as 2026-11-21")
        return None
