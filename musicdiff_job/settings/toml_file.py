"""The settings file: where it is looked for, and how it is read.

The first of these counts, the others are not read: ``--config``, ``$MUSICDIFF_CONFIG``, ``./musicdiff.toml``,
``$XDG_CONFIG_HOME/musicdiff/config.toml`` (the variable defaults to ``~/.config``, and is ignored when it is not
absolute, as the XDG base directory specification says). A file that was named must exist; the last two need not.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from musicdiff_job.settings.document import Document, read_document
from musicdiff_job.settings.findings import Findings, printable, reason
from musicdiff_job.settings.private_file import LARGEST

NAME = "musicdiff.toml"
_PLACE = re.compile(r" \(at (?:line ([0-9]+), column ([0-9]+)|end of document)\)$")


def find(config: Path | None, variables: Mapping[str, str], cwd: Path) -> Path | None:
    """The settings file to read, as its name was given; None when there is none."""
    if config is not None:
        return config
    if named := variables.get("MUSICDIFF_CONFIG"):
        return Path(named)
    home = variables.get("HOME", "")
    settings = variables.get("XDG_CONFIG_HOME", "")
    folder = settings if settings.startswith("/") else f"{home}/.config" if home else ""
    usual = [cwd / NAME, *([Path(folder) / "musicdiff" / "config.toml"] if folder else [])]
    return next((path for path in usual if _exists(path)), None)


def _exists(path: Path) -> bool:
    try:
        return path.exists()
    except (OSError, ValueError):
        return False  # a folder that may not be searched is not where this user keeps the file


def read_file(path: Path, cwd: Path, findings: Findings) -> Document:
    """The typed values of a settings file; empty, and a problem, when it cannot be read."""
    file = printable(str(path))
    try:
        with (cwd / path).open("rb") as opened:
            content = opened.read(LARGEST + 1)
        text = content.decode("utf-8-sig")  # some editors begin a file with a byte order mark
    except UnicodeDecodeError as error:
        findings.problems.append(f"{file}: byte {error.start} is not UTF-8 text")
        return Document()
    except (OSError, ValueError) as error:
        findings.problems.append(f"{file}: cannot be read ({reason(error)})")
        return Document()
    if len(content) > LARGEST:
        findings.problems.append(f"{file}: larger than {LARGEST} bytes")
        return Document()
    return read_text(text, file, (cwd / path).parent, findings)


def read_text(text: str, file: str, folder: Path, findings: Findings) -> Document:
    """As ``read_file``, for the text of a file called ``file`` that stands in ``folder``."""
    import tomllib  # the environment is enough for many, so without a file its reader is not loaded

    from musicdiff_job.settings.toml_lines import locate

    try:
        tables = tomllib.loads(text)
        lines = locate(text)
    except ValueError as error:  # a syntax error, or an integer of thousands of digits
        findings.problems.append(_syntax(str(error), file, text))
        return Document()
    except RecursionError:
        findings.problems.append(f"{file}: not valid TOML here: it is nested too deeply")
        return Document()

    def origin(path: tuple[str | int, ...]) -> str:
        return f"{file}, line {lines[path]}" if path in lines else file

    return read_document(tables, origin, folder, findings)


def _syntax(message: str, file: str, text: str) -> str:
    place = _PLACE.search(message)
    what = printable(message[: place.start()] if place else message)
    where = ""
    if place:
        where = f", line {place[1]}, column {place[2]}" if place[1] else f", line {text.count(chr(10)) + 1}"
    return f"{file}{where}: not valid TOML: {what[:1].lower()}{what[1:]}"
