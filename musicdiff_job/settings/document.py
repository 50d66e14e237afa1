"""From the tables of a settings document (parsed TOML) to typed values.

One walk over the whole document: sections, playlist rules and every profile, selected or not, so that a mistake is
found on the day it is made. What is unknown is refused with the nearest known name; what is or looks like a
credential is refused with the place where it belongs, without its value.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import msgspec

from musicdiff_job.settings.findings import Findings, Given, credential_for, dotted, looks_secret, nearest
from musicdiff_job.settings.model import PlaylistRule
from musicdiff_job.settings.rows import ROWS, RULE_ROWS
from musicdiff_job.settings.scopes import refuse_clashes

Origin = Callable[[tuple[str | int, ...]], str]
"""Says where a path of the document stands ("musicdiff.toml, line 3")."""

RULES = "playlist"
PROFILES = "profiles"
EVERY = "all"
"""What stands for every profile, so none may be called so."""
PROFILE_NAME = rf"^(?!{EVERY}$)[A-Za-z0-9][A-Za-z0-9._-]{{0,63}}$"
"""Profile names stand in paths and object keys."""
NAMES = f'letters, digits, dot, hyphen and underscore only, 64 at most, and not "{EVERY}"'
"""The same in words."""


class Document(msgspec.Struct, frozen=True):
    """The typed values of a document by key (``budget.time``; ``playlist`` for the rules), and of its profiles."""

    values: dict[str, Given] = {}
    profiles: dict[str, dict[str, Given]] = {}


def read_document(tables: Mapping[str, Any], origin: Origin, folder: Path, findings: Findings) -> Document:
    """All of a document."""
    walk = _Walk(origin, folder, findings)
    values = walk.sections({key: value for key, value in tables.items() if key != PROFILES}, ())
    profiles: dict[str, dict[str, Given]] = {}
    named = tables.get(PROFILES, {})
    if isinstance(named, dict):
        for name, overlay in named.items():
            path = (PROFILES, name)
            if not is_profile_name(name):
                walk.problem(path, f"is no name for a profile: {NAMES}")
            if isinstance(overlay, dict):
                profiles[name] = walk.sections(overlay, path)
            else:
                walk.problem(path, "must be a table")
    else:
        walk.problem((PROFILES,), "must be a table of profiles, [profiles.NAME]")
    refuse_clashes(profiles, findings)
    return Document(values, profiles)


def read_rules(raw: object, origin: Origin, folder: Path, findings: Findings) -> Given | None:
    """The playlist rules alone, as MUSICDIFF_PLAYLIST gives them; None when a problem was found."""
    return _Walk(origin, folder, findings).rules(raw, (RULES,))


def is_profile_name(name: str) -> bool:
    """Whether a profile may be called so."""
    return re.fullmatch(PROFILE_NAME.removeprefix("^").removesuffix("$"), name) is not None


class _Walk:
    def __init__(self, origin: Origin, folder: Path, findings: Findings) -> None:
        self._origin, self._folder, self._findings = origin, folder, findings

    def sections(self, tables: dict[str, Any], above: tuple[str, ...]) -> dict[str, Given]:
        values: dict[str, Given] = {}
        for section, table in tables.items():
            path = (*above, section)
            if section == RULES:
                if rules := self.rules(table, path):
                    values[RULES] = rules
            elif section not in ROWS:
                self._unknown_section(section, table, path)
            elif not isinstance(table, dict):
                self.problem(path, f"must be a table, [{dotted(*path)}]")
            else:
                values |= self._section(section, table, path)
        return values

    def rules(self, raw: object, path: tuple[str, ...]) -> Given | None:
        if not isinstance(raw, list) or not all(isinstance(rule, dict) for rule in raw):
            self.problem(path, f"must be a list of rules, each [[{dotted(*path)}]]")
            return None
        before = len(self._findings.problems)
        rules: list[PlaylistRule] = []
        for index, rule in enumerate(raw):
            found: dict[str, Any] = {}
            for key, value in rule.items():
                where = self._origin((*path, index, key))
                if row := RULE_ROWS.get(key):
                    given = self._findings.read(row.kind, value, f"playlist.{key}", where, self._folder)
                    found[key] = given.value if given else row.default
                else:
                    self._unknown(RULES, key, where)
            rules.append(PlaylistRule(**found))
        return Given(tuple(rules), self._origin(path), self._folder) if len(self._findings.problems) == before else None

    def _section(self, section: str, table: dict[str, Any], path: tuple[str, ...]) -> dict[str, Given]:
        values: dict[str, Given] = {}
        for key, value in table.items():
            where = self._origin((*path, key))
            if row := ROWS[section].get(key):
                if given := self._findings.read(row.kind, value, dotted(*path, key), where, self._folder):
                    values[row.key] = given
            else:
                self._unknown(section, key, where)
        return values

    def _unknown(self, section: str, key: str, where: str) -> None:
        from difflib import get_close_matches  # only mistakes need it

        name = dotted(section, key)
        known = RULE_ROWS if section == RULES else ROWS[section]
        # A slip in token_store is not a credential.
        if credential_for(section, key) or (looks_secret(key) and not get_close_matches(key, known, 1, 0.8)):
            self._credential(section, key, name, where)
        else:
            self._findings.problems.append(f"{where}: {name} is not a setting; {nearest(section, key, known)}")

    def _unknown_section(self, section: str, table: object, path: tuple[str, ...]) -> None:
        from difflib import get_close_matches  # only mistakes need it

        where = self._origin(path)
        if looks_secret(section):
            self._credential("", section, dotted(section), where)
            return
        known = [*ROWS, RULES, PROFILES]
        elsewhere = [row.key for rows in ROWS.values() for row in rows.values() if row.name == section]
        close = elsewhere if not isinstance(table, dict) else []
        close = close or get_close_matches(section, known, 1)
        advice = f"did you mean {close[0]}?" if close else f"the sections are {', '.join(known)}"
        self._findings.problems.append(f"{where}: {dotted(*path)} is not a section; {advice}")
        if isinstance(table, dict):
            for key in filter(looks_secret, table):
                self._credential(section, key, dotted(section, key), self._origin((*path, key)))

    def _credential(self, section: str, key: str, name: str, where: str) -> None:
        variable = credential_for(section, key)
        place = f"set {variable}, or {variable}_FILE, or put it into the file of --env-file"
        self._findings.problems.append(
            f"{where}: {name} is a credential, and credentials are not read from this file; "
            + (place if variable else "they come from the environment, NAME_FILE or --env-file only")
        )

    def problem(self, path: tuple[str, ...], text: str) -> None:
        self._findings.problems.append(f"{self._origin(path)}: {dotted(*path)} {text}")
