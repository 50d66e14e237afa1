"""The sdist and the wheel: built, read, installed where nothing else is, and what comes with them."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tarfile
import zipfile
from dataclasses import dataclass
from email.parser import BytesParser
from functools import partial
from pathlib import Path

from checks.checking import ROOT, Check, Failed, Skipped, ran
from packaging.utils import canonicalize_name

from musicdiff_job import __version__
from releasing.licences import findings, installed_with
from releasing.pythons import pythons

TOOLS = ROOT / ".venv-release" / "bin"
SBOM = ROOT / "build" / "musicdiff-job.cdx.json"
SHIPPED_TOO = (
    "README.md",
    "LICENSE",
    "NOTICE",
    "CHANGELOG.md",
    "action.yml",
    "requirements.lock",
    "tests/conftest.py",
)
"""What an sdist must hold besides the package."""
LOCAL = frozenset({"PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV"})
NO_ANSWER = re.compile(
    r"ConnectionError|ServiceError|Max retries|ConnectTimeout|Name or service|HTTPError|403|404|50\d"
)


@dataclass(frozen=True, slots=True)
class Artefacts:
    """What is published."""

    sdist: Path
    wheel: Path


def build(folder: Path) -> Artefacts:
    """The sdist, and the wheel from it, in a folder that then holds nothing else. Raises ``Failed``."""
    shutil.rmtree(folder, ignore_errors=True)
    ran(sys.executable, "-m", "build", "--no-isolation", "--outdir", str(folder), str(ROOT))
    sdists, wheels = sorted(folder.glob("*.tar.gz")), sorted(folder.glob("*.whl"))
    if len(sdists) != 1 or len(wheels) != 1:
        raise Failed(f"{folder} holds {sdists} and {wheels}")
    return Artefacts(sdists[0], wheels[0])


def contents(made: Artefacts, folder: Path) -> str:
    """What must be inside, and what must not."""
    names = zipfile.ZipFile(made.wheel).namelist()
    templates = [path for path in (ROOT / "musicdiff_job").rglob("templates/*/**/*") if path.is_file()]
    wanted = ["musicdiff_job/py.typed", "musicdiff_job/settings/musicdiff.schema.json"]
    wanted += [path.relative_to(ROOT).as_posix() for path in templates]
    if missing := [name for name in wanted if name not in names]:
        raise Failed(f"the wheel lacks {missing}")
    top = {name.split("/")[0] for name in names}
    if top != {"musicdiff_job", f"musicdiff_job-{__version__}.dist-info"}:
        raise Failed(f"the wheel holds {sorted(top)}")
    with tarfile.open(made.sdist) as archive:
        inside = {name.partition("/")[2] for name in archive.getnames()}
    for name in (
        "README.md",
        "LICENSE",
        "NOTICE",
        "CHANGELOG.md",
        "action.yml",
        "requirements.lock",
        "tests/conftest.py",
    ):
        if name not in inside:
            raise Failed(f"the sdist lacks {name}")
    if stray := [name for name in [*names, *inside] if name.endswith((".pyc", ".env")) or ".venv" in name]:
        raise Failed(f"these do not belong there: {stray}")
    return f"{len(names)} files in the wheel, {len(inside)} in the sdist"


def metadata(made: Artefacts, folder: Path) -> str:
    """What an index shows: it renders, it is this version, and the changelog has a place for it."""
    said = ran(str(TOOLS / "twine"), "check", "--strict", str(made.sdist), str(made.wheel))
    if said.count("PASSED") != 2:
        raise Failed(said)
    with zipfile.ZipFile(made.wheel) as wheel:
        raw = wheel.read(f"musicdiff_job-{__version__}.dist-info/METADATA")
    fields = BytesParser().parsebytes(raw)
    for name, value in (("Version", __version__), ("License-Expression", "MIT"), ("Requires-Python", ">=3.11")):
        if fields[name] != value:
            raise Failed(f"{name} is {fields[name]}")
    changes = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    if "## [Unreleased]" not in changes and f"## [{__version__}]" not in changes:
        raise Failed(f"CHANGELOG.md says nothing of {__version__}")
    return f"version {__version__}, both pass"


def installed(made: Artefacts, python: str, lock: str, folder: Path) -> Path:
    """A virtual environment with the wheel and what the lock names, and no pip settings of ours but the index."""
    place = folder / "venv"
    env = {name: value for name, value in os.environ.items() if name not in LOCAL}
    ran(python, "-m", "venv", str(place), env=env)
    pip = [str(place / "bin" / "python"), "-m", "pip", "--disable-pip-version-check", "--quiet"]
    ran(*pip, "install", "--require-hashes", "--only-binary=:all:", "-r", str(ROOT / lock), env=env)
    ran(*pip, "install", "--no-deps", str(made.wheel), env=env)
    ran(*pip, "check", env=env)
    return place


def works(made: Artefacts, python: str, folder: Path) -> str:
    """The wheel in a clean environment: its version, and the demo, from a folder without the sources."""
    place = installed(made, python, "requirements.lock", folder)
    elsewhere = folder / "elsewhere"
    elsewhere.mkdir()
    env = {"PATH": "/usr/bin:/bin", "HOME": str(elsewhere)}
    program = str(place / "bin" / "musicdiff-job")
    version = ran(program, "--version", cwd=elsewhere, env=env).strip()
    if not version.endswith(__version__):
        raise Failed(f"it says that it is {version}")
    said = ran(program, "demo", cwd=elsewhere, env=env)
    if "in_sync" not in said and "in step" not in said:
        raise Failed(f"the demo's second run was not in step: {said[-500:]}")
    ran(program, "scaffold", "k8s", cwd=elsewhere, env=env)
    return f"{ran(str(place / 'bin' / 'python'), '--version').strip()}: installed, the demo is in step"


def sbom(made: Artefacts, python: str, folder: Path) -> str:
    """The bill of materials (CycloneDX) of an installation with all extras, kept in ``build``."""
    place = installed(made, python, "requirements-all.lock", folder)
    pip = [str(place / "bin" / "python"), "-m", "pip", "--disable-pip-version-check"]
    there = {canonicalize_name(one["name"]) for one in json.loads(ran(*pip, "list", "--format=json"))}
    # The lock also names what builds the package; no user gets that.
    ran(*pip, "uninstall", "--quiet", "--yes", *(there - set(installed_with("musicdiff-job"))))
    SBOM.parent.mkdir(exist_ok=True)
    ran(
        str(TOOLS / "cyclonedx-py"), "environment", "--pyproject", str(ROOT / "pyproject.toml"),
        "--mc-type", "application", "--output-reproducible", "--output-file", str(SBOM), str(place / "bin" / "python"),
    )  # fmt: skip
    bill = json.loads(SBOM.read_bytes())
    named = {canonicalize_name(part["name"]) for part in bill["components"]}
    if different := (set(installed_with("musicdiff-job")) - {"musicdiff-job"}) ^ (named - {"musicdiff-job"}):
        raise Failed(f"the bill and what is installed differ in {sorted(different)}")
    return f"{bill['bomFormat']} {bill['specVersion']}, {len(named)} components"


def licensed(folder: Path) -> str:
    """Nobody who installs this takes on more than notices."""
    wrong, noted, number = findings()
    if wrong:
        raise Failed("\n".join(wrong))
    return f"{number} distributions, permissive; noted: {', '.join(noted) or 'none'}"


def audited(folder: Path) -> str:
    """Known vulnerabilities of what is locked, from the advisory service."""
    done = subprocess.run(
        [str(TOOLS / "pip-audit"), "--disable-pip", "--require-hashes", "--progress-spinner=off", "-r",
         str(ROOT / "requirements-all.lock")],
        capture_output=True, text=True, timeout=300, check=False, stdin=subprocess.DEVNULL,
    )  # fmt: skip
    said = (done.stdout + done.stderr).strip()
    if done.returncode and "Name" not in done.stdout and NO_ANSWER.search(done.stderr):
        raise Skipped(f"no advisory service answers here ({said.splitlines()[-1][:120]})")
    if done.returncode:
        raise Failed(said)
    return said.splitlines()[-1] if said else "nothing known"


def checks_of(made: Artefacts) -> list[Check]:
    """The rows; where there is only one Python, the second says so."""
    here = list(pythons().values())
    if not here:
        raise Failed("there is no Python 3.11 or newer with venv here")
    return [
        Check(made.wheel.name, "its files", partial(contents, made)),
        Check(made.wheel.name, "twine check --strict", partial(metadata, made)),
        Check(made.wheel.name, "the oldest Python here", partial(works, made, here[0])),
        Check(made.wheel.name, "the newest Python here", partial(works, made, here[-1]) if here[1:] else _only_one),
        Check("all extras", "cyclonedx-py", partial(sbom, made, here[0])),
        Check("all extras", "licences", licensed),
        Check("requirements-all.lock", "pip-audit", audited),
    ]


def _only_one(folder: Path) -> str:
    raise Skipped("there is only one Python here")
