"""Faults at the addresses of albums, artists, the listening history and edits that flow back: whatever comes back, no
harm is done, and when the trouble is over all ends well.

By default one fault at each address, always the same; with ``MUSICDIFF_TORTURE`` set, every fault, once and for good.
"""

from __future__ import annotations

import os
import random

import pytest
from hostile_stage import WHOLE_WORLDS, WORLDS, prepared
from hostile_table import other_addresses, other_trials
from hostile_trial import harmless

ALL = list(other_trials())


def few() -> list[tuple[str, str, str]]:
    """One fault at each address, another one at each; what hangs takes seconds and is left to the long run."""
    pick, seen, chosen = random.Random(4), set[str](), []
    for endpoint in other_addresses():
        here = [one for one in ALL if one[1] == endpoint and one[0] not in seen and not one[0].startswith("hangs")]
        chosen.append(pick.choice(here))
        seen.add(chosen[-1][0])
    return chosen


def test_every_address_that_no_table_has_is_named() -> None:
    tabled = {endpoint for world in WORLDS for endpoint in prepared(world).endpoints()}
    called = {endpoint for world in WHOLE_WORLDS for endpoint in prepared(world).endpoints()}
    assert set(other_addresses()) == called - tabled
    assert len(other_addresses()) == len(set(other_addresses()))


@pytest.mark.parametrize(("fault", "endpoint", "times"), ALL if os.environ.get("MUSICDIFF_TORTURE") else few())
def test_no_fault_does_harm_there(fault: str, endpoint: str, times: str) -> None:
    assert harmless(fault, endpoint, times) == []
