"""How the gateway spells parameters and failures.

Theory. Names of parameters do not care for case and ids are accepted as text or number (several clients do either).
Bodies are JSON objects; form bodies are reported to work only for creating and deleting a playlist.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, NoReturn

from musicdiff_job.sandbox.http import Request

TAKES_FORMS: Final = frozenset({"playlist.create", "playlist.delete"})
"""Methods for which one client sends a form body."""


class GatewayFailed(Exception):
    """Ends a call with ``{"error": {key: text}}``."""

    def __init__(self, key: str, text: str) -> None:
        super().__init__(key)
        self.key = key
        self.text = text


def wrong_parameters() -> NoReturn:
    """The failure for anything misspelt."""
    raise GatewayFailed("REQUEST_ERROR", "Wrong parameters")


class Parameters:
    """The body of one call; every accessor ends the call with REQUEST_ERROR when the value is not what it must be."""

    def __init__(self, values: Mapping[str, Any]) -> None:
        self._values = {key.lower(): value for key, value in values.items()}

    def has(self, name: str) -> bool:
        """Whether it was sent at all."""
        return name in self._values

    def text(self, name: str, default: str | None = None) -> str:
        """A text; without a default it must be there."""
        value = self._values.get(name, default)
        return value if isinstance(value, str) else wrong_parameters()

    def whole(self, name: str, default: int | None = None) -> int:
        """A whole number, sent as number or text."""
        value = self._values.get(name)
        return _whole(default if value is None else value)

    def ids(self, name: str) -> list[int]:
        """A list of positive ids."""
        value = self._values.get(name)
        if not isinstance(value, list):
            wrong_parameters()
        ids = [_whole(item) for item in value]
        return ids if all(key > 0 for key in ids) else wrong_parameters()

    def songs(self, name: str = "songs") -> list[int]:
        """Songs as ``[[id, 0], ...]``, ``[[id], ...]`` or, for none, ``false``."""
        value = self._values.get(name, False)
        if value is False:
            return []
        if not isinstance(value, list) or not all(isinstance(pair, list) and pair for pair in value):
            wrong_parameters()
        ids = [_whole(pair[0]) for pair in value]
        return ids if all(key > 0 for key in ids) else wrong_parameters()


def parameters_of(request: Request, method: str) -> Parameters:
    """The parameters of a call from its JSON body, or a form where that works."""
    if request.form and method in TAKES_FORMS:
        return Parameters(request.form)
    try:
        body = request.json() if request.body else {}
    except ValueError:
        wrong_parameters()
    return Parameters(body) if isinstance(body, dict) else wrong_parameters()


def _whole(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int | str):
        wrong_parameters()
    try:
        return int(value)
    except ValueError:
        wrong_parameters()
