"""A run as CloudWatch metrics: one line of the embedded metric format, which CloudWatch Logs turns into metrics.

The format is AWS's "Specification: Embedded metric format" (CloudWatch user guide): a JSON object alone on its line,
``_aws`` with the time in milliseconds and the directives, and every dimension and metric that these name as a member
beside it. Other members are allowed, and can be searched for in Logs Insights.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Final, NamedTuple

from musicdiff_job.core.harmless import safe_json
from musicdiff_job.core.outcome import TABLE
from musicdiff_job.core.summary import Summary
from musicdiff_job.core.timestamps import from_iso

NAMESPACE: Final = "MusicDiff"
DIMENSION: Final = "Profile"
LONGEST_VALUE: Final = 1024
"""Characters of a dimension's value (specification)."""


class Metric(NamedTuple):
    """One of CloudWatch's units, and where the number comes from."""

    unit: str
    value: Callable[[Summary], float]


METRICS: Mapping[str, Metric] = {
    "Unhealthy": Metric("Count", lambda run: int(not TABLE[run.outcome].healthy)),
    "Duration": Metric("Seconds", lambda run: run.duration_seconds),
    "SpotifyCalls": Metric("Count", lambda run: run.api_calls.get("spotify", 0)),
    "DeezerCalls": Metric("Count", lambda run: run.api_calls.get("deezer", 0)),
    "SignInCalls": Metric("Count", lambda run: run.api_calls.get("auth", 0)),
    "Collections": Metric("Count", lambda run: run.totals.collections),
    "CollectionsInSync": Metric("Count", lambda run: run.totals.in_sync),
    "CollectionsChanged": Metric("Count", lambda run: run.totals.changed),
    "CollectionsPending": Metric("Count", lambda run: run.totals.pending),
    "CollectionsFailed": Metric("Count", lambda run: run.totals.failed),
    "EntriesAdded": Metric("Count", lambda run: run.totals.added),
    "EntriesRemoved": Metric("Count", lambda run: run.totals.removed),
    "EntriesMatched": Metric("Count", lambda run: run.totals.matched),
    "EntriesUnmatched": Metric("Count", lambda run: run.totals.unmatched),
    "Conflicts": Metric("Count", lambda run: run.totals.conflicts),
}
"""What is counted. ``Unhealthy`` is 1 for a run that a person should look at: an alarm on its sum needs no more."""


def emf_line(summary: Summary) -> str:
    """The run as one line without its end. Names of playlists are not in it."""
    moment = from_iso(summary.finished_at)
    document = {
        "_aws": {
            "Timestamp": round(moment.timestamp() * 1000),
            "CloudWatchMetrics": [
                {
                    "Namespace": NAMESPACE,
                    "Dimensions": [[DIMENSION]],
                    "Metrics": [{"Name": name, "Unit": metric.unit} for name, metric in METRICS.items()],
                }
            ],
        },
        DIMENSION: _dimension(summary.profile),
        **{name: metric.value(summary) for name, metric in METRICS.items()},
        "Outcome": summary.outcome.value,
        "ExitCode": summary.exit_code,
        "RunId": summary.run_id,
    }
    return safe_json(json.dumps(document, separators=(",", ":")))


def _dimension(profile: str) -> str:
    """The profile's name as a dimension: printable ASCII only, with something to see in it (CloudWatch's
    ``Dimension``). A name that settings accept is that already; a flag may hold anything."""
    told = "".join(char if char.isascii() and char.isprintable() else "?" for char in profile)[:LONGEST_VALUE]
    return told.strip() or "?"
