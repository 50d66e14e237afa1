"""The kinds of value that a setting can have: one row of the grammar each.

A kind knows four things: how a TOML value becomes a typed one (``read``), how the text of an environment variable
becomes a TOML value (``from_text``), how a typed value is written back (``show``), and the JSON Schema of what it
reads (``schema``). Patterns stand here once and serve both the parser and the schema, so that an editor accepts what
the parser accepts. Where a rule cannot be said in a schema (a regular expression must compile, a time zone must
exist, a schedule must grow), the kind says so in its docstring. Numbers and times are in ``quantities``.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from enum import StrEnum
from typing import Any, Protocol

from musicdiff_job.core.secret import Secret

Schema = dict[str, Any]

PLAIN = r"^[^\x00-\x1f\x7f]*$"
"""Text without control characters: no setting needs them, and a NUL in a path is an error everywhere."""

_TRUTH = {"true": True, "yes": True, "on": True, "1": True, "false": False, "no": False, "off": False, "0": False}


class Wrong(Exception):
    """A value is not of its kind; the text completes the sentence "... must be"."""


class Kind(Protocol):
    """What all kinds have. ``secret`` values are never shown in a message."""

    @property
    def secret(self) -> bool:
        """Whether the value must not be shown."""
        ...

    @property
    def accepted(self) -> str:
        """The accepted values, in words."""
        ...

    def read(self, raw: object) -> Any:
        """The typed value of a TOML value. Raises ``Wrong``."""
        ...

    def from_text(self, text: str) -> object:
        """The TOML value that an environment variable means; text that means none is returned as it is."""
        ...

    def show(self, value: Any) -> object:
        """The TOML value of a typed value."""
        ...

    def schema(self) -> Schema:
        """The JSON Schema of the TOML values that ``read`` accepts."""
        ...


def _from_json(text: str, otherwise: object) -> object:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return otherwise


class Text:
    """Text that matches a pattern. With ``secret`` the typed value is a ``Secret``, and is shown nowhere."""

    def __init__(self, accepted: str = "text", pattern: str = PLAIN, *, secret: bool = False) -> None:
        self.accepted = accepted
        self.secret = secret
        self._pattern = pattern

    def read(self, raw: object) -> str | Secret:
        """The text itself."""
        # The plain pattern is asked as well, because a kind's own pattern only says what it adds. Compiled at need:
        # most runs read few settings.
        if not isinstance(raw, str) or not all(re.search(rf"(?:{one})(?!\n)", raw) for one in (PLAIN, self._pattern)):
            raise Wrong(self.accepted)
        self.check(raw)
        return Secret(raw) if self.secret else raw

    def check(self, text: str) -> None:
        """What a pattern cannot say: the bytes of a variable need not be UTF-8."""
        try:
            text.encode()
        except UnicodeEncodeError:
            raise Wrong("text in UTF-8") from None

    def from_text(self, text: str) -> object:
        """The text itself."""
        return text

    def show(self, value: str | Secret) -> object:
        """The text itself, ``***`` for a secret that is not empty."""
        return value if isinstance(value, str) else "***" * bool(value)

    def schema(self) -> Schema:
        """A string with the pattern."""
        if self._pattern == PLAIN:
            return {"type": "string", "pattern": PLAIN}
        return {"type": "string", "allOf": [{"pattern": PLAIN}, {"pattern": self._pattern}]}


class Selector(Text):
    """A pattern for playlists. Beyond the schema: what follows ``re:`` must compile."""

    def __init__(self) -> None:
        super().__init__(
            'a glob such as "Gym*", "id:..." with a playlist\'s id, "owner:me", "owner:others" or "re:..." with a '
            "regular expression",
            # Longer globs take the square of their length to translate, and no name has a tenth of this.
            r"^(?=.{1,1000}$)(?:id:[A-Za-z0-9:]+|owner:(?:me|others)|re:.+|(?!id:|owner:|re:).+)$",
        )

    def check(self, text: str) -> None:
        """Compile the regular expression."""
        super().check(text)
        if text.startswith("re:"):
            try:
                re.compile(text[3:])
            except (re.error, RecursionError, OverflowError) as error:
                raise Wrong(f'"re:" and a valid regular expression ({error})') from None


class Zone(Text):
    """An IANA time zone, "" for the machine's own. Beyond the schema: the zone must exist."""

    def __init__(self) -> None:
        super().__init__('the name of a time zone such as "Europe/Paris", or "" for the machine\'s own')

    def check(self, text: str) -> None:
        """Look the zone up in the time zone database."""
        from zoneinfo import ZoneInfo  # rules with a time zone are rare; everyone else need not load it

        if text:
            try:
                ZoneInfo(text)
            except (KeyError, ValueError, OSError, RecursionError):
                raise Wrong(self.accepted) from None


