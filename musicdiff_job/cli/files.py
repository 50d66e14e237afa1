"""Files that a command writes where its user says: ``-o``."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import click

from musicdiff_job.core.errors import UsageError
from musicdiff_job.store.replacing import replace_file

Command = TypeVar("Command", bound=Callable[..., object])


def output_option(told: str) -> Callable[[Command], Command]:
    """``-o``, the file that a command is to write, with its line of help."""
    return click.option("-o", "--output", type=click.Path(path_type=Path, dir_okay=False), metavar="F", help=told)


def write_output(output: Path, text: str, what: str) -> None:
    """Write ``what`` somebody asked for to the file that they named. Raises ``UsageError``."""
    try:
        replace_file(output, text.encode())
    except OSError as error:
        raise UsageError(f"{what} cannot be written to {output}: {error.strerror}", "Name another file") from None
