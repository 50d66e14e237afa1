"""``scaffold``: files for a scheduler, on stdout or in a folder. Reads no settings, makes no call."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from musicdiff_job.cli.command import JobCommand, JobGroup, Shared, shared
from musicdiff_job.cli.output import say, show_text
from musicdiff_job.core.errors import UsageError
from musicdiff_job.core.outcome import ExitCode
from musicdiff_job.scaffold.kinds import KINDS, Kind
from musicdiff_job.scaffold.rendering import render, write
from musicdiff_job.scaffold.schedule import NoSchedule, Schedule
from musicdiff_job.scaffold.values import Value
from musicdiff_job.settings.kinds import Wrong

SHARED = ("config", "profile", "env_file")
"""Values that have an option on every command."""


class Filled(click.ParamType[object]):
    """A value that is filled in, read by its own grammar."""

    def __init__(self, value: Value) -> None:
        self.value = value
        self.name = value.metavar

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> object:
        """The typed value."""
        try:
            return self.value.read(value)
        except Wrong as wrong:
            self.fail(f"{value!r} must be {wrong}", param, ctx)


def _option(value: Value) -> click.Option:
    return click.Option(
        [value.flag],
        type=Filled(value),
        multiple=value.many,
        metavar=value.metavar,
        help=f"{value.meaning[0].upper()}{value.meaning[1:]}"
        f"{'; may be given again' if value.many else ''}. [default: {_shown(value)}]",
    )


def _shown(value: Value) -> str:
    default = value.default
    if isinstance(default, tuple):
        return ", ".join(str(item) for item in default)
    if isinstance(default, Schedule):
        return default.cron
    return str(value.kind.show(default)) or "none"


def _from_shared(kind: Kind, options: Shared) -> dict[str, object]:
    """What the shared options fill in: they say of the job that is started what they say of any command."""
    given = {"config": options.config, "profile": options.profile, "env_file": options.env_file}
    known = {value.name: value for value in kind.values}
    filled: dict[str, object] = {}
    for name, text in given.items():
        if text is None:
            continue
        flag = f"--{name.replace('_', '-')}"
        if name not in known:
            raise click.UsageError(f"{kind.name} has no place for {flag}")
        try:
            filled[name] = known[name].read(str(text))
        except Wrong as wrong:
            raise click.BadParameter(f"{str(text)!r} must be {wrong}", param_hint=flag) from None
    return filled


def _command(kind: Kind) -> click.Command:
    @click.pass_context
    def scaffold_kind(context: click.Context, /, output: Path | None, force: bool, **given: Any) -> int:
        chosen = {name: value for name, value in given.items() if value not in (None, ())}
        chosen |= _from_shared(kind, shared(context))
        try:
            files = render(kind, chosen)
        except NoSchedule as error:
            raise UsageError(str(error), "Choose another --schedule") from None
        if output is not None:
            write(files, output, force=force)
            say(*(str(output / file.path) for file in files))
        elif len(files) == 1:
            show_text(files[0].text)
        else:
            show_text("\n".join(f"#### {file.path}\n{file.text}" for file in files))
        return ExitCode.OK

    output = click.Option(
        ["-o", "--output"], type=click.Path(path_type=Path, file_okay=False), metavar="DIR", help="Write them there."
    )
    force = click.Option(["--force"], is_flag=True, help="Overwrite what is there.")
    return JobCommand(
        kind.name,
        params=[*(_option(value) for value in kind.values if value.name not in SHARED), output, force],
        callback=scaffold_kind,
        help=f"Print {kind.summary}, or write them to a folder.\n\nWith the default values these are the files in the "
        f"repository's folder {kind.shipped}.",
        short_help=f"{kind.summary[0].upper()}{kind.summary[1:]}.",
        example=f"musicdiff-job scaffold {kind.name} --schedule '30 5 * * *' -o {kind.name}",
    )


@click.group("scaffold", cls=JobGroup, example="musicdiff-job scaffold systemd --schedule '30 5 * * *' -o units")
def scaffold() -> None:
    """Print the files with which a scheduler runs the job.

    Exit codes, deadlines and limits in them come from the job itself, so they agree with it. A file that is there
    already is not overwritten without --force.
    """


for _kind in KINDS.values():
    scaffold.add_command(_command(_kind))
