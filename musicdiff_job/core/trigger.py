"""What started a run, told from the environment it was given.

Each row names variables that its starter sets and an interactive shell does not: GitHub Actions ``GITHUB_ACTIONS``,
Lambda ``AWS_LAMBDA_FUNCTION_NAME``, Kubernetes ``KUBERNETES_SERVICE_HOST``, systemd ``INVOCATION_ID`` (all
documented). launchd sets ``XPC_SERVICE_NAME`` to the job's label; terminals on macOS inherit it as ``0`` or as the
label of the terminal application (observed). cron gives a job HOME, LOGNAME, PATH, PWD and SHELL and nothing else
(observed with Debian's cron), so what marks it is that a terminal's variables are missing.
"""

from __future__ import annotations

from collections.abc import Mapping

from musicdiff_job.core.summary import Trigger

_MARKS: tuple[tuple[str, Trigger], ...] = (
    ("AWS_LAMBDA_FUNCTION_NAME", Trigger.LAMBDA),
    ("GITHUB_ACTIONS", Trigger.GITHUB),
    ("KUBERNETES_SERVICE_HOST", Trigger.K8S),
)
"""These say where the process runs, whoever started it there."""

_TERMINAL = ("TERM", "SSH_TTY", "SSH_CONNECTION", "DISPLAY", "WAYLAND_DISPLAY", "TERM_PROGRAM")


def trigger_of(env: Mapping[str, str]) -> Trigger:
    """The starter that ``env`` speaks of; ``manual`` when a terminal's variables are there or nothing is known.

    A terminal beats ``INVOCATION_ID``, because desktop sessions started by systemd hand it down to their shells.
    """
    for name, trigger in _MARKS:
        if env.get(name):
            return trigger
    if any(env.get(name) not in {None, "", "dumb", "unknown"} for name in _TERMINAL):
        return Trigger.MANUAL
    if env.get("INVOCATION_ID"):
        return Trigger.SYSTEMD
    if env.get("XPC_SERVICE_NAME", "0") not in {"", "0"}:
        return Trigger.LAUNCHD
    if env.get("LOGNAME") and env.get("SHELL") and env.get("HOME"):
        return Trigger.CRON
    return Trigger.MANUAL
