"""Changes: one value for each API write the job can make. What a plan consists of, and what an intent remembers.

They are tagged structs so that a plan can be printed, compared, stored in the checkpoint and written to a file.
"""

from __future__ import annotations

import msgspec

from musicdiff_job.core.model import CollectionId, PlaylistId, SourceId, TargetId

PLACEHOLDER = "new-"
"""How the ids of playlists begin that a plan speaks of and that do not exist yet."""


class CreatePlaylist(msgspec.Struct, frozen=True, tag="create", omit_defaults=True):
    """Create an empty playlist. Not idempotent: its intent is looked for by title before it is repeated."""

    title: str
    description: str = ""
    public: bool = False


class UpdatePlaylist(msgspec.Struct, frozen=True, tag="update", omit_defaults=True):
    """Set the fields that are not None. Setting ``public``, either way, also ends that others may edit it."""

    playlist: PlaylistId
    title: str | None = None
    description: str | None = None
    public: bool | None = None


class AddTracks(msgspec.Struct, frozen=True, tag="add"):
    """Append tracks in this order. None of them may be in the playlist already, none twice."""

    playlist: PlaylistId
    tracks: tuple[TargetId, ...]


class RemoveTracks(msgspec.Struct, frozen=True, tag="remove"):
    """Remove tracks by id."""

    playlist: PlaylistId
    tracks: tuple[TargetId, ...]


class ReorderTracks(msgspec.Struct, frozen=True, tag="reorder"):
    """Put the playlist into exactly this order; names every visible track."""

    playlist: PlaylistId
    tracks: tuple[TargetId, ...]


class DeletePlaylist(msgspec.Struct, frozen=True, tag="delete"):
    """Delete a playlist for ever; Deezer has no bin."""

    playlist: PlaylistId


class LikeTrack(msgspec.Struct, frozen=True, tag="like"):
    """Add one track, album or artist to the favourites of its kind; it becomes the newest."""

    track: TargetId


class UnlikeTrack(msgspec.Struct, frozen=True, tag="unlike"):
    """Remove one track, album or artist from the favourites of its kind."""

    track: TargetId


Change = (
    CreatePlaylist
    | UpdatePlaylist
    | AddTracks
    | RemoveTracks
    | ReorderTracks
    | DeletePlaylist
    | LikeTrack
    | UnlikeTrack
)


class EditSource(msgspec.Struct, frozen=True, tag="edit source", omit_defaults=True):
    """Append tracks to a list of the source, and remove others from it: a person's edits on the target, made there
    too. Several writes; no target takes it."""

    collection: CollectionId
    add: tuple[SourceId, ...] = ()
    remove: tuple[SourceId, ...] = ()


AnyChange = Change | EditSource
"""All that a run may do to either side."""


class Created(msgspec.Struct, frozen=True, tag="created"):
    """A playlist was created. ``complete`` is False when Deezer ignored description and privacy, so that an
    ``UpdatePlaylist`` must follow (REST creates public playlists by title only)."""

    playlist: PlaylistId
    complete: bool


class Written(msgspec.Struct, frozen=True, tag="written"):
    """The service said that the change was made."""


class Refused(msgspec.Struct, frozen=True, tag="refused"):
    """The service refused the change as it is; a batch was refused as a whole, as far as is known.
    ``already`` marks Deezer's "already exists in this playlist", which says that at least one track is there; ``full``
    that the list takes no more, whatever it is."""

    reason: str
    already: bool = False
    full: bool = False


Receipt = Created | Written | Refused
