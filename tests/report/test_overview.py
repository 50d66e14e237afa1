"""What all forms of the report are made from."""

from __future__ import annotations

import json
from datetime import timedelta

import msgspec
from checkpoint_sample import NOW
from report_sample import LISTENING, VIEW, overview, run, troubled

from musicdiff_job.core.outcome import Outcome
from musicdiff_job.report.overview import RUNS_SHOWN, as_document, overview_of, status_from


def test_the_document_is_the_status_and_more() -> None:
    told = json.loads(msgspec.json.encode(as_document(overview(troubled(), listening=True))))
    status = json.loads(msgspec.json.encode(status_from(VIEW, troubled(), None, NOW)))
    assert {key: told[key] for key in status} == status
    assert list(told)[len(status) :] == ["ailments", "runs", "methods", "doubtful", "unmatched", "listening"]
    assert told["credentials"]["spotify"]["expires_at"] == "2026-12-01T00:00:00Z"
    assert told["methods"] == {"isrc": 960, "search": 120, "sweep": 60, "upc": 60}
    assert len(told["unmatched"]) == 8
    assert told["listening"]["plays"] == LISTENING.plays


def test_runs_of_the_last_ninety_days() -> None:
    days = int(RUNS_SHOWN / timedelta(hours=12))
    runs = tuple(run(number, Outcome.IN_SYNC, 1, 1.0) for number in (days + 1, days - 1, 3))
    told = overview_of(VIEW, msgspec.structs.replace(troubled(), runs=runs), None, NOW)
    assert told.runs == runs[1:]
