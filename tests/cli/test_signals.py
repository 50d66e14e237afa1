"""Signals: the first asks, the second ends, the timer raises."""

from __future__ import annotations

import os
import signal
import subprocess
import sys

import pytest

from musicdiff_job.cli.signals import PATIENCE, stopping
from musicdiff_job.clock import StopFlag
from musicdiff_job.core.errors import Interrupted


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_the_first_signal_sets_the_flag_and_arms_the_timer(number: signal.Signals) -> None:
    stop = StopFlag()
    with stopping(stop):
        os.kill(os.getpid(), number)
        assert stop.signal == number
        assert 0 < signal.getitimer(signal.ITIMER_REAL)[0] <= PATIENCE
    assert signal.getitimer(signal.ITIMER_REAL)[0] == 0


def test_the_timer_ends_whatever_hangs() -> None:
    stop = StopFlag()
    with pytest.raises(Interrupted) as caught, stopping(stop):
        stop.set(signal.SIGINT)
        signal.raise_signal(signal.SIGALRM)
    assert caught.value.signal == signal.SIGINT


def test_afterwards_signals_do_what_they_did_before() -> None:
    numbers = (signal.SIGTERM, signal.SIGINT, signal.SIGALRM)
    before = [signal.getsignal(number) for number in numbers]
    with stopping(StopFlag()):
        assert [signal.getsignal(number) for number in numbers] != before
    assert [signal.getsignal(number) for number in numbers] == before


def test_the_second_signal_ends_the_process_at_once() -> None:
    script = (
        "import os, signal\n"
        "from musicdiff_job.cli.signals import stopping\n"
        "from musicdiff_job.clock import StopFlag\n"
        "with stopping(StopFlag()):\n"
        "    os.kill(os.getpid(), signal.SIGTERM)\n"
        "    print('still here', flush=True)\n"
        "    os.kill(os.getpid(), signal.SIGINT)\n"
        "    print('not here', flush=True)\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (130, "still here\n")


def test_leaving_flushes_and_does_not_wait_for_threads() -> None:
    script = (
        "import threading\n"
        "from musicdiff_job.cli.signals import leave\n"
        "threading.Thread(target=threading.Event().wait).start()\n"
        "print('said', end='')\n"
        "leave(143)\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stdout) == (143, "said")
