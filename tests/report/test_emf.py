"""The embedded metric format, against AWS's specification of it."""

from __future__ import annotations

import json
from typing import Any

import jsonschema
import msgspec
import pytest
from checkpoint_sample import HOSTILE, sample
from hypothesis import given, settings
from hypothesis import strategies as st

from musicdiff_job.core.outcome import Outcome
from musicdiff_job.core.summary import Summary, Totals
from musicdiff_job.report.emf import METRICS, emf_line

UNITS = [
    "Seconds", "Microseconds", "Milliseconds", "Bytes", "Kilobytes", "Megabytes", "Gigabytes", "Terabytes", "Bits",
    "Kilobits", "Megabits", "Gigabits", "Terabits", "Percent", "Count", "Bytes/Second", "Kilobytes/Second",
    "Megabytes/Second", "Gigabytes/Second", "Terabytes/Second", "Bits/Second", "Kilobits/Second", "Megabits/Second",
    "Gigabits/Second", "Terabits/Second", "Count/Second", "None",
]  # fmt: skip
NAME = {"type": "string", "minLength": 1, "maxLength": 1024}
SPECIFICATION = {
    "type": "object",
    "required": ["_aws"],
    "properties": {
        "_aws": {
            "type": "object",
            "required": ["Timestamp", "CloudWatchMetrics"],
            "properties": {
                "Timestamp": {"type": "integer"},
                "CloudWatchMetrics": {
                    "type": "array",
                    "items": {
                        "type": "object",
                        "required": ["Namespace", "Dimensions", "Metrics"],
                        "additionalProperties": False,
                        "properties": {
                            "Namespace": NAME,
                            "Dimensions": {
                                "type": "array",
                                "minItems": 1,
                                "items": {
                                    "type": "array",
                                    "minItems": 1,
                                    "maxItems": 30,
                                    "items": {"type": "string", "minLength": 1, "maxLength": 250},
                                },
                            },
                            "Metrics": {
                                "type": "array",
                                "maxItems": 100,
                                "items": {
                                    "type": "object",
                                    "required": ["Name"],
                                    "additionalProperties": False,
                                    "properties": {"Name": NAME, "Unit": {"enum": UNITS}},
                                },
                            },
                        },
                    },
                },
            },
        }
    },
}
"""The schema of the specification, with the limits that it states in prose, written down anew."""


def checked(line: str) -> Any:
    """The document, after all that the specification demands of it and of what its directives point at."""
    assert "\n" not in line
    told = json.loads(line)
    jsonschema.validate(told, SPECIFICATION)
    for directive in told["_aws"]["CloudWatchMetrics"]:
        for dimension in (name for names in directive["Dimensions"] for name in names):
            assert isinstance(told[dimension], str)
            assert told[dimension].strip()
            assert told[dimension].isascii()
            assert len(told[dimension]) <= 1024
        for metric in directive["Metrics"]:
            assert isinstance(told[metric["Name"]], int | float)
            assert not isinstance(told[metric["Name"]], bool)
    return told


def test_the_numbers_are_the_runs_own() -> None:
    told = checked(emf_line(sample().runs[-1]))
    assert told["_aws"]["Timestamp"] == 1_795_230_042_000  # 2026-11-21T03:00:42Z
    assert told["_aws"]["CloudWatchMetrics"][0]["Namespace"] == "MusicDiff"
    assert told["Profile"] == "default"
    assert (told["Outcome"], told["RunId"], told["Unhealthy"]) == ("changed", "run-21-3", 0)
    assert (told["Duration"], told["SpotifyCalls"], told["DeezerCalls"]) == (42.3, 3, 1207)
    assert (told["EntriesAdded"], told["EntriesRemoved"], told["EntriesUnmatched"]) == (3, 2, 1)


@pytest.mark.parametrize("outcome", [Outcome.AUTH, Outcome.CONFLICT, Outcome.PARTIAL])
def test_what_a_person_should_look_at_counts_as_unhealthy(outcome: Outcome) -> None:
    run = msgspec.structs.replace(sample().runs[-1], outcome=outcome)
    assert checked(emf_line(run))["Unhealthy"] == 1


def test_each_metric_tells_something_of_its_own() -> None:
    """Two metrics that read one field would go unseen in any single example."""
    totals = Totals(*range(10, 10 + len(Totals.__struct_fields__)))
    run = Summary(
        "r", Outcome.AUTH, "2026-11-21T12:00:00Z", "2026-11-21T12:00:01Z", 5.5, totals=totals,
        api_calls={"spotify": 2, "deezer": 3, "auth": 4},
    )  # fmt: skip
    told = checked(emf_line(run))
    assert len({told[name] for name in METRICS}) == len(METRICS)


@settings(max_examples=40)
@given(st.text(max_size=2000) | st.just(HOSTILE))
def test_any_profile_makes_a_dimension(profile: str) -> None:
    checked(emf_line(msgspec.structs.replace(sample().runs[-1], profile=profile)))
