"""What a user may fill in: each value with its flag, its default, its meaning and the grammar that it is read by.

The grammar is that of the settings (``settings.kinds``), and where a value is a setting, its default is the setting's.
Values are checked here, so that templates need not fear what is put into them; how a value is quoted is the business
of the file that it stands in (see ``quoting``).
"""

from __future__ import annotations

from dataclasses import dataclass

from musicdiff_job.scaffold.schedule import NoSchedule, Schedule, read_schedule
from musicdiff_job.settings.findings import CREDENTIALS as NAMES
from musicdiff_job.settings.kinds import Kind, Schema, Text, Wrong
from musicdiff_job.settings.model import Budget
from musicdiff_job.settings.quantities import Duration, Whole


@dataclass(frozen=True, slots=True)
class Value:
    """One value. ``name`` is what templates call it; its flag is the same with hyphens. ``many``: the flag may be
    given again, and the value is a tuple."""

    name: str
    kind: Kind
    default: object
    meaning: str
    metavar: str
    many: bool = False

    @property
    def flag(self) -> str:
        """The flag on the command line."""
        return f"--{self.name.replace('_', '-')}"

    def read(self, text: str) -> object:
        """The value that ``text`` means. Raises ``Wrong``, whose text completes the sentence "... must be"."""
        return self.kind.read(self.kind.from_text(text))


class Times(Text):
    """A schedule in cron's notation."""

    def __init__(self) -> None:
        super().__init__('a schedule in cron\'s notation such as "17 * * * *"')

    def read(self, raw: object) -> Schedule:  # type: ignore[override]
        """The schedule."""
        if not isinstance(raw, str):
            raise Wrong(self.accepted)
        try:
            return read_schedule(raw)
        except NoSchedule as error:
            raise Wrong(f"{self.accepted}; {error}") from None

    def schema(self) -> Schema:
        """A string."""
        return {"type": "string"}


_PATH = Text("an absolute path, or one that starts with ~/", r"^(?:/|~/).+$")
_ABSOLUTE = Text("an absolute path", r"^/.+$")
_NAME = Text("a name of lower-case letters, digits and hyphens", r"^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$")

SCHEDULE = Value("schedule", Times(), read_schedule("17 * * * *"), "when to start, in cron's notation", "CRON")
TIME_BUDGET = Value("time_budget", Duration(positive=True), Budget().time, "time budget of one run", "DURATION")
CONFIG = Value("config", Text("an absolute path", r"^(?:/.+)?$"), "", "settings file", "FILE")
PROFILE = Value("profile", Text("a profile's name", r"^(?:[A-Za-z0-9][A-Za-z0-9._-]{0,63})?$"), "", "profile", "NAME")
CREDENTIAL = Value(
    "credential",
    Text(f"one of {', '.join(NAMES)}", rf"^(?:{'|'.join(NAMES)})$"),
    ("SPOTIFY_CLIENT_ID", "SPOTIFY_REFRESH_TOKEN", "SPOTIFY_AUTHORIZED_AT", "DEEZER_ARL"),
    "a credential that there is",
    "NAME",
    many=True,
)


def program(default: str = "/opt/musicdiff/bin/musicdiff-job", kind: Kind = _ABSOLUTE) -> Value:
    """Where the command is installed."""
    return Value("program", kind, default, "where the command is installed", "PATH")


def path(name: str, default: str, meaning: str, *, home: bool = False) -> Value:
    """An absolute path; with ``home`` it may start with ``~/``."""
    return Value(name, _PATH if home else _ABSOLUTE, default, meaning, "PATH")


def name(name: str, default: str, meaning: str) -> Value:
    """A name as Kubernetes and most others take it."""
    return Value(name, _NAME, default, meaning, "NAME")


def text(name: str, default: str, meaning: str, accepted: str, pattern: str, metavar: str = "TEXT") -> Value:
    """Text that matches a pattern."""
    return Value(name, Text(accepted, pattern), default, meaning, metavar)


def number(name: str, default: int, meaning: str, most: int) -> Value:
    """A whole number from 1 to ``most``."""
    return Value(name, Whole(1, most), default, meaning, "N")
