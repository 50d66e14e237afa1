"""Connecting a run: the source, the target and the catalogue that the settings and credentials name.

The adapters and their libraries are imported here when a run connects, so that a run with nothing to do starts fast.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, time
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from musicdiff_job.core.checkpoint import Checkpoint
from musicdiff_job.core.errors import AuthError
from musicdiff_job.core.model import AccountId, Service
from musicdiff_job.core.secret import Redactor
from musicdiff_job.dry_run import DryTarget
from musicdiff_job.gate import Gate
from musicdiff_job.ports import Clock, Door, Listening, Source, SourceWrites, Target
from musicdiff_job.session import Connections
from musicdiff_job.settings import Credentials, Loaded, Settings
from musicdiff_job.settings.choices import SourceKind, TargetKind

if TYPE_CHECKING:
    from musicdiff_job.spotify.auth import TokenRefresher


class Origin(NamedTuple):
    """The account that is copied from, and what else may be asked of it."""

    source: Source
    listening: Listening | None = None
    writes: SourceWrites | None = None


def connect(
    loaded: Loaded, gate: Gate, clock: Clock, redactor: Redactor, checkpoint: Checkpoint, *, dry_run: bool
) -> Connections:
    """Open what the settings name; the target of a ``dry_run`` writes nowhere. Raises ``AuthError`` where a credential
    is missing."""
    credentials, settings = loaded.credentials, loaded.settings
    if missing := credentials.require(settings.source.kind, settings.target.kind):
        names = " and ".join(one.name for one in missing)
        commands = ", ".join(dict.fromkeys(f"`{one.command}`" for one in missing))
        hint = f"Make them with {commands}; if that is done, name their file: --env-file"
        raise AuthError(f"no credentials: {names} not set", hint)
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
    from musicdiff_job.spotify.client import SpotifySource
    from musicdiff_job.spotify.writing import SpotifyWrites

    tokens = open_tokens(credentials, settings, gate, clock, redactor)
    source = SpotifySource(
        gate,
        clock,
        redactor,
        tokens,
        settings.urls.spotify_api,
        _pinned(checkpoint, Service.SPOTIFY, tokens.credential()),
    )
    return Origin(source, source, SpotifyWrites(source)), source.close


def open_tokens(
    credentials: Credentials, settings: Settings, door: Door, clock: Clock, redactor: Redactor
) -> TokenRefresher:
    """What gets access to the Spotify account. Raises ``AuthError`` without a refresh token."""
    from musicdiff_job.spotify.auth import TokenRefresher

    if credentials.spotify_refresh_token is None:
        raise AuthError("SPOTIFY_REFRESH_TOKEN is not set", "Make one with `musicdiff-job auth spotify`")
    authorized = credentials.spotify_authorized_at
    return TokenRefresher(
        door,
        clock,
        redactor,
        settings.urls.spotify_accounts,
        credentials.spotify_client_id,
        credentials.spotify_client_secret,
        credentials.spotify_refresh_token,
        datetime.combine(authorized, time(), UTC) if authorized else None,
        Path(settings.spotify.token_store) if settings.spotify.token_store else None,
    )


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
