"""``auth spotify``: a person's consent, once in six months.

The browser may run on this machine (then it comes back to a port that is listened on) or on any other (then the
address of the page that it cannot load is pasted here, or piped in). Whichever comes first counts.
"""

from __future__ import annotations

import os
import re
import selectors
import shlex
import subprocess
import sys
from collections.abc import Mapping

import click

from musicdiff_job.cli.authorising import WAIT, Authorising, open_authorising, output_options
from musicdiff_job.cli.command import JobCommand
from musicdiff_job.cli.output import complain
from musicdiff_job.cli.typed import Typed, answers_come
from musicdiff_job.core.errors import AuthError, UsageError
from musicdiff_job.core.expiry import consent_ends
from musicdiff_job.core.model import Service
from musicdiff_job.core.secret import Secret
from musicdiff_job.gate import Gate
from musicdiff_job.report.text import clean, named
from musicdiff_job.settings.findings import CREDENTIALS
from musicdiff_job.spotify.consent import (
    AGAIN,
    DASHBOARD,
    RECENTLY_PLAYED,
    SCOPES,
    WRITING,
    ConsentExchange,
    Foreign,
    Granted,
    Question,
    ask,
    read_answer,
)
from musicdiff_job.spotify.identity import Profile
from musicdiff_job.spotify.loopback import Loopback

PORT = 8913


@click.command("spotify", cls=JobCommand, example="musicdiff-job auth spotify --client-id 0123456789abcdef")
@click.option("--client-id", metavar="ID", help="The app's client id, if SPOTIFY_CLIENT_ID is not set.")
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=PORT,
    show_default=True,
    help="Where the browser comes back to; 0: any, for a redirect URI that was registered without a port.",
)
@click.option(
    "--both-ways",
    is_flag=True,
    help='Ask for the right to edit your playlists too, which direction = "both" needs.',
)
@click.option("--no-browser", is_flag=True, help="Open no browser, only say the address.")
@output_options
@click.pass_context
def spotify(
    context: click.Context,
    *,
    client_id: str | None,
    port: int,
    both_ways: bool,
    no_browser: bool,
    to_stdout: bool,
    form: str,
) -> None:
    """Give the job your consent to read your Spotify account.

    Needs an app of your own on Spotify's dashboard, with the redirect URI http://127.0.0.1:8913/callback. With
    SPOTIFY_CLIENT_SECRET set its secret is used, without it PKCE. Writes ./musicdiff.env or the file of --env-file,
    keeping its other lines; to renew, name that file, and nothing else need be given.
    """
    auth = open_authorising(context, form, to_stdout=to_stdout)
    given = auth.loaded.credentials
    app, secret = _app(client_id, given.spotify_client_id, auth, port), given.spotify_client_secret
    urls = auth.loaded.settings.urls
    with _listening(port) as loopback:
        question = ask(
            urls.spotify_accounts, app, secret, loopback.redirect_uri, (*SCOPES, *WRITING) if both_ways else SCOPES
        )
        _explain(question)
        if not no_browser and can_show_browser(os.environ, sys.platform):
            _open_browser(question.url)
        code = await_code(loopback, question, auth)

    def exchange(gate: Gate) -> tuple[Granted, Profile]:
        wire = ConsentExchange(gate, auth.clock, auth.redactor, urls.spotify_accounts, urls.spotify_api, app, secret)
        try:
            granted = wire.redeem(question, code)
            _require_scopes(granted)
            return granted, wire.profile(granted)
        finally:
            wire.close()

    granted, profile = auth.call(exchange)
    today = auth.clock.now().date()
    auth.tell(f"Spotify account: {named(profile.name) or 'without a name'} ({clean(profile.id)})")
    for scope in granted.missing:
        wanted = scope.name == RECENTLY_PLAYED and auth.loaded.settings.playback.enabled
        without = "playback.enabled records nothing until it is; start again to accept it"
        complain(f"not consented to: {scope.reads} ({scope.name}); {without if wanted else 'the job goes without'}")
    auth.keep(
        Service.SPOTIFY,
        {
            "SPOTIFY_CLIENT_ID": app,
            **({"SPOTIFY_CLIENT_SECRET": secret.reveal()} if secret else {}),
            "SPOTIFY_REFRESH_TOKEN": granted.refresh.reveal(),
            "SPOTIFY_AUTHORIZED_AT": today.isoformat(),
        },
    )
    renewal = "musicdiff-job auth spotify" + (" --both-ways" if both_ways else "")
    renewal += "" if to_stdout else f" --env-file {shlex.quote(str(auth.file.name))}"
    auth.tell(
        f"The consent lasts six months, until {consent_ends(today)}, however often it is used. "
        f"Renew it before: {renewal}"
    )
    auth.end()


