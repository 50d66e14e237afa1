"""The file of ``--env-file``: ``NAME=value`` lines, understood the same way by every scheduler that runs the job.

cron's shell has no ``source``, systemd, Docker and dotenv libraries each have their own quoting, so the job reads the
file itself, strictly: nothing is executed and no ``$NAME`` is replaced. A line is blank, a comment (``#``), or
``NAME=value`` with an optional ``export`` before it. A value is bare (no white space in it, a `` #`` comment may
follow), in single quotes (taken as it is), or in double quotes (``\\"``, ``\\\\``, ``\\$`` and ``\\n`` stand for
what they stand for in a shell). Problems name the line and never its content, which may be half a secret.
"""

from __future__ import annotations

import re
from pathlib import Path

from musicdiff_job.settings.findings import Findings, Variable, printable
from musicdiff_job.settings.private_file import read_private

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_SINGLE = re.compile(r"'(?P<value>[^']*)'(?:[ \t]*|[ \t]+#.*)")
_DOUBLE = re.compile(r'"(?P<value>(?:[^"\\]|\\.)*)"(?:[ \t]*|[ \t]+#.*)')
_BARE = re.compile(r"(?P<value>[^ \t\"']*)(?:[ \t]*|[ \t]+#.*)")
_ESCAPE = re.compile(r"\\(.)")
_CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")


def read_env_file(path: Path, cwd: Path, findings: Findings) -> dict[str, Variable]:
    """The variables of a file; a problem for each line that cannot be understood."""
    file = printable(str(path))
    text = read_private(path, cwd, file, findings)
    return parse(text, file, (cwd / path).parent, findings) if text is not None else {}


def parse(text: str, file: str, folder: Path, findings: Findings) -> dict[str, Variable]:
    """The variables of a file's text. A name may be given once."""
    variables: dict[str, Variable] = {}
    lines: dict[str, int] = {}
    for number, line in enumerate(text.removeprefix("\ufeff").split("\n"), 1):
        line = line.removesuffix("\r")
        where = f"{file}, line {number}"
        if not line.strip(" \t") or line.lstrip(" \t").startswith("#"):
            continue
        name, equals, written = line.partition("=")
        name = name.strip(" \t")
        if name.startswith(("export ", "export\t")):
            name = name[len("export ") :].lstrip(" \t")
        if not equals or not _NAME.fullmatch(name):
            findings.problems.append(f"{where}: expected NAME=value")
            continue
        value = _value(written)
        if value is None:
            findings.problems.append(
                f"{where}: the value of {name} must be one word, or in quotes that end on the line"
            )
        elif name in lines:
            findings.problems.append(f"{where}: {name} is given already in line {lines[name]}")
        else:
            variables[name] = Variable(value, f"{name} ({where})", folder)
            lines[name] = number
    return variables


def _value(written: str) -> str | None:
    if _CONTROL.search(written):
        return None
    if written[:1] in (" ", "\t") and written.lstrip(" \t").startswith("#"):
        return ""
    written = written.strip(" \t")
    if found := _DOUBLE.fullmatch(written):
        return _ESCAPE.sub(lambda escape: _unescaped(escape[1]), found["value"])
    found = _SINGLE.fullmatch(written) or _BARE.fullmatch(written)
    return found["value"] if found else None


def _unescaped(char: str) -> str:
    return "\n" if char == "n" else char if char in '"\\$`' else f"\\{char}"
