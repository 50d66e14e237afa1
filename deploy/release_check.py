"""``make release-check``: build what is published into ``dist``, and look at it as its users will get it."""

from __future__ import annotations

import sys

import check
from checks.checking import ROOT, Failed
from releasing.artefacts import build, checks_of


def main() -> int:
    """Build, look, print the table; the status to end with."""
    try:
        rows = checks_of(build(ROOT / "dist"))
    except Failed as failed:
        print(f"building:\n{failed}")
        return 1
    return check.reported(rows)


if __name__ == "__main__":
    sys.exit(main())
