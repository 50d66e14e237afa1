"""The composition root: settings in, a ``Job`` out. The only place that names the real adapters.

The adapters and their libraries are imported when a run connects, so that a run with nothing to do starts fast.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime, time
from pathlib import Path
from typing import NamedTuple

from musicdiff_job import __version__
from musicdiff_job.clock import StopFlag
from musicdiff_job.core import budget, override_file
from musicdiff_job.core.checkpoint import Checkpoint
from musicdiff_job.core.errors import AuthError, ConfigError
from musicdiff_job.core.match import Rules
from musicdiff_job.core.model import AccountId, Service
from musicdiff_job.core.outcome import ExitCodes
from musicdiff_job.core.policy import HandEdits, LikedAs, Policy, Rule, Window
from musicdiff_job.core.secret import Redactor
from musicdiff_job.core.summary import Trigger
from musicdiff_job.dry_run import DryHistory, DryStore, DryTarget
from musicdiff_job.gate import Gate, Limits
from musicdiff_job.ports import (
    Catalogue,
    CheckpointStore,
    Clock,
    History,
    Listening,
    Observer,
    Source,
    SourceWrites,
    Store,
    Target,
)
from musicdiff_job.session import Connections, Job
from musicdiff_job.settings import Credentials, Loaded, Settings
from musicdiff_job.settings.choices import Direction, Entity, SourceKind, TargetKind
from musicdiff_job.shared_limits import SharedLimits
from musicdiff_job.sinks import Sink
from musicdiff_job.store.file import FileStore

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
    try:
        from musicdiff_job.store.s3 import S3Store
    except ModuleNotFoundError as error:
        if error.name not in ("boto3", "botocore"):
            raise
        told = "checkpoint.url: a checkpoint in S3 needs boto3: pip install 'musicdiff-job[s3]'"
        raise ConfigError([told]) from None
    return S3Store(bucket, key, clock=clock, app_version=__version__, stop=stop or StopFlag())


def open_history(settings: Settings, run_id: str, stop: StopFlag | None = None) -> History:
    """The listening history. Reaches nothing. Raises ``ConfigError`` for S3 where boto3 is not installed."""
    url = settings.playback.url
    if not url.startswith("s3://"):
        from musicdiff_job.playback.folder import FolderHistory

        return FolderHistory(Path(url))
    name, _, prefix = url.removeprefix("s3://").partition("/")
    try:
        from musicdiff_job.playback.s3 import HISTORY, S3History
        from musicdiff_job.store.bucket import Bucket
    except ModuleNotFoundError as error:
        if error.name not in ("boto3", "botocore"):
            raise
        told = "playback.url: a listening history in S3 needs boto3: pip install 'musicdiff-job[s3]'"
        raise ConfigError([told]) from None
    folder = f"{prefix.rstrip('/')}/" if prefix else ""
    return S3History(Bucket(name, stop or StopFlag(), HISTORY), folder, run_id)


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
        ledgers={
            Service.SPOTIFY: budget.spotify_rule(settings.budget.spotify_per_day),
            Service.DEEZER: budget.deezer_rule(settings.budget.deezer_per_hour),
        },
        windows={Service.DEEZER: (settings.deezer.requests_per_5s, 5.0)},
        write_interval=settings.deezer.write_interval,
        intervals={Service.SPOTIFY: settings.spotify.interval},
    )

    def connect(checkpoint: Checkpoint) -> Connections:
        if shared is None:
            gate = Gate(limits, clock, stop, checkpoint.ledgers, checkpoint.not_before)
            return _connect(loaded, gate, clock, redactor, checkpoint, dry_run=dry_run)
        app = loaded.credentials.spotify_client_id
        closed = shared.closures(checkpoint.not_before, app)
        gate = Gate(limits, clock, stop, checkpoint.ledgers, closed, shared.windows(limits.windows))
        connections = _connect(loaded, gate, clock, redactor, checkpoint, dry_run=dry_run)

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
    )


def open_sinks(loaded: Loaded | None, env: Mapping[str, str]) -> tuple[Sink, ...]:
    """Who is told of runs: by the settings (None where they cannot be read), and by what ``env`` says of the place
    that the process runs in. Reaches nothing."""
    return ()


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
    later = {
        "notify.urls": bool(settings.notify.urls),
        "health.ping_url": bool(settings.health.ping_url),
        "metrics.textfile": bool(settings.metrics.textfile),
        "metrics.pushgateway": bool(settings.metrics.pushgateway),
        "report.html": bool(settings.report.html),
        "hooks": bool(settings.hooks.before or settings.hooks.after_success or settings.hooks.after_failure),
        "sync.stop_after_failures": settings.sync.stop_after_failures > 0,
    }
    problems = [
        f"{key}: this version does not do that yet; leave it at its default" for key, is_set in later.items() if is_set
    ]
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


class Origin(NamedTuple):
    """The account that is copied from, and what else may be asked of it."""

    source: Source
    listening: Listening | None = None
    writes: SourceWrites | None = None


def _connect(
    loaded: Loaded, gate: Gate, clock: Clock, redactor: Redactor, checkpoint: Checkpoint, *, dry_run: bool
) -> Connections:
    credentials, settings = loaded.credentials, loaded.settings
    if missing := credentials.require(settings.source.kind, settings.target.kind):
        names = " and ".join(one.name for one in missing)
        commands = ", ".join(dict.fromkeys(f"`{one.command}`" for one in missing))
        raise AuthError(f"no credentials: {names} not set", f"Make them with {commands}")
    origin, close_source = _open_source(credentials, settings, gate, clock, redactor, checkpoint)
    if settings.target.kind is TargetKind.FILES:
        return _to_files(settings, gate, clock, checkpoint, origin, close_source, dry_run=dry_run)
    target, close_target = _open_target(credentials, settings, gate, redactor, checkpoint)
    from musicdiff_job.deezer.catalogue import DeezerCatalogue

    catalogue = DeezerCatalogue(gate, redactor, settings.urls.deezer_api)

    def close() -> None:
        close_source()
        close_target()
        catalogue.close()

    written = DryTarget(target) if dry_run else target
    return Connections(gate, origin.source, written, catalogue, close, origin.listening, writes=origin.writes)


def _to_files(
    settings: Settings,
    gate: Gate,
    clock: Clock,
    checkpoint: Checkpoint,
    origin: Origin,
    close: Callable[[], None],
    *,
    dry_run: bool,
) -> Connections:
    from musicdiff_job.files.target import FilesTarget, NothingToAsk

    expected = any(part.fingerprint for mirror in checkpoint.mirrors.values() for part in mirror.parts)
    files = FilesTarget(Path(settings.target.path), clock, gate.check, expected=expected)
    files.tell(record.track for record in checkpoint.matches.values())
    written = DryTarget(files) if dry_run else files
    return Connections(gate, origin.source, written, NothingToAsk(), close, origin.listening, files.tell)


def _open_source(
    credentials: Credentials,
    settings: Settings,
    gate: Gate,
    clock: Clock,
    redactor: Redactor,
    checkpoint: Checkpoint,
) -> tuple[Origin, Callable[[], None]]:
    if settings.source.kind is SourceKind.EXPORT:
        from musicdiff_job.export.source import ExportSource

        return Origin(ExportSource(Path(settings.source.path))), lambda: None
    from musicdiff_job.spotify.auth import TokenRefresher
    from musicdiff_job.spotify.client import SpotifySource
    from musicdiff_job.spotify.writing import SpotifyWrites

    if credentials.spotify_refresh_token is None:
        raise AuthError("SPOTIFY_REFRESH_TOKEN is not set", "Make one with `musicdiff-job auth spotify`")
    authorized = credentials.spotify_authorized_at
    tokens = TokenRefresher(
        gate,
        clock,
        redactor,
        settings.urls.spotify_accounts,
        credentials.spotify_client_id,
        credentials.spotify_client_secret,
        credentials.spotify_refresh_token,
        datetime.combine(authorized, time(), UTC) if authorized else None,
        Path(settings.spotify.token_store) if settings.spotify.token_store else None,
    )
    source = SpotifySource(
        gate,
        clock,
        redactor,
        tokens,
        settings.urls.spotify_api,
        _pinned(checkpoint, Service.SPOTIFY, tokens.credential()),
    )
    return Origin(source, source, SpotifyWrites(source)), source.close


def _open_target(
    credentials: Credentials, settings: Settings, gate: Gate, redactor: Redactor, checkpoint: Checkpoint
) -> tuple[Target, Callable[[], None]]:
    if credentials.deezer_arl is not None:
        from musicdiff_job.deezer.gateway import DeezerGateway

        gateway = DeezerGateway(gate, redactor, settings.urls.deezer_gateway, credentials.deezer_arl)
        return gateway, gateway.close
    from musicdiff_job.deezer.rest import DeezerRest

    if credentials.deezer_access_token is None:
        raise AuthError("neither DEEZER_ARL nor DEEZER_ACCESS_TOKEN is set", "See `musicdiff-job auth deezer`")
    token = credentials.deezer_access_token
    # The constructor needs no account to tell its credential.
    rest = DeezerRest(gate, redactor, settings.urls.deezer_api, token, None)
    if (known := _pinned(checkpoint, Service.DEEZER, rest.credential())) is not None:
        rest.close()
        rest = DeezerRest(gate, redactor, settings.urls.deezer_api, token, known)
    return rest, rest.close


def _pinned(checkpoint: Checkpoint, service: Service, credential: str) -> AccountId | None:
    """The account that this credential is known to open."""
    account = checkpoint.accounts.get(service)
    return AccountId(account.id) if account is not None and account.credential == credential else None
