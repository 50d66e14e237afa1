"""Valid inputs made bad: by bytes, by text and by the values of JSON. Everything comes from the ``Random`` that is
given, so an input is made again from its number."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from copy import deepcopy
from random import Random
from typing import Any

Input = Callable[[Random], Any]

DEEP = 100_000
"""Levels of nesting; more than any stack has."""

TOKENS = [
    b"", b"\0", b"\xff", b"\xfe\xff", b"\xef\xbb\xbf", b"\xed\xa0\x80", b"\r", b"\n", b"\n\n", b"\r\n", b"\t", b" ",
    b"'", b'"', b"'''", b'"""', b"\\", b"\\u", b"\\ud800", b"\\U0010FFFF", b"#", b"=", b"[", b"]", b"[[", b"{", b"}",
    b",", b":", b";", b"null", b"true", b"false", b"NaN", b"-Infinity", b"1e999", b"-0", b"0x" + b"f" * 6000, b"0",
    b"-1", b"9" * 5000, b"1e5", b"9" * 19, b"2026-02-30", b"0001-01-01T00:00:00+14:00", b"9999-12-31T23:59:59Z",
    b"1979-05-27T07:32:00", b"$HOME", b"~", b"../..", b"/dev/zero", b"*", b"**", b"[!", b"(?", b"re:(",
    b"id:", b"owner:", b"\xe2\x80\xae", b"\xc2\x85", b"\xf0\x9f\x8e\xb5", b"[" * DEEP, b'{"a":' * DEEP, b"a." * 5000,
    b"x" * 100_000, b"[a]\n" * 2, b"a = 1\n" * 2,
]  # fmt: skip

LEAVES: list[Any] = [
    None, True, False, 0, 1, -1, 2**31, 2**53, -(2**63), 2**64, 10**30, 10**400, 0.5, -0.0, 1e308, float("nan"),
    float("inf"), "", " ", "0", "-1", "x", "\0", "\ud800", "\udfff", "9" * 5000, "x" * 70_000, "&#xD800;", "\u202e",
    "2026-11-21T12:00:00Z", "2026-11-21", "9999-12-31T23:59:59Z", "0001-01-01T00:00:00+14:00", "yesterday",
    "1", "playlist", "liked", "spotify:liked", "spotify:track:", "spotify:local:a:b:c:d", "?index=1", [], {}, [[]],
    [None], {"": None}, {"id": None}, [0] * 3000,
]  # fmt: skip


def noise(random: Random) -> bytes:
    return random.randbytes(random.choice((0, 1, 4, 40, 400)))


def bytes_like(*seeds: bytes) -> Input:
    """One of the seeds with one to eight faults in it; sometimes nothing but noise."""

    def spoilt(random: Random) -> bytes:
        if random.random() < 0.03:
            return noise(random)
        content = bytearray(random.choice(seeds))
        for _ in range(random.choice((1, 1, 1, 2, 3, 8))):
            random.choice(FAULTS)(content, random, seeds)
        return bytes(content)

    return spoilt


def text_like(*seeds: str) -> Input:
    """As ``bytes_like``, for what is text already: characters instead of bytes, lone surrogates among them."""
    spoilt = bytes_like(*(seed.encode() for seed in seeds))

    def text(random: Random) -> str:
        errors = random.choice(("replace", "surrogateescape", "ignore"))
        return str(spoilt(random).decode(errors=errors))

    return text


def json_like(*seeds: Any) -> Input:
    """One of the seeds with one to five of its values replaced, dropped, doubled, renamed, wrapped or moved."""
    texts = [json.dumps(seed) for seed in seeds]

    def spoilt(random: Random) -> Any:
        value = json.loads(random.choice(texts))
        for _ in range(random.choice((1, 1, 1, 2, 3, 5))):
            value = _spoil(value, random)
        return value

    return spoilt


def typed_like(*seeds: Any) -> Input:
    """One of the seeds, of the same shape and types, with one to five values that mean something else: taken from
    elsewhere in it, out of any range, doubled, dropped or in another order."""
    texts = [json.dumps(seed) for seed in seeds]

    def absurd(random: Random) -> Any:
        value = json.loads(random.choice(texts))
        others = list(_leaves(value))
        for _ in range(random.choice((1, 1, 1, 2, 3, 5))):
            value = _pervert(value, random, others)
        return value

    return absurd


