"""What comes in by stdin, typed or piped, one line at a time and never longer awaited than said.

Read from the file descriptor itself, so that it can be waited for together with other things.
"""

from __future__ import annotations

import os
import selectors
import sys
from collections.abc import Callable
from dataclasses import dataclass, field

from musicdiff_job.cli.output import is_terminal

LONGEST = 65_536
"""Bytes of a line; more is nothing that anybody was asked for."""


def answers_come() -> bool:
    """Whether stdin is a terminal, so that a question can be asked."""
    return sys.stdin is not None and is_terminal(sys.stdin)


def hidden(question: str) -> str:
    """What is typed at the terminal, not shown; "" at its end."""
    import getpass

    try:
        return getpass.getpass(question, sys.stderr).strip()
    except EOFError:
        return ""


@dataclass
class Typed:
    """Lines from a file descriptor."""

    descriptor: int
    _begun: bytes = field(default=b"", repr=False)
    ended: bool = False

    @classmethod
    def of_stdin(cls) -> Typed | None:
        """Stdin, None when there is none."""
        try:
            return cls(sys.stdin.fileno())
        except (AttributeError, OSError, ValueError):
            return None

    def read(self) -> list[str]:
        """The lines that one read completes; at the end of the input also one without an end. Blocks until something
        can be read, so ask a selector first. Empty lines are left out."""
        try:
            chunk = os.read(self.descriptor, LONGEST)
        except OSError:
            chunk = b""  # a terminal that has hung up
        *whole, self._begun = (self._begun + (chunk or b"\n")).split(b"\n")
        self.ended = not chunk or len(self._begun) > LONGEST
        return [text for line in whole if (text := line.decode(errors="replace").strip())]


def first_line(typed: Typed | None, limit: float, clock: Callable[[], float]) -> str:
    """The first line within ``limit`` seconds, "" when none comes. ``clock`` gives seconds that never go back."""
    deadline = clock() + limit
    with selectors.SelectSelector() as selector:
        if typed is not None:
            selector.register(typed.descriptor, selectors.EVENT_READ)
        while typed is not None and not typed.ended and (left := deadline - clock()) > 0:
            if selector.select(left) and (lines := typed.read()):
                return lines[0]
    return ""
