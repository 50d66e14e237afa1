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

from musicdiff_job.core.errors import ConfigError, UsageError
from musicdiff_job.core.secret import Secret
from musicdiff_job.settings.base_urls import BASE_URLS
from musicdiff_job.settings.credentials import Credentials, read_credentials
from musicdiff_job.settings.document import EVERY, NAMES, RULES, Document, is_profile_name
from musicdiff_job.settings.env_file import read_env_file
from musicdiff_job.settings.environment import (
    VARIABLES,
    Environment,
    read_environment,
    variables_of,
    warn_of_unused,
)
from musicdiff_job.settings.findings import Findings, Given, printable, shown
from musicdiff_job.settings.model import BaseUrls, Settings
from musicdiff_job.settings.places import DEFAULT_PROFILE, refuse_shared, settle
from musicdiff_job.settings.recipients import recipients
from musicdiff_job.settings.rows import ROWS, SECTIONS
from musicdiff_job.settings.scopes import with_folder
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


class Refused(msgspec.Struct, frozen=True):
    """A profile whose own settings or credentials are wrong, and what is wrong with them."""

    profile: str
    error: ConfigError


def load(
    *,
    config: Path | None = None,
    profile: str = "",
    profile_index: int | None = None,
    env: Mapping[str, str],
    env_file: Path | None = None,
    overrides: Mapping[str, object] | None = None,
    cwd: Path,
) -> Loaded:
    """Settings and credentials of one profile.

    ``config`` and ``env_file`` are the flags' values, None when not given; ``profile`` likewise, "" when not given
    (then MUSICDIFF_PROFILE, then "default"). ``profile_index`` names a profile by its place in the settings file,
    from 0, and goes before ``profile``. ``overrides`` maps keys (``budget.time``) to what flags said, as text or as a
    TOML value; None means that the flag was not given. Raises ``ConfigError`` with every problem found, and
    ``UsageError`` where there is no profile of that index, or where every profile is asked for.
    """
    reading = Reading(config, env, env_file, overrides or {}, cwd)
    name = reading.chosen(profile, profile_index)
    if name == EVERY:
        raise UsageError(f"{EVERY!r} stands for every profile, and this takes one", "Name one with --profile NAME")
    return reading.load(name)


