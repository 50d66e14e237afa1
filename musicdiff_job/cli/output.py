"""Where output goes: tables and sentences to stdout, complaints to stderr, a reader that has gone away to nowhere.

Colours and rich only appear when stdout is a terminal. JSON is written in UTF-8 whatever the locale says. When the
reader of a pipe leaves (``| head``), the rest is dropped and the exit status stays what it was.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from typing import TextIO

import click
import msgspec

from musicdiff_job.core.harmless import safe_json
from musicdiff_job.report.text import Block, Cell, Lines, plain, text_of


def is_terminal(stream: TextIO) -> bool:
    """Whether ``stream`` is a terminal; a closed one is not."""
    try:
        return stream.isatty()
    except ValueError:
        return False


def show(*blocks: Block) -> None:
    """Tables and sentences, for people, on stdout."""
    if is_terminal(sys.stdout):
        from musicdiff_job.report.terminal import show_blocks  # rich takes longer to import than a run may take

        _guarded(lambda: show_blocks(blocks))
    else:
        _guarded(lambda: click.echo(plain(blocks).encode(), nl=False))


def say(*lines: Cell | str) -> None:
    """Sentences on stdout."""
    show(Lines(lines))


def show_json(value: object, *, indent: int = 2) -> None:
    """One JSON document on stdout; ``indent`` 0 puts it on one line."""
    _guarded(lambda: click.echo(json_text(value, indent=indent).encode()))


def json_text(value: object, *, indent: int = 0) -> str:
    """A value as JSON that is safe to show on a terminal."""
    try:
        document = msgspec.json.encode(value)
    except UnicodeEncodeError:
        # A path or an argument that is no text, which Python writes with halves of characters.
        whole = json.dumps(msgspec.to_builtins(value), ensure_ascii=False).encode("utf-16-le", "surrogatepass")
        document = whole.decode("utf-16-le", "replace").encode()
    return safe_json((msgspec.json.format(document, indent=indent) if indent else document).decode())


def complain(*lines: str) -> None:
    """Sentences on stderr."""
    if not lines:
        return
    text = "\n".join(map(text_of, lines))
    _guarded(lambda: click.echo(text, err=True))


def quietly_flush() -> None:
    """Flush both streams, for the last time."""
    _guarded(sys.stdout.flush)
    _guarded(sys.stderr.flush)


def _guarded(write: Callable[[], None]) -> None:
    try:
        write()
    except BrokenPipeError:
        # Python flushes stdout once more at exit and would complain; nothing may come of that.
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())
        os.close(nowhere)
