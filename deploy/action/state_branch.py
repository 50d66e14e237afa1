"""Files kept as the only commit of a branch, and replaced by compare-and-swap.

Theory. A runner keeps nothing, so what must survive lies on a branch of its own. Its one commit has no parents: every
save makes a new such commit and pushes it on the condition that the branch is still what was read, or still absent
(``--force-with-lease``, git-push(1)). The server decides under its own lock, so of two runs one wins and the other is
refused. A push without an answer may have succeeded: the branch is asked, and what stands on our commit is ours.

A branch that was not made here is never touched: one commit, no parents, our words in its message, or nothing.
"""

from __future__ import annotations

import base64
import os
import re
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

MARK = "musicdiff state"
"""The message of every commit made here."""
SECONDS = 60
"""That one command of git may take."""
TRIES = 3
"""Of a push or a read that the network spoils."""
READ = "refs/musicdiff/read"
"""What was read, in git's own files."""
FAILURES = (subprocess.SubprocessError, OSError)
"""Of a command of git: it says no, takes too long, or is not installed."""
BRANCH = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
"""The names taken for a branch: no folders, nothing that git or a shell could read otherwise."""
OURS = {
    "GIT_AUTHOR_NAME": "musicdiff-job",
    "GIT_AUTHOR_EMAIL": "musicdiff-job@localhost",
    "GIT_COMMITTER_NAME": "musicdiff-job",
    "GIT_COMMITTER_EMAIL": "musicdiff-job@localhost",
    "GIT_TERMINAL_PROMPT": "0",
    "LC_ALL": "C",
}


class Refused(Exception):
    """Work cannot begin, or what it did cannot be kept. ``code`` is a status of the job's table of outcomes."""

    def __init__(self, code: int, message: str, hint: str) -> None:
        super().__init__(message)
        self.code, self.message, self.hint = code, message, hint


def unreachable(message: str) -> Refused:
    """The branch cannot be read or written: status 74, ``checkpoint_unwritable``."""
    hint = "the token needs `contents: write`, and no rule of the repository may protect the branch"
    return Refused(74, message, hint)


