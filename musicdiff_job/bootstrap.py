"""The composition root: settings in, a ``Job`` out. Nothing but this and ``connecting`` names the real adapters.

Adapters are imported when they are opened, so that a run with nothing to do starts fast.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from musicdiff_job import __version__, connecting
from musicdiff_job.clock import StopFlag
from musicdiff_job.core import budget, override_file
from musicdiff_job.core.budget import LedgerRule
from musicdiff_job.core.checkpoint import Checkpoint
from musicdiff_job.core.errors import ConfigError
from musicdiff_job.core.match import Rules
from musicdiff_job.core.model import Service
from musicdiff_job.core.outcome import ExitCodes
from musicdiff_job.core.policy import HandEdits, LikedAs, Policy, Rule, Window
from musicdiff_job.core.secret import Redactor
from musicdiff_job.core.summary import Trigger
from musicdiff_job.dry_run import DryHistory, DryStore
from musicdiff_job.gate import Gate, Limits
from musicdiff_job.ports import Catalogue, CheckpointStore, Clock, History, Observer, Store
from musicdiff_job.session import Connections, Job
from musicdiff_job.settings import Loaded, Settings
from musicdiff_job.settings.choices import Direction, Entity, SourceKind, TargetKind
from musicdiff_job.shared_limits import SharedLimits
from musicdiff_job.store.file import FileStore

if TYPE_CHECKING:
    from musicdiff_job.core import play_counts
    from musicdiff_job.report.overview import Standpoint

OVERRIDES_AT_MOST = 1 << 25
"""Characters; enough for half a million tracks. A larger file is none, and may be an endless device."""

NO_LIMIT = 1_000_000
"""Entries. No list is so long; a file has room for any."""


def open_store(settings: Settings, clock: Clock, stop: StopFlag | None = None) -> CheckpointStore:
    """The checkpoint's store; ``stop`` is the stop flag of the run that it is for. Reaches nothing. Raises
    ``ConfigError`` for an address that no checkpoint can have, and for S3 where boto3 is not installed."""
    url = settings.checkpoint.url
    if not url.startswith("s3://"):
        return FileStore(Path(url), clock=clock, app_version=__version__)
    bucket, _, key = url.removeprefix("s3://").partition("/")
    if key.endswith("/"):
        raise ConfigError(
            [f"checkpoint.url: {url} is a folder; it must name an object, s3://bucket/checkpoint.json.gz"]
        )
    with needing_boto3("checkpoint.url: a checkpoint"):
        from musicdiff_job.store.s3 import S3Store
    return S3Store(bucket, key, clock=clock, app_version=__version__, stop=stop or StopFlag())


def open_history(settings: Settings, run_id: str, stop: StopFlag | None = None) -> History:
    """The listening history. Reaches nothing. Raises ``ConfigError`` for S3 where boto3 is not installed."""
    url = settings.playback.url
    if not url.startswith("s3://"):
        from musicdiff_job.playback.folder import FolderHistory

        return FolderHistory(Path(url))
    name, _, prefix = url.removeprefix("s3://").partition("/")
    with needing_boto3("playback.url: a listening history"):
        from musicdiff_job.playback.s3 import HISTORY, S3History
        from musicdiff_job.store.bucket import Bucket
    folder = f"{prefix.rstrip('/')}/" if prefix else ""
    return S3History(Bucket(name, stop or StopFlag(), HISTORY), folder, run_id)


@contextmanager
def needing_boto3(what: str) -> Iterator[None]:
    """Around the import of what keeps something in S3, which ``what`` names after its setting."""
    try:
        yield
    except ModuleNotFoundError as error:
        if error.name not in ("boto3", "botocore"):
            raise
        raise ConfigError([f"{what} in S3 needs boto3: pip install 'musicdiff-job[s3]'"]) from None


def assemble(
    loaded: Loaded,
    *,
    stop: StopFlag,
    clock: Clock,
    observer: Observer,
    redactor: Redactor,
    store: Store,
    run_id: str,
    dry_run: bool = False,
    max_seconds: float | None = None,
    max_calls: int | None = None,
    only: tuple[str, ...] = (),
    force: bool = False,
    trigger: Trigger = Trigger.MANUAL,
    exit_codes: ExitCodes = ExitCodes.SIMPLE,
    shared: SharedLimits | None = None,
) -> Job:
    """The job. ``max_seconds`` and ``max_calls`` tighten or widen the settings' budgets; ``shared`` are the limits that
    runs before it in this process have left. Raises ``ConfigError`` for
    settings that this version cannot follow and for overrides that cannot be read."""
    settings = loaded.settings
    _refuse_unsupported(settings)
    seconds = settings.budget.time if max_seconds is None else max_seconds
    limits = Limits(
        seconds=seconds,
        calls=settings.budget.calls if max_calls is None else max_calls,
        ledgers=ledger_rules(settings),
        windows={Service.DEEZER: (settings.deezer.requests_per_5s, 5.0)},
        write_interval=settings.deezer.write_interval,
        intervals={Service.SPOTIFY: settings.spotify.interval},
    )

    def connect(checkpoint: Checkpoint) -> Connections:
        if shared is None:
            gate = Gate(limits, clock, stop, checkpoint.ledgers, checkpoint.not_before)
            return connecting.connect(loaded, gate, clock, redactor, checkpoint, dry_run=dry_run)
        app = loaded.credentials.spotify_client_id
        closed = shared.closures(checkpoint.not_before, app)
        gate = Gate(limits, clock, stop, checkpoint.ledgers, closed, shared.windows(limits.windows))
        connections = connecting.connect(loaded, gate, clock, redactor, checkpoint, dry_run=dry_run)

        def close() -> None:
            shared.note(gate.not_before(), app)
            connections.close()

        return replace(connections, close=close)

    history = open_history(settings, run_id, stop) if settings.playback.enabled else None
    return Job(
        store=DryStore(store) if dry_run else store,
        clock=clock,
        stop=stop,
        connect=connect,
        policy=policy_of(settings),
        rules=rules_of(settings),
        observer=observer,
        run_id=run_id,
        retry=settings.matching.retry_unmatched,
        overrides=read_overrides(settings),
        history=DryHistory(history) if history is not None and dry_run else history,
        max_seconds=seconds,
        profile=settings.profile,
        trigger=trigger,
        dry_run=dry_run,
        only=only,
        force=force,
        exit_codes=exit_codes,
        stop_after_failures=0 if dry_run else settings.sync.stop_after_failures,
    )


def prove_settings(settings: Settings) -> None:
    """Raise the ``ConfigError`` that ``assemble`` would, or ``open_history``. Opens no file but the overrides."""
    _refuse_unsupported(settings)
    read_overrides(settings)
    if settings.playback.enabled:
        open_history(settings, "")


def standpoint_of(loaded: Loaded) -> Standpoint:
    """What a report needs to know beside the checkpoint."""
    from musicdiff_job.report.overview import Standpoint

    settings = loaded.settings
    return Standpoint(
        profile=settings.profile,
        policy=policy_of(settings),
        rules=rules_of(settings),
        ledgers=ledger_rules(settings),
        authorized_on=loaded.credentials.spotify_authorized_at,
    )


def ledger_rules(settings: Settings) -> dict[Service, LedgerRule]:
    """The limits that hold across runs."""
    return {
        Service.SPOTIFY: budget.spotify_rule(settings.budget.spotify_per_day),
        Service.DEEZER: budget.deezer_rule(settings.budget.deezer_per_hour),
    }


def listened(settings: Settings, now: datetime) -> play_counts.Listening | None:
    """What was played in this month and the two before; None where it is not recorded. Raises ``HistoryUnusable``."""
    if not settings.playback.enabled:
        return None
    from musicdiff_job.core.play_counts import count_plays, read_period

    months = now.year * 12 + now.month - 1 - 2
    since = read_period(f"{months // 12:04}-{months % 12 + 1:02}", None)
    return count_plays(open_history(settings, "").read(since), top=10)


def open_catalogue(
    loaded: Loaded, clock: Clock, stop: StopFlag, redactor: Redactor
) -> tuple[Catalogue, Callable[[], None]]:
    """Deezer's public catalogue alone, for ``explain``, and what closes it."""
    from musicdiff_job.deezer.catalogue import DeezerCatalogue

    settings = loaded.settings
    limits = Limits(
        seconds=60.0, calls=20, ledgers={}, windows={Service.DEEZER: (settings.deezer.requests_per_5s, 5.0)}
    )
    catalogue = DeezerCatalogue(Gate(limits, clock, stop), redactor, settings.urls.deezer_api)
    return catalogue, catalogue.close


