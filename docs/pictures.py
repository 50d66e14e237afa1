"""Takes the README's pictures of the dashboard: ``python docs/pictures.py``, with the extra ``browser`` and Chromium.

They show the page that ``musicdiff-job demo`` writes, so they hold nobody's library.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Literal

from playwright.sync_api import ViewportSize, sync_playwright

PICTURES = Path(__file__).parent / "pictures"
SIZE = ViewportSize(width=1100, height=760)
LARGEST = 120_000
"""Bytes of one picture; they are part of the repository."""
SHOTS: tuple[tuple[Literal["light", "dark"], str], ...] = (("light", "health"), ("dark", "matching"))
"""A colour scheme, and the heading at the top."""


def main() -> None:
    """Run the demo and take both pictures. Raises ``RuntimeError`` for one that is too large."""
    chromium = os.environ.get("MUSICDIFF_CHROMIUM") or shutil.which("chromium")
    PICTURES.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        subprocess.run([sys.executable, "-m", "musicdiff_job", "-q", "demo"], cwd=folder, check=True, timeout=300)
        page_file = Path(folder) / "musicdiff-demo.html"
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
        for scheme, heading in SHOTS:
            page = browser.new_page(viewport=SIZE, color_scheme=scheme)
            page.goto(page_file.as_uri())
            top = f"document.getElementById('{heading}').closest('section').getBoundingClientRect().y - 56"
            page.evaluate(f"window.scrollTo({{top: {top}, behavior: 'instant'}})")
            picture = PICTURES / f"dashboard-{scheme}.png"
            page.screenshot(path=picture)
            if picture.stat().st_size > LARGEST:
                raise RuntimeError(f"{picture} is larger than {LARGEST} bytes")
        browser.close()


if __name__ == "__main__":
    main()
