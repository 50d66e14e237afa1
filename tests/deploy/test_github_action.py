"""The action and the workflow: their steps, taken from the files, run for real against the sandbox and a git server."""

from __future__ import annotations

import gzip
import json
import os
import re
import signal
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml
from fake_runner import Runner
from git_server import TOKEN, Hub, git
from job_step import COMMANDS, arguments, given_variables
from rig import Rig
from shipped import ROOT, outcome
from state_branch import MARK, Refused

from musicdiff_job.core.outcome import TABLE, Outcome
from musicdiff_job.core.summary import Trigger
from musicdiff_job.scaffold.kinds import KINDS
from musicdiff_job.scaffold.limits import longest_run
from musicdiff_job.scaffold.rendering import render
from musicdiff_job.settings.model import Budget

WORKFLOW = ROOT / "deploy" / "github" / "sync.yml"
ACTION = ROOT / "action.yml"
SECRETS = {"SPOTIFY_CLIENT_ID", "SPOTIFY_CLIENT_SECRET", "SPOTIFY_REFRESH_TOKEN", "SPOTIFY_AUTHORIZED_AT", "DEEZER_ARL"}
PINNED = re.compile(r"uses: ([\w./-]+)@([0-9a-f]{40}) # v\d+\.\d+\.\d+$")
SAVING = 'file=$(echo "$MUSICDIFF_CHECKPOINT_URL" | sed "s/{profile}/default/"); printf saved > "$file"; '


def parsed(path: Path) -> dict[Any, Any]:
    found = yaml.safe_load(path.read_text(encoding="utf-8"))
    assert isinstance(found, dict)
    return found


@pytest.fixture
def runner(rig: Rig, hub: Hub, tmp_path: Path) -> Runner:
    variables = {name: value for name, value in rig.environment().items() if name != "MUSICDIFF_CHECKPOINT_URL"}
    secrets = {name: variables.pop(name) for name in SECRETS}
    return Runner(hub, tmp_path, secrets, variables)


@pytest.fixture
def no_job(hub: Hub, tmp_path: Path) -> Runner:
    """Where only what is around the job matters."""
    return Runner(hub, tmp_path, {}, {}, job=f"{SAVING}exit 0")


def remembered(hub: Hub) -> dict[str, Any]:
    found = json.loads(gzip.decompress(hub.files()["default.json.gz"]))["body"]
    assert isinstance(found, dict)
    return found


def test_the_workflow_syncs_and_then_has_nothing_to_do(runner: Runner, rig: Rig, hub: Hub, tmp_path: Path) -> None:
    first = runner.start(WORKFLOW)
    assert first.returncode == 0, first.stderr
    assert outcome(first.stdout) == Outcome.CHANGED
    assert json.loads(first.stdout.splitlines()[-1])["trigger"] == Trigger.GITHUB
    assert len(rig.sandbox.deezer.state().playlists) >= 2
    told = dict(
        line.split("=", 1) for line in (tmp_path / "temp-1" / "output").read_text(encoding="utf-8").splitlines()
    )
    assert told["outcome"] == Outcome.CHANGED
    assert set(parsed(ACTION)["outputs"]) <= set(told)
    assert "Synthetic" in (tmp_path / "temp-1" / "summary.md").read_text(encoding="utf-8")
    second = runner.start(WORKFLOW)
    assert outcome(second.stdout) == Outcome.IN_SYNC
    assert hub.git("log", "--format=%P|%s", "state") == f"|{MARK}\n"
    prove_secret(runner, hub, first.stdout, first.stderr, second.stdout, second.stderr)
    # A runner that dies after the push has lost nothing. One that dies before it leaves the branch as it was:
    hub.git("update-ref", "-d", "refs/heads/state")
    before = rig.sandbox.deezer.state()
    assert json.loads(runner.start(WORKFLOW).stdout.splitlines()[-1])["totals"]["added"] == 0
    assert rig.sandbox.deezer.state() == before