def rules_of(settings: Settings) -> Rules:
    """The settings of the matcher."""
    return Rules(min_score=settings.matching.min_score, prefer_explicit=settings.matching.prefer_explicit)


def policy_of(settings: Settings) -> Policy:
    """The settings that shape mirrors. Files hold lists of tracks, of any length, and no favourites."""
    sync = settings.sync
    files = settings.target.kind is TargetKind.FILES
    rules = tuple(
        Rule(
            match=rule.match,
            every=rule.every,
            window=Window(rule.window.start, rule.window.end, rule.timezone) if rule.window else None,
            priority=rule.priority,
            hand_edits=rule.hand_edits,
            both_ways=rule.direction is Direction.BOTH,
        )
        for rule in settings.playlist
    )
    return Policy(
        entities=tuple(str(one) for one in sync.entities if not files or one in (Entity.LIKED, Entity.PLAYLISTS)),
        include=sync.include,
        exclude=sync.exclude,
        hand_edits=sync.hand_edits,
        max_removals=sync.max_removals,
        on_source_deleted=sync.on_source_deleted,
        verify_every=sync.verify_every,
        privacy=sync.public,
        name=sync.name,
        liked_as=LikedAs.PLAYLIST if files else sync.liked_as,
        playlist_limit=NO_LIMIT if files else settings.deezer.playlist_limit,
        rules=rules,
    )


