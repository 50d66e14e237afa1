"""``init``: a settings file to begin with, after three questions.

The three are those whose wrong answer would be missed: what is mirrored, what becomes of edits on Deezer, and where
the memory between runs lies. Everything else has a default that can be changed at any time.
"""

from __future__ import annotations

import os
import shlex
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import click

from musicdiff_job.cli.command import JobCommand, shared
from musicdiff_job.cli.env_output import DEFAULT_FILE
from musicdiff_job.cli.output import complain, say
from musicdiff_job.cli.typed import answers_come
from musicdiff_job.core.errors import UsageError
from musicdiff_job.report.text import clean
from musicdiff_job.settings.commented import commented
from musicdiff_job.settings.kinds import Wrong
from musicdiff_job.settings.rows import ROWS, Row
from musicdiff_job.store.replacing import replace_file

FILE = Path("musicdiff.toml")
"""Where every command looks for settings without being told."""


class Asked(NamedTuple):
    """A question: the setting that it is about, its flag, and what stands above it at the terminal."""

    row: Row
    flag: str
    lines: tuple[str, ...]


QUESTIONS = (
    Asked(
        ROWS["sync"]["entities"],
        "entities",
        ("What is to be mirrored on Deezer? liked, artists, albums, playlists: any of them, in this order.",),
    ),
    Asked(
        ROWS["sync"]["hand_edits"],
        "hand_edits",
        (
            "What becomes of edits that you make on Deezer by hand?",
            "  keep: they stay; overwrite: Deezer follows Spotify; ask: the job asks you about each.",
        ),
    ),
    Asked(
        ROWS["checkpoint"]["url"],
        "checkpoint",
        (
            "Where is the job to keep what it remembers between runs?",
            "  A file, or s3://bucket/key for machines that keep nothing.",
        ),
    ),
)


def _value(row: Row) -> Callable[[click.Context, click.Parameter, str | None], object]:
    def convert(context: click.Context, parameter: click.Parameter, text: str | None) -> object:
        try:
            return None if text is None else _read(row, text)
        except Wrong as wrong:
            raise click.BadParameter(f"must be {wrong}", context, parameter) from None

    return convert


@click.command("init", cls=JobCommand, example="musicdiff-job init --entities liked,playlists")
@click.option(
    "--entities", metavar="LIST", callback=_value(QUESTIONS[0].row), help="What is mirrored: liked,albums,..."
)
@click.option(
    "--hand-edits", metavar="WHAT", callback=_value(QUESTIONS[1].row), help="Edits on Deezer: keep, overwrite or ask."
)
@click.option("--checkpoint", metavar="PLACE", callback=_value(QUESTIONS[2].row), help="A file, or s3://bucket/key.")
@click.option("--force", is_flag=True, help="Replace the file if there is one.")
@click.pass_context
def init(context: click.Context, /, *, force: bool, **given: Any) -> None:
    """Write a settings file to begin with.

    Every setting stands in it with its meaning and its default. Asks three questions at a terminal; none if one of
    them is answered by an option, and none elsewhere. Writes ./musicdiff.toml, or the file of --config.
    """
    file = shared(context).config or FILE
    if not force and os.path.lexists(file):
        raise UsageError(f"{file} is there already", "Edit it, replace it with --force, or name another with --config")
    if answers_come() and all(value is None for value in given.values()):
        given = {asked.flag: _ask(asked) for asked in QUESTIONS}
    chosen = {asked.row.key: given[asked.flag] for asked in QUESTIONS if given[asked.flag] is not None}
    try:
        replace_file(file, commented(chosen).encode())
    except OSError as error:
        raise UsageError(f"{file} cannot be written ({error.strerror})", "Name another file with --config") from None
    if not shared(context).quiet:
        named = "" if file == FILE else f" --config {shlex.quote(str(file))}"
        say(
            f"written: {clean(str(file))} (every setting is in it; none has to be changed)",
            f"next: musicdiff-job auth spotify{named}",
            f"      musicdiff-job auth deezer{named}",
            f"      musicdiff-job check{named} --env-file {DEFAULT_FILE}",
        )


def _read(row: Row, text: str) -> object:
    return row.kind.read(row.kind.from_text(text))


def _ask(asked: Asked) -> object:
    """What is typed, asked for again until it is possible; the default for nothing. ``click.Abort`` at the end of the
    input."""
    default = asked.row.kind.show(asked.row.default)
    shown = ",".join(map(str, default)) if isinstance(default, list) else str(default)
    complain("", *asked.lines)
    while True:
        text = click.prompt(f"{asked.row.key}", default=shown, err=True)
        try:
            return _read(asked.row, text)
        except Wrong as wrong:
            complain(f"It must be {wrong}.")
