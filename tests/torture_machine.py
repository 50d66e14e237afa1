"""Let the state machine run for long: ``python tests/torture_machine.py --examples 500 --seed 1``.

Prints the program of every failure, smallest first found, to stderr and one JSON line to stdout:
``{"seed", "examples", "steps", "runs", "failures"}``. Exit status 1 when there was a failure. Steps and runs count the
work that was done, the replays of a failing program included. Examples come in lots with seeds of their own, so one
failure does not end the search.
"""

from __future__ import annotations

import argparse
import json
import sys
import traceback

import hypothesis
from hypothesis import HealthCheck, Phase
from hypothesis.stateful import run_state_machine_as_test
from machine import JobMachine

LOT = 25


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--examples", type=int, default=100)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--steps", type=int, default=50, help="of one example, at most")
    parser.add_argument("--as-found", action="store_true", help="do not look for a smaller program")
    arguments = parser.parse_args()
    failures = 0
    for lot, begin in enumerate(range(0, arguments.examples, LOT)):
        settings = hypothesis.settings(
            max_examples=min(LOT, arguments.examples - begin),
            stateful_step_count=arguments.steps,
            deadline=None,
            database=None,
            derandomize=False,
            phases=set(Phase) - {Phase.explain} - ({Phase.shrink} if arguments.as_found else set()),
            suppress_health_check=list(HealthCheck),
        )
        try:
            run_state_machine_as_test(hypothesis.seed(arguments.seed * 1_000_003 + lot)(JobMachine), settings=settings)
        except Exception as error:
            failures += 1
            traceback.print_exception(error)
            sys.stderr.flush()
    told = {
        "seed": arguments.seed,
        "examples": JobMachine.histories,
        "steps": JobMachine.steps,
        "runs": JobMachine.runs,
        "failures": failures,
    }
    print(json.dumps(told))  # noqa: T201
    return 1 if failures else 0


if __name__ == "__main__":
    raise SystemExit(main())
