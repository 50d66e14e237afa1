"""``make deploy-check``: every validator and every real run of what is shipped for schedulers, and a table of them.

``python deploy/check.py [WORD ...]`` does those whose row holds one of the words. Ends with 1 if one has failed; what
this machine cannot tell is skipped, with the reason.
"""

from __future__ import annotations

import pkgutil
import sys
import tempfile
import traceback
from concurrent.futures import ThreadPoolExecutor
from importlib import import_module
from pathlib import Path

import checks
from checks.checking import Check, Failed, Skipped

AT_ONCE = 4
"""Daemons mostly wait for the next minute."""


def all_checks() -> list[Check]:
    """The checks of every module, in the order of the modules' names."""
    modules = sorted(one.name for one in pkgutil.iter_modules(checks.__path__))
    return [check for name in modules for check in getattr(import_module(f"checks.{name}"), "CHECKS", ())]


def result_of(check: Check) -> tuple[str, str]:
    """How a check ended, in a word, and what it said."""
    with tempfile.TemporaryDirectory(prefix="deploy-check-", ignore_cleanup_errors=True) as folder:
        try:
            return "ok", check.look(Path(folder))
        except Failed as failed:
            return "failed", str(failed)
        except Skipped as skipped:
            return "skipped", str(skipped)
        except Exception:  # one check must not hide the others
            return "failed", traceback.format_exc()


def main(words: list[str]) -> int:
    """Do the checks and print the table; the status to end with."""
    chosen = [
        check for check in all_checks() if not words or any(word in f"{check.artefact} {check.tool}" for word in words)
    ]
    return reported(chosen)


def reported(chosen: list[Check]) -> int:
    """Do these checks and print the table; the status to end with."""
    with ThreadPoolExecutor(AT_ONCE) as pool:
        results = list(pool.map(result_of, chosen))
    rows = [("artefact", "tool", "result")]
    rows += [
        (check.artefact, check.tool, f"{word}: {said.splitlines()[0] if said else ''}".rstrip(": "))
        for check, (word, said) in zip(chosen, results, strict=True)
    ]
    wide = [max(len(row[column]) for row in rows) for column in range(2)]
    for row in rows:
        print(f"{row[0]:<{wide[0]}}  {row[1]:<{wide[1]}}  {row[2]}")
    failures = [(check, said) for check, (word, said) in zip(chosen, results, strict=True) if word == "failed"]
    for check, said in failures:
        print(f"\n{check.artefact}, {check.tool}:\n{said}")
    return 1 if failures or not chosen else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
