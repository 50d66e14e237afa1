"""``notify test``: whether notifications arrive, before there is something to tell."""

from __future__ import annotations

import click

from musicdiff_job.cli.command import JobCommand, JobGroup, shared
from musicdiff_job.cli.output import complain, say
from musicdiff_job.cli.session import open_session
from musicdiff_job.core.errors import ConfigError
from musicdiff_job.core.outcome import ExitCode
from musicdiff_job.core.timestamps import to_iso
from musicdiff_job.notify.delivery import Delivery, Fate, Parcel, deliver
from musicdiff_job.notify.message import Message
from musicdiff_job.notify.opening import missing
from musicdiff_job.report.text import Cell, Tone
from musicdiff_job.settings.recipients import Recipient, recipients
from musicdiff_job.sinks import SECONDS

HINTS = {
    Fate.REFUSED: "Apprise does not know such an address, or lacks what it needs here; see docs/notifications.md",
    Fate.FAILED: "the service did not take it; the log says why (-v: more)",
    Fate.LATE: f"no answer in {SECONDS:.0f} s; is the host right, and may this machine reach it?",
}


@click.group("notify", cls=JobGroup, example="musicdiff-job notify test")
def notify() -> None:
    """Try the notifications."""


@notify.command("test", cls=JobCommand, example="musicdiff-job notify test --config musicdiff.toml")
@click.pass_context
def test(context: click.Context) -> int:
    """Send one message to each address of notify.urls.

    Exits 0 when all were delivered, 78 when one is no address or none is set, 69 when one was not delivered.
    """
    session = open_session(context)
    settings = session.loaded.settings
    if problems := missing(settings):
        raise ConfigError(problems)
    told = recipients(settings.notify.urls, settings.notify.on)
    if not told:
        raise ConfigError(["notify.urls is empty: nobody is notified of anything"], "See docs/notifications.md")
    profile = "" if settings.profile == "default" else f" ({settings.profile})"
    body = f"Notifications of musicdiff-job arrive here. Sent by `notify test` at {to_iso(session.now())}."
    message = Message(f"musicdiff{profile}: a test", body)
    ends = deliver([Parcel(one.address, message) for one in told], SECONDS, session.clock.monotonic)
    lines = [
        _line(number, one, recipient, session.redactor.scrub(one.address))
        for number, (one, recipient) in enumerate(zip(ends, told, strict=True), 1)
    ]
    bad = [line for line in lines if line.tone is Tone.BAD]
    if shared(context).quiet:
        complain(*(line.text for line in bad))
    else:
        say(*lines)
    fates = {one.fate for one in ends}
    if Fate.REFUSED in fates:
        return ExitCode.CONFIG
    return ExitCode.OK if fates == {Fate.DELIVERED} else ExitCode.UNAVAILABLE


def _line(number: int, end: Delivery, recipient: Recipient, address: str) -> Cell:
    occasions = ", ".join(sorted(recipient.occasions)) or "nothing: notify.on leaves none of its occasions"
    if end.fate is Fate.DELIVERED:
        return Cell(f"{number}. {address}: delivered (told of {occasions})", Tone.GOOD)
    return Cell(f"{number}. {address}: {end.fate.value}: {HINTS[end.fate]}", Tone.BAD)
