"""The pages about schedulers: they have the same questions, and their commands are the program's."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest
from click.testing import CliRunner
from shipped import ROOT

from musicdiff_job.cli.root import root
from musicdiff_job.scaffold.kinds import KINDS

DOCS = ROOT / "docs"
PAGES = {
    "cron": "cron.md",
    "systemd": "systemd.md",
    "launchd": "launchd.md",
    "k8s": "kubernetes.md",
    "github": "github.md",
}
QUESTIONS = ["Install", "Secrets", "State", "Logs", "Alerts", "Upgrade", "Remove"]


def commands(page: str) -> list[str]:
    """The console lines of a page, continued lines joined."""
    text = (DOCS / page).read_text(encoding="utf-8").replace("\\\n", " ")
    return [line[2:] for block in re.findall(r"```console\n(.*?)```", text, re.DOTALL) for line in block.splitlines()]


def scaffolding() -> list[tuple[str, str]]:
    return [(page, line) for page in PAGES.values() for line in commands(page) if " scaffold " in line]


@pytest.mark.parametrize("page", [*PAGES.values(), "docker.md"])
def test_every_page_answers_the_same_questions(page: str) -> None:
    headings = re.findall(r"^## (.*)$", (DOCS / page).read_text(encoding="utf-8"), re.MULTILINE)
    assert [heading for heading in headings if heading in QUESTIONS] == QUESTIONS


@pytest.mark.parametrize(("page", "line"), scaffolding())
def test_what_is_to_be_typed_makes_the_files(page: str, line: str, tmp_path: Path) -> None:
    words = shlex.split(line.partition("musicdiff-job ")[2].replace("$HOME", "/Users/you"))
    if "-o" in words:
        words[words.index("-o") + 1] = str(tmp_path)
    done = CliRunner().invoke(root, words)
    assert done.exit_code == 0, done.output
    made = {path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*") if path.is_file()}
    kind = next(kind for kind, name in PAGES.items() if name == page)
    named = re.findall(r"(?:cron-files|units|k8s-files|LaunchAgents)/([\w.{}/-]+)", "\n".join(commands(page)))
    assert not made or {name for name in named if "." in Path(name).name} <= made
    assert kind in words


def test_every_scheduler_has_its_page() -> None:
    assert set(PAGES) <= set(KINDS)
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    for page in PAGES.values():
        assert f"docs/{page}" in readme


def test_a_page_names_what_the_files_name() -> None:
    unit = (ROOT / "deploy" / "systemd" / "musicdiff.service").read_text(encoding="utf-8")
    page = (DOCS / "systemd.md").read_text(encoding="utf-8")
    for path in ("/etc/musicdiff/musicdiff.env", "/opt/musicdiff/bin/musicdiff-job"):
        assert path in unit
        assert path in page
    crontab = (ROOT / "cron" / "crontab").read_text(encoding="utf-8")
    for path in ("~/musicdiff/bin/musicdiff-job", "~/musicdiff/musicdiff.env", "~/musicdiff/musicdiff.log"):
        assert path in crontab
        assert path in (DOCS / "cron.md").read_text(encoding="utf-8")
    base = (ROOT / "k8s" / "base" / "cronjob.yaml").read_text(encoding="utf-8")
    page = (DOCS / "kubernetes.md").read_text(encoding="utf-8")
    for overlay in (ROOT / "k8s" / "overlays").iterdir():
        assert f"`{overlay.name}`" in page
    assert "name: musicdiff\n" in base
    dockerfile = (ROOT / "Dockerfile").read_text(encoding="utf-8")
    inspect = "docker buildx imagetools inspect python:3.13-slim --format '{{.Manifest.Digest}}'"
    assert inspect in dockerfile
    assert inspect in (DOCS / "docker.md").read_text(encoding="utf-8")
