"""What the user asked for, as frozen values: one struct for each section of the settings file.

Each field is one setting. Its annotation holds its kind (grammar, see ``kinds``) and its meaning; its default is the
built-in one. The parser, the JSON Schema, the names of the environment variables and the documentation are all made
from these rows, so a setting is added here and nowhere else.

Units: durations are seconds, percentages fractions from 0 to 1, sizes bytes. Places are absolute paths or ``s3://``
addresses once loaded; "" means none.

Annotations are evaluated here (no ``from __future__``): the rows are read off them at every start, and resolving them
from text would cost as much as the rest of the reading.
"""

from typing import Annotated

import msgspec

from musicdiff_job.core.secret import Secret
from musicdiff_job.settings.choices import (
    Direction,
    Entity,
    HandEdits,
    LikedAs,
    LogFormat,
    LogLevel,
    NotifyOn,
    OnSourceDeleted,
    Privacy,
    SourceKind,
    TargetKind,
)
from musicdiff_job.settings.kinds import Choice, Flag, Many, Place, Selector, Text, Zone
from musicdiff_job.settings.quantities import Duration, Fraction, Hours, Percent, Whole, Window
from musicdiff_job.settings.recipients import PATTERN, SEPARATOR

NOTHING = Secret("")


_WEB = r"^(?:https?://[!-~]+)?$"
_ARGV = Many(Text("one word of the command", r"^.+$"))


class Checkpoint(msgspec.Struct, frozen=True):
    """Where the memory between runs is kept."""

    url: Annotated[
        str, Place(s3=True, required=True), "the checkpoint: a file, or an object in S3; {profile} is replaced"
    ] = "~/.local/state/musicdiff/checkpoint.json.gz"


class Budget(msgspec.Struct, frozen=True):
    """How much one run may spend."""

    time: Annotated[float, Duration(positive=True), "wall clock of one run"] = 600.0
    calls: Annotated[int, Whole(1), "API calls of one run, all services, retries included"] = 5000
    spotify_per_day: Annotated[int, Whole(1), "Spotify calls in any 24 hours, over all runs"] = 1000
    deezer_per_hour: Annotated[int, Whole(1), "Deezer calls in any hour, over all runs"] = 30000


class Sync(msgspec.Struct, frozen=True):
    """What is mirrored, and how carefully."""

    entities: Annotated[tuple[Entity, ...], Many(Choice(Entity), unique=True), "what is mirrored, in this order"] = (
        tuple(Entity)
    )
    include: Annotated[tuple[str, ...], Many(Selector()), "playlists that are mirrored"] = ("*",)
    exclude: Annotated[tuple[str, ...], Many(Selector()), "playlists that are not, although included"] = ()
    hand_edits: Annotated[HandEdits, Choice(HandEdits), "what becomes of edits made by hand on Deezer"] = HandEdits.KEEP
    max_removals: Annotated[
        float, Percent(), "a plan that removes more of the mirrored entries (and more than 10) needs a person's consent"
    ] = 0.3
    on_source_deleted: Annotated[
        OnSourceDeleted, Choice(OnSourceDeleted), "what becomes of the mirror of a playlist deleted on Spotify"
    ] = OnSourceDeleted.DETACH
    verify_every: Annotated[float, Duration(), "read the target again although nothing says it changed"] = 604800.0
    public: Annotated[Privacy, Choice(Privacy), "who may see the playlists on Deezer"] = Privacy.PRIVATE
    name: Annotated[
        str,
        Text('a name that contains "{name}" and no other braces', r"^[^{}]*(?:\{name\}[^{}]*)+$"),
        "template of the playlists' names on Deezer",
    ] = "{name}"
    liked_as: Annotated[LikedAs, Choice(LikedAs), "where the liked songs go"] = LikedAs.FAVOURITES
    stop_after_failures: Annotated[int, Whole(0, 1_000_000), "pause after this many failed runs in a row; 0: never"] = 0


class Source(msgspec.Struct, frozen=True):
    """What is copied from."""

    kind: Annotated[SourceKind, Choice(SourceKind), "the account, or files exported from it"] = SourceKind.SPOTIFY
    path: Annotated[str, Place(), 'with kind = "export": the file or folder of the export'] = ""


class Target(msgspec.Struct, frozen=True):
    """What is written to."""

    kind: Annotated[TargetKind, Choice(TargetKind), "the account, or files"] = TargetKind.DEEZER
    path: Annotated[str, Place(), 'with kind = "files": the folder to write to'] = ""


class PlaylistRule(msgspec.Struct, frozen=True):
    """How the playlists that match are treated; the first rule that matches counts. None: as for all others."""

    match: Annotated[str, Selector(), "the playlists that the rule is for"] = "*"
    every: Annotated[float | None, Duration(), "not before this long after the last success"] = None
    window: Annotated[Window | None, Hours(), "only at this time of day"] = None
    timezone: Annotated[str, Zone(), "the time zone of the window"] = ""
    priority: Annotated[int, Whole(-1_000_000, 1_000_000), "higher comes first"] = 0
    hand_edits: Annotated[HandEdits | None, Choice(HandEdits), "as in [sync]"] = None
    direction: Annotated[Direction, Choice(Direction), "whether edits on Deezer also travel back"] = Direction.ONE_WAY


