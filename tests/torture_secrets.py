"""Tries secrets of awkward shapes and names that mean ill, and says in one JSON line how many it tried.

``python tests/torture_secrets.py [FACTOR]``: FACTOR (default: MUSICDIFF_TORTURE, or 1) times some seconds' worth of
inputs, new ones each time. Exit status 1 when one got through; the input that did is on stderr, as small as it gets.
"""

from __future__ import annotations

import json
import sys
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

TESTS = Path(__file__).parent
sys.path[:0] = [str(TESTS.parent), str(TESTS), str(TESTS / "cli"), str(TESTS / "core")]

from awkward import TORTURE, WRITTEN, families, secrets  # noqa: E402
from hostile import names  # noqa: E402
from hypothesis import HealthCheck, given, settings  # noqa: E402
from hypothesis import strategies as st  # noqa: E402
from leaks import Ordeal, check_log, check_objects, check_run, ordeals, places  # noqa: E402
from test_hostile_names import check_every_output  # noqa: E402
from test_secret import CONTEXTS, check_scrubbing  # noqa: E402

Folder = Callable[[], Path]


def properties(folder: Folder) -> dict[str, tuple[int, Any]]:
    """What is tried: how many inputs per factor, and the property."""

    @given(families(), st.lists(st.tuples(st.sampled_from(CONTEXTS), st.sampled_from(sorted(WRITTEN))), max_size=3))
    def texts(known: list[str], written: list[tuple[str, str]]) -> None:
        check_scrubbing(known, written)

    @given(families(), places())
    def records(known: list[str], placed: list[tuple[str, str, str, int]]) -> None:
        check_log(folder(), known, placed)

    @given(st.lists(secrets(printable=True, least=8), min_size=4, max_size=4, unique=True))
    def objects(known: list[str]) -> None:
        check_objects(folder(), known)

    @given(ordeals())
    def runs(ordeal: Ordeal) -> None:
        check_run(folder(), ordeal)

    @given(st.lists(names(), min_size=3, max_size=20))
    def libraries(given_names: list[str]) -> None:
        check_every_output(given_names, folder())

    return {
        "scrubbed texts": (200, texts),
        "logged records": (60, records),
        "settings and jobs": (10, objects),
        "failing runs": (20, runs),
        "libraries of names": (4, libraries),
    }


def main(factor: int) -> int:
    """Try all; the exit status."""
    tried: Counter[str] = Counter()
    failed: list[str] = []
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="torture-") as scratch:

        def folder() -> Path:
            return Path(tempfile.mkdtemp(dir=scratch))

        for name, (each, test) in properties(folder).items():
            inner = test.hypothesis.inner_test

            def counted(*arguments: Any, name: str = name, inner: Any = inner, **more: Any) -> None:
                tried[name] += 1
                inner(*arguments, **more)

            test.hypothesis.inner_test = counted
            chosen = settings(
                max_examples=each * factor, deadline=None, database=None, derandomize=False,
                suppress_health_check=list(HealthCheck),
            )  # fmt: skip
            try:
                chosen(test)()
            except Exception:
                failed.append(name)
                traceback.print_exc()
    seconds = round(time.monotonic() - began, 1)
    said = {
        "torture": "secrets",
        "inputs": sum(tried.values()),
        "by": dict(tried),
        "seconds": seconds,
        "failed": failed,
    }
    sys.stdout.write(f"{json.dumps(said)}\n")
    return 1 if failed else 0


if __name__ == "__main__":
    raise SystemExit(main(int(sys.argv[1]) if len(sys.argv) > 1 else TORTURE))
