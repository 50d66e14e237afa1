"""``make release-check``, as far as nothing need be installed: what is found, refused and skipped."""

from __future__ import annotations

import io
import subprocess
import tarfile
import zipfile
from pathlib import Path

import pytest
import yaml
from checks.checking import ROOT, Failed, Skipped
from releasing import artefacts
from releasing.artefacts import SBOM, SHIPPED_TOO, Artefacts, audited, checks_of, contents
from releasing.pythons import pythons

from musicdiff_job import __version__

WORKFLOWS = ROOT / ".github" / "workflows"


def artefacts_with(folder: Path, *, without: str = "", also: str = "") -> Artefacts:
    """A wheel and an sdist that hold what they must, as empty files."""
    inside = [path.relative_to(ROOT).as_posix() for path in (ROOT / "musicdiff_job").rglob("*") if path.is_file()]
    names = [name for name in inside if not name.endswith(".pyc")]
    wheel, sdist = folder / "x.whl", folder / "x.tar.gz"
    with zipfile.ZipFile(wheel, "w") as archive:
        for name in [*names, f"musicdiff_job-{__version__}.dist-info/METADATA", *([also] if also else [])]:
            if name != without:
                archive.writestr(name, "")
    with tarfile.open(sdist, "w:gz") as tar:
        for name in SHIPPED_TOO:
            if name != without:
                tar.addfile(tarfile.TarInfo(f"musicdiff_job-{__version__}/{name}"), io.BytesIO())
    return Artefacts(sdist, wheel)


def test_what_must_be_inside_is(tmp_path: Path) -> None:
    assert "files in the wheel" in contents(artefacts_with(tmp_path), tmp_path)


@pytest.mark.parametrize(
    ("without", "also"),
    [
        ("musicdiff_job/py.typed", ""),
        ("musicdiff_job/scaffold/templates/github/sync.yml", ""),
        ("action.yml", ""),
        ("", "tests/conftest.py"),
        ("", "musicdiff_job/musicdiff.env"),
    ],
)
def test_what_is_missing_or_stray_is_found(tmp_path: Path, without: str, also: str) -> None:
    with pytest.raises(Failed):
        contents(artefacts_with(tmp_path, without=without, also=also), tmp_path)


def test_pythons_are_those_that_work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, said in (("python3.11", "3.11"), ("python3.12", ""), ("python3.13", "3.13"), ("python3.14", "2.7")):
        program = tmp_path / name
        program.write_text(f"#!/bin/sh\n{f'echo {said}' if said else 'exit 127'}\n", encoding="utf-8")
        program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("PYENV_ROOT", str(tmp_path / "none"))
    assert pythons() == {(3, 11): str(tmp_path / "python3.11"), (3, 13): str(tmp_path / "python3.13")}


def test_one_python_is_not_two(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(artefacts, "pythons", lambda: {(3, 11): "python3.11"})
    rows = {row.tool: row for row in checks_of(artefacts_with(tmp_path))}
    with pytest.raises(Skipped, match="only one Python"):
        rows["the newest Python here"].look(tmp_path)
    monkeypatch.setattr(artefacts, "pythons", dict)
    with pytest.raises(Failed):
        checks_of(artefacts_with(tmp_path))


@pytest.mark.parametrize(
    ("code", "out", "err", "ends"),
    [
        (0, "", "No known vulnerabilities found", None),
        (1, "", "requests.exceptions.ConnectionError: Max retries exceeded", Skipped),
        (1, "Name Version ID\nthing 1 PYSEC-1\n", "Found 1 known vulnerability", Failed),
        (1, "", "thing is not pinned", Failed),
    ],
)
def test_an_audit_without_an_answer_is_skipped_and_one_with_a_finding_fails(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, code: int, out: str, err: str, ends: type[Exception] | None
) -> None:
    monkeypatch.setattr(subprocess, "run", lambda *words, **more: subprocess.CompletedProcess(words, code, out, err))
    if ends is None:
        assert audited(tmp_path) == err
    else:
        with pytest.raises(ends):
            audited(tmp_path)


def test_a_release_is_published_by_trust_and_attested() -> None:
    jobs = yaml.safe_load((WORKFLOWS / "release.yml").read_text(encoding="utf-8"))["jobs"]
    assert jobs["publish"]["permissions"] == {"id-token": "write"}
    assert jobs["publish"]["environment"] == "pypi"
    assert "build" in jobs["publish"]["needs"]
    assert "secrets." not in (WORKFLOWS / "release.yml").read_text(encoding="utf-8")
    assert jobs["publish"]["steps"][-1]["with"] == {"attestations": True}
    assert jobs["attest"]["permissions"] == {"attestations": "write", "id-token": "write"}
    kept = [step["with"]["path"] for step in jobs["build"]["steps"] if "upload-artifact" in step.get("uses", "")]
    assert kept == ["dist/", SBOM.relative_to(ROOT).as_posix()]


@pytest.mark.parametrize(
    ("tag", "changes", "code"),
    [("v1.2.3", "## [1.2.3]", 0), ("v1.2.4", "## [1.2.3]", 1), ("v1.2.3", "## [Unreleased]", 1)],
)
def test_a_tag_that_is_not_the_version_publishes_nothing(tmp_path: Path, tag: str, changes: str, code: int) -> None:
    (tmp_path / "musicdiff_job").mkdir()
    (tmp_path / "musicdiff_job" / "__init__.py").write_text('"""x"""\n__version__ = "1.2.3"\n', encoding="utf-8")
    (tmp_path / "CHANGELOG.md").write_text(f"{changes}\n", encoding="utf-8")
    steps = yaml.safe_load((WORKFLOWS / "release.yml").read_text(encoding="utf-8"))["jobs"]["build"]["steps"]
    (step,) = (step for step in steps if step.get("name") == "The tag is the version")
    done = subprocess.run(
        ["bash", "-e", "-c", step["run"]],
        cwd=tmp_path,
        env={"PATH": "/usr/bin:/bin", "GITHUB_REF_NAME": tag},
        capture_output=True,
        check=False,
    )
    assert done.returncode == code


def test_ci_does_what_must_hold_before_a_change_lands() -> None:
    ci = (WORKFLOWS / "ci.yml").read_text(encoding="utf-8")
    wanted = {word for line in (ROOT / ".ci" / "run").read_text(encoding="utf-8").splitlines() for word in line.split()}
    for target in ("lint", "types", "imports", "demo", "test", "deploy-check"):
        assert target in wanted
        assert f"{target} " in ci.replace("\n", " ")
    assert yaml.safe_load(ci)["permissions"] == {}