def _refuse_unsupported(settings: Settings) -> None:
    """A setting that would be silently ignored is worse than an error."""
    problems = []
    problems += _missing_for_notify(settings)
    if settings.playback.enabled and settings.source.kind is SourceKind.EXPORT:
        problems.append("playback.enabled: an export cannot be asked what was played last; leave it off with one")
    problems += [
        f'playlist.hand_edits: "{rule.hand_edits}" and direction = "both" contradict each other in the rule for '
        f"{rule.match!r}; leave one of them out"
        for rule in settings.playlist
        if rule.direction is Direction.BOTH and rule.hand_edits not in (None, HandEdits.KEEP)
    ]
    both = any(rule.direction is Direction.BOTH for rule in settings.playlist)
    if both and settings.source.kind is SourceKind.EXPORT:
        problems.append('playlist.direction: an export cannot be written to; leave "both" out with one')
    if both and settings.target.kind is TargetKind.FILES:
        problems.append('playlist.direction: files are a copy and nobody edits them; leave "both" out with them')
    if problems:
        raise ConfigError(problems)


def _missing_for_notify(settings: Settings) -> list[str]:
    if not (settings.notify.urls or settings.metrics.textfile or settings.metrics.pushgateway):
        return []
    from musicdiff_job.notify import opening

    return opening.missing(settings)


def read_overrides(settings: Settings) -> override_file.Overrides:
    """The file of matches decided by hand, empty when there is none. Raises ``ConfigError``."""
    path = Path(settings.matching.overrides)
    try:
        with path.open(encoding="utf-8") as file:
            text = file.read(OVERRIDES_AT_MOST + 1)
    except FileNotFoundError:
        # The default name is optional; any other was proven to exist when the settings were read.
        return override_file.Overrides()
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError([f"matching.overrides: {path} cannot be read ({error})"]) from None
    if len(text) > OVERRIDES_AT_MOST:
        raise ConfigError([f"matching.overrides: {path} is larger than {OVERRIDES_AT_MOST} characters"])
    return override_file.parse(text, str(path))
