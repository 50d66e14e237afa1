"""Text that a CI system, or systemd's journal, would take for a command to itself.

Theory. Continuous integration reads what a job prints: GitHub's runner obeys ``::name::`` at the start of a line, after
white space, and ``##[name]`` anywhere in one (read in actions/runner, src/Runner.Common/ActionCommand.cs), Azure's
``##vso[...]``. Somebody's playlist could so mask words in a log, set outputs, or stop the job's own annotations. .NET
compares by culture there, to which some characters are nothing, so between the signs any that are neither letters nor
ASCII are allowed for.

The journal takes ``<0>`` at the start of a line for the priority of what follows (sd-daemon(3)); an emergency it shows
to everybody who is logged in.
"""

from __future__ import annotations

import re

_NOTHING = r"[^\w\x00-\x7f]*+"
ANYWHERE = re.compile(rf"#(?={_NOTHING}#{_NOTHING}[A-Za-z]*+{_NOTHING}\[)")
"""The first character of a command that counts wherever it stands."""
_FIRST = re.compile(rf"(?:\s|[^\w\x00-\x7f])*+:(?={_NOTHING}:)")
_PRIORITY = re.compile(r"\s*+<(?=[0-9]{1,3}>)")


def defused(line: str, mark: str) -> str:
    """``line`` with the character that begins a command replaced by ``mark``."""
    if (found := _FIRST.match(line)) or (found := _PRIORITY.match(line)):
        line = f"{line[: found.end() - 1]}{mark}{line[found.end() :]}"
    return ANYWHERE.sub(mark, line)
