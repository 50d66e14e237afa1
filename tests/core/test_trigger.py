"""What started a run, by the environments that starters give."""

from __future__ import annotations

import pytest

from musicdiff_job.core.summary import Trigger
from musicdiff_job.core.trigger import trigger_of

USER = {"HOME": "/home/ada", "LOGNAME": "ada", "SHELL": "/bin/sh", "PATH": "/usr/bin:/bin"}
TERMINAL = USER | {"TERM": "xterm-256color", "SHLVL": "1"}


@pytest.mark.parametrize(
    ("env", "trigger"),
    [
        (USER | {"PWD": "/home/ada"}, Trigger.CRON),
        (USER | {"TERM": "dumb"}, Trigger.CRON),
        (TERMINAL, Trigger.MANUAL),
        (USER | {"SSH_CONNECTION": "1 2 3 4"}, Trigger.MANUAL),
        (TERMINAL | {"INVOCATION_ID": "8f1c"}, Trigger.MANUAL),
        ({"PATH": "/usr/bin", "INVOCATION_ID": "8f1c"}, Trigger.SYSTEMD),
        (USER | {"INVOCATION_ID": "8f1c", "JOURNAL_STREAM": "8:1"}, Trigger.SYSTEMD),
        (USER | {"XPC_SERVICE_NAME": "org.example.musicdiff"}, Trigger.LAUNCHD),
        (USER | {"XPC_SERVICE_NAME": "0"}, Trigger.CRON),
        (TERMINAL | {"XPC_SERVICE_NAME": "application.com.apple.Terminal"}, Trigger.MANUAL),
        ({"PATH": "/usr/bin", "HOME": "/", "KUBERNETES_SERVICE_HOST": "10.0.0.1"}, Trigger.K8S),
        (USER | {"GITHUB_ACTIONS": "true", "INVOCATION_ID": "8f1c"}, Trigger.GITHUB),
        ({"AWS_LAMBDA_FUNCTION_NAME": "musicdiff", "TERM": "xterm"}, Trigger.LAMBDA),
        ({}, Trigger.MANUAL),
    ],
)
def test_trigger(env: dict[str, str], trigger: Trigger) -> None:
    assert trigger_of(env) is trigger