class Reading:
    """All sources, read once. Raises nothing; what is wrong is told by ``load`` and ``load_every``."""

    def __init__(
        self,
        config: Path | None,
        env: Mapping[str, str],
        env_file: Path | None,
        overrides: Mapping[str, object],
        cwd: Path,
    ) -> None:
        findings = Findings()
        filed = read_env_file(env_file, cwd, findings) if env_file is not None else {}
        warn_of_unused(filed, findings)
        variables = variables_of(env, filed, cwd)
        self._texts = {name: variable.text for name, variable in variables.items()}
        self._home = self._texts.get("HOME", "")

        path = find(config, self._texts, cwd)
        document = read_file(path, cwd, findings) if path is not None else Document()
        self._folder = (cwd / path).parent if path is not None else cwd
        self._document = document
        self.profiles = tuple(document.profiles)
        """The profiles of the settings file, in its order."""
        self._variables = with_folder(variables, self.profiles, findings)
        self._findings = findings
        self._overrides, self._cwd = overrides, cwd

        self._sources = ["defaults"]
        if path is not None:
            self._sources.append(f"file {printable(str(path))}")
        self._above: list[str] = []
        if env_file is not None:
            self._above.append(f"variables of {printable(str(env_file))}")
        if used := sorted(set(env) & {*VARIABLES, *BASE_URLS, "MUSICDIFF_PLAYLIST"} & set(variables)):
            self._above.append(f"environment {', '.join(used)}")

    def chosen(self, profile: str = "", index: int | None = None) -> str:
        """The profile that is asked for, ``EVERY`` for all. Raises ``UsageError`` for an index that no profile has;
        in a file that cannot be understood nobody knows, so that is told first, as ``ConfigError``."""
        if index is None:
            return profile or self._texts.get("MUSICDIFF_PROFILE") or DEFAULT_PROFILE
        if self._findings.problems:
            raise ConfigError(self._findings.problems)
        if not 0 <= index < len(self.profiles):
            there = f"0 to {len(self.profiles) - 1}" if self.profiles else "none"
            raise UsageError(
                f"there is no profile {index}: the settings file has {len(self.profiles)} of them ({there})",
                "In a Kubernetes Job `completions` is their number",
            )
        return self.profiles[index]

    def load(self, name: str) -> Loaded:
        """As the function ``load``."""
        findings = Findings()
        findings.problems += self._findings.problems
        findings.warnings += self._findings.warnings
        overlay = self._overlay(name, findings)
        environment, flags = self._top((name,), findings)
        if len(self.profiles) > 1:
            self._refuse_shared(environment.values | flags, findings)
        loaded = self._settle(name, overlay, environment, flags, findings)
        if findings.problems:
            raise ConfigError(findings.problems)
        return loaded

    def load_every(self) -> tuple[Loaded | Refused, ...]:
        """Every profile of the settings file, in its order. What is wrong for all of them is a ``ConfigError``; what
        is wrong with one is told in its place."""
        findings = Findings()
        findings.problems += self._findings.problems
        environment, flags = self._top((), findings)
        if not self.profiles and not findings.problems:
            findings.problems.append(f"--profile {EVERY}: there is no settings file with a [profiles.NAME] in it")
        self._refuse_shared(environment.values | flags, findings)
        if findings.problems:
            raise ConfigError(findings.problems)
        loaded: list[Loaded | Refused] = []
        told = set(self._findings.warnings)
        for name in self.profiles:
            own = Findings()
            one = self._settle(name, self._document.profiles[name], environment, flags, own)
            if own.problems:
                loaded.append(Refused(name, ConfigError(own.problems)))
                continue
            fresh = [*(() if loaded else self._findings.warnings), *(line for line in own.warnings if line not in told)]
            told.update(fresh)
            loaded.append(msgspec.structs.replace(one, warnings=tuple(fresh)))
        return tuple(loaded)

    def _top(self, named: tuple[str, ...], findings: Findings) -> tuple[Environment, dict[str, Given]]:
        """What goes before file and profile."""
        profiles = tuple(dict.fromkeys((*self.profiles, *named)))
        environment = read_environment(self._variables, findings, profiles)
        flags = _flags(self._overrides, self._cwd, findings)
        return environment, flags

    def _overlay(self, name: str, findings: Findings) -> dict[str, Given]:
        document = self._document
        if not is_profile_name(name):
            findings.problems.append(f"profile {shown(name)}: a name has {NAMES}")
        elif document.profiles and name not in document.profiles and name != DEFAULT_PROFILE:
            known = ", ".join(sorted(document.profiles))
            findings.problems.append(
                f"profile {name}: the settings file has no [profiles.{name}]; it has {printable(known)}"
            )
        return document.profiles.get(name, {})

    def _refuse_shared(self, top: dict[str, Given], findings: Findings) -> None:
        base = self._document.values
        every = {name: base | overlay | top for name, overlay in self._document.profiles.items()}
        refuse_shared(every, self._home, self._folder, findings)

    def _settle(
        self,
        name: str,
        overlay: dict[str, Given],
        environment: Environment,
        flags: dict[str, Given],
        findings: Findings,
    ) -> Loaded:
        values = self._document.values | overlay | environment.values | flags
        values = settle(values, name, self._home, self._folder, findings)
        credentials = read_credentials(self._variables, findings, name, self.profiles)
        _check_deezer_rate(values, environment.urls, findings)
        sources = [*self._sources, *([f"profile {name}"] if overlay else []), *self._above]
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
