"""From a kind and what was filled in to files.

Templates are written with ``<% %>``, ``<%= %>`` and ``<%# %>``, because braces, brackets and angles alone belong to
the files: ``${{ }}`` to GitHub's, ``[[ ]]`` to TOML, ``<<`` to shells. A name that no template value has is an error.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from musicdiff_job.core.errors import UsageError
from musicdiff_job.scaffold import limits
from musicdiff_job.scaffold.kinds import Kind
from musicdiff_job.scaffold.quoting import FILTERS
from musicdiff_job.settings.model import Deezer

TEMPLATES = Path(__file__).parent / "templates"


@dataclass(frozen=True, slots=True)
class File:
    """A file that was made; ``path`` is relative to the folder that it belongs in."""

    path: str
    text: str


def render(kind: Kind, given: Mapping[str, object] | None = None) -> tuple[File, ...]:
    """The files of a kind, by their paths; what is not ``given`` has its default. Values are taken as checked.

    A template whose name begins with ``_`` is a part of others, and ``{label}`` in a name is the value of that name.

    Raises ``NoSchedule`` where a schedule cannot be said in the scheduler's notation.
    """
    from jinja2 import Environment, FileSystemLoader, StrictUndefined  # no run needs it

    folder = TEMPLATES / kind.name
    environment = Environment(
        loader=FileSystemLoader(folder),
        undefined=StrictUndefined,
        autoescape=False,  # noqa: S701 - no HTML; each file's own filter quotes (see quoting)
        block_start_string="<%",
        block_end_string="%>",
        variable_start_string="<%=",
        variable_end_string="%>",
        comment_start_string="<%#",
        comment_end_string="%>",
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters.update(FILTERS)
    values = {value.name: value.default for value in kind.values} | dict(given or {})
    known = {**values, "limits": limits, "retry": limits.Retry, "deezer": Deezer()}
    names = sorted(path.relative_to(folder).as_posix() for path in folder.rglob("[!_]*") if path.is_file())
    return tuple(File(name.format_map(values), environment.get_template(name).render(known)) for name in names)


def write(files: tuple[File, ...], folder: Path, *, force: bool = False) -> None:
    """Write the files below ``folder``, which is made if it is missing; all of them, or none.

    Raises ``UsageError`` when one is there already with another content and ``force`` is not given, or when one cannot
    be written.
    """
    if not force:
        in_the_way = [file.path for file in files if _differs(folder / file.path, file.text)]
        if in_the_way:
            raise UsageError(
                f"there already: {', '.join(str(folder / path) for path in in_the_way)}",
                "Choose another folder with -o, or overwrite them with --force",
            )
    try:
        for file in files:
            path = folder / file.path
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(file.text, encoding="utf-8")
    except OSError as error:
        raise UsageError(f"{error.filename} cannot be written ({os.strerror(error.errno or 0)})") from None


def _differs(path: Path, text: str) -> bool:
    if not os.path.lexists(path):
        return False
    try:
        return path.read_bytes() != text.encode()
    except OSError:
        return True
