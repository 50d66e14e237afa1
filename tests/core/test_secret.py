"""Secrets do not show, and the last filter catches those that would."""

from __future__ import annotations

import copy
import pickle
import threading

import pytest
from awkward import TORTURE, WRITTEN, families, revealed
from hypothesis import given, settings
from hypothesis import strategies as st

from musicdiff_job.core.secret import PIECE, SHORTEST, Redactor, Secret

VALUE = "s3cr3t/arl+value=="


def test_a_secret_shows_nowhere() -> None:
    secret = Secret(VALUE)
    texts = [str(secret), repr(secret), f"{secret}", f"{secret!r:>9}", "%s" % secret, str([secret]), str({"k": secret})]  # noqa: UP031
    assert not any(VALUE in text for text in texts)
    assert secret.reveal() == VALUE
    assert not hasattr(secret, "__dict__")


def test_a_secret_is_not_pickled_or_copied_away() -> None:
    for escape in (pickle.dumps, copy.copy, copy.deepcopy):
        with pytest.raises(TypeError, match="not pickled"):
            escape(Secret(VALUE))


def test_secrets_compare_by_value_and_only_with_secrets() -> None:
    assert Secret("a") == Secret("a")
    assert Secret("a") != Secret("b")
    assert Secret("a") != "a"
    assert len({Secret("a"), Secret("a")}) == 1
    assert not Secret("")


def test_known_secrets_are_replaced_also_as_they_stand_in_addresses() -> None:
    redactor = Redactor()
    redactor.learn(Secret(VALUE), "another-one", None)
    text = f"plain {VALUE}, quoted s3cr3t%2Farl%2Bvalue%3D%3D, another-one"
    assert redactor.scrub(text) == "plain ***, quoted ***, ***"


def test_a_secret_within_another_leaves_no_rest() -> None:
    redactor = Redactor()
    redactor.learn("abcdef", "abcdefghij")
    assert redactor.scrub("abcdefghij abcdef") == "*** ***"


def test_secrets_that_overlap_or_touch_leave_no_rest() -> None:
    redactor = Redactor()
    redactor.learn("abcdef", "defghi")
    assert redactor.scrub("abcdefghi abcdefdefghi abcdef,defghi") == "*** *** ***,***"


def test_a_long_secret_is_found_although_a_library_has_cut_it_off() -> None:
    redactor = Redactor()
    value = "".join(f"{number:06}" for number in range(PIECE // 6 * 3)) + "x"
    redactor.learn(value)
    assert redactor.scrub(f"{value}, {value[: 2 * PIECE]}...") == "***, ***..."


BASE64 = {name: write for name, write in WRITTEN.items() if "base64" in name or "basic" in name}
CONTEXTS = (
    "{}",
    "GET /x?q={}&limit=5 HTTP/1.1",
    '{{"a": "{}", "b": [1]}}',
    "{{'a': b'{}'}}",
    "<p>{}</p>",
    "before{}after",
    "{0} {0}{0}",
    "https://me:{}@host/path",
    "line\n{}\nline",
    "refused: {}...",
)
"""Where a secret may stand, in ``str.format``'s notation."""


def check_scrubbing(known: list[str], written: list[tuple[str, str]]) -> None:
    """Known secrets are not seen in texts of pairs of a context and a way of writing, and the rest is still there."""
    redactor = Redactor()
    redactor.learn(*map(Secret, known))
    for secret in known:
        for context, way in written:
            if way in BASE64 and len(secret.encode()) < 8:
                continue  # what is left of so few characters at each alignment may be a word
            text = context.format(WRITTEN[way](secret))
            scrubbed = redactor.scrub(text)
            assert not revealed(scrubbed, known), (text, scrubbed)
            assert "***" in scrubbed
            for word in ("limit=5", "line", "refused"):
                assert (word in scrubbed) == (word in context), scrubbed


@settings(max_examples=80 * TORTURE)
@given(families(), st.lists(st.tuples(st.sampled_from(CONTEXTS), st.sampled_from(sorted(WRITTEN))), max_size=3))
def test_no_way_of_writing_shows_a_secret(known: list[str], written: list[tuple[str, str]]) -> None:
    check_scrubbing(known, written)


def test_the_password_in_an_address_is_replaced_even_if_unknown() -> None:
    scrub = Redactor().scrub
    assert scrub("via http://me:hunter2@proxy:3128/ ok") == "via http://me:***@proxy:3128/ ok"
    assert scrub("https://host:8080/a@b and a:b@c") == "https://host:8080/a@b and a:b@c"


def test_short_values_would_mangle_words_and_stay() -> None:
    redactor = Redactor()
    redactor.learn("x" * (SHORTEST - 1), "")
    assert redactor.scrub("xxxxxx text") == "xxxxxx text"


@pytest.mark.parametrize(
    ("text", "scrubbed"),
    [
        ("GET /user/me?access_token=frAbc123&limit=5", "GET /user/me?access_token=***&limit=5"),
        ("refresh_token=AQBx-y_z", "refresh_token=***"),
        ("Cookie: arl=abc123; sid=fr00; lang=en", "Cookie: arl=***; sid=***; lang=en"),
        ("Authorization: Bearer BQDx.y-z", "Authorization: Bearer ***"),
        ("authorization: basic Y2xpZW50OnNlY3JldA==", "authorization: basic ***"),
        ('{"access_token": "BQDx", "scope": "x"}', '{"access_token": "***", "scope": "x"}'),
        ("{'checkForm': 'tok'}", "{'checkForm': '***'}"),
        ('{"SESSION_ID":"fr00","USER_TOKEN": "x"}', '{"SESSION_ID":"***","USER_TOKEN": "***"}'),
        (r'"{\"access_token\": \"BQDx\"}"', r'"{\"access_token\": \"***\"}"'),
        ('{"tokens": "3", "side": "b"}', '{"tokens": "3", "side": "b"}'),
        ("{b'arl': b'tok'}", "{b'arl': b'***'}"),
        ("api_token=abc)", "api_token=***)"),
        ("a basic idea of the parliament", "a basic idea of the parliament"),
    ],
)
def test_what_looks_like_a_credential_is_replaced_even_if_unknown(text: str, scrubbed: str) -> None:
    assert Redactor().scrub(text) == scrubbed


def test_a_secret_that_cannot_be_sent_is_learned_all_the_same() -> None:
    redactor = Redactor()
    redactor.learn("half\ud800secret")
    assert redactor.scrub("a half\ud800secret") == "a ***"


def test_two_threads_may_teach_it_at_once() -> None:
    redactor = Redactor()

    class Meanwhile(Secret):
        """While this one is learned, another thread gets its own learned."""

        def reveal(self) -> str:
            other = threading.Thread(target=redactor.learn, args=("the-other-threads",))
            other.start()
            other.join()
            return super().reveal()

    redactor.learn(Meanwhile("the-first-threads"))
    assert redactor.scrub("the-first-threads the-other-threads") == "*** ***"
