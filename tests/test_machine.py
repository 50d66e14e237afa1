"""Hypothesis' histories of the job; see ``machine``. ``MUSICDIFF_TORTURE=1000`` lets it try that many, longer ones;
``python tests/torture_machine.py`` does the same outside of pytest, with a seed."""

from __future__ import annotations

import os

import hypothesis
import pytest
from hypothesis.stateful import run_state_machine_as_test
from machine import JobMachine

TORTURE = os.environ.get("MUSICDIFF_TORTURE")
EXAMPLES = int(TORTURE or "8")
STEPS = 50 if TORTURE else 20


@pytest.mark.timeout(300 + 60 * EXAMPLES)
def test_the_job_keeps_its_promises_whatever_happens() -> None:
    settings = hypothesis.settings(
        hypothesis.settings.get_profile("ci"), max_examples=EXAMPLES, stateful_step_count=STEPS
    )
    run_state_machine_as_test(JobMachine, settings=settings)
