"""``report``: how things stand as one page, for a browser, for a step summary or an e-mail, or for programs."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path

import click

from musicdiff_job import bootstrap
from musicdiff_job.cli.command import JobCommand, shared
from musicdiff_job.cli.files import write_output
from musicdiff_job.cli.output import json_text, say, show_text
from musicdiff_job.cli.session import Session, open_session
from musicdiff_job.report.overview import Overview, as_document, overview_of


class Form(StrEnum):
    """What the report is written as."""

    HTML = "html"
    MARKDOWN = "markdown"
    JSON = "json"


@click.command("report", cls=JobCommand, example="musicdiff-job report -o index.html")
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path, dir_okay=False, allow_dash=True),
    metavar="F",
    help="Write to a file; - is stdout, as without it.",
)
@click.option(
    "--format",
    "form",
    type=click.Choice([form.value for form in Form]),
    default=Form.HTML.value,
    show_default=True,
    help="html: one self-contained page; markdown: the same in short; json: that of `status --json`, and its lists.",
)
@click.pass_context
def report(context: click.Context, *, output: Path | None, form: str) -> None:
    """Show how things stand on one page.

    Reads the checkpoint and the listening history; makes no call to Spotify or Deezer. The page needs nothing but
    itself, so that it can be opened from a disk or be put anywhere; it names your playlists.
    """
    session = open_session(context)
    text = rendered(session, Form(form))
    if output is None or str(output) == "-":
        show_text(text)
        return
    write_output(output, text, "the report")
    if not shared(context).quiet:
        say(f"written to {output}")


def rendered(session: Session, form: Form) -> str:
    """The report."""
    overview, now = overview_of_session(session), session.now()
    match form:
        case Form.HTML:
            from musicdiff_job.report.html import html_page  # imports Jinja2

            return html_page(overview, now)
        case Form.MARKDOWN:
            from musicdiff_job.report.markdown import markdown_report

            return markdown_report(overview, now)
        case Form.JSON:
            return f"{json_text(as_document(overview), indent=2)}\n"


def overview_of_session(session: Session) -> Overview:
    """All that there is to report."""
    settings, now = session.loaded.settings, session.now()
    view = bootstrap.standpoint_of(session.loaded)
    return overview_of(view, session.peek(), session.store.peek_header(), now, bootstrap.listened(settings, now))
