"""Whose a credential is: the variables and mounted files that carry a profile's name.

``MUSICDIFF_ALICE_DEEZER_ARL`` is the profile alice's, ``DEEZER_ARL`` nobody's in particular. In a folder of secrets
(``MUSICDIFF_SECRETS_DIR``) the same are the files ``alice.DEEZER_ARL`` and ``DEEZER_ARL``: keys of a Kubernetes
secret may have a dot but no slash in them, so a secret that is mounted as it is looks like this. What is in the
folder counts as if its path stood in ``..._FILE``, and what the environment says goes before it.

Credentials are taken in groups: a token is of no use with another one's date, nor an app's secret with another app's
id. The app is everybody's unless a profile brings its own. A person's tokens are not: where a file has several
profiles, a token without a name in front is for none of them, or one person's library would go to another.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from itertools import groupby
from pathlib import Path

from musicdiff_job.settings.findings import CREDENTIALS, Findings, Variable, printable, reason
from musicdiff_job.settings.places import DEFAULT_PROFILE

SECRETS_DIR = "MUSICDIFF_SECRETS_DIR"
APP = ("SPOTIFY_CLIENT_ID", "SPOTIFY_CLIENT_SECRET")
GROUPS = (APP, ("SPOTIFY_REFRESH_TOKEN", "SPOTIFY_AUTHORIZED_AT"), ("DEEZER_ARL", "DEEZER_ACCESS_TOKEN"))
"""The credentials that belong together."""


def prefix_of(profile: str) -> str:
    """What stands before a credential's name to make it this profile's: ``MUSICDIFF_ALICE_``."""
    return f"MUSICDIFF_{re.sub('[^A-Z0-9]', '_', profile.upper())}_"


def refuse_clashes(profiles: Iterable[str], findings: Findings) -> None:
    """Problems for profiles whose variables would be the same ones."""
    for prefix, named in groupby(sorted(profiles, key=prefix_of), prefix_of):
        if len(same := list(named)) > 1:
            names = " and ".join(map(printable, same))
            findings.problems.append(
                f"profiles {names}: their credentials would have the same names, {prefix}...; rename one of them"
            )


def scoped(profiles: Iterable[str]) -> set[str]:
    """The variables of these profiles' credentials, in both forms."""
    return {
        f"{prefix_of(profile)}{name}{form}" for profile in profiles for name in CREDENTIALS for form in ("", "_FILE")
    }


def names_for(profile: str, profiles: Collection[str], variables: Mapping[str, Variable]) -> dict[str, str]:
    """The variable that counts for each credential of ``profile``, by the credential's own name. ``profiles`` are
    those of the settings file."""
    prefix = prefix_of(profile)
    shared = profile == DEFAULT_PROFILE or len(profiles) < 2
    found: dict[str, str] = {}
    for group in GROUPS:
        own = any(f"{prefix}{name}{form}" in variables for name in group for form in ("", "_FILE"))
        before = "" if not own and (shared or group is APP) else prefix
        found |= {name: f"{before}{name}" for name in group}
    return found


def with_folder(variables: Mapping[str, Variable], profiles: Iterable[str], findings: Findings) -> dict[str, Variable]:
    """The variables, and those that the folder of secrets stands for."""
    given = variables.get(SECRETS_DIR)
    if given is None:
        return dict(variables)
    folder = given.folder / given.text
    shown = f"{given.origin}: {printable(given.text)}"
    try:
        files = sorted(path.name for path in folder.iterdir() if not path.name.startswith("."))
    except (OSError, ValueError) as error:
        findings.problems.append(f"{shown}: cannot be read ({reason(error)})")
        return dict(variables)
    merged = dict(variables)
    prefixes = {profile: prefix_of(profile) for profile in profiles}
    for file in files:
        profile, _, name = file.rpartition(".")
        if name not in CREDENTIALS or (profile and profile not in prefixes):
            why = "no credential is called so" if name not in CREDENTIALS else "there is no such profile"
            findings.warnings.append(f"{shown}: {printable(file)} is not used; {why}")
            continue
        wanted = prefixes.get(profile, "") + name
        if wanted not in variables and f"{wanted}_FILE" not in variables:
            merged[f"{wanted}_FILE"] = Variable(str(folder / file), given.origin, Path("/"))
    return merged