def prove_secret(runner: Runner, hub: Hub, *said: str) -> None:
    """Neither on the branch nor in what was printed is a secret."""
    everything = b"".join(
        gzip.decompress(content) if content[:2] == b"\x1f\x8b" else content for content in hub.files().values()
    )
    assert b"spotify:playlist:" in everything
    for secret in (TOKEN, *(value for name, value in runner.secrets.items() if name != "SPOTIFY_AUTHORIZED_AT")):
        assert secret.encode() not in everything
        assert not any(secret in text for text in said)


def test_what_a_person_may_ask_for(runner: Runner, hub: Hub, rig: Rig) -> None:
    before = rig.sandbox.deezer.state()
    tried = runner.start(WORKFLOW, {"command": "dry run", "only": "*"})
    assert outcome(tried.stdout) == Outcome.CHANGED
    assert rig.sandbox.deezer.state() == before
    assert hub.tip() == ""
    assert runner.start(WORKFLOW, {"command": "pause"}).returncode == 0
    assert remembered(hub)["paused"]
    assert runner.start(WORKFLOW, {"command": "resume"}).returncode == 0
    assert remembered(hub).get("paused") is None


def test_what_the_job_saved_is_kept_however_it_ended(no_job: Runner, hub: Hub) -> None:
    for ending, code in (("exit 70", 70), ("kill -KILL $$", 137)):
        no_job.job = f"{SAVING}printf '{code}' >> \"$file\"; {ending}"
        assert no_job.act({"environment": ""}).returncode == code
        assert hub.files() == {"default.json.gz": f"saved{code}".encode()}


def test_a_cancelled_run_is_saved(no_job: Runner, hub: Hub) -> None:
    """GitHub asks the first process of the step, and no other, to end; and asks again before it kills."""
    ready, never = no_job.folder / "ready", no_job.folder / "never"
    for pipe in (ready, never):
        os.mkfifo(pipe)
    no_job.job = f"trap '{SAVING}exit 130' INT\nexec 3<>{never}\necho go > {ready}\nread -r line <&3"
    with no_job.working({"environment": ""}) as process:
        hub.before_push.append(lambda: process.send_signal(signal.SIGTERM))
        ready.read_text(encoding="utf-8")
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=60)
    assert process.returncode == 130, out + err
    assert hub.files() == {"default.json.gz": b"saved"}


def test_a_lost_race_is_said_and_overwrites_nothing(no_job: Runner, hub: Hub) -> None:
    tree = hub.git("mktree", given="").strip()
    other = hub.git("commit-tree", tree, "-m", MARK).strip()
    hub.before_push.append(lambda: hub.git("update-ref", "refs/heads/state", other))
    # The first push that arrives is the real one: a proof does not get further than the greeting.
    done = no_job.act({"environment": ""})
    assert done.returncode == TABLE[Outcome.LOST_LEASE].simple
    assert done.stdout.startswith("::warning title=musicdiff::another run has saved")
    assert hub.tip() == other


def test_what_the_job_came_to_is_worse_than_a_lost_race(no_job: Runner, hub: Hub) -> None:
    tree = hub.git("mktree", given="").strip()
    other = hub.git("commit-tree", tree, "-m", MARK).strip()
    hub.before_push.append(lambda: hub.git("update-ref", "refs/heads/state", other))
    no_job.job = f"{SAVING}exit 77"
    assert no_job.act({"environment": ""}).returncode == 77


@pytest.mark.parametrize(
    ("event", "api", "said"),
    [
        (False, True, "is public"),
        (None, False, "is public"),
        (None, None, "cannot be told"),
        (None, "true", "cannot be told"),
    ],
)
def test_only_a_private_repository_is_trusted(no_job: Runner, hub: Hub, event: object, api: object, said: str) -> None:
    no_job.private, hub.private = event, api
    done = no_job.act({"environment": ""})
    assert done.returncode == TABLE[Outcome.CONFIG].simple
    assert done.stdout.startswith("::error title=musicdiff::")
    assert said in done.stdout
    assert "S3" in done.stdout
    assert hub.tip() == ""


