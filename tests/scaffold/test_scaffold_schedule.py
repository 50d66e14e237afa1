"""Cron's notation, and what it becomes elsewhere. What each line means was read off crontab(5) and systemd.time(7)."""

from __future__ import annotations

import shutil
import subprocess

import pytest

from musicdiff_job.scaffold.schedule import FIELDS, MOST_ENTRIES, NoSchedule, read_schedule

ROWS = [
    ("17 * * * *", ["*-*-* *:17:00"], [{"Minute": 17}], "cron(17 * * * ? *)"),
    ("@daily", ["*-*-* 00:00:00"], [{"Hour": 0, "Minute": 0}], "cron(0 0 * * ? *)"),
    (
        "*/20 5 * * *",
        ["*-*-* 05:00,20,40:00"],
        [{"Hour": 5, "Minute": 0}, {"Hour": 5, "Minute": 20}, {"Hour": 5, "Minute": 40}],
        "cron(0,20,40 5 * * ? *)",
    ),
    (
        "30 5 * * mon-wed",
        ["Mon,Tue,Wed *-*-* 05:30:00"],
        [{"Weekday": day, "Hour": 5, "Minute": 30} for day in (1, 2, 3)],
        "cron(30 5 ? * MON,TUE,WED *)",
    ),
    ("0 4 * JAN,7 *", ["*-01,07-* 04:00:00"], [{"Month": m, "Hour": 4, "Minute": 0} for m in (1, 7)], None),
    (
        "5 4 1-31/10 * *",
        ["*-*-01,11,21,31 04:05:00"],
        [{"Day": d, "Hour": 4, "Minute": 5} for d in (1, 11, 21, 31)],
        None,
    ),
    # 7 is Sunday too, and Sunday is not there twice.
    ("0 0 * * 0,7", ["Sun *-*-* 00:00:00"], [{"Weekday": 0, "Hour": 0, "Minute": 0}], "cron(0 0 ? * SUN *)"),
    ("55/2 0 * * *", ["*-*-* 00:55,57,59:00"], [{"Hour": 0, "Minute": m} for m in (55, 57, 59)], None),
    # Either day is enough.
    (
        "0 3 13 * Fri",
        ["*-*-13 03:00:00", "Fri *-*-* 03:00:00"],
        [{"Day": 13, "Hour": 3, "Minute": 0}, {"Weekday": 5, "Hour": 3, "Minute": 0}],
        None,
    ),
]


@pytest.mark.parametrize(("cron", "systemd", "launchd", "eventbridge"), ROWS)
def test_one_schedule_in_four_notations(
    cron: str, systemd: list[str], launchd: list[dict[str, int]], eventbridge: str | None
) -> None:
    schedule = read_schedule(cron)
    assert list(schedule.systemd()) == systemd
    assert list(schedule.launchd()) == launchd
    if eventbridge is not None:
        assert schedule.eventbridge() == eventbridge


@pytest.mark.parametrize("cron", [row[0] for row in ROWS])
def test_systemd_understands_its_notation(cron: str) -> None:
    if not shutil.which("systemd-analyze"):
        pytest.skip("there is no systemd-analyze here")
    for one in read_schedule(cron).systemd():
        done = subprocess.run(["systemd-analyze", "calendar", one], capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        assert "never" not in done.stdout


@pytest.mark.parametrize(
    "text",
    [
        "",
        "17 * * *",
        "17 * * * * *",
        "60 * * * *",
        "* 24 * * *",
        "* * 0 * *",
        "* * * 13 *",
        "* * * * 8",
        "*/0 * * * *",
        "5-1 * * * *",
        "1,,2 * * * *",
        "mon * * * *",
        "-1 * * * *",
        "٣ * * * *",
        "@reboot",
        "0 3 */10 * 5",
        "0 3 13 * */2",
        "1 * * * *\n2 * * * *",
    ],
)
def test_what_is_no_schedule(text: str) -> None:
    with pytest.raises(NoSchedule):
        read_schedule(text)


def test_what_another_notation_cannot_say() -> None:
    with pytest.raises(NoSchedule, match="both days"):
        read_schedule("0 3 13 * 5").eventbridge()
    with pytest.raises(NoSchedule, match="entries"):
        read_schedule("*/5 */2 * * *").launchd()
    assert len(read_schedule("*/5 8-15 * * *").launchd()) <= MOST_ENTRIES


def test_a_field_names_what_it_takes() -> None:
    with pytest.raises(NoSchedule, match="'61' is no minute: 0-59"):
        FIELDS[0].read("61")
    with pytest.raises(NoSchedule, match="Sun-Sat"):
        FIELDS[4].read("Someday")
