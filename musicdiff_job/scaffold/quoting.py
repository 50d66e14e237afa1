"""How a value is written into a file without becoming a part of its grammar: one filter for each kind of file."""

from __future__ import annotations

import json
import re
from xml.sax.saxutils import escape

_UNSAFE = re.compile(r"([^A-Za-z0-9_@+=:,./-])")


def cron(value: str) -> str:
    """One word of a crontab's command, of cron and of the shell that it starts. A leading ``~/`` stays the home folder.

    Backslashes, not quotes: Debian's cron takes ``\\%`` for ``%``, and busybox, which leaves it alone, gives it to a
    shell that does the same.
    """
    home, rest = ("~/", value[2:]) if value.startswith("~/") else ("", value)
    return home + _UNSAFE.sub(r"\\\1", rest)


def systemd(value: str) -> str:
    """One word of a unit's command line or assignment: no specifier, no variable, no quote (systemd.service(5))."""
    doubled = value.replace("\\", "\\\\").replace('"', '\\"').replace("%", "%%").replace("$", "$$")
    return f'"{doubled}"' if re.search(r"[\s\"'\\;]", value) else doubled


def yaml(value: object) -> str:
    """A scalar or a list in YAML, which takes JSON."""
    return json.dumps(value, ensure_ascii=False)


def xml(value: object) -> str:
    """Text of an XML element."""
    return escape(str(value))


FILTERS = {"cron": cron, "systemd": systemd, "yaml": yaml, "xml": xml}
