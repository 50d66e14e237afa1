"""The Dockerfile: hadolint, and its instructions carried out without a container engine.

Each stage is a layered root over this machine's files, with a Python of the base's version at ``/usr/local`` if there
is one. The result is mounted read-only, its entry point runs as the image's user and as process 1, against the
sandbox: it mirrors, finds nothing left to do, and a signal ends it in time. What only the real base image can tell (its
own files, its architecture) stays untold.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

from checks.checking import ROOT, Check, Failed, ran, sandbox, system_tool, tool, wait_for
from checks.containerfile import Instruction, instructions
from checks.layered import Layered, layered
from musicdiff_job.core.outcome import ExitCode
from musicdiff_job.sandbox.faults import ALWAYS, Fault, Hang
from musicdiff_job.sandbox.server import Sandbox

DOCKERFILE = ROOT / "Dockerfile"
BASE_PATH = "/usr/local/bin:/usr/local/sbin:/usr/sbin:/usr/bin:/sbin:/bin"
HIDDEN = ("/root", "/home")
"""Of this machine, and not in the base."""


@dataclass
class Stage:
    """What the instructions have said so far."""

    root: Layered
    variables: dict[str, str] = field(default_factory=lambda: {"PATH": BASE_PATH})
    workdir: str = "/"
    user: str = "0:0"
    labels: dict[str, str] = field(default_factory=dict)
    entrypoint: list[str] = field(default_factory=list)
    command: list[str] = field(default_factory=list)
    has_healthcheck: bool = True


def python_like(base: str) -> Path:
    """The prefix of a Python of the version that the base's tag names; this process's own if there is none."""
    version = base.partition(":")[2].partition("-")[0]
    name = f"python{version}"
    pyenv = sorted(Path.home().glob(f".pyenv/versions/{version}*/bin/{name}"))
    for program in (shutil.which(name), *map(str, pyenv)):
        if program:
            done = subprocess.run(
                [program, "-c", "import sys, venv, ensurepip; print(sys.base_prefix)"],
                capture_output=True,
                text=True,
                check=False,
            )
            if done.returncode == 0 and done.stdout.strip() != "/usr":
                return Path(done.stdout.strip())
    return Path(sys.base_prefix)


def carried_out(stack: ExitStack, folder: Path) -> tuple[Stage, Path]:
    """The last stage, built, and the prefix of the Python that stood in for the base's."""
    arguments: dict[str, str] = {}
    stages: dict[str, Stage] = {}
    stage: Stage | None = None
    prefix = Path(sys.base_prefix)
    for step in instructions(DOCKERFILE):
        if stage is None or step.word == "FROM":
            if step.word == "ARG":
                name, _, default = step.rest.partition("=")
                arguments[name] = default
                continue
            base, *named = step.words(arguments)
            prefix = python_like(base)
            place = folder / f"stage{len(stages)}"
            place.mkdir()
            stage = Stage(stack.enter_context(layered(place)))
            for hidden in HIDDEN:
                if Path(hidden).is_dir():
                    stage.root.mount("-t", "tmpfs", "-o", "mode=0700", "hidden", f"{stage.root.top}{hidden}")
            stage.root.mount("--bind", str(prefix), f"{stage.root.top}/usr/local")
            stage.root.run("/sbin/ldconfig")  # the base has done so for its Python
            stages[named[1] if named else "last"] = stage
        else:
            _step(stage, step, stages)
    if stage is None:
        raise Failed("the Dockerfile has no stage")
    return stage, prefix


def _step(stage: Stage, step: Instruction, stages: dict[str, Stage]) -> None:
    match step.word:
        case "ARG":
            name, _, default = step.rest.partition("=")
            stage.variables.setdefault(name, default)
        case "ENV":
            stage.variables |= step.pairs(stage.variables)
        case "LABEL":
            stage.labels |= step.pairs(stage.variables)
        case "WORKDIR":
            stage.workdir = step.rest
            stage.root.seen(step.rest).mkdir(parents=True, exist_ok=True)
        case "USER":
            stage.user = step.rest
        case "HEALTHCHECK":
            stage.has_healthcheck = step.rest != "NONE"
        case "ENTRYPOINT":
            stage.entrypoint = step.listed()
        case "CMD":
            stage.command = step.listed()
        case "COPY":
            _copy(stage, step, stages)
        case _:
            # pip's own settings (an index, a proxy) are the machine's, as they are a builder's.
            env = {**os.environ, **stage.variables, "HOME": "/root"}
            for name in ("VIRTUAL_ENV", "PYTHONPATH", "PYTHONHOME"):
                env.pop(name, None)
            command = [*stage.root.entering(cwd=stage.workdir), "/bin/sh", "-c", step.rest]
            ran(*command, env=env)


