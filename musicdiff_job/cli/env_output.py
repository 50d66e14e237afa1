"""Where new credentials go: into an env file, or onto stdout, ready for a Kubernetes or GitHub secret.

An env file is changed line by line: what was there stays, a line that sets the same name is replaced, and one that
would contradict the new credentials (an access token beside an ARL, ``NAME_FILE`` beside ``NAME``) is commented out,
not deleted, because it may be the only place that has it. The file is replaced whole, mode 0600 from its first
instant; a symbolic link stays one. Values are written bare, which shells, systemd, Docker, ``kubectl`` and ``gh`` all
read alike, and quoted only if they hold a character that could be misread.
"""

from __future__ import annotations

import errno
import json
import re
import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from musicdiff_job.core.errors import ConfigError, UsageError
from musicdiff_job.core.model import Service
from musicdiff_job.private import may_follow
from musicdiff_job.settings.env_file import parse, read_env_file
from musicdiff_job.settings.findings import CREDENTIALS, Findings
from musicdiff_job.store.durable import prove_replaceable, sync_folder, temporary

DEFAULT_FILE = Path("musicdiff.env")
SECRET = "musicdiff"  # noqa: S105 - the name of a Kubernetes secret

_BARE = re.compile(r"[A-Za-z0-9._~+/=:@%-]+")
_LINE = re.compile(r"[ \t]*(?P<export>export[ \t]+)?(?P<name>[A-Za-z_][A-Za-z0-9_]*)[ \t]*=")


class Format(StrEnum):
    """What the credentials are meant for."""

    ENV = "env"
    K8S = "k8s"
    GITHUB = "github"


@dataclass(frozen=True, slots=True)
class EnvFile:
    """The file that credentials are written to, as it was named; relative names start from the working directory."""

    name: Path

    @property
    def path(self) -> Path:
        """The file itself, at the end of links."""
        return (Path.cwd() / self.name).resolve()

    def prove(self) -> None:
        """Raise ``UsageError`` or ``ConfigError`` when it cannot be written, or not without losing what it holds."""
        try:
            self._refuse_foreign_link()
            with temporary(self.path, b""):
                pass
            if self.path.is_file():
                prove_replaceable(self.path)
        except OSError as error:
            raise self._unwritable(error) from None
        self._text()

    def names(self) -> frozenset[str]:
        """The variables that it sets, ``_FILE`` forms as the plain name."""
        set_ = parse(self._text(), str(self.name), self.path.parent, Findings())
        return frozenset(name.removesuffix("_FILE") for name, variable in set_.items() if variable.text)

    def write(self, service: Service, values: Mapping[str, str]) -> tuple[str, ...]:
        """Put a service's credentials in; the names of the lines that had to be commented out. Raises as ``prove``."""
        text, retired = merged(self._text(), service, values)
        try:
            self._refuse_foreign_link()
            with temporary(self.path, text.encode()) as (written, _):
                written.replace(self.path)
            sync_folder(self.path.parent)
        except OSError as error:
            raise self._unwritable(error) from None
        return retired

    def _text(self) -> str:
        if not self.path.exists():
            return ""
        if not self.path.is_file():
            raise UsageError(f"{self.name} is not a file", "Name one with --env-file, or use --print")
        findings = Findings()
        read_env_file(self.name, Path.cwd(), findings)
        if findings.problems:
            raise ConfigError(findings.problems, "Mend it, or name another file with --env-file")
        return self.path.read_text(encoding="utf-8").removeprefix("\ufeff")

    def _refuse_foreign_link(self) -> None:
        """Raise OSError where somebody else says by a link where the credentials go."""
        link = Path.cwd() / self.name
        if link.is_symlink() and not may_follow(link):
            raise OSError(errno.ELOOP, "somebody else's symbolic link stands there")

    def _unwritable(self, error: OSError) -> UsageError:
        return UsageError(
            f"{self.name} cannot be written ({error.strerror})", "Name another file with --env-file, or use --print"
        )


def own_names(service: Service) -> tuple[str, ...]:
    """The variables of a service's credentials."""
    return tuple(name for name in CREDENTIALS if name.startswith(f"{service.upper()}_"))


def merged(text: str, service: Service, values: Mapping[str, str]) -> tuple[str, tuple[str, ...]]:
    """The text of an env file with new credentials of a service in it, and the names that were commented out."""
    rivals = {form for name in own_names(service) for form in (name, f"{name}_FILE")} - values.keys()
    left = dict(values)
    retired: list[str] = []
    lines: list[str] = []
    # Not splitlines, which also splits where the reader of such files sees one line.
    for line in text.removesuffix("\n").split("\n") if text else ():
        found = _LINE.match(line)
        if found and found["name"] in left:
            lines.append(f"{found['export'] or ''}{assignment(found['name'], left.pop(found['name']))}")
        elif found and found["name"] in rivals:
            lines.append(f"#{line}")
            retired.append(found["name"])
        else:
            lines.append(line)
    lines.extend(assignment(name, value) for name, value in left.items())
    return "".join(f"{line}\n" for line in lines), tuple(retired)


def assignment(name: str, value: str) -> str:
    """``NAME=value`` on one line."""
    if _BARE.fullmatch(value):
        return f"{name}={value}"
    if "'" not in value:
        return f"{name}='{value}'"
    escaped = re.sub(r'([\\"$`])', r"\\\1", value)
    return f'{name}="{escaped}"'


def printed(form: Format, service: Service, values: Mapping[str, str]) -> str:
    """The document for stdout, values included."""
    env = "".join(f"{assignment(name, value)}\n" for name, value in values.items())
    match form:
        case Format.ENV:
            return env
        case Format.K8S:
            # A secret for each service: to apply one of a common secret would remove what the other had put there.
            rows = "".join(f"  {name}: {json.dumps(value)}\n" for name, value in values.items())
            head = f"apiVersion: v1\nkind: Secret\nmetadata:\n  name: {SECRET}-{service}\ntype: Opaque\n"
            return f"{head}stringData:\n{rows}"
        case Format.GITHUB:
            # By stdin, for arguments are shown to everybody on the machine.
            return f"gh secret set --env-file - <<'MUSICDIFF_END'\n{env}MUSICDIFF_END\n"


def command_for(form: Format, file: Path) -> str:
    """The command that uses an env file, without any value in it."""
    name = shlex.quote(str(file))
    match form:
        case Format.ENV:
            return f"musicdiff-job run --env-file {name}"
        case Format.K8S:
            return (
                f"kubectl create secret generic {SECRET} --from-env-file={name} --dry-run=client -o yaml "
                "| kubectl apply -f -"
            )
        case Format.GITHUB:
            return f"gh secret set --env-file - < {name}"


def overruling(service: Service, values: Mapping[str, str], env: Mapping[str, str]) -> tuple[str, ...]:
    """The variables of the process that go before a written file and say something else."""
    forms = [form for name in own_names(service) for form in (name, f"{name}_FILE")]
    return tuple(form for form in forms if env.get(form) and env[form] != values.get(form))
