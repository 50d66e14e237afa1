"""Where output goes: tables and sentences to stdout, complaints to stderr, a reader that has gone away to nowhere.

Colours and rich only appear when stdout is a terminal. JSON is written in UTF-8 whatever the locale says. When the
reader of a pipe leaves (``| head``), the rest is dropped and the exit status stays what it was. When stdout takes no
more for another reason (a full disk), that is ``OutputLost``: whoever asked for the output must not take a part of it
for the whole. What stderr does not take is lost; there is nowhere else to say so.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from contextlib import suppress
from typing import TextIO

import click

from musicdiff_job.core.harmless import json_text as json_text  # whoever shows JSON may also write it to a file
from musicdiff_job.report.text import Block, Cell, Lines, plain, text_of


class OutputLost(Exception):
    """Stdout did not take what was written. What the command did before is done."""


def open_standard_streams() -> None:
    """Put ``/dev/null`` in place of standard streams that the process was started without (``>&-``), so that writing
    to them needs no thought and no file that is opened later takes their number."""
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, os.fdopen(os.open(os.devnull, os.O_RDWR), mode))


def is_terminal(stream: TextIO) -> bool:
    """Whether ``stream`` is a terminal; a closed one is not."""
    try:
        return stream.isatty()
    except ValueError:
        return False


def can_draw(stream: TextIO) -> bool:
    """Whether ``stream`` is a terminal that knows colours and can go back on its own lines."""
    return is_terminal(stream) and os.environ.get("TERM") not in {"dumb", "unknown"}


def show(*blocks: Block) -> None:
    """Tables and sentences, for people, on stdout."""
    if is_terminal(sys.stdout):
        from musicdiff_job.report.terminal import show_blocks  # rich takes longer to import than a run may take

        _guarded(sys.stdout, lambda: show_blocks(blocks))
    else:
        _guarded(sys.stdout, lambda: click.echo(plain(blocks).encode(), nl=False))


def say(*lines: Cell | str) -> None:
    """Sentences on stdout."""
    show(Lines(lines))


def show_text(document: str) -> None:
    """A document that is harmless as it is, on stdout, in UTF-8."""
    _guarded(sys.stdout, lambda: click.echo(document.encode(), nl=False))


def show_json(value: object, *, indent: int = 2) -> None:
    """One JSON document on stdout; ``indent`` 0 puts it on one line."""
    _guarded(sys.stdout, lambda: click.echo(json_text(value, indent=indent).encode()))


def complain(*lines: str) -> None:
    """Sentences on stderr."""
    if not lines:
        return
    text = "\n".join(map(text_of, lines))
    with suppress(OutputLost):
        _guarded(sys.stderr, lambda: click.echo(text, err=True))


def quietly_flush() -> None:
    """Flush both streams, for the last time."""
    for stream in (sys.stdout, sys.stderr):
        with suppress(OutputLost):
            _guarded(stream, stream.flush)


def _guarded(stream: TextIO, write: Callable[[], None]) -> None:
    try:
        write()
    except OSError as error:
        # Python flushes the stream once more at exit and would complain; nothing may come of that.
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, stream.fileno())
        os.close(nowhere)
        if not isinstance(error, BrokenPipeError):
            raise OutputLost(f"the output could not be written: {error.strerror}") from None
