"""The dashboard as HTML: hostile names are text, nothing comes from elsewhere, and a very large library stays small."""

from __future__ import annotations

import base64
import hashlib
import re
import zipfile
from html.parser import HTMLParser
from importlib.resources import files
from pathlib import Path

import pytest
from checkpoint_sample import HOSTILE, NOW
from report_sample import in_step, large, overview, troubled

from musicdiff_job.core.checkpoint import Checkpoint
from musicdiff_job.report.html import html_page

PAGES = {
    "trouble": html_page(overview(troubled(), listening=True), NOW),
    "in step": html_page(overview(in_step(), profile='<b>"alice', listening=True), NOW),
    "a little": html_page(overview(), NOW),
    "nothing": html_page(overview(Checkpoint()), NOW),
}
VOID = {"meta", "link", "input", "br"}
ELEMENTS = {
    "html", "head", "meta", "title", "link", "style", "body", "a", "header", "p", "svg", "path", "time", "main",
    "section", "circle", "div", "h1", "h2", "h3", "ol", "ul", "li", "span", "code", "small", "b", "bdi", "dl", "dt",
    "dd", "table", "caption", "thead", "tbody", "tr", "th", "td", "rect", "line", "figure", "figcaption", "i",
    "details", "summary", "label", "input", "output", "footer", "script",
}  # fmt: skip
LARGEST = 3_000_000


class Read(HTMLParser):
    """The page as a browser reads it: its elements, and the text of some."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.texts: dict[str, list[str]] = {}
        self.ids: list[str] = []
        self._open: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attributes)))
        assert len(dict(attributes)) == len(attributes), f"{tag} has an attribute twice"
        self.ids += [value for key, value in attributes if key == "id" and value]
        if tag not in VOID:
            self._open.append(tag)

    def handle_startendtag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attributes)))

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag, f"{tag} closes what is not open"

    def handle_data(self, text: str) -> None:
        if self._open:
            self.texts.setdefault(self._open[-1], []).append(text)

    def close(self) -> None:
        super().close()
        assert self._open == []


@pytest.mark.parametrize("name", PAGES)
def test_it_is_whole_and_of_known_elements(name: str) -> None:
    found = Read(PAGES[name])
    assert {tag for tag, _ in found.elements} <= ELEMENTS
    assert len(set(found.ids)) == len(found.ids)
    for tag, attributes in found.elements:
        assert not [key for key in attributes if key.startswith("on") or key == "style"], (tag, attributes)
    labelled = {value for _, each in found.elements for key, value in each.items() if key in ("aria-labelledby", "for")}
    assert labelled <= set(found.ids)


@pytest.mark.parametrize("name", PAGES)
def test_nothing_comes_from_elsewhere(name: str) -> None:
    found = Read(PAGES[name])
    loads = [(tag, key, each[key]) for tag, each in found.elements for key in ("src", "href", "xlink:href", "action")
             if each.get(key) is not None]  # fmt: skip
    for tag, key, value in loads:
        assert value is not None
        if tag == "a":
            form = r"#\w+|https://(open\.spotify\.com|www\.deezer\.com)/(track|album|artist|playlist)/-?[A-Za-z0-9]+"
            assert re.fullmatch(form, value), value
        else:
            assert (tag, key) == ("link", "href")
            assert value.startswith("data:image/svg+xml,")
    style = "".join(found.texts["style"])
    assert "url(" not in style
    assert "@import" not in style


@pytest.mark.parametrize("name", PAGES)
def test_the_policy_allows_our_style_and_script_by_their_hashes_alone(name: str) -> None:
    found = Read(PAGES[name])
    (policy,) = [each["content"] for _, each in found.elements if each.get("http-equiv") == "Content-Security-Policy"]
    assert policy is not None
    rules = dict(rule.strip().split(" ", 1) for rule in policy.split(";"))
    assert rules.pop("default-src") == rules.pop("base-uri") == rules.pop("form-action") == "'none'"
    assert rules.pop("img-src") == "data:"
    for tag in ("style", "script"):
        (text,) = found.texts[tag]
        digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
        assert rules.pop(f"{tag}-src") == f"'sha256-{digest}'"
    assert rules == {}
    order = [tag for tag, _ in found.elements]
    assert order.index("style") > [each.get("http-equiv") for _, each in found.elements].index(
        "Content-Security-Policy"
    )


def test_hostile_names_are_shown_as_text() -> None:
    found = Read(PAGES["trouble"])
    assert "<script>alert(1)</script>" in found.texts["bdi"]
    assert "<img src=x onerror=y>" in found.texts["bdi"]
    assert '" onmouseover="x' in found.texts["bdi"]
    for page in PAGES.values():
        for char in "\x1b\x07\x9b\r\u202e\u2066\u200f":
            assert char not in page
    assert HOSTILE not in PAGES["trouble"]
    assert "<bdi>&lt;b&gt;&#34;alice</bdi>" in PAGES["in step"]


def test_a_large_library_stays_small_and_says_what_is_left_out() -> None:
    page = html_page(overview(large()), NOW)
    assert len(page.encode()) < LARGEST
    found = Read(page)
    text = "".join(found.texts["p"])
    assert "18,100 tracks not at all" in text
    assert page.count('<tr role="row" data-row>') == 1000


def test_long_names_stay_small_too() -> None:
    # Of more than these without a counterpart only the number would be another.
    page = html_page(overview(large(1000, 2000, name="深夜の東京" * 30)), NOW)
    assert len(page.encode()) < LARGEST


def test_no_empty_section_is_shown() -> None:
    headings = Read(PAGES["nothing"]).texts["h2"]
    assert headings == ["What to do now", "Services"]


def test_the_templates_are_in_the_wheel(tmp_path: Path) -> None:
    build = pytest.importorskip("hatchling.builders.wheel", reason="the wheel is built with hatchling")
    root = Path(__file__).parents[3]
    (wheel,) = build.WheelBuilder(str(root)).build(directory=str(tmp_path), versions=["standard"])
    names = zipfile.ZipFile(wheel).namelist()
    wanted = [one.name for one in files("musicdiff_job").joinpath("report/templates").iterdir()]
    assert sorted(wanted) == ["dashboard.css", "dashboard.html", "dashboard.js"]
    assert {f"musicdiff_job/report/templates/{name}" for name in wanted} <= set(names)
