"""The enumerations of the settings. A member's value is what stands in the file."""

from __future__ import annotations

from enum import StrEnum

from musicdiff_job.core.policy import HandEdits, LikedAs, OnSourceDeleted, Privacy
from musicdiff_job.core.told import NotifyOn

__all__ = [
    "Direction",
    "Entity",
    "HandEdits",
    "LikedAs",
    "LogFormat",
    "LogLevel",
    "NotifyOn",
    "OnSourceDeleted",
    "Privacy",
    "SourceKind",
    "TargetKind",
]


class Entity(StrEnum):
    """What a library consists of."""

    LIKED = "liked"
    ARTISTS = "artists"
    ALBUMS = "albums"
    PLAYLISTS = "playlists"


class SourceKind(StrEnum):
    """What is copied from: the account, or files exported from it."""

    SPOTIFY = "spotify"
    EXPORT = "export"


class TargetKind(StrEnum):
    """What is written to: the account, or files."""

    DEEZER = "deezer"
    FILES = "files"


class Direction(StrEnum):
    """Whether edits on the target also travel back."""

    ONE_WAY = "one-way"
    BOTH = "both"


class LogFormat(StrEnum):
    """``auto``: text on a terminal, JSON elsewhere."""

    AUTO = "auto"
    TEXT = "text"
    JSON = "json"


class LogLevel(StrEnum):
    """The least severe record that is written."""

    DEBUG = "debug"
    INFO = "info"
    WARNING = "warning"
    ERROR = "error"
