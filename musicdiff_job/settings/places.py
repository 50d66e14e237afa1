"""From the places that settings name to absolute ones, and whether what they name is there.

``{profile}`` becomes the profile's name and a leading ``~`` the home folder. A relative path starts from the folder of
the file that names it (the settings file or the ``--env-file``), in the environment and in flags from the working
directory: cron starts a job somewhere else than its user tried it. The default of ``matching.overrides`` stands beside
the settings file.
"""

from __future__ import annotations

from pathlib import Path

from musicdiff_job.settings.choices import SourceKind, TargetKind
from musicdiff_job.settings.findings import Findings, Given, printable
from musicdiff_job.settings.kinds import Place
from musicdiff_job.settings.model import Checkpoint, Matching, Playback
from musicdiff_job.settings.rows import ROWS

DEFAULT_PROFILE = "default"
OVERRIDES = Matching().overrides


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
            text = str(given.value).replace("{profile}", profile)
            if not text or text.startswith(("s3://", "/")):
                pass
            elif text == "~" or text.startswith("~/"):
                if not home:
                    findings.problems.append(
                        f"{given.origin}: {row.key} starts with ~, but HOME is not set; give an absolute path"
                    )
                text = home.rstrip("/") + text[1:]
            else:
                text = f"{given.folder}/{text}"
            settled[row.key] = Given(text, given.origin, given.folder)
    _check_presence(values, settled, findings)
    _warn(values, profile, findings)
    return settled


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


def _value(values: dict[str, Given], key: str, default: object) -> object:
    given = values.get(key)
    return given.value if given else default


def _exists(path: str) -> bool:
    try:
        return Path(path).exists()
    except (OSError, ValueError):
        return False
