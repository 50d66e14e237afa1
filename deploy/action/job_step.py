"""The step of the action that does the work: load the state, run the job, save the state, whatever the job came to.

Its inputs are the variables ``INPUT_...`` below; none of them, nor GitHub's token, is handed on to the job. All is one
process, because GitHub asks only the first process of a step to end (SIGINT, 7.5 s later SIGTERM, 2.5 s later
SIGKILL), and promises later steps of a composite action nothing then: the job saves within five seconds, and
what it has saved is pushed at once.
"""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import urllib.error
import urllib.request
from collections.abc import Mapping
from pathlib import Path
from types import FrameType

from state_branch import Refused, StateBranch

COMMANDS = {
    "run": ("run",),
    "dry run": ("run", "--dry-run"),
    "check": ("check",),
    "pause": ("pause",),
    "resume": ("resume",),
    "reset": ("reset", "--yes"),
    "reset everything": ("reset", "--all", "--yes"),
}
"""What may be asked for, and what is run for it."""
RUNS = ("run", "dry run")
NAME = re.compile(r"[A-Z][A-Z0-9_]*")
OWN = ("INPUT_", "STATE_")
"""What the names of this step's own variables begin with."""


def arguments(asked: str, only: str, seconds: str, profile: str) -> list[str]:
    """The job's command line. ``only`` has a pattern a line. Raises ``Refused``."""
    patterns = [line.strip() for line in only.splitlines() if line.strip()]
    if asked not in COMMANDS:
        raise Refused(64, f"there is no command {asked!r}", f"one of: {', '.join(COMMANDS)}")
    words = list(COMMANDS[asked])
    # One word each, so that a pattern that begins with a hyphen is no option.
    if asked in RUNS:
        words += [f"--max-seconds={seconds}", *(f"--only={pattern}" for pattern in patterns)]
    elif asked == "reset":
        if len(patterns) != 1:
            raise Refused(64, "`reset` forgets the collections of one pattern", "give it as `only`")
        words.append(f"--playlist={patterns[0]}")
    elif patterns:
        raise Refused(64, f"`{asked}` is for the whole job", "leave `only` empty")
    return [*words, f"--profile={profile}"] if profile else words


def given_variables(lines: str) -> dict[str, str]:
    """The variables of ``NAME=value`` lines; what is empty is left out, as GitHub puts nothing for a secret that there
    is not. Raises ``Refused``, naming no value."""
    found = {}
    for number, line in enumerate(lines.splitlines(), 1):
        name, equals, value = line.partition("=")
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        if not equals or not NAME.fullmatch(name.strip()):
            raise Refused(78, f"line {number} of `environment` is not NAME=value", "one variable a line")
        if value.strip():
            found[name.strip()] = value.strip()
    if "SPOTIFY_CLIENT_ID" in found and not {"SPOTIFY_CLIENT_SECRET", "MUSICDIFF_SPOTIFY_TOKEN_STORE"} & set(found):
        raise Refused(
            78,
            "SPOTIFY_CLIENT_SECRET is missing: without it Spotify replaces the refresh token, and nothing here may "
            "keep the new one",
            "add the client secret of your Spotify app to the repository's secrets",
        )
    return found


def prove_private(env: Mapping[str, str], token: str) -> None:
    """Raise ``Refused`` unless the repository is certainly private: a checkpoint lists what somebody listens to."""
    private = repository(read_event(env)).get("private")
    if private is None:
        private = repository({"repository": asked_api(env, token)}).get("private")
    if private is not True:
        public = private is False
        raise Refused(
            78,
            "this repository is public, and its state branch would show your library to everybody"
            if public
            else "it cannot be told whether this repository is private",
            "use a private repository, or keep the checkpoint in S3 (docs/github.md)",
        )


def repository(event: Mapping[str, object]) -> Mapping[str, object]:
    """What an event says about the repository."""
    found = event.get("repository")
    return found if isinstance(found, dict) else {}