def can_show_browser(env: Mapping[str, str], platform: str) -> bool:
    """Whether a browser that is opened here would be seen by the person at the keyboard."""
    if env.get("SSH_CONNECTION") or env.get("SSH_TTY"):
        return False
    return platform == "darwin" or bool(env.get("DISPLAY") or env.get("WAYLAND_DISPLAY"))


def await_code(loopback: Loopback, question: Question, auth: Authorising) -> Secret:
    """The code, from the browser or from stdin. Raises ``AuthError`` when consent is declined, when what was piped in
    is no answer, and when none comes in time."""
    typed = Typed.of_stdin()
    asked = answers_come()
    if asked:
        complain(
            f"Waiting {WAIT / 60:.0f} minutes for it. A browser on another machine ends on a page that does not load: "
            "paste the address of that page here."
        )
    loopback.expect(lambda address: _is_answer(address, question))
    deadline = auth.clock.monotonic() + WAIT
    with selectors.SelectSelector() as selector:
        for descriptor in (loopback.listening, loopback.arrival, *([typed.descriptor] if typed else [])):
            selector.register(descriptor, selectors.EVENT_READ)
        while (left := deadline - auth.clock.monotonic()) > 0:
            for key, _ in selector.select(left):
                by_stdin = typed is not None and key.fd == typed.descriptor
                if key.fd == loopback.listening:
                    loopback.accept()
                    continue
                for address in typed.read() if typed is not None and by_stdin else [loopback.take()]:
                    match read_answer(address, question):
                        case Secret() as code:
                            return code
                        case Foreign(reason) if by_stdin and not asked:
                            raise AuthError(f"what came by stdin is not Spotify's answer: {reason}", AGAIN)
                        case Foreign(reason):
                            complain(f"not the answer: {reason}; still waiting")
                if by_stdin and typed is not None and typed.ended:
                    selector.unregister(typed.descriptor)
    raise AuthError(f"no answer came within {WAIT / 60:.0f} minutes", AGAIN)


def _is_answer(address: str, question: Question) -> bool:
    try:
        return isinstance(read_answer(address, question), Secret)
    except AuthError:
        return True


def _app(flag: str | None, set_: str, auth: Authorising, port: int) -> str:
    if flag is not None and not re.fullmatch(r"[!-~]+", flag):
        raise UsageError("--client-id must be one word, as it stands on the app's page")
    if app := flag or set_:
        return app
    file = auth.file
    renew = f", or --env-file {file.name} to take it from there" if "SPOTIFY_CLIENT_ID" in file.names() else ""
    raise UsageError(
        "there is no client id",
        f"Create an app on {DASHBOARD} with the redirect URI http://127.0.0.1:{port or PORT}/callback; then "
        f"`musicdiff-job auth spotify --client-id ID`, the id that its page shows, or set SPOTIFY_CLIENT_ID{renew}",
    )


def _listening(port: int) -> Loopback:
    try:
        return Loopback(port)
    except OSError as error:
        raise UsageError(
            f"port {port} of 127.0.0.1 cannot be listened on ({error.strerror})",
            "Give another one with --port, and register its redirect URI with the app too",
        ) from None


def _explain(question: Question) -> None:
    complain(
        "Spotify will ask you to let the job read, and only read:"
        if question.scopes == SCOPES
        else "Spotify will ask you to let the job read, and edit playlists:",
        *(f"  {scope.name}: {scope.reads}" for scope in question.scopes),
        f"The app must have exactly this redirect URI ({DASHBOARD}):",
        f"  {question.redirect_uri}",
        "Open this address in a browser and accept:",
        f"  {question.url}",
        "Should that page speak of INVALID_CLIENT, then the client id or the redirect URI is not the app's.",
    )


def _open_browser(url: str) -> None:
    """In a process of its own: some browsers only return when they are closed, and some greet on stdout, which may be
    going to hold credentials. Those that the environment holds are none of a browser's business."""
    command = [sys.executable, "-m", "webbrowser", url]
    env = {name: value for name, value in os.environ.items() if name.removesuffix("_FILE") not in CREDENTIALS}
    subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=2, start_new_session=True, env=env)  # noqa: S603 - our URL


def _require_scopes(granted: Granted) -> None:
    if lacking := [scope for scope in granted.missing if scope.needed]:
        raise AuthError(
            f"the consent lacks {' and '.join(scope.name for scope in lacking)}",
            f"The job cannot work without, so nothing was kept. {AGAIN} and accept all of it",
        )
