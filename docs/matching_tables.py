"""Writes the figures of ``docs/matching.md``: ``MUSICDIFF_REFERENCE_DATA=DIR python docs/matching_tables.py``
(``make docs-matching``).

Apart from ``generate.py`` because it needs the reference data, which is not in the repository. It runs the benchmark in
all three modes and that of look-ups, some three minutes, and puts their figures between the marks.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from generate import replace_block

ROOT = Path(__file__).parent.parent
PAGE = ROOT / "docs" / "matching.md"
BENCH = ROOT / "benchmarks" / "bench_matching.py"
LOOKUPS = ROOT / "benchmarks" / "bench_lookups.py"

Result = dict[str, Any]
"""One mode of the benchmark's JSON."""


def percent(share: float | None) -> str:
    """A share as people read it, a dash where nothing was there to divide."""
    return "-" if share is None else f"{100 * share:.1f}"


def table(head: Iterable[str], rows: Iterable[Iterable[object]]) -> str:
    """A table in Markdown; the first column holds names, the others figures."""
    names = list(head)
    lines = [f"| {' | '.join(names)} |", f"| --- |{' ---: |' * (len(names) - 1)}"]
    lines += [f"| {' | '.join(str(cell).replace('|', chr(92) + '|') for cell in row)} |" for row in rows]
    return "\n".join(lines)


def quotients(found: Result) -> tuple[str, str, str]:
    """Precision, recall and F1 in per cent."""
    return percent(found["precision"]), percent(found["recall"]), percent(found["f1"])


def figures(results: list[Result]) -> str:
    """The three modes."""
    rows: list[tuple[object, ...]] = []
    for one in results:
        for name, key in (
            ("all pairs", "all"),
            ("other true copies counted as right", "copies_counted_right"),
            ("pairs with full Deezer rows", "full_rows"),
        ):
            found = one[key]
            counts = f"{found['right']} / {found['wrong']} / {found['missed']} of {found['pairs']}"
            rows.append((f"{one['mode']}: {name}", *quotients(found), counts))
    return table(("", "precision %", "recall %", "F1 %", "right / wrong / missed"), rows)


def refusals(results: list[Result]) -> str:
    """What must not be matched, and what the look-ups cost."""
    rows = []
    for one in results:
        lookups = one["lookups_per_track"]
        rows.append(
            (
                one["mode"],
                "{} of {}".format(*one["no_counterpart_matched"]),
                "{} of {}".format(*one["negatives_accepted"]),
                f"{lookups['mean']:.2f}",
                f"{lookups['mean_of_pairs']:.2f}",
                lookups["most"],
                f"{lookups['calls_per_track']:.2f}",
            )
        )
    head = (
        "",
        "without counterpart, matched",
        "negatives accepted",
        "look-ups per track",
        "of pairs",
        "at most",
        "calls per track",
    )
    return table(head, rows)


def by_kind(result: Result) -> str:
    """Every label of the scorer, and every kind of negative, in one mode."""
    rows: list[tuple[object, ...]] = []
    for label, count in {**result["by"], **{f"negative, {why}": c for why, c in result["negatives"].items()}}.items():
        # The scorer's own lines for negatives are sums of those that follow.
        if not label.startswith("negative: "):
            right, wrong, missed = (count.get(verdict, 0) for verdict in ("right", "wrong", "missed"))
            is_pair = not label.startswith(("N,", "negative"))
            rows.append((label, right + wrong + missed, right, wrong, missed if is_pair else ""))
    return table(("", "tracks", "right", "wrong", "missed"), rows)


def beside(results: list[Result]) -> str:
    """The rules on the same candidates, by mode."""
    rows = []
    for one in results:
        for name, found in one["rules"].items():
            alone = found["offered_alone"]
            groups = ("version clashes", "version clashes of equal length", "other artists")
            rows.append((f"{one['mode']}: {name}", *quotients(found), *("{} of {}".format(*alone[g]) for g in groups)))
    head = ("", "precision %", "recall %", "F1 %", "version clashes taken", "of equal length", "other artists taken")
    return table(head, rows)


def by_name(results: list[Result]) -> str:
    """Every wrong and every missed track, with the modes it is so in."""
    lines: dict[str, list[str]] = {}
    for one in results:
        for verdict in ("wrong", "missed"):
            for track in one[verdict]:
                expected = f"expected {track['expected']} ({track['expected_row']})" if track["expected"] else "nothing"
                given = f"; given {track['given']} ({track['given_row']})" if track["given"] else f"; {track['method']}"
                copy = f". Another true copy: {track['another_true_copy']}" if track["another_true_copy"] else ""
                text = f"{verdict}: `{track['spotify_id']}` {track['spotify'].strip()}; {expected}{given}{copy}"
                lines.setdefault(text, []).append(one["mode"])
    return "\n".join(f"- {text} ({', '.join(modes)})" for text, modes in sorted(lines.items())) or "None."


def page(text: str, results: list[Result]) -> str:
    """The page with the figures of these results."""
    with_isrc = results[0]
    for name, block in (
        ("figures", figures(results)),
        ("refusals", refusals(results)),
        ("kinds", by_kind(with_isrc)),
        ("beside", beside(results[:2])),
        ("names", by_name(results)),
    ):
        text = replace_block(text, name, block)
    return text


def lookups(results: list[Result]) -> str:
    """What a first sync asks, library by library."""
    head = ("first sync of", "tracks", "look-ups", "per track", "one by one", "by ISRC, search, album, artist")
    rows = [
        (
            one["library"],
            f"{one['tracks']:,}",
            f"{one['lookups']:,}",
            f"{one['per_track']:.2f}",
            f"{one['one_by_one_per_track']:.2f}",
            " + ".join(f"{count:,}" for count in one["kinds"].values()),
        )
        for one in results
    ]
    return table(head, rows)


def measured(benchmark: Path) -> list[Result]:
    """What a benchmark writes with ``--json``."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "figures.json"
        subprocess.run([sys.executable, str(benchmark), "--json", str(file)], check=True, stdout=subprocess.DEVNULL)
        found: list[Result] = json.loads(file.read_text(encoding="utf-8"))
    return found


def main() -> None:
    """Measure, and write the page."""
    text = page(PAGE.read_text(encoding="utf-8"), measured(BENCH))
    PAGE.write_text(replace_block(text, "look-ups", lookups(measured(LOOKUPS))), encoding="utf-8")


if __name__ == "__main__":
    main()
