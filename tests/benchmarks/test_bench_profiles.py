"""The simulated Indexed Job: every profile once, and the address's limit held exactly where the docs say so."""

from __future__ import annotations

import pytest
from bench_profiles import LIMIT, SIZES, main, simulate, work


@pytest.mark.parametrize(("parallelism", "per_5s"), SIZES)
def test_a_thousand_profiles(parallelism: int, per_5s: int) -> None:
    found = simulate(1000, parallelism, per_5s)
    assert sorted(found.served) == list(range(1000))
    assert found.calls == sum(map(work, range(1000)))
    assert (found.most <= LIMIT) == (parallelism * per_5s <= 35)


def test_the_measurements_are_made(capsys: pytest.CaptureFixture[str]) -> None:
    main(2)
    told = capsys.readouterr().out
    assert "settings of one of 2 profiles" in told and told.count("| 10 |") == 3
