"""``check``: would a run work, and if not, what is to be done about it."""

from __future__ import annotations

from typing import Any

import click

from musicdiff_job.cli.command import JobCommand, shared
from musicdiff_job.cli.output import say, show, show_json
from musicdiff_job.cli.session import open_session
from musicdiff_job.cli.signals import stopping
from musicdiff_job.clock import StopFlag
from musicdiff_job.core.errors import ConfigError
from musicdiff_job.core.outcome import ExitCodes, Outcome, exit_code
from musicdiff_job.core.readiness import Finding, Verdict, unreadable, worst
from musicdiff_job.preflight import examine
from musicdiff_job.report.text import Cell, Column, Fit, Table, Tone

_TONES = {Verdict.OK: Tone.GOOD, Verdict.WARNING: Tone.BUSY, Verdict.FAILED: Tone.BAD}


@click.command("check", cls=JobCommand, example="musicdiff-job check --env-file musicdiff.env")
@click.option("--json", "as_json", is_flag=True, help="As one JSON object.")
@click.pass_context
def check(context: click.Context, *, as_json: bool) -> int:
    """See whether a run would work, and what to do if not.

    Looks at the settings, the checkpoint and its lock, signs in to both services, and compares accounts, permissions
    and clocks: four API calls, at most nine. Writes nothing lasting. Exits 0 if a run can begin, else with the code
    that it would end with (77, 74, 78, 65 or 69).
    """
    options, stop = shared(context), StopFlag()
    findings: list[Finding] = []
    profile = options.profile or "default"
    with stopping(stop):
        try:
            session = open_session(context, stop)
        except ConfigError as error:
            findings.extend(unreadable(error))
        else:
            profile = session.loaded.settings.profile
            findings.extend(examine(session))
    outcome = worst(tuple(findings))
    status = exit_code(outcome, ExitCodes.DETAILED)
    if as_json:
        show_json({"schema": 1, "profile": profile, "exit_code": int(status), "checks": [*map(_json, findings)]})
    elif not options.quiet:
        show(_table(findings))
        say("", _verdict(findings, outcome))
    elif bad := [finding for finding in findings if finding.verdict is not Verdict.OK]:
        show(_table(bad))
    return status


def _table(findings: list[Finding]) -> Table:
    rows: list[tuple[Cell | str, ...]] = []
    for finding in findings:
        rows.append((Cell(finding.verdict, _TONES[finding.verdict]), finding.part, finding.message))
        if finding.hint:
            rows.append(("", "", finding.hint))
    return Table((Column("state"), Column("check"), Column("what", fit=Fit.WRAP)), tuple(rows))


def _verdict(findings: list[Finding], outcome: Outcome) -> Cell:
    if any(finding.verdict is Verdict.FAILED for finding in findings):
        told = f"A run would end with {outcome} ({int(exit_code(outcome, ExitCodes.DETAILED))}): mend what failed."
        return Cell(told, Tone.BAD)
    return Cell("A run can begin: `musicdiff-job run`, or look first with `musicdiff-job run --dry-run`.", Tone.GOOD)


def _json(finding: Finding) -> dict[str, Any]:
    code = None if finding.outcome is None else int(exit_code(finding.outcome, ExitCodes.DETAILED))
    return {
        "check": finding.part,
        "verdict": finding.verdict,
        "message": finding.message,
        "hint": finding.hint,
        "exit_code": code,
    }
