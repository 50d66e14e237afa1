"""A settings file to begin with: every key with its meaning, its default and the values that it takes.

Made from the same rows as the parser, so it cannot promise what the parser does not know. Only what was chosen is in
force; every other key is commented out with ``#`` and no space after it, so that a later version's better default
applies, and so that taking the ``#`` away is all that it takes to set one.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from textwrap import wrap

from musicdiff_job.settings.document import PROFILES, RULES
from musicdiff_job.settings.model import PlaylistRule
from musicdiff_job.settings.rows import ROWS, RULE_ROWS, SECTIONS, Row

WIDTH = 100
"""Columns of a comment."""

_HEAD = """\
Settings of musicdiff-job. Lines that begin with # and a letter are defaults: take the # away to change one.
Every key is also an environment variable, which goes before this file: budget.time is MUSICDIFF_BUDGET_TIME.
Credentials never stand here; `musicdiff-job auth` makes a file for them.
"""
_RULES = """\
Rules for playlists: the first that matches counts. One [[playlist]] for each; take the # away from that line too.
"""
_PROFILES = """\
Several accounts: [profiles.NAME] overlays the sections above for --profile NAME.
"""


def commented(chosen: Mapping[str, object]) -> str:
    """The file. ``chosen`` are typed values by key (``sync.hand_edits``) that are in force in it."""
    parts = [_prose(_HEAD)]
    for section, rows in ROWS.items():
        # Also one without a choice is opened, so that a key is set by taking its # away and nothing else.
        parts.append(_section(SECTIONS[section].__doc__ or "", f"[{section}]", rows, chosen))
    parts.append(_section(_RULES + (PlaylistRule.__doc__ or ""), f"#[[{RULES}]]", RULE_ROWS, {}))
    parts.append(_prose(_PROFILES) + f"#[{PROFILES}.alice.checkpoint]\n" + '#url = "alice.json.gz"\n')
    return "\n".join(parts)


def _section(doc: str, head: str, rows: Mapping[str, Row], chosen: Mapping[str, object]) -> str:
    return f"{_prose(doc)}{head}\n" + "".join(_setting(row, chosen) for row in rows.values())


def _setting(row: Row, chosen: Mapping[str, object]) -> str:
    told = _prose(f"{row.meaning} ({row.kind.accepted})")
    if row.key in chosen:
        return f"{told}{row.name} = {_toml(row, chosen[row.key])}\n"
    if row.default is None:
        return f"{told}# {row.name} = ...  (not set)\n"
    return f"{told}#{row.name} = {_toml(row, row.default)}\n"


def _toml(row: Row, value: object) -> str:
    # JSON writes texts, numbers, truth values and lists as TOML does, but for DEL, which TOML wants escaped.
    return json.dumps(row.kind.show(value), ensure_ascii=False).replace("\x7f", "\\u007f")


def _prose(text: str) -> str:
    paragraphs = (" ".join(part.split()) for part in text.splitlines() if part.strip())
    return "".join(f"# {line}\n" for one in paragraphs for line in wrap(one, WIDTH - 2, break_on_hyphens=False))
