"""The licences of all that comes with an installation, extras included, from what the distributions say themselves.

Theory. A distribution names its licence as an SPDX expression (PEP 639), in classifiers, or in words. All three are
brought to SPDX identifiers; what cannot be is a finding, and so is a licence that is not on the list. Nothing is
guessed: a new library whose licence reads otherwise must be put into the tables by a person who has read it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from importlib.metadata import Distribution, PackageNotFoundError, distribution

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

PERMISSIVE = frozenset(
    {
        "MIT",
        "MIT-0",
        "BSD-2-Clause",
        "BSD-3-Clause",
        "Apache-2.0",
        "ISC",
        "PSF-2.0",
        "0BSD",
        "Unlicense",
        "Zlib",
        "HPND",
    }
)
"""What asks for no more than its notice."""
WEAK_COPYLEFT = frozenset({"MPL-2.0", "LGPL-2.1-only", "LGPL-2.1-or-later", "LGPL-3.0-only", "LGPL-3.0-or-later"})
"""What stays under its own licence and asks nothing of a program that imports it unchanged; noted."""
WORDS = {
    "MIT License": "MIT",
    "The MIT License": "MIT",
    "MIT license": "MIT",
    "BSD": "BSD-3-Clause",
    "BSD License": "BSD-3-Clause",
    "BSD 3-Clause": "BSD-3-Clause",
    "BSD 3-Clause License": "BSD-3-Clause",
    "BSD-3": "BSD-3-Clause",
    "BSD 2-Clause License": "BSD-2-Clause",
    "Apache 2.0": "Apache-2.0",
    "Apache License 2.0": "Apache-2.0",
    "Apache License, Version 2.0": "Apache-2.0",
    "Apache Software License": "Apache-2.0",
    "Apache-2.0 License": "Apache-2.0",
    "Python Software Foundation License": "PSF-2.0",
    "ISC License (ISCL)": "ISC",
    "Mozilla Public License 2.0 (MPL 2.0)": "MPL-2.0",
    "The Unlicense (Unlicense)": "Unlicense",
}
"""How classifiers and older metadata name licences, and their SPDX identifiers."""


def installed_with(name: str, extras: frozenset[str] = frozenset({"all"})) -> dict[str, Distribution]:
    """The distribution ``name`` and all that it needs in this environment, by canonical names.

    Raises ``PackageNotFoundError`` when one that is needed here is not installed.
    """
    found: dict[str, Distribution] = {}
    seen: set[tuple[str, frozenset[str]]] = set()
    waiting: list[tuple[str, frozenset[str]]] = [(canonicalize_name(name), extras)]
    while waiting:
        one = waiting.pop()
        if one in seen:
            continue
        seen.add(one)
        found[one[0]] = distribution(one[0])
        waiting += _needed(found[one[0]], one[1])
    return found


def _needed(of: Distribution, extras: frozenset[str]) -> Iterator[tuple[str, frozenset[str]]]:
    for text in of.requires or ():
        requirement = Requirement(text)
        marker = requirement.marker
        if marker is None or any(marker.evaluate({"extra": extra}) for extra in ("", *extras)):
            yield canonicalize_name(requirement.name), frozenset(requirement.extras)


def licences(of: Distribution) -> frozenset[str]:
    """The SPDX identifiers of a distribution's licences, or its own words in quotes where they are not known."""
    said = "".join(of.metadata.get_all("License-Expression") or ())
    if said:
        # Of `A OR B` both are named: it is enough to like one, and simpler to like both.
        return frozenset(re.findall(r"[\w.+-]+", said)) - {"AND", "OR", "WITH"}
    classifiers = (line for line in of.metadata.get_all("Classifier") or () if line.startswith("License :: "))
    names = {line.rpartition(" :: ")[2] for line in classifiers} - {"OSI Approved"}
    if names:
        return frozenset(WORDS.get(name, repr(name)) for name in names)
    text = "".join(of.metadata.get_all("License") or ()).strip()
    first = text.splitlines()[0].strip() if text else ""
    known = PERMISSIVE | WEAK_COPYLEFT
    return frozenset({first if first in known else WORDS.get(first, f"{first!r}")})


def findings(name: str = "musicdiff-job") -> tuple[list[str], list[str], int]:
    """What is wrong, what is to be noted, and how many distributions were looked at."""
    wrong, noted = [], []
    try:
        everything = installed_with(name)
    except PackageNotFoundError as missing:
        return [f"{missing.name} is not installed here, so its licence is not known"], [], 0
    for one, of in sorted(everything.items()):
        found = licences(of)
        if unknown := found - PERMISSIVE - WEAK_COPYLEFT:
            wrong.append(f"{one} {of.version}: {', '.join(sorted(unknown))}")
        elif weak := found & WEAK_COPYLEFT:
            noted.append(f"{one} ({', '.join(sorted(weak))})")
    return wrong, noted, len(everything)