def _copy(stage: Stage, step: Instruction, stages: dict[str, Stage]) -> None:
    words = step.words(stage.variables)
    options = dict(word[2:].split("=", 1) for word in words if word.startswith("--"))
    *sources, target = (word for word in words if not word.startswith("--"))
    into = target if target.startswith("/") else f"{stage.workdir}/{target}"
    for source in sources:
        origin = stages[options["from"]].root.seen(source) if "from" in options else ROOT / source
        place = stage.root.seen(into)
        if origin.is_dir():
            # Only what .dockerignore lets through; without it these would go with a folder.
            ignored = None if "from" in options else shutil.ignore_patterns("__pycache__", "*.pyc")
            shutil.copytree(origin, place, symlinks=True, dirs_exist_ok=True, ignore=ignored)
        else:
            shutil.copy2(origin, place / Path(source).name if into.endswith("/") else place)
        if mode := options.get("chmod"):
            place.chmod(int(mode, 8))
        if owner := options.get("chown"):
            ran("chown", "-R", owner, str(place))


def entering(stage: Stage) -> list[str]:
    """A command line that runs the image: its user, its folder, no capabilities, process 1 of its own."""
    user, _, group = stage.user.partition(":")
    dropping = [
        system_tool("setpriv"),
        "--reuid",
        user,
        "--regid",
        group,
        "--clear-groups",
        "--bounding-set=-all",
        "--no-new-privs",
    ]
    numbered = [system_tool("unshare"), "--pid", "--fork", "--kill-child"]
    return [*stage.root.entering(cwd=stage.workdir, before=numbered), *dropping, "--", *stage.entrypoint]


def as_an_image(folder: Path) -> str:
    """Build it, make it read-only, run it."""
    with ExitStack() as stack:
        stage, prefix = carried_out(stack, folder)
        _promises(stage)
        state = stage.workdir
        top = str(stage.root.top)
        stage.root.mount("-t", "tmpfs", "-o", "mode=0700,uid=65532,gid=65532", "state", f"{top}{state}")
        stage.root.mount("-o", "remount,ro", top)
        refused = stage.root.run("/usr/bin/touch", "/opt/musicdiff/x")
        if refused.returncode == 0:
            raise Failed("the root is not read-only, so this tells nothing")
        serving = stack.enter_context(sandbox())
        variables = {**stage.variables, **serving.environment(), "MUSICDIFF_DEEZER_WRITE_INTERVAL": "0s"}
        for wanted in ("changed", "in_sync"):
            said = ran(*entering(stage), *stage.command, env=variables)
            if f'"outcome":"{wanted}"' not in said:
                raise Failed(f"expected {wanted}: {said}")
        stage.root.mount("-t", "tmpfs", "-o", "mode=1777", "tmp", f"{top}/tmp")
        ran(*entering(stage), "demo", env=stage.variables)
        ran(*entering(stage), "scaffold", "k8s", env=stage.variables)  # its templates are there too
        code = _stopped(stage, serving, variables)
        if code != ExitCode.INTERRUPTED:
            raise Failed(f"SIGTERM to process 1 ended it with {code}")
        size = int(ran("du", "-sm", str(stage.root.seen("/opt/musicdiff"))).split()[0])
    return f"built with {prefix.name}, {size} MB; read-only, user {stage.user}: mirrored, in step, SIGTERM {code}"


def _promises(stage: Stage) -> None:
    if stage.has_healthcheck:
        raise Failed("HEALTHCHECK is not NONE")
    if stage.user != "65532:65532":
        raise Failed(f"USER is {stage.user}")
    for name in ("title", "description", "licenses", "version", "revision"):
        if not stage.labels.get(f"org.opencontainers.image.{name}"):
            raise Failed(f"the label {name} is missing")
    library = stage.root.seen("/opt/musicdiff/lib")
    sources = [path for path in library.rglob("*.py") if "musicdiff_job" in path.parts]
    compiled = {path.name.split(".")[0] for path in library.rglob("musicdiff_job/**/__pycache__/*.pyc")}
    if not sources or {path.stem for path in sources} - compiled:
        raise Failed("the job's bytecode is not compiled")
    for extra in ("boto3", "apprise", "prometheus_client"):
        if not list(library.glob(f"python*/site-packages/{extra}")):
            raise Failed(f"{extra} is not installed")
    if list(library.glob("python*/site-packages/pip")):
        raise Failed("pip is still there")


def _stopped(stage: Stage, serving: Sandbox, variables: dict[str, str]) -> int:
    """The status that the job ends with when process 1 gets SIGTERM in the middle of a run."""
    serving.log.forget()
    serving.misbehave(Fault(service="gateway", effect=Hang(3600), count=ALWAYS))
    with subprocess.Popen(
        [*entering(stage), *stage.command], env=variables, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as process:
        try:
            wait_for(lambda: serving.calls("spotify") > 0, 60, "call")
            inner = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text(encoding="ascii").split()
            os.kill(int(inner[0]), signal.SIGTERM)
            return process.wait(30)
        finally:
            process.kill()


def hadolint(folder: Path) -> str:
    """No rule is off but those that the file names with a reason."""
    ran(tool("hadolint"), str(DOCKERFILE))
    return "clean"


CHECKS = (
    Check("Dockerfile", "hadolint", hadolint),
    Check("Dockerfile", "its steps, run", as_an_image),
)
