"""One message of several notices, in which nothing acts and nothing is secret."""

from __future__ import annotations

from checkpoint_sample import HOSTILE

from musicdiff_job.core.notices import Notice
from musicdiff_job.core.outcome import Outcome
from musicdiff_job.core.secret import Redactor
from musicdiff_job.core.summary import Summary
from musicdiff_job.core.told import NotifyOn
from musicdiff_job.notify.message import LINE_COLUMNS, TITLE_COLUMNS, compose

SUMMARY = Summary("r1", Outcome.PARTIAL, "2026-11-21T12:00:00Z", "2026-11-21T12:00:04Z", 4.0, profile="alice")
ANY = frozenset({NotifyOn.FAILURE})


def test_several_notices_are_one_message() -> None:
    notices = [Notice(ANY, "works again", ("all is well",)), Notice(ANY, "2 new playlists", ("Gym", "Sea"), "See `x`")]
    title, body = compose(notices, SUMMARY, Redactor())
    assert title == "musicdiff (alice): works again, and 1 more"
    assert body.split("\n\n") == [
        "Works again\n- all is well",
        "2 new playlists\n- Gym\n- Sea\nSee `x`",
        "Run r1, ended at 2026-11-21T12:00:04Z",
    ]


def test_names_can_do_nothing() -> None:
    title, body = compose([Notice(ANY, HOSTILE, (HOSTILE, "<@U1> http://x"), HOSTILE)], SUMMARY, Redactor())
    for text in (title, body.replace("\n", "")):
        assert text.isprintable()
        assert not set("@<>\u202e\u2066") & set(text)
        assert "://" not in text
    assert body.count("\n") == 5, "no line is forged"


def test_secrets_are_not_told() -> None:
    redactor = Redactor()
    redactor.learn("sesame-opens-it")
    notice = Notice(ANY, "no sesame-opens-it", ("GET /?access_token=abc123", "Bearer abcdefghij"), "sesame-opens-it")
    told = " ".join(compose([notice], SUMMARY, redactor))
    for secret in ("sesame", "abc123", "abcdefghij"):
        assert secret not in told


def test_its_length_is_bounded() -> None:
    title, body = compose([Notice(ANY, "x" * 9999, ("y" * 9999,))], SUMMARY, Redactor())
    assert len(title) <= TITLE_COLUMNS
    assert max(map(len, body.split("\n"))) <= LINE_COLUMNS
