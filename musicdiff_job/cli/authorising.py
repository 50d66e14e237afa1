"""What ``auth spotify`` and ``auth deezer`` have in common: settings, the door to the services, and where the new
credentials go.

The file that is going to be written is read for credentials only when ``--env-file`` names it: a file that happens to
lie in the working directory could say to which address a consent or a cookie is sent.
"""

from __future__ import annotations

import logging
import os
import shlex
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import click

from musicdiff_job import journal
from musicdiff_job import settings as settings_loader
from musicdiff_job.cli.command import Shared, shared
from musicdiff_job.cli.env_output import DEFAULT_FILE, EnvFile, Format, command_for, overruling, printed
from musicdiff_job.cli.output import complain, say
from musicdiff_job.cli.session import keep_log
from musicdiff_job.cli.signals import stopping
from musicdiff_job.clock import StopFlag, SystemClock
from musicdiff_job.core.model import Service
from musicdiff_job.core.secret import Redactor
from musicdiff_job.gate import Gate, Limits
from musicdiff_job.performing import run_id
from musicdiff_job.settings import Loaded

T = TypeVar("T")
Command = TypeVar("Command", bound=Callable[..., object])

WAIT = 300.0
"""Seconds that a person or a pipe has for an answer."""
_SECONDS = 60.0
_CALLS = 20
_NEEDED = {Service.SPOTIFY: ("SPOTIFY_REFRESH_TOKEN",), Service.DEEZER: ("DEEZER_ARL", "DEEZER_ACCESS_TOKEN")}


def output_options(command: Command) -> Command:
    """``--print`` and ``--format``."""
    command = click.option(
        "--format",
        "form",
        type=click.Choice([form.value for form in Format]),
        default=Format.ENV.value,
        show_default=True,
        help="What it is for: an env file, a Kubernetes secret, a GitHub secret.",
    )(command)
    return click.option(
        "--print", "to_stdout", is_flag=True, help="Print the values instead of writing the --env-file."
    )(command)


@dataclass(frozen=True, slots=True)
class Authorising:
    """The surroundings of one ``auth`` command."""

    shared: Shared
    loaded: Loaded
    clock: SystemClock
    stop: StopFlag
    redactor: Redactor
    file: EnvFile
    form: Format
    to_stdout: bool

    def call(self, work: Callable[[Gate], T]) -> T:
        """Do work that calls a service, within a minute; a signal ends it."""
        windows = {Service.DEEZER: (self.loaded.settings.deezer.requests_per_5s, 5.0)}
        with stopping(self.stop):
            return work(Gate(Limits(_SECONDS, _CALLS, {}, windows), self.clock, self.stop))

    def keep(self, service: Service, values: Mapping[str, str]) -> None:
        """Write or print the credentials; what to do next is ``end``'s to say."""
        if self.to_stdout:
            click.echo(printed(self.form, service, values), nl=False)
            return
        with stopping(self.stop):
            retired = self.file.write(service, values)
        self.tell(f"written to {self.file.name} (mode 0600): {', '.join(values)}")
        if retired:
            self.tell(f"commented out there, because it would contradict them: {', '.join(retired)}")
        for name in overruling(service, values, os.environ):
            complain(f"{name} is set in the environment, which goes before the file: unset it")

    def end(self) -> None:
        """Say what to do next."""
        if self.to_stdout:
            return
        have = self.file.names() | {name.removesuffix("_FILE") for name, value in os.environ.items() if value}
        named = "" if self.file.name == DEFAULT_FILE else command_for(Format.ENV, self.file.name).partition(" run")[2]
        missing = [service for service, any_of in _NEEDED.items() if have.isdisjoint(any_of)]
        for service in missing:
            self.tell(f"next: musicdiff-job auth {service}{named}")
        if not missing and self.form is Format.ENV:
            self.tell(f"next: musicdiff-job check --env-file {shlex.quote(str(self.file.name))}")
        self.tell(f"then: {command_for(self.form, self.file.name)}")

    def tell(self, *lines: str) -> None:
        """Say how it went: on stdout, or on stderr when stdout is for the credentials. Nothing with ``-q``."""
        if self.shared.quiet:
            return
        (complain if self.to_stdout else say)(*lines)


def open_authorising(context: click.Context, form: str, *, to_stdout: bool) -> Authorising:
    """Read the settings, set the log up, and see that the file can be written before anybody is asked for anything.
    Raises ``ConfigError`` and ``UsageError``."""
    stop = StopFlag()
    clock = SystemClock(stop)
    options = shared(context)
    named = options.env_file
    loaded = settings_loader.load(
        config=options.config,
        profile=options.profile or "",
        env=os.environ,
        env_file=named if named is not None and (to_stdout or named.exists()) else None,
        overrides={"log.format": options.log_format},
        cwd=Path.cwd(),
    )
    redactor = Redactor()
    redactor.learn(*loaded.secrets())
    keep_log(loaded.settings, options, redactor, run_id(clock.now()))
    for warning in loaded.warnings:
        journal.event("settings.warning", logging.WARNING, warning=warning)
    file = EnvFile(named or DEFAULT_FILE)
    if not to_stdout:
        file.prove()
    return Authorising(options, loaded, clock, stop, redactor, file, Format(form), to_stdout)
