"""What all commands share: options that may stand before or after the command's name, and an example in the help.

The shared options write into click's ``meta``, which a command has in common with its groups, so that the one
nearest to the command's own arguments wins and ``-v`` adds up.
"""

from __future__ import annotations

import math
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any, NamedTuple

import click
from click.shell_completion import CompletionItem

JOB_INDEX = "JOB_COMPLETION_INDEX"
"""Kubernetes sets it in every Pod of an Indexed Job."""
LONGEST = 100_000_000
"""Seconds; about three years, as in the settings."""

_META = "musicdiff_job.cli."
LOG_FORMATS = ("auto", "text", "json")


@dataclass(frozen=True, slots=True)
class Shared:
    """The options that every command takes. ``verbosity`` is the number of ``-v`` less the number of ``-q``."""

    config: Path | None = None
    profile: str | None = None
    profile_index: int | None = None
    env_file: Path | None = None
    log_format: str | None = None
    verbosity: int = 0

    @property
    def quiet(self) -> bool:
        """Whether ``-q`` was given."""
        return self.verbosity < 0

    @property
    def verbose(self) -> bool:
        """Whether ``-v`` was given."""
        return self.verbosity > 0


def shared(context: click.Context) -> Shared:
    """The shared options as given, before or after the command's name."""
    meta = context.meta
    return Shared(
        config=meta.get(f"{_META}config"),
        profile=meta.get(f"{_META}profile"),
        profile_index=meta.get(f"{_META}profile_index"),
        env_file=meta.get(f"{_META}env_file"),
        log_format=meta.get(f"{_META}log_format"),
        verbosity=meta.get(f"{_META}verbosity", 0),
    )


class Seconds(click.FloatRange):
    """A time budget: more than nothing, and no more than settings take."""

    def __init__(self) -> None:
        super().__init__(min=0, min_open=True, max=LONGEST)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """The number; "nan" is none, although every comparison lets it through."""
        seconds: float = super().convert(value, param, ctx)
        if math.isnan(seconds):
            self.fail(f"{value!r} is not a number of seconds", param, ctx)
        return seconds


class Index(click.ParamType[int]):
    """A profile's place in the settings file, from 0; without a number the place of this Pod in its Kubernetes Job."""

    name = "number"

    def convert(self, value: str | int, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """The number that was given, or that of JOB_COMPLETION_INDEX."""
        said = str(value) or os.environ.get(JOB_INDEX, "")
        if re.fullmatch(r"[0-9]{1,9}", said):
            return int(said)
        if not said:
            raise click.BadParameter(f"without a number it takes {JOB_INDEX}, which is not set here", ctx, param)
        hint = f"; without a number it stands last, and {JOB_INDEX} counts" if value else f" ({JOB_INDEX})"
        raise click.BadParameter(f"{said!r} is not the place of a profile, 0 or more{hint}", ctx, param)


class Pattern(click.ParamType[str]):
    """A pattern that chooses collections, as in the settings."""

    name = "pattern"

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """The pattern itself, if it is one."""
        from musicdiff_job.settings.kinds import Selector, Wrong  # most commands take none

        try:
            Selector().read(value)
        except Wrong as wrong:
            self.fail(f"{value!r} must be {wrong}", param, ctx)
        return value


def _remember(context: click.Context, parameter: click.Parameter, value: object) -> None:
    if value is not None:
        context.meta[f"{_META}{parameter.name}"] = value


def _count(context: click.Context, parameter: click.Parameter, value: int) -> None:
    step = value if parameter.name == "verbose" else -value
    context.meta[f"{_META}verbosity"] = context.meta.get(f"{_META}verbosity", 0) + step


def _shared_options() -> list[click.Parameter]:
    path = click.Path(path_type=Path, dir_okay=False)
    return [
        click.Option(
            ["--config"], type=path, metavar="FILE", help="Settings file.", callback=_remember, expose_value=False
        ),
        click.Option(
            ["--profile"],
            metavar="NAME",
            help="Profile; for `run` and `status` also all.",
            callback=_remember,
            expose_value=False,
        ),
        click.Option(
            ["--profile-index"],
            type=Index(),
            is_flag=False,
            flag_value="",
            metavar="[N]",
            help=f"Profile by its place, from 0; {JOB_INDEX} if no number follows.",
            callback=_remember,
            expose_value=False,
        ),
        click.Option(
            ["--env-file"],
            type=path,
            metavar="FILE",
            help="File with credentials.",
            callback=_remember,
            expose_value=False,
        ),
        click.Option(
            ["--log-format"],
            type=click.Choice(LOG_FORMATS),
            help="Form of the log on stderr.",
            callback=_remember,
            expose_value=False,
        ),
        click.Option(["-v", "--verbose"], count=True, help="Say more.", callback=_count, expose_value=False),
        click.Option(
            ["-q", "--quiet"], count=True, help="Say only what is wrong.", callback=_count, expose_value=False
        ),
    ]


def _write_example(formatter: click.HelpFormatter, example: str) -> None:
    with formatter.section("Example"):
        formatter.write(f"{'':>{formatter.current_indent}}{example}\n")


class JobCommand(click.Command):
    """A command with the shared options; ``example`` ends its help."""

    def __init__(self, *args: Any, example: str = "", **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.params.extend(_shared_options())
        self.example = example

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The example."""
        _write_example(formatter, self.example)


class Lazy(NamedTuple):
    """A command that is imported when it is called: ``module`` below this package, its variable, its short help."""

    module: str
    variable: str
    short_help: str


class JobGroup(click.Group):
    """A group with the shared options, whose commands are imported one at a time.

    ``run`` must not pay for what ``status`` needs, and ``--help`` for neither; so the short help stands in the table
    (a test keeps it equal to the commands' own).
    """

    def __init__(
        self,
        *args: Any,
        lazy: dict[str, Lazy] | None = None,
        sections: Mapping[str, tuple[str, ...]] | None = None,
        example: str = "",
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.params.extend(_shared_options())
        self.lazy = lazy or {}
        self.sections = sections or {}
        self.example = example

    def list_commands(self, ctx: click.Context) -> list[str]:
        """In the order of the table."""
        return [*self.lazy, *super().list_commands(ctx)]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command, imported now."""
        if cmd_name not in self.lazy:
            return super().get_command(ctx, cmd_name)
        row = self.lazy[cmd_name]
        command: click.Command = getattr(import_module(f"musicdiff_job.cli.{row.module}"), row.variable)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The commands by ``sections``, those in none of them last; without importing any."""
        short = self._short_helps()
        placed = [name for names in self.sections.values() for name in names]
        rest = tuple(name for name in short if name not in placed)
        for title, names in [*self.sections.items(), ("Others" if self.sections else "Commands", rest)]:
            if rows := [(name, short[name]) for name in names if name in short]:
                with formatter.section(title):
                    formatter.write_dl(rows, col_max=max(map(len, short)))

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        """The commands and options that begin so; at each TAB, so without importing any."""
        own = [
            CompletionItem(name, help=told) for name, told in self._short_helps().items() if name.startswith(incomplete)
        ]
        return [*own, *click.Command.shell_complete(self, ctx, incomplete)]

    def _short_helps(self) -> dict[str, str]:
        own = {name: command.get_short_help_str(90) for name, command in self.commands.items()}
        return {**{name: row.short_help for name, row in self.lazy.items()}, **own}

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The example."""
        _write_example(formatter, self.example)
