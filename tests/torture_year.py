"""A year, a run every half hour of it: ``python tests/torture_year.py --seed 1``.

Prints one JSON line: runs, how many of them made no call, calls, edits, how often a list had its turn, how often
Spotify asked to wait and tokens had expired, the checkpoint's size after one, six and twelve months, packed, and what
it consists of then, in bytes of plain text, beside the number of the library's entries. What goes wrong ends it with a
traceback.
"""

from __future__ import annotations

import argparse
import json
import logging
import tempfile
from pathlib import Path

from year import live


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--every", type=int, default=30, help="minutes between two runs")
    arguments = parser.parse_args()
    logging.disable(logging.WARNING)
    with tempfile.TemporaryDirectory() as folder:
        year = live(Path(folder), arguments.seed, every=arguments.every)
    sizes = {f"bytes after {months} months": size for months, size in year.sizes.items()}
    told = {"runs": year.runs, "rested": year.rested, "calls": year.calls, "edits": year.edits, "turns": year.punctual}
    told |= {"limited": year.limited, "expired": year.expired}
    parts = {f"parts after {months} months": json.dumps(parts) for months, parts in year.parts.items()}
    print(json.dumps({**told, **sizes, **parts}))  # noqa: T201
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
