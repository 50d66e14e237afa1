"""The dashboard in a real browser: nothing an accessibility checker objects to, nothing fetched, nothing overflowing.

Needs the extra ``browser`` and Chromium, and is skipped without them; ``MUSICDIFF_CHROMIUM`` names it where it is not
called ``chromium``.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from checkpoint_sample import NOW
from report_sample import in_step, large, overview, troubled

from musicdiff_job.core.checkpoint import Checkpoint
from musicdiff_job.report.html import html_page

WITHOUT = "the extra `browser` is not installed (pip install 'musicdiff-job[browser]')"
sync_api = pytest.importorskip("playwright.sync_api", reason=WITHOUT)
axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason=WITHOUT)

CHROMIUM = os.environ.get("MUSICDIFF_CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium (apt-get install chromium)")

NARROW, WIDE = 360, 1400
PAGES = {
    "trouble": html_page(overview(troubled(), listening=True), NOW),
    "in step": html_page(overview(in_step(), profile="alice", listening=True), NOW),
    "a little": html_page(overview(), NOW),
    "nothing": html_page(overview(Checkpoint()), NOW),
}


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with sync_api.sync_playwright() as playwright:
        # Containers have no user namespaces for Chromium's sandbox; the pages are ours.
        started = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        yield started
        started.close()


class Opened:
    """A page from a file, and all that the browser said and asked for meanwhile."""

    def __init__(self, browser: Any, file: Path, text: str, **context: Any) -> None:
        file.write_text(text, encoding="utf-8")
        self.context = browser.new_context(**context)
        self.page = self.context.new_page()
        self.said: list[str] = []
        self.asked: list[str] = []
        self.got: list[str] = []
        self.page.on("console", lambda message: self.said.append(message.text))
        self.page.on("pageerror", lambda error: self.said.append(str(error)))
        self.page.on("request", lambda request: self.asked.append(request.url))
        self.page.on("response", lambda response: self.got.append(response.url))
        self.page.goto(file.as_uri())
        self.asked.remove(file.as_uri())
        self.got.remove(file.as_uri())

    def close(self) -> None:
        self.context.close()


LOOKED_AT = [
    *(("trouble", scheme, width) for scheme in ("light", "dark") for width in (NARROW, WIDE)),
    ("in step", "dark", WIDE), ("a little", "light", NARROW), ("nothing", "dark", NARROW),
]  # fmt: skip
"""The page that has everything on it in every way, the others once: the checker takes seconds."""


@pytest.mark.parametrize(("name", "scheme", "width"), LOOKED_AT)
def test_it_is_accessible_fits_and_is_silent(browser: Any, tmp_path: Path, name: str, scheme: str, width: int) -> None:
    opened = Opened(
        browser, tmp_path / "index.html", PAGES[name], color_scheme=scheme, viewport={"width": width, "height": 800}
    )
    try:
        opened.page.evaluate("for (const one of document.querySelectorAll('details')) one.open = true")
        found = axe.Axe().run(opened.page)
        told = [(one["id"], [node["html"] for node in one["nodes"]]) for one in found.response["violations"]]
        assert told == []
        assert found.response["passes"], "the checker looked at something"
        assert opened.page.evaluate("document.documentElement.scrollWidth") == width
        assert opened.said == []
        assert opened.asked == []
    finally:
        opened.close()


def test_the_schemes_differ(browser: Any, tmp_path: Path) -> None:
    colours = set()
    for scheme in ("light", "dark"):
        opened = Opened(browser, tmp_path / "index.html", PAGES["in step"], color_scheme=scheme)
        colours.add(opened.page.evaluate("getComputedStyle(document.body).backgroundColor"))
        opened.close()
    assert len(colours) == 2


def test_the_search_finds_what_is_folded_and_gives_all_back(browser: Any, tmp_path: Path) -> None:
    opened = Opened(browser, tmp_path / "index.html", html_page(overview(large(60, 900)), NOW))
    try:
        page = opened.page
        track = page.locator("[data-list=unmatched] [data-row]", has_text="Song number 321 ").first
        assert not track.is_visible()
        page.get_by_label("Search these tracks").fill("SÖNG number 321 ")
        assert track.is_visible()
        assert page.locator("[data-list=unmatched] [data-row]:visible").count() == 1
        assert page.locator("output[for=search-unmatched]").inner_text() == "1 of those on this page"
        page.get_by_label("Search these tracks").fill("")
        assert not track.is_visible()
        page.get_by_label("Search the collections").fill("playlist 58")
        assert page.locator("[data-list=collections] tbody tr:visible").count() == 1
        assert opened.said == []
    finally:
        opened.close()


def test_all_is_there_without_script(browser: Any, tmp_path: Path) -> None:
    opened = Opened(browser, tmp_path / "index.html", PAGES["trouble"], java_script_enabled=False)
    try:
        assert opened.page.locator("input").count() == 1
        assert not opened.page.locator("input").is_visible()
        opened.page.get_by_text("Not found", exact=True).click()
        assert opened.page.get_by_text("Blue Moon").is_visible()
    finally:
        opened.close()


def test_the_policy_stops_what_would_get_through_the_escaping(browser: Any, tmp_path: Path) -> None:
    attack = (
        "<script>document.title = 'owned'</script><img src='https://example.com/x.png' onerror=\"document.title = "
        "'owned'\"><style>body { display: none }</style><p style='color: red'>here</p>"
        "<link rel=stylesheet href='https://example.com/x.css'><iframe src='https://example.com'></iframe>"
    )
    text = PAGES["nothing"].replace("<main", f"{attack}<main")
    opened = Opened(browser, tmp_path / "index.html", text)
    try:
        assert opened.page.title() == "Nothing has run yet · musicdiff"
        assert opened.page.get_by_role("heading", level=1).is_visible()
        assert len([one for one in opened.said if "Content Security Policy" in one]) >= 5
        assert opened.got == []
    finally:
        opened.close()


def test_the_keyboard_reaches_the_content_first(browser: Any, tmp_path: Path) -> None:
    opened = Opened(browser, tmp_path / "index.html", PAGES["trouble"])
    try:
        opened.page.keyboard.press("Tab")
        assert opened.page.evaluate("document.activeElement.textContent") == "Skip to the content"
        assert opened.page.evaluate("document.activeElement.getBoundingClientRect().x") >= 0
        opened.page.keyboard.press("Enter")
        assert opened.page.evaluate("document.activeElement.id") == "main"
        opened.page.keyboard.press("Tab")
        assert opened.page.evaluate("document.activeElement.textContent") == "Decide 2 conflicts"
    finally:
        opened.close()


def test_an_old_page_says_so(browser: Any, tmp_path: Path) -> None:
    opened = Opened(browser, tmp_path / "index.html", PAGES["in step"].replace("2026-11-21T12", "2020-11-21T12"))
    try:
        assert "days ago" in opened.page.locator(".asof").inner_text()
    finally:
        opened.close()


def test_a_printer_gets_what_is_folded(browser: Any, tmp_path: Path) -> None:
    opened = Opened(browser, tmp_path / "index.html", PAGES["trouble"])
    try:
        shown = "document.querySelector('.runs tbody tr').checkVisibility()"
        assert opened.page.evaluate(shown) is False
        opened.page.emulate_media(media="print")
        assert opened.page.evaluate(shown) is True
    finally:
        opened.close()
