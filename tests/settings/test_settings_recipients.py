"""Addresses with the occasions that they are for."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from musicdiff_job.core.secret import Secret
from musicdiff_job.core.told import NotifyOn
from musicdiff_job.settings import load
from musicdiff_job.settings.kinds import Wrong
from musicdiff_job.settings.recipients import PATTERN, recipients
from musicdiff_job.settings.rows import ROWS

KIND = ROWS["notify"]["urls"].kind


@pytest.mark.parametrize(
    ("text", "urls"),
    [
        ("json://a, ntfy://b", ["json://a", "ntfy://b"]),
        ("failure,auth=mailto://a@b?x=1,2, conflict=ntfy://t", ["failure,auth=mailto://a@b?x=1,2", "conflict=ntfy://t"]),
        ("failure , auth = mailto://x ntfy://b", ["failure , auth = mailto://x", "ntfy://b"]),
        ("failure=json://h/auth, conflict = ntfy://x  dbus://", ["failure=json://h/auth", "conflict = ntfy://x", "dbus://"]),
        ("json://h/token=, ntfy://b", ["json://h/token=", "ntfy://b"]),
        ('["auth=json://a,b"]', ["auth=json://a,b"]),
    ],
)  # fmt: skip
def test_a_variable_holds_several(text: str, urls: list[str]) -> None:
    assert [one.reveal() for one in KIND.read(KIND.from_text(text))] == urls


@pytest.mark.parametrize("text", ["bogus=mailto://x", "failure;auth=mailto://x", "mailto:x", "=mailto://x"])
def test_what_names_no_occasion_is_refused(text: str) -> None:
    assert not re.search(PATTERN, text)
    with pytest.raises(Wrong, match="failure,auth=mailto"):
        KIND.read([text])


def test_each_is_told_of_its_occasions_and_of_none_that_is_switched_off() -> None:
    urls = (Secret("failure, conflict = json://u:p=1@h/?a=b"), Secret("ntfy://t"))
    tagged, plain = recipients(urls, (NotifyOn.FAILURE, NotifyOn.AUTH))
    assert (tagged.address, tagged.occasions) == (Secret("json://u:p=1@h/?a=b"), frozenset({NotifyOn.FAILURE}))
    assert (plain.address, plain.occasions) == (Secret("ntfy://t"), frozenset({NotifyOn.FAILURE, NotifyOn.AUTH}))


def test_an_address_is_a_secret_also_without_its_occasions(tmp_path: Path) -> None:
    loaded = load(env={"HOME": str(tmp_path), "MUSICDIFF_NOTIFY_URLS": "failure=json://host/key"}, cwd=tmp_path)
    assert Secret("json://host/key") in loaded.secrets()
