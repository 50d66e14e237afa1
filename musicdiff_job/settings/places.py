"""From the places that settings name to absolute ones, and whether what they name is there.

``{profile}`` becomes the profile's name and a leading ``~`` the home folder. A relative path starts from the folder of
the file that names it (the settings file or the ``--env-file``), in the environment and in flags from the working
directory: cron starts a job somewhere else than its user tried it. The default of ``matching.overrides`` stands beside
the settings file.
"""

from __future__ import annotations

from collections.abc import Mapping
from os.path import normpath
from pathlib import Path

from musicdiff_job.settings.choices import SourceKind, TargetKind
from musicdiff_job.settings.findings import Findings, Given, printable
from musicdiff_job.settings.kinds import Place
from musicdiff_job.settings.model import Checkpoint, Matching, Playback
from musicdiff_job.settings.rows import ROWS

DEFAULT_PROFILE = "default"
OVERRIDES = Matching().overrides
_OWN = (
    "checkpoint.url", "playback.url", "report.html", "metrics.textfile", "spotify.token_store", "target.path",
)  # fmt: skip
"""Places that are written to and hold what belongs to one profile."""


def settle(values: dict[str, Given], profile: str, home: str, folder: Path, findings: Findings) -> dict[str, Given]:
    """The values with all places absolute. ``folder`` is where defaults start from, ``home`` "" when unknown."""
    settled = dict(values)
    for rows in ROWS.values():
        for row in rows.values():
            if not isinstance(row.kind, Place):
                continue
            given = values.get(row.key) or Given(row.default, f"default of {row.key}", folder)
            if row.key == "playback.url" and not (home or _value(values, "playback.enabled", False)):
                continue  # its default needs a home folder, which a run that does not use it need not have
            if not home and _is_at_home(str(given.value)):
                findings.problems.append(
                    f"{given.origin}: {row.key} starts with ~, but HOME is not set; give an absolute path"
                )
            settled[row.key] = Given(_absolute(given, profile, home), given.origin, given.folder)
    _check_presence(values, settled, findings)
    _warn(values, profile, findings)
    return settled


def refuse_shared(profiles: Mapping[str, Mapping[str, Given]], home: str, folder: Path, findings: Findings) -> None:
    """Problems for places that two of the profiles (their values by name) would write to."""
    for key in _OWN:
        section, name = key.split(".")
        default = Given(ROWS[section][name].default, f"default of {key}", folder)
        places: dict[str, list[str]] = {}
        for profile, values in profiles.items():
            if _is_used(key, values) and (place := _absolute(values.get(key, default), profile, home)):
                places.setdefault(place if place.startswith("s3://") else normpath(place), []).append(profile)
        for place, sharing in places.items():
            if len(sharing) > 1:
                more = f" (and {len(sharing) - 2} more)" if len(sharing) > 2 else ""
                findings.problems.append(
                    f"profiles {sharing[0]} and {sharing[1]}{more} have the same {key}, {printable(place)}; put "
                    f"{{profile}} into {key}, or give each profile its own"
                )


def _is_used(key: str, values: Mapping[str, Given]) -> bool:
    if key == "playback.url":
        return bool(_value(values, "playback.enabled", False))
    return key != "target.path" or _value(values, "target.kind", TargetKind.DEEZER) is TargetKind.FILES


def _absolute(given: Given, profile: str, home: str) -> str:
    text = str(given.value).replace("{profile}", profile)
    if not text or text.startswith(("s3://", "/")):
        return text
    return home.rstrip("/") + text[1:] if _is_at_home(text) else f"{given.folder}/{text}"


def _is_at_home(text: str) -> bool:
    return text == "~" or text.startswith("~/")


def _check_presence(named: dict[str, Given], settled: dict[str, Given], findings: Findings) -> None:
    def missing(key: str, what: str) -> None:
        place = settled[key]
        findings.problems.append(f"{place.origin}: {key}: {what} {printable(str(place.value))} does not exist")

    overrides = named.get("matching.overrides")
    if overrides and overrides.value not in ("", OVERRIDES) and not _exists(settled["matching.overrides"].value):
        missing("matching.overrides", "the file")
    store = settled["spotify.token_store"].value
    if store and not _exists(str(Path(store).parent)):
        missing("spotify.token_store", "the folder of")
    for section, uses, what in (("source", SourceKind.EXPORT, "export"), ("target", TargetKind.FILES, "files")):
        kind, path = named.get(f"{section}.kind"), settled[f"{section}.path"]
        if kind and kind.value is uses and not path.value:
            findings.problems.append(f'{kind.origin}: with {section}.kind = "{what}", {section}.path must be set')
        elif path.value and not (kind and kind.value is uses):
            findings.warnings.append(f'{path.origin}: {section}.path is not used without {section}.kind = "{what}"')
    export = _value(named, "source.kind", SourceKind.SPOTIFY) is SourceKind.EXPORT
    if export and settled["source.path"].value and not _exists(settled["source.path"].value):
        missing("source.path", "the file or folder")


def _warn(named: dict[str, Given], profile: str, findings: Findings) -> None:
    url = _value(named, "checkpoint.url", Checkpoint().url)
    if profile != DEFAULT_PROFILE and "checkpoint.url" not in named:
        findings.warnings.append(
            f"profile {profile} uses the default checkpoint {url}, which other profiles use too; "
            "put {profile} into checkpoint.url"
        )

    history = _value(named, "playback.url", Playback().url)
    if profile != DEFAULT_PROFILE and "{profile}" not in str(history) and _value(named, "playback.enabled", False):
        findings.warnings.append(
            f"profile {profile} records its plays in {history}, which other profiles may use too; "
            "put {profile} into playback.url"
        )


def _value(values: Mapping[str, Given], key: str, default: object) -> object:
    given = values.get(key)
    return given.value if given else default


def _exists(path: str) -> bool:
    try:
        return Path(path).exists()
    except (OSError, ValueError):
        return False
