"""Work that hangs is left behind, in a time that a clock tells."""

from __future__ import annotations

import threading
import time

from musicdiff_job.notify.bounded import Gave, within


def fail() -> int:
    raise ValueError("no")


def test_what_is_done_in_time_is_had_and_what_is_not_is_none() -> None:
    never = threading.Event()

    def hang() -> int:
        never.wait(30)
        return 3

    try:
        done, broken, late = within(0.3, time.monotonic, [lambda: 1, fail, hang])
    finally:
        never.set()
    assert done is not None
    assert (done.value, done.error) == (1, None)
    assert broken is not None
    assert isinstance(broken.error, ValueError)
    assert late is None


def test_a_negative_time_is_none() -> None:
    never = threading.Event()
    one = Gave(lambda: never.wait(30))
    assert not one.wait(-1)
    never.set()
    assert one.wait(30)
