"""Notices as one message: a title and a plain text.

Apprise turns plain text into what each service shows, escaping what HTML and Markdown would act on (seen in 2.2 and
tested). Names come from strangers, so they are cleaned as for a terminal first; and since some services look for
mentions and links in text as well, ``@``, ``<`` and ``>`` are shown by letters that look alike and ``://`` is taken
apart.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from musicdiff_job.core.notices import Notice
from musicdiff_job.core.secret import Redactor
from musicdiff_job.core.summary import Summary
from musicdiff_job.report.text import clean, shortened

TITLE_COLUMNS = 120
LINE_COLUMNS = 400
_LOOK_ALIKE = str.maketrans({"@": "＠", "<": "‹", ">": "›"})


class Message(NamedTuple):
    """What is sent."""

    title: str
    body: str


def compose(notices: Sequence[Notice], summary: Summary, redactor: Redactor) -> Message:
    """One message of several notices, of which there is at least one."""
    profile = "" if summary.profile == "default" else f" ({summary.profile})"
    more = f", and {len(notices) - 1} more" if len(notices) > 1 else ""
    title = harmless(f"musicdiff{profile}: {notices[0].subject}{more}", redactor, TITLE_COLUMNS)
    blocks = []
    for notice in notices:
        lines = [f"{notice.subject[:1].upper()}{notice.subject[1:]}", *(f"- {line}" for line in notice.lines)]
        blocks.append("\n".join(harmless(line, redactor) for line in (*lines, *filter(None, [notice.todo]))))
    blocks.append(harmless(f"Run {summary.run_id}, ended at {summary.finished_at}", redactor))
    return Message(title, "\n\n".join(blocks))


def harmless(text: str, redactor: Redactor, columns: int = LINE_COLUMNS) -> str:
    """One line without secrets and without anything that a service would act on."""
    shown = clean(redactor.scrub(text)).translate(_LOOK_ALIKE).replace("://", ":/ /")
    return shortened(shown, columns)
