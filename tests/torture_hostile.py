"""Tries all of ``docs/hostile-services.md`` and prints one line of JSON: ``python tests/torture_hostile.py``.

The tables cell by cell and every fault at the other addresses (``faults_tried``), then every value of every answer
spoilt (``bad_inputs_tried``). With ``--part 1/2`` every second one, from the first on. Each failure is told on stderr
as it happens; the exit status is 1 if there were any.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Iterator, Sequence
from functools import partial

import hostile_answers
import hostile_trial
from hostile_table import cells, columns, other_addresses, other_trials


def trials() -> Iterator[tuple[str, str, Callable[[], list[str]]]]:
    """What is counted, its name, and how to try it."""
    for cell in cells():
        yield "faults_tried", str(cell), partial(hostile_trial.attempt, cell)
    for fault, endpoint, times in other_trials():
        yield "faults_tried", f"{fault} | {endpoint} | {times}", partial(hostile_trial.harmless, fault, endpoint, times)
    for endpoint in (endpoint for endpoints in (*columns().values(), other_addresses()) for endpoint in endpoints):
        for spoiling in hostile_answers.spoilings(endpoint):
            yield "bad_inputs_tried", str(spoiling), partial(hostile_answers.attempt, spoiling)


def main(arguments: Sequence[str]) -> int:
    """The exit status."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--part", default="1/1", help="which part of how many, as 1/4")
    parser.add_argument("--matching", default="", help="only those whose name contains this")
    parsed = parser.parse_args(arguments)
    part, of = map(int, parsed.part.split("/"))
    told = {"faults_tried": 0, "bad_inputs_tried": 0, "failures": 0}
    chosen = (trial for trial in trials() if parsed.matching in trial[1])
    for counted, name, attempt in (trial for number, trial in enumerate(chosen) if number % of == part - 1):
        told[counted] += 1
        if complaints := attempt():
            told["failures"] += 1
            sys.stderr.write(f"{name}: {'; '.join(complaints)}\n")
    sys.stdout.write(json.dumps(told) + "\n")
    return 1 if told["failures"] or not told["faults_tried"] + told["bad_inputs_tried"] else 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
