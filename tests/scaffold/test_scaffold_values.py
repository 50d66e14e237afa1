"""What may be filled in, and the table of schedulers."""

from __future__ import annotations

import pytest

from musicdiff_job.scaffold.kinds import KINDS, PLACEHOLDER_IMAGE
from musicdiff_job.scaffold.schedule import Schedule
from musicdiff_job.scaffold.values import CREDENTIAL, SCHEDULE, TIME_BUDGET, Value
from musicdiff_job.settings.kinds import Wrong
from musicdiff_job.settings.model import Budget

VALUES = {(kind.name, value.name): value for kind in KINDS.values() for value in kind.values}


@pytest.mark.parametrize("value", VALUES.values(), ids=lambda value: value.name)
def test_every_default_is_one_that_could_be_given(value: Value) -> None:
    defaults = value.default if isinstance(value.default, tuple) and value.many else (value.default,)
    for default in defaults:
        assert value.read(default.cron if isinstance(default, Schedule) else str(default)) == default


def test_a_time_budget_is_that_of_the_settings() -> None:
    assert TIME_BUDGET.default == Budget().time
    assert TIME_BUDGET.read("1h30m") == 5400
    with pytest.raises(Wrong):
        TIME_BUDGET.read("0")


@pytest.mark.parametrize(
    ("kind", "name", "text"),
    [
        ("k8s", "image", "musicdiff-job:latest"),
        ("k8s", "image", PLACEHOLDER_IMAGE + "0"),
        ("k8s", "namespace", "Music"),
        ("k8s", "storage", "1 GB"),
        ("k8s", "role_arn", "musicdiff"),
        ("k8s", "account", "al ice"),
        ("k8s", "parallelism", "0"),
        ("cron", "program", "musicdiff-job"),
        ("cron", "log_file", "~root/x"),
        ("cron", "mailto", "me\nPATH=/tmp"),
        ("cron", "user", "root * x"),
        ("systemd", "program", "~/bin/musicdiff-job"),
        ("systemd", "env_file", "/etc/x\nExecStart=/bin/sh"),
        ("systemd", "profile", "a b"),
        ("systemd", "profile", "-x"),
        ("systemd", "config", "~/musicdiff.toml"),
        ("launchd", "label", "../x"),
        ("github", "action", "OWNER/musicdiff-job@v1"),
        ("github", "action", "OWNER/musicdiff-job/../x@" + "0" * 40),
        ("github", "checkpoint", "/var/lib/checkpoint.json.gz"),
        ("github", "checkpoint", "s3://bucket/${{ github.token }}"),
        ("github", "role_arn", "musicdiff"),
    ],
)
def test_what_a_file_could_not_hold_is_refused(kind: str, name: str, text: str) -> None:
    with pytest.raises(Wrong):
        VALUES[kind, name].read(text)


def test_only_credentials_are_credentials() -> None:
    assert CREDENTIAL.read("DEEZER_ACCESS_TOKEN") == "DEEZER_ACCESS_TOKEN"
    with pytest.raises(Wrong):
        CREDENTIAL.read("PASSWORD")


def test_a_wrong_schedule_says_what_is_wrong() -> None:
    with pytest.raises(Wrong, match="'61' is no minute"):
        SCHEDULE.read("61 * * * *")


def test_flags_do_not_meet() -> None:
    for kind in KINDS.values():
        flags = [value.flag for value in kind.values]
        assert len(set(flags)) == len(flags)
        assert not {"--output", "--force", "--verbose", "--quiet", "--log-format", "--help"} & set(flags)
