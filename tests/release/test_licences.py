"""Everybody who installs the job gets these licences with it."""

from __future__ import annotations

from importlib.metadata import Distribution, PathDistribution
from pathlib import Path

import pytest
from releasing.licences import PERMISSIVE, WEAK_COPYLEFT, WORDS, findings, installed_with, licences


def distribution_with(folder: Path, *lines: str) -> Distribution:
    place = folder / "thing-1.dist-info"
    place.mkdir()
    (place / "METADATA").write_text("\n".join(("Metadata-Version: 2.4", "Name: thing", *lines, "")), encoding="utf-8")
    return PathDistribution(place)


def test_all_that_is_installed_with_the_job_is_known() -> None:
    wrong, noted, number = findings()
    assert wrong == []
    assert all("MPL" in line or "LGPL" in line for line in noted)
    assert number > 25


def test_extras_and_what_they_need_are_looked_at() -> None:
    everything = installed_with("musicdiff-job")
    assert {"boto3", "botocore", "apprise", "prometheus-client", "spotipy", "httpcore"} <= set(everything)
    assert "pytest" not in everything
    assert "boto3" not in installed_with("musicdiff-job", frozenset())


@pytest.mark.parametrize(
    ("lines", "found"),
    [
        (("License-Expression: MIT",), {"MIT"}),
        (("License-Expression: (Apache-2.0 OR BSD-3-Clause) AND ISC",), {"Apache-2.0", "BSD-3-Clause", "ISC"}),
        (("License-Expression: GPL-3.0-only",), {"GPL-3.0-only"}),
        (("Classifier: License :: OSI Approved :: MIT License",), {"MIT"}),
        (("Classifier: License :: OSI Approved", "License: BSD 3-Clause License"), {"BSD-3-Clause"}),
        (("License: Apache License 2.0",), {"Apache-2.0"}),
        (("License: Do what you like",), {"'Do what you like'"}),
        ((), {"''"}),
    ],
)
def test_how_a_distribution_names_its_licence(tmp_path: Path, lines: tuple[str, ...], found: set[str]) -> None:
    assert licences(distribution_with(tmp_path, *lines)) == found


@pytest.mark.parametrize(
    "lines",
    [
        ("License-Expression: GPL-3.0-only",),
        ("License-Expression: AGPL-3.0-or-later",),
        ("Classifier: License :: OSI Approved :: GNU General Public License v3 (GPLv3)",),
        # One that is known does not hide one that is not.
        (
            "Classifier: License :: OSI Approved :: MIT License",
            "Classifier: License :: OSI Approved :: GNU Affero General Public License v3",
        ),
        ("License: All rights reserved",),
        (),
    ],
)
def test_what_asks_for_more_is_a_finding(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, lines: tuple[str, ...]
) -> None:
    monkeypatch.setattr(
        "releasing.licences.installed_with", lambda name: {"thing": distribution_with(tmp_path, "Version: 1", *lines)}
    )
    wrong, _, number = findings()
    assert number == 1
    assert len(wrong) == 1
    assert wrong[0].startswith("thing 1: ")


def test_weak_copyleft_is_noted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = distribution_with(tmp_path, "Version: 1", "License-Expression: LGPL-3.0-or-later")
    monkeypatch.setattr("releasing.licences.installed_with", lambda name: {"thing": made})
    assert findings() == ([], ["thing (LGPL-3.0-or-later)"], 1)


def test_what_is_not_installed_is_not_passed_over() -> None:
    wrong, _, number = findings("no-such-distribution")
    assert number == 0
    assert "no-such-distribution" in wrong[0]


def test_the_tables_agree() -> None:
    assert set(WORDS.values()) <= PERMISSIVE | WEAK_COPYLEFT
    assert not PERMISSIVE & WEAK_COPYLEFT
