"""What docs/logging.md says of events, outputs and metrics is what the code says."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import msgspec
from checkpoint_sample import sample

from musicdiff_job.report.emf import METRICS
from musicdiff_job.report.github import outputs

ROOT = Path(__file__).parent.parent
PAGE = (ROOT / "docs" / "logging.md").read_text(encoding="utf-8")
DOTTED = re.compile(r"[a-z_]+\.[a-z_]+")


def events() -> dict[str, str]:
    """Every event in the sources, and its level."""
    found: dict[str, str] = {}
    for path in (ROOT / "musicdiff_job").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and ast.unparse(node.func) in {"event", "journal.event"} and node.args:
                name = node.args[0]
                assert isinstance(name, ast.Constant), f"{path.name}:{node.lineno}: no fixed name"
                level = ast.unparse(node.args[1]).rpartition(".")[2] if len(node.args) > 1 else "INFO"
                assert found.setdefault(str(name.value), level.lower()) == level.lower()
    return found


def test_every_event_is_in_the_table_with_its_level() -> None:
    told = dict(re.findall(r"^\| `([a-z_.]+)` \| (\w+) \|", PAGE, re.MULTILINE))
    written_by_hand = {"log.file_lost": "warning"}
    assert told == events() | written_by_hand
    assert all(DOTTED.fullmatch(name) for name in told)


def test_the_outputs_for_github_are_all_named() -> None:
    run = msgspec.structs.replace(sample().runs[-1], errors=())
    names = [line.partition("=")[0] for line in outputs(run).splitlines()]
    section = PAGE.partition("## GitHub Actions")[2].partition("\n## ")[0]
    assert re.findall(r"`(\w+)`", section.partition("**Outputs**")[2].partition("```")[0])[: len(names)] == names


def test_the_metrics_are_all_named() -> None:
    section = PAGE.partition("## CloudWatch")[2].partition("\n## ")[0]
    assert set(METRICS) <= set(re.findall(r"`(\w+)`", section))
