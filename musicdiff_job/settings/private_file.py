"""Files that hold secrets, and variables that may be given as such a file (``NAME_FILE``).

Kubernetes, Docker and systemd mount secrets as files. One trailing newline is not part of the value, because editors
and ``echo`` add it. A file that others can read is worth a warning; a group's right to read is accepted on a file of
another owner, because that is how Kubernetes lets a container that is not root read a mounted secret (``fsGroup``).
"""

from __future__ import annotations

import os
import stat
from collections.abc import Mapping
from pathlib import Path

from musicdiff_job.settings.findings import Findings, Variable, printable, reason

LARGEST = 1 << 20
"""Bytes. A larger file is neither a secret nor a person's settings, and may be an endless device."""


def read_private(path: Path, cwd: Path, name: str, findings: Findings) -> str | None:
    """A file's text, with a warning when others may read it; None, and a problem, when it cannot be read.
    ``name`` is what messages call it."""
    try:
        with (cwd / path).open("rb") as file:
            status = os.fstat(file.fileno())
            content = file.read(LARGEST + 1)
        text = content.decode()
    except UnicodeDecodeError:
        findings.problems.append(f"{name}: not UTF-8 text")
        return None
    except (OSError, ValueError) as error:
        findings.problems.append(f"{name}: cannot be read ({reason(error)})")
        return None
    if len(content) > LARGEST:
        findings.problems.append(f"{name}: larger than {LARGEST} bytes")
        return None
    too_open = 0o077 if status.st_uid == os.getuid() else 0o027
    if stat.S_ISREG(status.st_mode) and status.st_mode & too_open:
        mode = stat.S_IMODE(status.st_mode)
        findings.warnings.append(f"{name}: others may read or write it (mode {mode:04o}); chmod 600 it")
    return text


def read_variable(name: str, variables: Mapping[str, Variable], findings: Findings) -> Variable | None:
    """A variable that may also be given by ``NAME_FILE``; None when it is not set, empty, or there was a problem."""
    direct, mounted = variables.get(name), variables.get(f"{name}_FILE")
    if direct is not None and mounted is not None:
        findings.problems.append(f"{direct.origin} and {mounted.origin} are both set; unset one of them")
        return None
    if mounted is None:
        return direct
    path = Path(mounted.text)
    text = read_private(path, mounted.folder, f"{mounted.origin}: {printable(mounted.text)}", findings)
    if text is None:
        return None
    text = text.removesuffix("\n").removesuffix("\r")
    if not text:
        findings.problems.append(f"{mounted.origin}: {printable(mounted.text)} is empty")
        return None
    return Variable(text, mounted.origin, mounted.folder)
