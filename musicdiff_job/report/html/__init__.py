"""The dashboard: one self-contained page of the state of the library.

Theory. The page is opened from a disk, from S3, from Pages, years from now: so it holds all that it needs, and its
Content-Security-Policy forbids it to ask for more. Styles and the one script are allowed by their hashes, so that
nothing in a name could become either, even if escaping failed; the script only adds a search field, all is there
without it. Nothing in a ``style`` attribute: lengths are attributes of SVG.

Names come from strangers. Jinja escapes every piece of text, and ``finalize`` passes each through ``clean`` first, so a
template cannot forget it; links are let through by ``linked`` alone.
"""

from __future__ import annotations

import base64
import hashlib
from datetime import datetime
from functools import cache
from importlib.resources import files

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape

from musicdiff_job import __version__
from musicdiff_job.report.html.view import page_of
from musicdiff_job.report.html.words import brief, linked, name, stamp
from musicdiff_job.report.overview import Overview
from musicdiff_job.report.text import LONGEST, clean, count, duration, shortened

_TEMPLATES = "report/templates"


def html_page(overview: Overview, now: datetime) -> str:
    """The page, as of ``now``."""
    style, script = _text("dashboard.css"), _text("dashboard.js")
    policy = (
        f"default-src 'none'; style-src '{_hash(style)}'; script-src '{_hash(script)}'; img-src data:; "
        "base-uri 'none'; form-action 'none'"
    )
    return (
        _environment()
        .get_template("dashboard.html")
        .render(
            page=page_of(overview, now),
            now=now,
            policy=policy,
            # Our own files, not names.
            style=Markup(style),  # noqa: S704
            script=Markup(script),  # noqa: S704
            version=__version__,
        )
    )


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("musicdiff_job", _TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        finalize=_harmless,
    )
    environment.filters |= {
        "brief": lambda text: escape(brief(text)),  # harmless as it is: not to be cleaned again
        "count": count,
        "duration": duration,
        "link": linked,
        "name": lambda text: escape(name(text)),
        "stamp": stamp,
    }
    return environment


def _harmless(value: object) -> object:
    return shortened(clean(value), LONGEST) if isinstance(value, str) and not isinstance(value, Markup) else value


def _text(name: str) -> str:
    return files("musicdiff_job").joinpath(_TEMPLATES, name).read_text(encoding="utf-8")


def _hash(text: str) -> str:
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}"