class Place(Text):
    """A path, or with ``s3`` also ``s3://bucket/key``. ``{profile}`` and a leading ``~/`` are replaced later, and a
    relative path is put below the folder of the file that names it."""

    def __init__(self, *, s3: bool = False, required: bool = False) -> None:
        accepted = "a path" + (" or s3://bucket/key" if s3 else "") + ("" if required else ', or "" for none')
        pattern = r"(?!~[^/])(?!.*://).+"
        if s3:
            pattern = rf"s3://[^/]+/.+|{pattern}"
        super().__init__(accepted, rf"^(?:{pattern})$" if required else rf"^(?:{pattern})?$")

    def check(self, text: str) -> None:
        """Nothing: any bytes can name a file."""


class Flag:
    """True or false."""

    secret = False
    accepted = "true or false"

    def read(self, raw: object) -> bool:
        """A TOML boolean."""
        if not isinstance(raw, bool):
            raise Wrong(self.accepted)
        return raw

    def from_text(self, text: str) -> object:
        """Also yes, no, on, off, 1 and 0."""
        return _TRUTH.get(text.strip().lower(), text)

    def show(self, value: bool) -> object:
        """The boolean itself."""
        return value

    def schema(self) -> Schema:
        """A boolean."""
        return {"type": "boolean"}


class Choice:
    """One member of an enumeration, by its value."""

    secret = False

    def __init__(self, members: type[StrEnum]) -> None:
        self._members = members
        *others, last = (f'"{member}"' for member in members)
        self.accepted = f"{', '.join(others)} or {last}"

    def read(self, raw: object) -> StrEnum:
        """The member."""
        if not isinstance(raw, str):
            raise Wrong(self.accepted)
        try:
            return self._members(raw)
        except ValueError:
            raise Wrong(self.accepted) from None

    def from_text(self, text: str) -> object:
        """The text itself."""
        return text.strip()

    def show(self, value: StrEnum) -> object:
        """The member's value."""
        return value.value

    def schema(self) -> Schema:
        """An enum."""
        return {"enum": [member.value for member in self._members]}


class Many:
    """A list, read as a tuple. ``unique`` refuses repetitions, ``growing`` (beyond the schema) a smaller item after a
    larger one. In the environment: a JSON list, or items with ``separator`` (a pattern) between them."""

    def __init__(self, item: Kind, *, unique: bool = False, growing: bool = False, separator: str = ",") -> None:
        self._item, self._unique, self._growing, self._separator = item, unique, growing, separator
        self.secret = item.secret
        self.accepted = f"a list, each item {item.accepted}"
        if unique:
            self.accepted += ", none twice"
        if growing:
            self.accepted += ", none smaller than the one before"

    def read(self, raw: object) -> tuple[Any, ...]:
        """All items, typed."""
        if not isinstance(raw, Sequence) or isinstance(raw, str | bytes):
            raise Wrong(self.accepted)
        try:
            values = tuple(self._item.read(item) for item in raw)
        except Wrong as wrong:
            # The item's own words, when they say more than what it accepts (a regular expression's fault).
            raise Wrong(self.accepted if str(wrong) == self._item.accepted else f"a list, each item {wrong}") from None
        repeated = self._unique and len(set(values)) < len(values)
        if repeated or (self._growing and list(values) != sorted(values)):
            raise Wrong(self.accepted)
        return values

    def from_text(self, text: str) -> object:
        """A list in JSON or with separators. ``[]`` is the empty list."""
        text = text.strip()
        parts = [part.strip() for part in re.split(self._separator, text)]
        split: object = [self._item.from_text(part) for part in parts if part]
        # A glob may begin with a bracket too ("[Gg]ym*"), so what is no JSON is a plain list.
        return _from_json(text, split) if text.startswith("[") and text.endswith("]") else split

    def show(self, value: tuple[Any, ...]) -> object:
        """A list of the items' TOML values."""
        return [self._item.show(item) for item in value]

    def schema(self) -> Schema:
        """An array."""
        array: Schema = {"type": "array", "items": self._item.schema()}
        return array | {"uniqueItems": True} if self._unique else array