@pytest.mark.parametrize(("event", "api"), [(True, None), (None, True)])
def test_a_private_one_is(no_job: Runner, hub: Hub, event: object, api: object) -> None:
    no_job.private, hub.private = event, api
    assert no_job.act({"environment": ""}).returncode == 0
    assert hub.files() == {"default.json.gz": b"saved"}


def test_with_s3_there_is_no_branch(no_job: Runner, hub: Hub) -> None:
    no_job.private = False
    no_job.job = 'echo "$MUSICDIFF_CHECKPOINT_URL"; exit 21'
    done = no_job.act({"environment": "", "checkpoint": "s3://bucket/{profile}.json.gz"})
    assert (done.returncode, done.stdout) == (21, "s3://bucket/{profile}.json.gz\n")
    assert hub.tip() == ""


def test_the_job_gets_its_credentials_and_nothing_of_githubs(no_job: Runner) -> None:
    no_job.job = "env"
    done = no_job.act({"environment": "DEEZER_ARL=a=b c\n\n# none\nSPOTIFY_AUTHORIZED_AT=\n"})
    assert "DEEZER_ARL=a=b c\n" in done.stdout
    assert "SPOTIFY_AUTHORIZED_AT" not in done.stdout
    assert TOKEN not in done.stdout
    assert "INPUT_" not in done.stdout


def test_texts_cannot_become_commands(no_job: Runner, tmp_path: Path) -> None:
    no_job.job = 'printf "%s\\n" "$@"'
    only = f"$(touch {tmp_path}/x)\n`touch {tmp_path}/x`\n--force; touch {tmp_path}/x"
    done = no_job.start(WORKFLOW, {"only": only})
    assert done.stdout.splitlines() == ["run", "--max-seconds=600", *(f"--only={line}" for line in only.splitlines())]
    assert not (tmp_path / "x").exists()


def test_every_choice_is_a_command_and_reset_wants_a_pattern() -> None:
    choices = parsed(WORKFLOW)[True]["workflow_dispatch"]["inputs"]["command"]["options"]  # YAML reads `on` as true
    assert choices == list(COMMANDS)
    assert arguments("reset", " Gym* \n", "600", "") == ["reset", "--yes", "--playlist=Gym*"]
    assert arguments("run", "", "60", "alice") == ["run", "--max-seconds=60", "--profile=alice"]
    for asked, only in (("reset", ""), ("reset", "a\nb"), ("pause", "a"), ("reset everything", "a"), ("", "")):
        with pytest.raises(Refused) as refused:
            arguments(asked, only, "600", "")
        assert refused.value.code == TABLE[Outcome.USAGE].simple


@pytest.mark.parametrize("lines", ["secret", "a b=secret", "=secret", "SPOTIFY_CLIENT_ID=secret"])
def test_variables_that_cannot_work_are_refused_without_being_shown(lines: str) -> None:
    with pytest.raises(Refused) as refused:
        given_variables(lines)
    assert refused.value.code == TABLE[Outcome.CONFIG].simple
    assert "secret" not in refused.value.message.replace("SPOTIFY_CLIENT_SECRET", "")


@pytest.mark.parametrize("path", [WORKFLOW, ACTION, *(ROOT / ".github" / "workflows").glob("*.yml")], ids=str)
def test_actions_are_pinned_by_commit(path: Path) -> None:
    lines = [line.strip().removeprefix("- ") for line in path.read_text(encoding="utf-8").splitlines()]
    used = [line for line in lines if line.startswith("uses: ") and "OWNER/musicdiff-job@" not in line]
    assert used
    for line in used:
        assert PINNED.fullmatch(line), line


