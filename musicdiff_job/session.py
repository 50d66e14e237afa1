"""What one run holds while it works: the connections, the checkpoint as it stands now, and what it counts.

Match records that look-ups bring up to date one by one are collected, and folded into the checkpoint when it is read:
each of its values is a whole one, and making one copies the table of all matches.

Saving. Intents and settlements are saved at once. Reads and matches can be made again, at the price of calls; they
are saved every ``SAVE_EVERY`` seconds, less often where saving takes long, and whenever the run stops.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime

import msgspec

from musicdiff_job.clock import StopFlag
from musicdiff_job.core.before_image import BeforeImage, Removed, remembered
from musicdiff_job.core.checkpoint import Checkpoint, MatchRecord, Mirror
from musicdiff_job.core.errors import SkipCollection, Unavailable
from musicdiff_job.core.match import Rules
from musicdiff_job.core.model import (
    FAVOURITE_LISTS,
    FAVOURITES,
    CollectionHead,
    CollectionId,
    Header,
    PlaylistId,
    Service,
    SourceId,
    TargetContents,
    TargetHead,
    Track,
)
from musicdiff_job.core.outcome import ExitCodes
from musicdiff_job.core.override_file import Overrides
from musicdiff_job.core.policy import Policy
from musicdiff_job.core.summary import Trigger
from musicdiff_job.core.timestamps import to_iso
from musicdiff_job.gate import Gate
from musicdiff_job.ports import (
    Catalogue,
    Clock,
    History,
    Lease,
    Listening,
    Observer,
    Source,
    SourceWrites,
    Store,
    Target,
)

SAVE_EVERY = 5.0
"""Seconds."""
SAVE_COST = 0.01
"""The share of a run that these saves may take."""


@dataclass(frozen=True, slots=True)
class Connections:
    """The services, as one run reaches them. ``close`` ends their connections. ``tell`` is there when every track is
    its own counterpart, so that the catalogue is not asked: it gets to know what the tracks are that will be named."""

    gate: Gate
    source: Source
    target: Target
    catalogue: Catalogue
    close: Callable[[], None]
    listening: Listening | None = None
    tell: Callable[[Iterable[Track]], None] | None = None
    writes: SourceWrites | None = None
    """Where hand edits may flow back; None where the source can only be read."""


@dataclass(frozen=True, slots=True)
class Job:
    """Everything ``run_once`` needs. ``connect`` is called only when there is something to do, with the checkpoint
    that was loaded. ``retry`` are the growing pauses, in seconds, after which an unmatched track is tried again.
    ``history`` is where plays are recorded, None for nowhere."""

    store: Store
    clock: Clock
    stop: StopFlag
    connect: Callable[[Checkpoint], Connections]
    policy: Policy
    rules: Rules
    observer: Observer
    run_id: str
    retry: tuple[float, ...] = (86_400.0, 3 * 86_400.0, 7 * 86_400.0, 30 * 86_400.0)
    overrides: Overrides = field(default_factory=Overrides)
    history: History | None = None
    max_seconds: float = 600.0
    profile: str = "default"
    trigger: Trigger = Trigger.MANUAL
    dry_run: bool = False
    only: tuple[str, ...] = ()
    force: bool = False
    exit_codes: ExitCodes = ExitCodes.SIMPLE
    stop_after_failures: int = 0
    """Failed runs in a row after which the job pauses itself; 0: never."""


class Session:
    """The mutable side of one run."""

    def __init__(self, job: Job, lease: Lease, checkpoint: Checkpoint, connections: Connections) -> None:
        self.job = job
        self.lease = lease
        self._checkpoint = checkpoint
        self._records: dict[SourceId, MatchRecord] = {}  # not in it yet
        self.connections = connections
        self.started = job.clock.now()
        self.methods: Counter[str] = Counter()
        self.lookups = 0
        self.searches = 0
        self.suspects: dict[SourceId, Track] = {}
        self.created: set[PlaylistId] = set()
        self.edited: dict[CollectionId, str] = {}
        self.deleted: dict[PlaylistId, TargetHead | None] = {}
        self._saved_at = job.clock.monotonic()
        self._save_took = 0.0
        self._listed: dict[PlaylistId, TargetHead] | None = None
        self._unlisted: Unavailable | None = None

    @property
    def gate(self) -> Gate:
        """The door to the services."""
        return self.connections.gate

    @property
    def target(self) -> Target:
        """The account that is written to."""
        return self.connections.target

    @property
    def source(self) -> Source:
        """The account that is copied from."""
        return self.connections.source

    @property
    def checkpoint(self) -> Checkpoint:
        """The memory as it stands now."""
        if self._records:
            self._checkpoint = self._checkpoint.with_matches(self._records)
            self._records = {}
        return self._checkpoint

    @checkpoint.setter
    def checkpoint(self, checkpoint: Checkpoint) -> None:
        self._checkpoint = checkpoint

    def record(self, source: SourceId) -> MatchRecord | None:
        """What is known of one track's counterpart, for less than a whole memory costs."""
        return self._records.get(source) or self._checkpoint.matches.get(source)

    def put_record(self, source: SourceId, record: MatchRecord) -> None:
        """Replace what is known of one track's counterpart, unsaved."""
        self._records[source] = record

    def now(self) -> datetime:
        """The time, aware, in UTC."""
        return self.job.clock.now()

    def now_text(self) -> str:
        """The time as the checkpoint writes it."""
        return to_iso(self.now())

    def mirror(self, head: CollectionHead) -> Mirror:
        """The collection's memory; a fresh one for a new collection."""
        return self.checkpoint.mirrors.get(head.id) or Mirror(id=head.id, kind=head.kind, name=head.name)

    def put(self, mirror: Mirror) -> None:
        """Replace a collection's memory, unsaved."""
        self.checkpoint = self.checkpoint.with_mirror(mirror)

    def keep_image(
        self,
        collection: CollectionHead | Mirror,
        playlist: PlaylistId,
        title: str,
        removed: tuple[Removed, ...],
        header: Header | None = None,
    ) -> None:
        """Remember what is about to be removed from a playlist of this title, unsaved; with a ``header`` the playlist
        itself is."""
        image = BeforeImage(
            run=self.job.run_id,
            taken_at=self.now_text(),
            collection=collection.id,
            kind=collection.kind,
            name=collection.name,
            playlist=playlist,
            title=title,
            removed=removed,
            header=header,
        )
        self.put_images(remembered(self.checkpoint.images, image, self.now()))

    def replace_image(self, before: BeforeImage, image: BeforeImage) -> None:
        """Remember something else of a removal, unsaved."""
        self.put_images(tuple(image if one == before else one for one in self.checkpoint.images))

    def put_images(self, images: tuple[BeforeImage, ...]) -> None:
        """Remember just these removals, unsaved: those from before take back what was kept for one not made."""
        self.checkpoint = msgspec.structs.replace(self.checkpoint, images=images)

    def listed(self) -> dict[PlaylistId, TargetHead]:
        """The target's playlists, read once per run; the favourites stand under ``FAVOURITES`` too, as parts name
        them. Raises what ``Target.playlists`` raises; a target that will not list its playlists is ``Unavailable``."""
        if self._unlisted is not None:
            raise self._unlisted  # asked again it would say the same, for every collection
        if self._listed is None:
            try:
                self._listed = self._read_listing()
            except Unavailable as error:
                self._unlisted = error
                raise
            except SkipCollection as error:
                self._unlisted = Unavailable(error.message, error.hint, service=Service.DEEZER)
                raise self._unlisted from None
        return self._listed

    def listed_again(self) -> None:
        """Read the target's playlists once more, for one that the first listing may have been too early to show. What
        this run has created stays known."""
        self._listed = {**self.listed(), **self._read_listing()}

    def _read_listing(self) -> dict[PlaylistId, TargetHead]:
        listed = {head.id: head for head in self.target.playlists() if head.id not in self.deleted}
        loved = next((head for head in listed.values() if head.loved), None)
        return listed if loved is None else {**listed, FAVOURITES: loved}

    def contents(self, playlist: PlaylistId) -> TargetContents:
        """What a playlist or a list of favourites holds. Raises what ``Target.tracks`` raises."""
        return self.target.favourites(playlist) if playlist in FAVOURITE_LISTS else self.target.tracks(playlist)

    def forget_listed(self, playlist: PlaylistId) -> None:
        """The playlist was deleted, whatever a listing says in this run; ``deleted`` keeps what it said before."""
        self.deleted[playlist] = self._listed.pop(playlist, None) if self._listed is not None else None

    def knows_target(self) -> bool:
        """Whether the target's playlists were read in this run."""
        return self._listed is not None

    def bound(self) -> frozenset[PlaylistId]:
        """The target playlists that mirrors own."""
        return frozenset(part.playlist for mirror in self.checkpoint.mirrors.values() for part in mirror.parts)

    def save(self, *, last: bool = False) -> None:
        """Save now, with the gate's ledgers and closed services. Nothing can be saved after the ``last`` time."""
        self.checkpoint = msgspec.structs.replace(
            self.checkpoint,
            ledgers={**self.checkpoint.ledgers, **self.gate.ledgers()},
            not_before=self.gate.not_before(),
        )
        began = self.job.clock.monotonic()
        self.lease.save(self.checkpoint, last=last)
        self._saved_at = self.job.clock.monotonic()
        self._save_took = self._saved_at - began

    def save_soon(self) -> None:
        """Save if the last save is more than ``SAVE_EVERY`` seconds old, and as old as ``SAVE_COST`` of its length
        allows."""
        if self.job.clock.monotonic() - self._saved_at >= max(SAVE_EVERY, self._save_took / SAVE_COST):
            self.save()
