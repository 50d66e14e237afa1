"""The Dockerfile's instructions, as far as ours uses them: continued lines joined, variables put in, words split.

Anything else is refused, so that an instruction that is new here cannot be passed over in silence.
"""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from checks.checking import Failed

KNOWN = frozenset({"FROM", "ARG", "ENV", "WORKDIR", "COPY", "RUN", "LABEL", "USER", "HEALTHCHECK", "ENTRYPOINT", "CMD"})


@dataclass(frozen=True, slots=True)
class Instruction:
    """One instruction: its word and all that follows it."""

    word: str
    rest: str

    def words(self, variables: Mapping[str, str]) -> list[str]:
        """What follows, as words, with ``$NAME`` and ``${NAME}`` put in."""
        return shlex.split(substituted(self.rest, variables))

    def pairs(self, variables: Mapping[str, str]) -> dict[str, str]:
        """What follows ENV or LABEL."""
        return dict(word.split("=", 1) for word in self.words(variables))

    def listed(self) -> list[str]:
        """What follows ENTRYPOINT or CMD, which must be a list: a shell would keep signals to itself."""
        try:
            words = json.loads(self.rest)
        except ValueError:
            raise Failed(f"{self.word} {self.rest} is not in the form of a list") from None
        return [str(word) for word in words]


def instructions(path: Path) -> list[Instruction]:
    """The instructions of a file. Raises ``Failed`` for one that is not known here."""
    text = "".join(
        line for line in path.read_text(encoding="utf-8").splitlines(keepends=True) if not line.lstrip().startswith("#")
    )
    found = []
    for line in re.sub(r"\\\n", " ", text).splitlines():
        word, _, rest = line.strip().partition(" ")
        if not word:
            continue
        if word not in KNOWN:
            raise Failed(f"{path.name}: {word} is not known to this check")
        found.append(Instruction(word, rest.strip()))
    return found


def substituted(text: str, variables: Mapping[str, str]) -> str:
    """``$NAME`` and ``${NAME}`` put in; a name that has no value is refused."""

    def value(name: re.Match[str]) -> str:
        if name[1] not in variables:
            raise Failed(f"${name[1]} has no value")
        return variables[name[1]]

    return re.sub(r"\$\{?([A-Z_]+)\}?", value, text)