class Matching(msgspec.Struct, frozen=True):
    """When a track counts as found."""

    min_score: Annotated[float, Fraction(), "the least score of an accepted search result"] = 0.85
    prefer_explicit: Annotated[bool, Flag(), "prefer the explicit version where both exist"] = True
    retry_unmatched: Annotated[
        tuple[float, ...], Many(Duration(positive=True), growing=True), "waits before an unmatched track is tried again"
    ] = (86400.0, 259200.0, 604800.0, 2592000.0)
    overrides: Annotated[str, Place(), "file of matches decided by hand; must exist unless it has the default name"] = (
        "overrides.toml"
    )


class Playback(msgspec.Struct, frozen=True):
    """The listening history."""

    enabled: Annotated[bool, Flag(), "whether recent plays are recorded"] = False
    url: Annotated[str, Place(s3=True, required=True), "folder, or prefix in S3, of the history"] = (
        "~/.local/state/musicdiff/plays/"
    )


class Log(msgspec.Struct, frozen=True):
    """The log."""

    format: Annotated[LogFormat, Choice(LogFormat), "auto: text on a terminal, JSON elsewhere"] = LogFormat.AUTO
    level: Annotated[LogLevel, Choice(LogLevel), "the least severe record that is written"] = LogLevel.INFO
    file: Annotated[str, Place(), "write the log to this file too"] = ""
    max_bytes: Annotated[int, Whole(), "size at which the file is rotated; 0: never"] = 10_485_760
    backups: Annotated[int, Whole(0, 1000), "how many rotated files are kept; 0: no rotation"] = 5


class Notify(msgspec.Struct, frozen=True):
    """Notifications. The addresses hold passwords, so they are secrets."""

    urls: Annotated[
        tuple[Secret, ...],
        Many(
            Text(
                "an address such as mailto://... or ntfy://..., or failure,auth=mailto://... for these occasions only",
                PATTERN,
                secret=True,
            ),
            separator=SEPARATOR,
        ),
        "addresses in the notation of Apprise",
    ] = ()
    on: Annotated[tuple[NotifyOn, ...], Many(Choice(NotifyOn), unique=True), "occasions"] = tuple(NotifyOn)


class Health(msgspec.Struct, frozen=True):
    """A dead man's switch."""

    ping_url: Annotated[
        Secret, Text('an http(s) URL, or "" for none', _WEB, secret=True), "URL in the manner of healthchecks.io"
    ] = NOTHING


class Metrics(msgspec.Struct, frozen=True):
    """Prometheus."""

    textfile: Annotated[str, Place(), "file for the node exporter's textfile collector"] = ""
    pushgateway: Annotated[
        Secret, Text('an http(s) URL, or "" for none', _WEB, secret=True), "URL of a Pushgateway"
    ] = NOTHING


class Report(msgspec.Struct, frozen=True):
    """The dashboard."""

    html: Annotated[str, Place(s3=True), "written after every run"] = ""


class Hooks(msgspec.Struct, frozen=True):
    """Commands around a run, as argument lists; no shell is involved."""

    before: Annotated[tuple[str, ...], _ARGV, "an exit status other than 0 means: not now"] = ()
    after_success: Annotated[tuple[str, ...], _ARGV, "gets the summary on its standard input"] = ()
    after_failure: Annotated[tuple[str, ...], _ARGV, "gets the summary on its standard input"] = ()


class Deezer(msgspec.Struct, frozen=True):
    """Deezer's limits."""

    playlist_limit: Annotated[int, Whole(1, 1_000_000), "entries that one playlist may have"] = 2000
    requests_per_5s: Annotated[
        int, Whole(1, 1_000_000), "Deezer allows 50 to one public address; less where others share yours"
    ] = 50
    write_interval: Annotated[float, Duration(), "pause between two writes"] = 1.0


class Spotify(msgspec.Struct, frozen=True):
    """How Spotify is called."""

    token_store: Annotated[str, Place(), "file that a renewed refresh token is written to; its folder must exist"] = ""
    interval: Annotated[float, Duration(), "pause between two calls"] = 0.0


class BaseUrls(msgspec.Struct, frozen=True):
    """Where the services are; only from the environment. ``http`` only to this machine, no trailing slash."""

    spotify_api: str = "https://api.spotify.com/v1"
    spotify_accounts: str = "https://accounts.spotify.com"
    deezer_api: str = "https://api.deezer.com"
    deezer_gateway: str = "https://www.deezer.com/ajax/gw-light.php"


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """All settings of one run."""

    profile: str = "default"
    checkpoint: Checkpoint = Checkpoint()
    budget: Budget = Budget()
    sync: Sync = Sync()
    source: Source = Source()
    target: Target = Target()
    playlist: tuple[PlaylistRule, ...] = ()
    matching: Matching = Matching()
    playback: Playback = Playback()
    log: Log = Log()
    notify: Notify = Notify()
    health: Health = Health()
    metrics: Metrics = Metrics()
    report: Report = Report()
    hooks: Hooks = Hooks()
    deezer: Deezer = Deezer()
    spotify: Spotify = Spotify()
    urls: BaseUrls = BaseUrls()