def read_event(env: Mapping[str, str]) -> Mapping[str, object]:
    """The event that started the workflow."""
    try:
        event = json.loads(Path(env.get("GITHUB_EVENT_PATH", "")).read_bytes())
    except (OSError, ValueError):
        return {}
    return event if isinstance(event, dict) else {}


def asked_api(env: Mapping[str, str], token: str) -> object:
    """What GitHub says about the repository; older servers leave it out of a schedule's event."""
    url = f"{env.get('GITHUB_API_URL', '')}/repos/{env.get('GITHUB_REPOSITORY', '')}"
    if not url.startswith(("https://", "http://127.0.0.1:")):
        return None
    asking = urllib.request.Request(url, headers={"Authorization": f"Bearer {token}"})
    try:
        with urllib.request.urlopen(asking, timeout=15) as answer:
            return json.load(answer)
    except (urllib.error.URLError, OSError, ValueError):
        return None


def carried_out(command: list[str], env: Mapping[str, str]) -> int:
    """Run the job, hand signals on to it, and give the status that it ended with. From then on signals are ignored:
    what the job saved is still to be pushed."""
    children: list[subprocess.Popen[bytes]] = []
    pending: list[int] = []

    def hand_on(number: int, frame: FrameType | None) -> None:
        pending.append(number)
        send()

    def send() -> None:
        while children and pending:
            children[0].send_signal(pending.pop(0))

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, hand_on)
    # A session of its own: a signal to the whole group would reach the job twice, and the second ends it unsaved.
    children.append(subprocess.Popen(command, env=env, start_new_session=True))
    send()
    code = children[0].wait()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
    return code if code >= 0 else 128 - code


def work(env: Mapping[str, str], folder: Path) -> int:
    """Do all of it with ``folder`` for files; the status to end with. Raises ``Refused``."""
    token, checkpoint = env.get("INPUT_TOKEN", ""), env.get("INPUT_CHECKPOINT", "")
    words = arguments(
        env.get("INPUT_COMMAND", ""),
        env.get("INPUT_ONLY", ""),
        env.get("INPUT_MAX_SECONDS", ""),
        env.get("INPUT_PROFILE", ""),
    )
    job = {name: value for name, value in env.items() if not name.startswith(OWN)}
    job |= given_variables(env.get("INPUT_ENVIRONMENT", ""))
    command = [env["STATE_PROGRAM"], *words]
    if checkpoint:
        return carried_out(command, job | {"MUSICDIFF_CHECKPOINT_URL": checkpoint})
    prove_private(env, token)
    state, scratch = folder / "state", folder / "git"
    state.mkdir()
    scratch.mkdir()
    url = f"{env['GITHUB_SERVER_URL']}/{env['GITHUB_REPOSITORY']}"
    branch = StateBranch(url, env.get("INPUT_STATE_BRANCH", ""), scratch, token)
    branch.load(state)
    job["MUSICDIFF_CHECKPOINT_URL"] = f"{state}/{{profile}}.json.gz"
    job["MUSICDIFF_PLAYBACK_URL"] = f"{state}/plays-{{profile}}/"
    code = carried_out(command, job)
    try:
        branch.save(state)
    except Refused as refused:
        tell(refused)
        return code or refused.code
    return code


def tell(refused: Refused) -> None:
    """Say it as an annotation."""
    level = "warning" if refused.code == 75 else "error"
    text = f"{refused.message}. What to do: {refused.hint}."
    print(f"::{level} title=musicdiff::{escaped(text)}", flush=True)


def escaped(text: str) -> str:
    """As the runner wants a command's text."""
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def main() -> int:
    """The step."""
    os.umask(0o077)
    with tempfile.TemporaryDirectory(dir=os.environ.get("RUNNER_TEMP"), ignore_cleanup_errors=True) as folder:
        try:
            return work(os.environ, Path(folder))
        except Refused as refused:
            tell(refused)
            return refused.code


if __name__ == "__main__":
    sys.exit(main())
