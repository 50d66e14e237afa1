"""The Lambda function: its templates by CloudFormation's linter, its package's script by shellcheck, and its handler
under the real runtime client, from event to event."""

from __future__ import annotations

import re
import sys
from pathlib import Path

from checks.checking import ROOT, Check, Failed, ran, tool

FOLDER = ROOT / "deploy" / "lambda"
RUNS = "cold_warm or near_its_deadline or two_events or killed_by_its_timeout"


def templates(_: Path) -> str:
    """Both templates."""
    files = sorted(map(str, FOLDER.glob("*.yaml")))
    ran(tool("cfn-lint"), *files)
    return f"{len(files)} templates clean"


def script(_: Path) -> str:
    """What builds the zip."""
    ran(tool("shellcheck"), str(FOLDER / "package.sh"))
    return "clean"


def runtime(_: Path) -> str:
    """The handler under awslambdaric, against a stub of the Runtime API, the sandbox and moto's S3."""
    said = ran(sys.executable, "-m", "pytest", "-q", "tests/test_aws_lambda.py", "-k", RUNS)
    if (passed := re.search(r"(\d+) passed", said)) is None:
        raise Failed(f"nothing was tried: {said[-200:]}")
    return f"{passed[1]} tests: cold, warm, failed, near its deadline, two at once, killed in mid-sync"


CHECKS = (
    Check("deploy/lambda/*.yaml", "cfn-lint", templates),
    Check("deploy/lambda/package.sh", "shellcheck", script),
    Check("aws_lambda.handler", "awslambdaric, moto's S3", runtime),
)
