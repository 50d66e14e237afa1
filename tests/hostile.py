"""Names that mean ill, a library made of them, and what a harmless output looks like."""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from hypothesis import strategies as st

from musicdiff_job.report.text import LONGEST, width
from musicdiff_job.sandbox.catalogue import Catalogue, DeezerTrack, SpotifyTrack
from musicdiff_job.sandbox.spotify_library import EPOCH, base62_id
from musicdiff_job.sandbox.world import SpotifyAccount

NAMES = (
    "\x1b[2J\x1b[31;5mred", "\x1b]8;;http://evil\x07link\x1b]8;;\x07\x1b]52;c;cm0gLXJm\x07\x1bP+q\x1b\\",
    "\x9b31mC1\x9d0;title\x9c",
    "bell\x07 back\x08\x08 over\rprint nul\0 \x7f\x85\x0b\x0c", "a\r\nSet-Cookie: x=1",
    '"}\n{"outcome":"changed"}', "\u2028a\u2029b",
    "a\n2026-11-21T12:00:00.000Z error   run.crashed", "a\n    | Traceback",
    "<script>alert(1)</script> &lt;b&gt; [x](javascript:alert(1)) **b** `c`", "| a | b |\n|---|---|",
    "=cmd|' /C calc'!A0", "+1", "-1", "@SUM(A1)", "\ttab", "--help",
    "\u202egnp.exe", "\u2066isolated\u2069 \u200fright zero\u200bwidth\ufeff\u00ad", "e" + "\u0301" * 300,
    "\u0301" * 40,
    "x" * 10_000, "東京" * 60, "👩\u200d🎤🏳️\u200d🌈🇫🇷 می\u200cخواهم", "\U000e0041\U000e007f\U0010ffff\ufffe",
    "../../etc/passwd", "$(reboot) `id`; rm -rf / | sh %TEMP% ${HOME} ~root",
    "::set-output name=x::y", "  ::add-mask::e", "##[add-mask]e ##vso[task.setvariable]x",
    "\u200d:\u200d:stop-commands::x",
    "100%s %d %n %(name)s %", "{} {name} {0.__class__.__mro__} {name!r:>1000} $name",
    "[red]r[/red][link=http://x]l[/link][/][bold :smile:", "", "   ", "\u3000",
    "\ud800half", "half\udfff \udc80", "id:abc", "*[!a]",
)  # fmt: skip
"""One for each trick that we know of."""

_PIECES = st.sampled_from(
    [
        *(
            "\x1b[",
            "\x1b]0;",
            "\x07",
            "\x9b",
            "\r",
            "\n",
            "\r\n",
            "\t",
            "\0",
            "\x7f",
            "\x85",
            "\u2028",
            "\u202e",
            "\u2066",
        ),
        *("\u200d", "\u200b", "\u0301", "\ufe0f", "\ud800", "\udfff", "\U000e0041", "🎵", "東", "é", "א", "م"),
        *(
            "::",
            "##[",
            "##vso[",
            "add-mask",
            "]",
            "{name}",
            "{",
            "}",
            "%s",
            "%",
            "[red]",
            "[/",
            "\\",
            '"',
            "'",
            "<",
            "&",
        ),
        *("=", "+", "@", "|", "`", "$(", ";", "../", "m", "J", "1", "a", " ", "2026-11-21T12:00:00.000Z error "),
    ]
)


def names(most: int = 12) -> st.SearchStrategy[str]:
    """Any name, most of them of hostile pieces."""
    pieces = st.lists(_PIECES, max_size=most).map("".join)
    return st.one_of(pieces, pieces, st.text(st.characters(), max_size=most))


def whole(name: str) -> str:
    """What arrives of a name: halves of characters cannot be said in UTF-8."""
    return name.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def sayable(name: str) -> bool:
    return whole(name) == name


def library(given: Sequence[str]) -> SpotifyAccount:
    """Each name as that of a playlist, of its description, its track (which was played), artist and album, a local
    file and an episode.
    Of three tracks one is found by its ISRC, one is not on Deezer, and one has look-alikes there."""
    spotify: list[SpotifyTrack] = []
    deezer: list[DeezerTrack] = []
    for at, name in enumerate(given):
        title = name or "x"
        isrc = f"QZAAA{at:07d}"
        spotify.append(SpotifyTrack(base62_id("hostile", at), title, (title, "b"), title, 200_000 + at, isrc))
        if at % 3 != 1 and sayable(title):
            other, number = (title, isrc) if at % 3 == 0 else (f"{title} (Karaoke)", f"QZBBB{at:07d}")
            deezer.append(DeezerTrack(1000 + at, other, other, "", title, title, 200, isrc=number))
    account = SpotifyAccount(Catalogue(spotify, deezer))
    for at, name in enumerate(given):
        playlist = account.add_playlist(name, [spotify[at].id, spotify[at - 1].id], description=name[:300])
        account.add_local_file(playlist, whole(name), whole(name), whole(name), 100)
        account.add_episode(playlist, whole(name), whole(name))
        account.play(spotify[at].id, EPOCH + timedelta(minutes=at), f"spotify:playlist:{playlist}")
    return account


def mirrored(given: Sequence[str], template: str = "{name}") -> list[str]:
    """The titles that a library's playlists should have on Deezer, in the order of age: 50 characters at most."""
    seen: dict[str, int] = {}
    titles = []
    for name in given:
        title = template.replace("{name}", whole(name).strip() or "Untitled playlist")
        title = title if len(title) <= 50 else f"{title[:49].rstrip()}…"
        seen[title] = seen.get(title, 0) + 1
        titles.append(title if seen[title] == 1 else f"{title}#{seen[title]}")
    return titles


WIDEST = 2 * LONGEST
"""Columns of a line: several names and a piece of text."""
_IGNORABLE = re.compile(r"[^\w\x00-\x7f]")


def check_line(line: str, widest: int = WIDEST) -> None:
    """One line: nothing that acts on a terminal or a CI system, bounded width, real text."""
    for char in line:
        kind = unicodedata.category(char)
        assert kind not in {"Cc", "Cs", "Zl", "Zp"} and (kind != "Cf" or char in "\u200c\u200d"), ascii(line)[:300]
    assert width(line) <= widest, f"{width(line)} columns: {ascii(line)[:300]}"
    bare = _IGNORABLE.sub("", line).lstrip()
    assert not bare.startswith("::"), ascii(line)[:300]
    assert not re.search(r"##[A-Za-z]*\[", bare), ascii(line)[:300]


def check_text(text: str, widest: int = WIDEST) -> list[str]:
    """The lines of an output, each of them checked."""
    lines = text.split("\n")
    for line in lines:
        check_line(line, widest)
    return [line for line in lines if line]


def check_json(text: str) -> Any:
    """The value of a JSON document that is harmless as a text too, however long."""
    for line in text.split("\n"):
        check_line(line, 1 << 30)
    return json.loads(text)


def check_log(text: str) -> None:
    """Log lines in either form: each is a record, or belongs to the traceback of the one before."""
    for line in filter(None, text.split("\n")):
        if line.startswith("{"):
            record = check_json(line)
            assert record["event"] and re.fullmatch(r"[\d:.TZ-]{24}", record["time"])
        else:
            check_line(line, 1 << 30)
            assert re.match(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z (debug|info|warning|error|critical) ", line) or (
                line.startswith("    | ")
            ), ascii(line)[:300]
            assert len(line) < 40_000
