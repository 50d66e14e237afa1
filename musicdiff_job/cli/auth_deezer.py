"""``auth deezer``: take an ARL or an access token, see whose it is by a real call, and only then keep it.

It never comes by an argument, which everybody on the machine could read. At a terminal it is asked for and not shown;
elsewhere it comes from the environment of the process, or else by stdin, or else from the file that ``--env-file``
names, which then is only checked anew.
"""

from __future__ import annotations

import os
import re

import click

from musicdiff_job.cli.authorising import WAIT, Authorising, open_authorising, output_options
from musicdiff_job.cli.command import JobCommand
from musicdiff_job.cli.output import complain
from musicdiff_job.cli.typed import Typed, answers_come, first_line, hidden
from musicdiff_job.core.errors import AuthError, UsageError
from musicdiff_job.core.model import Service
from musicdiff_job.core.secret import Secret
from musicdiff_job.deezer.identity import PERMISSIONS, Identity, identify_arl, identify_token
from musicdiff_job.gate import Gate
from musicdiff_job.report.text import clean, named

ARL = "DEEZER_ARL"
TOKEN = "DEEZER_ACCESS_TOKEN"  # noqa: S105 - a variable's name

WHERE = (
    "Where the ARL is: sign in on https://www.deezer.com in a browser and open its developer tools (F12).",
    "Under Application (Chrome, Edge) or Storage (Firefox): Cookies, https://www.deezer.com, the value of `arl`.",
    "Then close the window without logging out: logging out ends the cookie. Otherwise it lasts for some months.",
)
MEANING = (
    "This is no official way: Deezer gives no more access to its API, so the job does what deezer.com's own pages do. "
    "Deezer may change that or limit the account at any time, and whoever has the cookie has the account."
)


@click.command("deezer", cls=JobCommand, example="musicdiff-job auth deezer --env-file musicdiff.env")
@click.option("--token", "by_token", is_flag=True, help="An access token of the former developer programme, no ARL.")
@output_options
@click.argument("given", nargs=-1, metavar="", type=click.UNPROCESSED)
@click.pass_context
def deezer(context: click.Context, *, given: tuple[str, ...], by_token: bool, to_stdout: bool, form: str) -> None:
    """Check what signs the job in to Deezer, and keep it.

    That is the cookie `arl` of a browser that is signed in. It is asked for at a terminal, or read from DEEZER_ARL or
    stdin, and kept in ./musicdiff.env or the file of --env-file if Deezer accepts it.
    """
    if given:
        # Not repeated, as click would: by now it is in the shell's history, and need not be in a log as well.
        raise UsageError(
            "nothing is taken from the command line, which everybody on this machine can read",
            f"Give it when asked, by stdin or as {ARL}; if that was a real one, log out on deezer.com, which ends it",
        )
    auth = open_authorising(context, form, to_stdout=to_stdout)
    name = TOKEN if by_token else ARL
    credential = _given(name, auth)
    auth.redactor.learn(credential)
    identity = auth.call(lambda gate: _identify(name, credential, auth, gate))
    if identity.missing:
        lacking = "; ".join(f"{one} ({PERMISSIONS[one]})" for one in identity.missing)
        raise AuthError(f"the access token lacks {lacking}", "Use an ARL instead: `musicdiff-job auth deezer`")
    country = f", {clean(identity.country)}" if identity.country else ""
    auth.tell(f"Deezer account: {named(identity.name) or 'without a name'} ({identity.id}{country})")
    if by_token:
        auth.tell("the access token allows:", *(f"  {clean(one)}{_meaning(one)}" for one in identity.allowed))
    auth.keep(Service.DEEZER, {name: credential.reveal()})
    auth.end()


def _meaning(permission: str) -> str:
    meaning = PERMISSIONS.get(permission)
    return f": {meaning}" if meaning else ""


def _given(name: str, auth: Authorising) -> Secret:
    credentials = auth.loaded.credentials
    known = credentials.deezer_arl if name == ARL else credentials.deezer_access_token
    what = "ARL" if name == ARL else "access token"
    text = ""
    if answers_come():
        if name == ARL:
            complain(*WHERE, MEANING)
        text = hidden(f"{what} (not shown{'; Enter alone: the one that is set already' if known else ''}): ")
    elif not (os.environ.get(name) or os.environ.get(f"{name}_FILE")):
        text = first_line(Typed.of_stdin(), WAIT, auth.clock.monotonic)
    if text:
        # The way a cookie stands in a header, or is copied with its neighbours' punctuation.
        text = text.removeprefix("arl=").rstrip(";")
        if not re.fullmatch(r"[!-~]+", text):
            raise AuthError(
                f"that is no {what}: it has a space or another character in it that none has", "Copy it again"
            )
        return Secret(text)
    if known is None:
        raise AuthError(f"no {what} was given", f"Type it at a terminal, pipe it in, or set {name}")
    return known


def _identify(name: str, credential: Secret, auth: Authorising, gate: Gate) -> Identity:
    urls = auth.loaded.settings.urls
    try:
        if name == ARL:
            return identify_arl(gate, auth.redactor, urls.deezer_gateway, credential)
        return identify_token(gate, auth.redactor, urls.deezer_api, credential)
    except AuthError as error:
        # The adapters advise to run this very command.
        refused = error.message
    hint = "Copy it again, from a browser that is signed in" if name == ARL else "Deezer gives no new ones; use an ARL"
    raise AuthError(refused, f"Nothing was kept. {hint}")
