"""Reads all settings of a run, from the lowest source to the highest: defaults, file, profile, environment, flags.

Nothing global is read: environment and working directory are arguments, so the same arguments always give the same
settings. A wrong value is reported even where a higher source overrides it, because it would count tomorrow.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import msgspec

from musicdiff_job.core.errors import ConfigError
from musicdiff_job.core.secret import Secret
from musicdiff_job.settings.base_urls import BASE_URLS
from musicdiff_job.settings.credentials import Credentials, read_credentials
from musicdiff_job.settings.document import RULES, Document, is_profile_name
from musicdiff_job.settings.env_file import read_env_file
from musicdiff_job.settings.environment import VARIABLES, read_environment, variables_of, warn_of_unused
from musicdiff_job.settings.findings import Findings, Given, printable, shown
from musicdiff_job.settings.model import BaseUrls, Settings
from musicdiff_job.settings.places import DEFAULT_PROFILE, settle
from musicdiff_job.settings.recipients import recipients
from musicdiff_job.settings.rows import ROWS, SECTIONS
from musicdiff_job.settings.toml_file import find, read_file

DEEZER_WINDOW = 50
"""Requests in 5 seconds that Deezer allows to one public address (documented)."""
_PASSWORD = re.compile(r"://[^/?#]*?:([^/?#]+)@")
_KEY = re.compile(r"[^/?&=:@#,.]{12,}")


class Loaded(msgspec.Struct, frozen=True):
    """What was read: the settings, the credentials, where they came from (lowest first, without values), and what is
    not wrong but should be looked at."""

    settings: Settings
    credentials: Credentials
    sources: tuple[str, ...]
    warnings: tuple[str, ...]

    def secrets(self) -> tuple[Secret, ...]:
        """Everything that must be shown nowhere, for the redactor: credentials, and addresses with passwords or keys
        in them, together with those parts alone, because libraries log host and path apart."""
        settings = self.settings
        told = [one.address for one in recipients(settings.notify.urls, ())]
        addresses = [*settings.notify.urls, *told, settings.health.ping_url, settings.metrics.pushgateway]
        parts = (Secret(part) for address in addresses for part in _confidential(address.reveal()))
        return (*self.credentials.secrets(), *filter(None, addresses), *parts)


def load(
    *,
    config: Path | None = None,
    profile: str = "",
    env: Mapping[str, str],
    env_file: Path | None = None,
    overrides: Mapping[str, object] | None = None,
    cwd: Path,
) -> Loaded:
    """Settings and credentials.

    ``config`` and ``env_file`` are the flags' values, None when not given; ``profile`` likewise, "" when not given
    (then MUSICDIFF_PROFILE, then "default"). ``overrides`` maps keys (``budget.time``) to what flags said, as text or
    as a TOML value; None means that the flag was not given. Raises ``ConfigError`` with every problem found.
    """
    findings = Findings()
    filed = read_env_file(env_file, cwd, findings) if env_file is not None else {}
    warn_of_unused(filed, findings)
    variables = variables_of(env, filed, cwd)
    texts = {name: variable.text for name, variable in variables.items()}

    path = find(config, texts, cwd)
    document = read_file(path, cwd, findings) if path is not None else Document()
    folder = (cwd / path).parent if path is not None else cwd
    name = profile or texts.get("MUSICDIFF_PROFILE") or DEFAULT_PROFILE
    overlay = _overlay(document, name, findings)
    environment = read_environment(variables, findings)
    flags = _flags(overrides or {}, cwd, findings)

    values = document.values | overlay | environment.values | flags
    values = settle(values, name, texts.get("HOME", ""), folder, findings)
    credentials = read_credentials(variables, findings)
    _check_deezer_rate(values, environment.urls, findings)
    if findings.problems:
        raise ConfigError(findings.problems)

    sources = ["defaults"]
    if path is not None:
        sources.append(f"file {printable(str(path))}")
    if overlay:
        sources.append(f"profile {name}")
    if env_file is not None:
        sources.append(f"variables of {printable(str(env_file))}")
    if used := sorted(set(env) & {*VARIABLES, *BASE_URLS, "MUSICDIFF_PLAYLIST"} & set(variables)):
        sources.append(f"environment {', '.join(used)}")
    if flags:
        sources.append(f"flags for {', '.join(flags)}")
    settings = _build(values, name, environment.urls)
    return Loaded(settings, credentials, tuple(sources), tuple(findings.warnings))


def _check_deezer_rate(values: Mapping[str, Given], urls: BaseUrls, findings: Findings) -> None:
    """More than Deezer allows is for another server than Deezer's (the sandbox) only."""
    given = values.get("deezer.requests_per_5s")
    if given is not None and given.value > DEEZER_WINDOW and urls.deezer_api == BaseUrls().deezer_api:
        findings.problems.append(
            f"{given.origin} is {given.value}; it must be at most {DEEZER_WINDOW}, which is what Deezer allows"
        )


def _overlay(document: Document, name: str, findings: Findings) -> dict[str, Given]:
    if not is_profile_name(name):
        findings.problems.append(
            f"profile {shown(name)}: a name has letters, digits, dot, hyphen and underscore only, 64 at most"
        )
    elif document.profiles and name not in document.profiles and name != DEFAULT_PROFILE:
        known = ", ".join(sorted(document.profiles))
        findings.problems.append(
            f"profile {name}: the settings file has no [profiles.{name}]; it has {printable(known)}"
        )
    return document.profiles.get(name, {})


def _flags(overrides: Mapping[str, object], cwd: Path, findings: Findings) -> dict[str, Given]:
    values: dict[str, Given] = {}
    known = {row.key: row for rows in ROWS.values() for row in rows.values()}
    for key, raw in overrides.items():
        if raw is None:
            continue
        if (row := known.get(key)) is None:
            findings.problems.append(f"flag for {shown(key)}: there is no such setting")
            continue
        read = row.kind.from_text(raw) if isinstance(raw, str) else raw
        if given := findings.read(row.kind, read, key, f"flag for {key}", cwd):
            values[key] = given
    return values


def _build(values: Mapping[str, Given], profile: str, urls: BaseUrls) -> Settings:
    sections: dict[str, Any] = {
        section: struct(**{name: values[row.key].value for name, row in ROWS[section].items() if row.key in values})
        for section, struct in SECTIONS.items()
    }
    if rules := values.get(RULES):
        sections[RULES] = rules.value
    return Settings(profile=profile, urls=urls, **sections)


def _confidential(address: str) -> list[str]:
    """The parts of an address that may be keys: its password, and what is long and, unlike a host, has no dot."""
    _, _, rest = address.partition("://")
    parts = [*_PASSWORD.findall(address), *_KEY.findall(rest)]
    return [form for part in parts for form in {part, unquote(part)}]
