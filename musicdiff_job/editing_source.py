"""Edits of the source's own lists: intent first, one write each, and what a later read says of them.

Spotify takes a track twice and has no way of adding one only once. So nothing is sent while it is not known what became
of what was sent before, and what was confirmed and is not shown is never sent again.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from musicdiff_job.binding import LAG_WAITS
from musicdiff_job.core.before_image import stood
from musicdiff_job.core.checkpoint import Pair, Reading, with_part
from musicdiff_job.core.errors import Forbidden, Interrupted, LedgerSpent, NotShownYet, OutOfBudget, RateLimited
from musicdiff_job.core.flow_back import LOST, Flow, Sent, Stay, settled
from musicdiff_job.core.model import CollectionHead, PlaylistId, SourceId, TargetId
from musicdiff_job.journal import event
from musicdiff_job.ports import SourceWrites
from musicdiff_job.reading import read
from musicdiff_job.results import Tally, name_of
from musicdiff_job.session import Session

PATIENCE = 2
"""Failures of a collection after which what Spotify shows is believed, whatever it has confirmed."""


def keep(session: Session, head: CollectionHead, flow: Flow) -> None:
    """Replace what is known of the flow of hand edits, unsaved."""
    session.put(msgspec.structs.replace(session.mirror(head), flow=flow))


def flow_of(session: Session, head: CollectionHead) -> Flow:
    """What is known of the flow of hand edits."""
    return session.mirror(head).flow or Flow()


def settle(session: Session, head: CollectionHead) -> None:
    """Learn from the source's list what became of the edits that were sent; pairs that it shows are agreed on, if the
    target has not lost them meanwhile. Raises ``NotShownYet`` while a read may be too early."""
    pauses = iter(LAG_WAITS)
    while True:
        found = read(session, head)
        if not isinstance(found, Reading):
            return  # the mirror says why
        flow = flow_of(session, head)
        done, lost = settled(flow, found.entries)
        if not lost or head.snapshot not in (flow.before, flow.after) or session.mirror(head).failures >= PATIENCE:
            break
        if (pause := next(pauses, None)) is None:
            raise NotShownYet(
                f"Spotify confirmed changes to {head.name!r} but does not show them", "The next run looks again"
            )
        session.gate.wait(pause)
        session.put(msgspec.structs.replace(session.mirror(head), reading=None))
    known = session.mirror(head)
    stay = {one.target: one for one in flow.stay} | {
        one.target: Stay(one.target, name_of_match(session, one.source), LOST) for one in lost
    }
    flow = msgspec.structs.replace(flow, sent=(), acknowledged=0, before="", after="", stay=tuple(stay.values()))
    for part in known.parts[:1]:
        ours = {pair.target for pair in part.base}
        pairs = (Pair(one.source, one.target) for one in done if not one.removal and one.target not in ours)
        session.put(with_part(known, msgspec.structs.replace(part, base=(*part.base, *pairs))))
    keep(session, head, flow)


def send(session: Session, head: CollectionHead, tally: Tally, writes: SourceWrites, batch: tuple[Sent, ...]) -> None:
    """Append a batch to the source's list, or remove it, by one write whose intent is saved first. Raises what
    ``SourceWrites`` raises; what certainly was not applied leaves no intent."""
    before, images = flow_of(session, head), session.checkpoint.images
    tracks = [one.source for one in batch]
    if batch[0].removal:
        _keep_image(session, head, tally, tracks)
    intent = msgspec.structs.replace(before, sent=(*before.sent, *batch), before=before.before or head.snapshot)
    keep(session, head, intent)
    session.save()
    try:
        if batch[0].removal:
            after = writes.remove(head, tracks, intent.after or head.snapshot)
        else:
            after = writes.append(head, tracks)
    except (Forbidden, Interrupted, LedgerSpent, OutOfBudget, RateLimited):
        keep(session, head, before)  # refused, or not sent
        session.put_images(images)
        raise
    keep(session, head, msgspec.structs.replace(intent, acknowledged=len(intent.sent), after=after))
    session.save()
    tally.returned += len(batch)
    event("source.edited", collection=head.id, name=head.name, tracks=len(batch), removed=batch[0].removal)


def name_of_match(session: Session, source: SourceId) -> str:
    """A track of the source as people name it; its id where it is not known."""
    record = session.checkpoint.matches.get(source)
    return name_of(record.track) if record is not None else source


def _keep_image(session: Session, head: CollectionHead, tally: Tally, tracks: Sequence[SourceId]) -> None:
    going = frozenset(map(TargetId, tracks))
    shown = [TargetId(entry.track.id if entry.track else "") for entry in tally.entries]
    names = {TargetId(entry.track.id): name_of(entry.track) for entry in tally.entries if entry.track}
    session.keep_image(head, PlaylistId(head.id), f"{head.name} (on Spotify)", stood(shown, going, names))
