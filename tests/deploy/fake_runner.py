"""What GitHub's runner does with the workflow and the action, as far as ours use it.

Expressions are looked up in the contexts that are given, the texts go where the files say, and ``run:`` is executed by
the shell and with the variables of GitHub's documentation. ``uses:`` of others is left out, and so is the installation:
in its place stands this checkout. Whatever is not known here is an error.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from git_server import REPOSITORY, TOKEN, Hub
from shipped import ROOT, program

Contexts = Mapping[str, Mapping[str, str]]
INSTALLING = "Install"


def evaluated(text: str, contexts: Contexts) -> str:
    """``text`` with every ``${{ }}`` put in."""

    def value(found: re.Match[str]) -> str:
        for choice in found[1].split("||"):
            word = choice.strip()
            if quoted := re.fullmatch(r"'([^']*)'", word):
                return quoted[1]
            context, _, name = word.partition(".")
            assert context in contexts, word
            if said := contexts[context].get(name, ""):
                return said
        return ""

    return re.sub(r"\$\{\{\s*(.*?)\s*\}\}", value, text)


@dataclass
class Runner:
    """One runner, new for every run, as GitHub's are."""

    hub: Hub
    folder: Path
    secrets: Mapping[str, str]
    env: Mapping[str, str]
    """Of the job: what is no secret."""
    private: object = True
    """What the event says about the repository."""
    runs: int = 0
    job: str = ""
    """A script in the place of the job."""

    def start(self, workflow: Path, inputs: Mapping[str, str] | None = None) -> subprocess.CompletedProcess[str]:
        """Do the workflow's last step, which is the action's; the process that worked."""
        (job,) = yaml.safe_load(workflow.read_text(encoding="utf-8"))["jobs"].values()
        step = job["steps"][-1]
        assert step["uses"].startswith("OWNER/musicdiff-job@")
        contexts = {"inputs": inputs or {}, "secrets": self.secrets}
        return self.act({name: evaluated(text, contexts) for name, text in step["with"].items()})

    def act(self, given: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
        """Do the action with these inputs."""
        with self.working(given) as process:
            out, err = process.communicate(timeout=120)
        return subprocess.CompletedProcess(process.args, process.returncode, out, err)

    def working(self, given: Mapping[str, str]) -> subprocess.Popen[str]:
        """The last step of the action, begun."""
        action: dict[str, Any] = yaml.safe_load((ROOT / "action.yml").read_text(encoding="utf-8"))
        temp = self._temp()
        contexts: dict[str, Mapping[str, str]] = {
            "github": {"token": TOKEN},
            "runner": {"temp": str(temp)},
        }
        assert set(given) <= set(action["inputs"])
        contexts["inputs"] = {
            name: given.get(name, evaluated(str(row.get("default", "")), contexts))
            for name, row in action["inputs"].items()
        }
        steps = [step for step in action["runs"]["steps"] if "run" in step and step["name"] != INSTALLING]
        assert len(steps) == 1
        (step,) = steps
        script = temp / "step.sh"
        script.write_text(evaluated(step["run"], contexts), encoding="utf-8")
        assert step["shell"] == "bash"
        return subprocess.Popen(
            ["bash", "--noprofile", "--norc", "-e", "-o", "pipefail", str(script)],
            env=self._variables(temp) | {name: evaluated(str(text), contexts) for name, text in step["env"].items()},
            cwd=self._workspace(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def _temp(self) -> Path:
        self.runs += 1
        temp = self.folder / f"temp-{self.runs}"
        (temp / "musicdiff" / "bin").mkdir(parents=True)
        placed = program(temp / "musicdiff" / "bin")
        if self.job:
            placed.write_text(f"#!/bin/sh\n{self.job}\n", encoding="utf-8")
        (temp / "musicdiff" / "bin" / "python").symlink_to(sys.executable)
        return temp

    def _workspace(self) -> Path:
        workspace = self.folder / "workspace"
        workspace.mkdir(exist_ok=True)
        return workspace

    def _variables(self, temp: Path) -> dict[str, str]:
        event = temp / "event.json"
        said = {} if self.private is None else {"repository": {"private": self.private}}
        event.write_text(json.dumps(said), encoding="utf-8")
        git = shutil.which("git")
        assert git is not None
        return {
            "PATH": f"{Path(git).parent}:/usr/bin:/bin",
            "HOME": str(self.folder),
            "CI": "true",
            "GITHUB_ACTIONS": "true",
            "GITHUB_ACTION_PATH": str(ROOT),
            "GITHUB_API_URL": self.hub.url,
            "GITHUB_EVENT_PATH": str(event),
            "GITHUB_OUTPUT": str(temp / "output"),
            "GITHUB_REPOSITORY": REPOSITORY,
            "GITHUB_SERVER_URL": self.hub.url,
            "GITHUB_STEP_SUMMARY": str(temp / "summary.md"),
            "RUNNER_TEMP": str(temp),
            "GIT_CONFIG_GLOBAL": os.devnull,
            **self.env,
        }
