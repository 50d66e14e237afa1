"""The report in Markdown, read back by a Markdown parser: no name is anything but text."""

from __future__ import annotations

import re

import msgspec
import pytest
from checkpoint_sample import GYM, HOSTILE, NOW, mirror
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from report_sample import in_step, overview, troubled

from musicdiff_job.core.checkpoint import Checkpoint, Pause
from musicdiff_job.core.summary import CollectionState
from musicdiff_job.report.markdown import COLUMNS, ROWS, escaped, markdown_report
from musicdiff_job.report.text import clean, width

PARSER = MarkdownIt("commonmark").enable(["table", "strikethrough"])
EVIL = (
    "[click](https://evil.example)", "![x](https://evil.example/x.png)", "<img src=x onerror=alert(1)>", "a | b | c",
    "**bold** __x__ ~~y~~ `code`", "# heading", "- item", "1. one", "> quote", "---", "| --- |", "&lt;b&gt;",
    "https://evil.example", "www.evil.example", "@somebody", "a@b.example", "#123", "\\`\\*", "+ plus", "=====",
    "```", "$x$", HOSTILE, "<!-- x", "[a]: https://evil.example",
)  # fmt: skip


def kinds(text: str) -> list[str]:
    """What the parser found in it, text and the paragraph aside."""
    found = []
    for token in PARSER.parse(text):
        for one in (token, *(token.children or ())):
            if one.type not in {"paragraph_open", "paragraph_close", "inline", "text", "text_special"}:
                found.append(f"{one.type} {one.content}".strip())
    return found


def shown(text: str) -> str:
    (_, inline, _) = PARSER.parse(text)
    return "".join(one.content for one in inline.children or () if one.type != "html_inline")


@pytest.mark.parametrize("name", EVIL)
def test_a_name_is_text_and_nothing_else(name: str) -> None:
    told = escaped(name)
    assert [one for one in kinds(told) if one != "html_inline <!-- -->"] == []
    assert shown(told) == clean(name).strip()
    assert re.search(r"(?<!\\)://", told) is None
    assert "www." not in told
    assert "@s" not in told
    assert "@b" not in told


@given(st.text(alphabet=st.sampled_from("ab1 *_`[]()<>#|~&!@$\\-+=.:/\n\"'{}é東"), min_size=1, max_size=40))
def test_any_text_is_text(name: str) -> None:
    told = escaped(name)
    assert [one for one in kinds(told) if one != "html_inline <!-- -->"] == []
    row = PARSER.parse(f"| a | b |\n| --- | --- |\n| {told} | end |")
    cells = [token.content for token in row if token.type == "inline"]
    assert len(cells) == 4
    assert cells[-1] == "end"


def test_a_name_is_cut() -> None:
    assert width(escaped("x" * 5000)) == COLUMNS


def test_the_report_is_a_heading_steps_figures_and_what_is_not_in_step() -> None:
    text = markdown_report(overview(troubled()), NOW)
    headings = [line for line in text.splitlines() if line.startswith("#")]
    assert headings == [
        "## 🔴 Somebody should look", "### What to do now", "### Collections that are not simply in step",
    ]  # fmt: skip
    assert "`musicdiff-job auth deezer`" in text
    assert "--take spotify`" in text
    assert "| Collections in step | 7 of 15 |" in text
    assert "Liked Songs" not in text
    assert "\x1b" not in text


def test_one_word_for_how_it_is() -> None:
    paused = msgspec.structs.replace(in_step(), paused=Pause("2026-11-20T00:00:00Z", ""))
    behind = in_step().with_mirror(mirror(GYM, "Gym", CollectionState.PENDING))
    heads = [
        markdown_report(overview(checkpoint), NOW).splitlines()[0]
        for checkpoint in (Checkpoint(), in_step(), paused, behind)
    ]
    assert heads == ["## ⚪ Nothing has run yet", "## 🟢 All is in step", "## ⏸ Paused", "## 🟡 Under way"]
    assert markdown_report(overview(in_step(), profile="al*ce"), NOW).startswith("## 🟢 All is in step (al\\*ce)")


def test_of_many_collections_the_rest_is_counted() -> None:
    many = {
        str(at): mirror(GYM, f"list {at}", CollectionState.FAILED, reason="torn", parts=()) for at in range(ROWS + 5)
    }
    text = markdown_report(overview(msgspec.structs.replace(in_step(), mirrors=many)), NOW)
    assert text.count("| failed |") == ROWS
    assert "5 more: `musicdiff-job playlists`" in text