@pytest.mark.parametrize("values", [{}, {"checkpoint": "s3://bucket/key.json.gz"}], ids=["branch", "s3"])
def test_the_workflow_may_do_what_it_must(values: dict[str, object]) -> None:
    (file,) = render(KINDS["github"], values)
    workflow = yaml.safe_load(file.text)
    (job,) = workflow["jobs"].values()
    assert workflow["permissions"] == {}
    assert job["permissions"] == ({"contents": "read", "id-token": "write"} if values else {"contents": "write"})
    assert workflow["concurrency"]["cancel-in-progress"] is False
    assert job["timeout-minutes"] * 60 > longest_run(Budget().time) + 60
    assert not workflow[True]["schedule"][0]["cron"].startswith("0 ")
    checkout = job["steps"][0]
    assert checkout["with"] == {"persist-credentials": False}
    with_secrets = [step for step in job["steps"] if "secrets." in str(step)]
    assert with_secrets == job["steps"][-1:]
    assert "secrets." not in str(workflow.get("env", "")) + str(job.get("env", ""))
    assert not any("${{" in str(step.get("run", "")) for step in job["steps"])


def test_the_action_gives_secrets_to_one_step_and_texts_to_no_shell() -> None:
    steps = parsed(ACTION)["runs"]["steps"]
    secret = [step for step in steps if re.search(r"inputs\.(environment|token)", str(step))]
    assert secret == steps[-1:]
    assert all("${{" not in step.get("run", "") for step in steps)


def test_outputs_are_those_that_the_job_writes() -> None:
    outputs = parsed(ACTION)["outputs"]
    assert {row["value"] for row in outputs.values()} == {f"${{{{ steps.work.outputs.{name} }}}}" for name in outputs}


def test_a_checkpoint_that_there_is_can_be_brought_along(hub: Hub, tmp_path: Path) -> None:
    """By the commands of docs/github.md, in a repository with work of its own, read by the next run."""
    page = (ROOT / "docs" / "github.md").read_text(encoding="utf-8")
    (block,) = re.findall(r"```console\n(\$ git switch .*?)```", page, re.DOTALL)
    home, work = tmp_path / "home", tmp_path / "work"
    kept = home / ".local" / "state" / "musicdiff"
    kept.mkdir(parents=True)
    (kept / "checkpoint.json.gz").write_bytes(b"brought along")
    git(tmp_path, "init", "--quiet", "-b", "main", str(work))
    (work / "musicdiff.toml").touch()
    git(work, "add", ".")
    git(work, "commit", "--quiet", "-m", "settings")
    git(work, "remote", "add", "origin", str(hub.bare))
    script = "\n".join(line.removeprefix("$ ") for line in block.splitlines())
    names = {f"GIT_{who}_{what}": "a@example.com" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
    env = {"PATH": os.environ["PATH"], "HOME": str(home), **names}
    subprocess.run(["bash", "-e", "-c", script], cwd=work, env=env, check=True, capture_output=True)
    job = 'cat "$(dirname "$MUSICDIFF_CHECKPOINT_URL")/default.json.gz"'
    done = Runner(hub, tmp_path, {}, {}, job=job).act({"environment": ""})
    assert (done.returncode, done.stdout) == (0, "brought along")


def test_the_trust_names_one_repository_and_branch() -> None:
    page = (ROOT / "docs" / "github.md").read_text(encoding="utf-8")
    (block,) = re.findall(r"<!-- trust -->\n```json\n(.*?)```", page, re.DOTALL)
    (statement,) = json.loads(block)["Statement"]
    said = statement["Condition"]["StringEquals"]
    assert said["token.actions.githubusercontent.com:aud"] == "sts.amazonaws.com"
    assert re.fullmatch(r"repo:[^*]+/[^*]+:ref:refs/heads/[^*]+", said["token.actions.githubusercontent.com:sub"])
    assert list(statement["Condition"]) == ["StringEquals"]