def choice_of(*inputs: Input) -> Input:
    """Any of these kinds."""
    return lambda random: random.choice(inputs)(random)


# Faults of bytes


def _slice(content: bytearray, random: Random) -> slice:
    begin = random.randrange(len(content) + 1)
    return slice(begin, min(len(content), begin + random.choice((1, 1, 4, 30, 500))))


def _flip(content: bytearray, random: Random, seeds: Sequence[bytes]) -> None:
    if content:
        content[random.randrange(len(content))] ^= 1 << random.randrange(8)


def _set(content: bytearray, random: Random, seeds: Sequence[bytes]) -> None:
    if content:
        content[random.randrange(len(content))] = random.randrange(256)


def _drop(content: bytearray, random: Random, seeds: Sequence[bytes]) -> None:
    del content[_slice(content, random)]


def _double(content: bytearray, random: Random, seeds: Sequence[bytes]) -> None:
    where = _slice(content, random)
    content[where] = bytes(content[where]) * 2


def _move(content: bytearray, random: Random, seeds: Sequence[bytes]) -> None:
    where = _slice(content, random)
    piece = bytes(content[where])
    del content[where]
    at = random.randrange(len(content) + 1)
    content[at:at] = piece


def _insert(content: bytearray, random: Random, seeds: Sequence[bytes]) -> None:
    at = random.randrange(len(content) + 1)
    content[at:at] = random.choice(TOKENS) if random.random() < 0.8 else noise(random)


def _replace(content: bytearray, random: Random, seeds: Sequence[bytes]) -> None:
    content[_slice(content, random)] = random.choice(TOKENS)


def _cut(content: bytearray, random: Random, seeds: Sequence[bytes]) -> None:
    del content[random.randrange(len(content) + 1) :]


def _append(content: bytearray, random: Random, seeds: Sequence[bytes]) -> None:
    content += random.choice(seeds)


def _splice(content: bytearray, random: Random, seeds: Sequence[bytes]) -> None:
    other = random.choice(seeds)
    content[random.randrange(len(content) + 1) :] = other[random.randrange(len(other) + 1) :]


FAULTS = [_flip, _flip, _set, _drop, _drop, _double, _move, _insert, _insert, _replace, _cut, _append, _splice]


# Faults of values


def _spoil(value: Any, random: Random) -> Any:
    """The value with one fault, somewhere in it."""
    while isinstance(value, list | dict) and value and random.random() < 0.85:
        keys: list[Any] = list(value) if isinstance(value, dict) else list(range(len(value)))
        key = random.choice(keys)
        match random.randrange(12):
            case 0:
                del value[key]
            case 1 if isinstance(value, list):
                value.append(value[key])
            case 2 if isinstance(value, dict):
                value[random.choice(("", "id", "x", "\ud800", str(random.choice(keys))))] = value.pop(key)
            case 3:
                value[key] = deepcopy(value[random.choice(keys)])
            case 4:
                value[key] = [value[key]]
            case 5:
                value[key] = deepcopy(random.choice(LEAVES))
            case _:
                value[key] = _spoil(value[key], random)
        return value
    return deepcopy(random.choice(LEAVES))


def _leaves(value: Any) -> Iterator[Any]:
    if isinstance(value, dict):
        yield from value
        value = list(value.values())
    if isinstance(value, list):
        for inner in value:
            yield from _leaves(inner)
    else:
        yield value


def _pervert(value: Any, random: Random, others: list[Any]) -> Any:
    """The value with one fault that its type does not show."""
    if isinstance(value, list | dict) and value and random.random() < 0.9:
        keys: list[Any] = list(value) if isinstance(value, dict) else list(range(len(value)))
        key = random.choice(keys)
        match random.randrange(10):
            case 0:
                del value[key]
            case 1 if isinstance(value, list):
                value.insert(random.randrange(len(value) + 1), deepcopy(value[key]))
            case 2 if isinstance(value, list):
                random.shuffle(value)
            case 1 | 2 if isinstance(value, dict):
                other = random.choice(keys)
                if type(value[key]) is type(value[other]):
                    value[key] = deepcopy(value[other])
            case _:
                value[key] = _pervert(value[key], random, others)
        return value
    same = [leaf for leaf in (others if random.random() < 0.5 else LEAVES) if type(leaf) is type(value)]
    return deepcopy(random.choice(same)) if same else value