@dataclass
class StateBranch:
    """The branch ``name`` of the repository at ``url``. ``scratch`` is an empty folder for git's own files; ``token``
    is sent as GitHub wants it, and stands on no command line and in no file."""

    url: str
    name: str
    scratch: Path
    token: str = ""
    env: Mapping[str, str] = field(default_factory=lambda: os.environ)
    read_commit: str = ""
    """The commit that was read; empty where there was no branch."""
    read_tree: str = ""

    def __post_init__(self) -> None:
        if not BRANCH.fullmatch(self.name):
            raise Refused(78, f"{self.name!r} is no name for the state's branch", "take a plain word such as `state`")

    @property
    def ref(self) -> str:
        """The branch's full name."""
        return f"refs/heads/{self.name}"

    def load(self, folder: Path) -> None:
        """Put the branch's files into ``folder``, and remember what was read. Raises ``Refused``, also when it cannot
        be told whether there is a branch: a run that wrongly finds none takes all on Deezer for added by hand."""
        with refusing(f"the branch {self.name} cannot be read"):
            self._git("init", "--quiet", "--bare", ".")
            if self._tip():
                self._asking("fetch", "--quiet", "--no-tags", "--depth=1", self.url, f"+{self.ref}:{READ}")
                self.read_commit = self._git("rev-parse", READ).strip()
                self._prove_ours()
                self.read_tree = self._git("rev-parse", f"{READ}^{{tree}}").strip()
                self._git("read-tree", self.read_tree, tree=folder)
                self._git("checkout-index", "--all", "--force", tree=folder)
        self._prove_writable()

    def save(self, folder: Path) -> bool:
        """Replace the branch by ``folder``'s files, and whether they differ from what was read. Raises ``Refused``
        with 75 when somebody else has saved meanwhile; nothing is overwritten then."""
        files = sorted(
            path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file() and is_kept(path)
        )
        with refusing(f"the branch {self.name} cannot be saved"):
            self._git("read-tree", "--empty")
            given = "".join(f"{file}\0" for file in files)
            self._git("update-index", "--add", "-z", "--stdin", tree=folder, given=given)
            tree = self._git("write-tree").strip()
            if tree == self.read_tree or not (files or self.read_tree):
                return False
            commit = self._git("commit-tree", tree, "-m", MARK).strip()
            self._replace(commit)
        self.read_commit, self.read_tree = commit, tree
        return True

    def _replace(self, commit: str) -> None:
        """Push until it is known how that ended."""
        for attempt in range(TRIES):
            said = self._push(commit)
            if not said:
                return
            tip = self._tip()
            if tip == commit:  # the answer was lost, the push was not
                return
            if tip != self.read_commit:
                raise Refused(
                    75,
                    f"another run has saved to the branch {self.name} meanwhile; nothing was overwritten",
                    "the next run finds on Deezer what this one did; give all workflows one concurrency group",
                )
            if attempt == TRIES - 1:
                raise unreachable(f"the branch {self.name} cannot be saved: {said}")

    def _prove_ours(self) -> None:
        header, _, message = self._git("cat-file", "commit", self.read_commit).partition("\n\n")
        if "\nparent " in header or message.strip() != MARK:
            raise Refused(
                78,
                f"the branch {self.name} holds something else than this job's state, and is left alone",
                "choose another name with `state-branch`",
            )

    def _prove_writable(self) -> None:
        """Raise ``Refused`` before any work, when a push would be refused."""
        with refusing(f"the branch {self.name} cannot be written"):
            empty = self._git("mktree", given="").strip()
            commit = self._git("commit-tree", self.read_tree or empty, "-m", MARK).strip()
        if said := self._push(commit, "--dry-run"):
            raise unreachable(f"the branch {self.name} cannot be written: {said}")

    def _push(self, commit: str, *options: str) -> str:
        """Push on the condition that the branch is what was read; what git said against it, else nothing."""
        lease = f"--force-with-lease={self.ref}:{self.read_commit}"
        try:
            self._git("push", "--quiet", *options, lease, self.url, f"{commit}:{self.ref}")
        except FAILURES as error:
            return why(error)
        return ""

    def _tip(self) -> str:
        """The commit on which the branch stands; empty where there is none."""
        return self._asking("ls-remote", self.url, self.ref).partition("\t")[0].strip()

    def _asking(self, *words: str) -> str:
        """``_git`` with more than one try."""
        for _ in range(TRIES - 1):
            with suppress(*FAILURES):
                return self._git(*words)
        return self._git(*words)

    def _git(self, *words: str, tree: Path | None = None, given: str | None = None) -> str:
        env = {**self.env, **OURS, "GIT_DIR": str(self.scratch), "GIT_INDEX_FILE": str(self.scratch / "index")}
        if tree is not None:
            env["GIT_WORK_TREE"] = str(tree)
        if self.token:
            basic = base64.b64encode(f"x-access-token:{self.token}".encode()).decode()
            env |= {
                "GIT_CONFIG_COUNT": "1",
                "GIT_CONFIG_KEY_0": f"http.{self.url}.extraHeader",
                "GIT_CONFIG_VALUE_0": f"Authorization: Basic {basic}",
            }
        command = ["git", "-c", "core.autocrlf=false", "-c", "gc.auto=0", *words]
        done = subprocess.run(
            command,
            cwd=tree or self.scratch,
            env=env,
            input=given or "",
            capture_output=True,
            text=True,
            timeout=SECONDS,
            check=True,
        )
        return done.stdout


@contextmanager
def refusing(what: str) -> Iterator[None]:
    """Say ``what`` and why when git fails, as ``unreachable``."""
    try:
        yield
    except FAILURES as error:
        raise unreachable(f"{what}: {why(error)}") from error


def is_kept(path: Path) -> bool:
    """Whether a file belongs to the state: locks and files that were being written do not."""
    return not path.name.startswith(".") and path.suffix != ".lock"


def why(error: Exception) -> str:
    """What git said, or that it said nothing in time."""
    if isinstance(error, subprocess.CalledProcessError):
        lines = [line for line in str(error.stderr).splitlines() if line.strip()]
        return lines[-1] if lines else f"git ended with {error.returncode}"
    return type(error).__name__
