"""The environment: settings as ``MUSICDIFF_SECTION_KEY``, base URLs, and where credentials come from.

Every setting has a variable. Lists are separated by commas or written in JSON, the playlist rules are JSON in
MUSICDIFF_PLAYLIST, and settings that hold passwords can also be mounted (``..._FILE``). A variable that is empty
counts as not set: CI systems and Compose files substitute an empty text for what is missing. A ``MUSICDIFF_`` name
that means nothing is an error, because a misspelled setting would silently not count.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Mapping
from pathlib import Path

import msgspec

from musicdiff_job.settings.base_urls import BASE_URLS, read_base_urls
from musicdiff_job.settings.document import RULES, read_rules
from musicdiff_job.settings.findings import CREDENTIALS, Findings, Given, Variable, printable
from musicdiff_job.settings.model import BaseUrls
from musicdiff_job.settings.private_file import read_variable
from musicdiff_job.settings.rows import ROWS, Row
from musicdiff_job.settings.scopes import SECRETS_DIR, scoped

PREFIX = "MUSICDIFF_"
OTHER_VARIABLES = ("MUSICDIFF_CONFIG", "MUSICDIFF_PROFILE", SECRETS_DIR, "MUSICDIFF_REFERENCE_DATA")
"""Names that are no settings: the settings file, the profile, the folder of secrets, and what the tests are pointed
to."""

VARIABLES: dict[str, Row] = {row.variable: row for rows in ROWS.values() for row in rows.values()}
"""The variable of every setting outside the playlist rules."""

_CREDENTIALS = {*CREDENTIALS, *(f"{name}_FILE" for name in CREDENTIALS)}
_RULES = f"{PREFIX}{RULES.upper()}"
_SERVICE_LINK = re.compile(
    # Kubernetes puts these into a container when a Service in its namespace is called "musicdiff" or "musicdiff-...".
    r"MUSICDIFF_(?:[A-Z0-9_]+_)?(?:SERVICE_HOST|SERVICE_PORT(?:_[A-Z0-9_]+)?|PORT(?:_[0-9]+_(?:TCP|UDP|SCTP)(?:_[A-Z]+)?)?)"
)


class Environment(msgspec.Struct, frozen=True):
    """The typed settings of the environment, by key, and the base URLs."""

    values: dict[str, Given]
    urls: BaseUrls


def variables_of(env: Mapping[str, str], file: Mapping[str, Variable], cwd: Path) -> dict[str, Variable]:
    """All variables that are not empty. The process environment goes before the file: a name that it sets, in either
    form (``NAME``, ``NAME_FILE``), is not taken from the file in any."""
    merged = {name: Variable(text, name, cwd) for name, text in env.items() if text}
    for name, variable in file.items():
        plain = name.removesuffix("_FILE")
        if variable.text and _is_read(name) and not any(env.get(form) for form in (plain, f"{plain}_FILE")):
            merged[name] = variable
    return merged


def read_environment(
    variables: Mapping[str, Variable], findings: Findings, profiles: Collection[str] = ()
) -> Environment:
    """The settings among the variables; ``profiles`` are those whose credentials may be there too."""
    values: dict[str, Given] = {}
    for name, row in VARIABLES.items():
        variable = read_variable(name, variables, findings) if row.kind.secret else variables.get(name)
        if variable is not None:
            raw = row.kind.from_text(variable.text)
            if given := findings.read(row.kind, raw, row.key, variable.origin, variable.folder):
                values[row.key] = given
    if (variable := variables.get(_RULES)) and (rules := _rules(variable, findings)):
        values[RULES] = rules
    known = _known() | scoped(profiles)
    for name in sorted(variables):
        if name.startswith(PREFIX) and name not in known and not _SERVICE_LINK.fullmatch(name):
            findings.problems.append(_unknown(variables[name].origin, name, profiles))
    return Environment(values, read_base_urls(variables, findings))


def warn_of_unused(file: Mapping[str, Variable], findings: Findings) -> None:
    """Warn of names in the ``--env-file`` that nothing reads; the file is not put into the environment."""
    for name, variable in file.items():
        if not _is_read(name):
            findings.warnings.append(
                f"{variable.origin}: not used; only {PREFIX}* and credentials are{_like(name, _CREDENTIALS)}"
            )


def _is_read(name: str) -> bool:
    return name.startswith(PREFIX) or name in _CREDENTIALS


def _rules(variable: Variable, findings: Findings) -> Given | None:
    try:
        raw = json.loads(variable.text)
    except (ValueError, RecursionError):
        findings.problems.append(f'{variable.origin}: playlist must be a JSON list such as [{{"match": "Gym*"}}]')
        return None
    return read_rules(raw, lambda _: variable.origin, variable.folder, findings)


def _known() -> set[str]:
    mounted = {f"{name}_FILE" for name, row in VARIABLES.items() if row.kind.secret}
    return {*VARIABLES, *BASE_URLS, *OTHER_VARIABLES, *mounted, _RULES}


def _unknown(origin: str, name: str, profiles: Collection[str]) -> str:
    plain = name.removeprefix(PREFIX)
    if plain.removesuffix("_FILE") in CREDENTIALS:
        return f"{origin}: credentials have no {PREFIX} in front; set {plain}"
    if plain.removesuffix("_FILE").endswith(tuple(f"_{credential}" for credential in CREDENTIALS)):
        there = f"the settings file has {printable(', '.join(profiles))}" if profiles else "there are no profiles"
        return f"{printable(origin)}: no profile is called so; {there}"
    return f"{printable(origin)}: no setting has this variable{_like(name, _known())}"


def _like(name: str, known: set[str]) -> str:
    from difflib import get_close_matches  # only mistakes need it

    close = get_close_matches(name, sorted(known), 1, 0.75)
    return f"; did you mean {close[0]}?" if close else ""
