"""``explain``: every step of the decision about one track, by asking the catalogue again or from memory alone."""

from __future__ import annotations

from collections.abc import Callable

import click
import msgspec

from musicdiff_job import bootstrap
from musicdiff_job.cli.command import JobCommand
from musicdiff_job.cli.output import show
from musicdiff_job.cli.session import Session, open_session
from musicdiff_job.cli.signals import stopping
from musicdiff_job.clock import StopFlag
from musicdiff_job.core.artists import NOTHING, Known, known_of, name_of
from musicdiff_job.core.checkpoint import Checkpoint, MatchRecord, holds
from musicdiff_job.core.conversation import decide, score
from musicdiff_job.core.doubt import doubts
from musicdiff_job.core.errors import JobError, UsageError
from musicdiff_job.core.links import is_source_id, is_target_link, source_id, target_id, target_link_item
from musicdiff_job.core.match import Ask, Evidence, Match, Question, Rules, Scored, Unmatched
from musicdiff_job.core.model import Item, SourceId, TargetId, Track, item_of
from musicdiff_job.core.terms import Preference, Terms
from musicdiff_job.core.text import canonical_title
from musicdiff_job.report.explain import Asked, Explanation, explain_blocks
from musicdiff_job.report.unmatched import track_name
from musicdiff_job.settings.choices import TargetKind

SHOWN = 12
"""Tracks listed when a title names several."""

Catalogue = Callable[[Question], tuple[Track, ...]]


@click.command("explain", cls=JobCommand, example="musicdiff-job explain 'harder better faster' --offline")
@click.argument("track", metavar="TRACK")
@click.option("--offline", is_flag=True, help="From the checkpoint alone, without asking Deezer's catalogue.")
@click.pass_context
def explain(context: click.Context, *, track: str, offline: bool) -> None:
    """Show every step of the decision about one track, album or artist.

    TRACK is a Spotify id, URI or web address, the Deezer address of a counterpart, or words of title and artist of a
    track that the checkpoint knows. The catalogue is asked as the job would ask it, in at most a handful of calls;
    nothing is stored.
    """
    stop = StopFlag()
    with stopping(stop):
        session = open_session(context, stop)
        checkpoint = session.peek()
        source = find_track(track, checkpoint)
        show(*explain_blocks(explained(session, checkpoint, source, offline=offline), session.now()))


def find_track(text: str, checkpoint: Checkpoint) -> SourceId:
    """The track that ``text`` names by id, by its counterpart's address, or by words of title and artists if exactly
    one known track has them all.

    Raises ``UsageError``, listing the tracks when there are several.
    """
    if is_source_id(text):
        return source_id(text)
    words = canonical_title(text).split()
    if is_target_link(text):
        found = _standing_for(target_id(text, target_link_item(text)), checkpoint)
    elif "://" in text or text.startswith("spotify:"):
        return source_id(text)
    else:
        found = {
            source: record.track
            for source, record in checkpoint.matches.items()
            if words and _mentions(record.track, words)
        }
    titled = {source: track for source, track in found.items() if canonical_title(track.title) == " ".join(words)}
    chosen = titled if len(titled) == 1 else found
    if len(chosen) == 1:
        return next(iter(chosen))
    if not chosen and is_target_link(text):
        raise UsageError(f"{text} is no counterpart that the checkpoint knows", "Give the Spotify track's address")
    if not chosen:
        raise UsageError(f"no track that the checkpoint knows is called {text}", "Give its Spotify id or address")
    listed = [f"{source} {track_name(track.title, track.artists)}" for source, track in list(chosen.items())[:SHOWN]]
    more = f", and {len(chosen) - SHOWN} more" if len(chosen) > SHOWN else ""
    named = "have this counterpart" if is_target_link(text) else "are called so"
    raise UsageError(f"{len(chosen)} tracks {named}: {', '.join(listed)}{more}", "Give one id")


def _standing_for(target: TargetId, checkpoint: Checkpoint) -> dict[SourceId, Track]:
    """The source tracks whose counterpart this is."""
    return {
        source: record.track
        for source, record in checkpoint.matches.items()
        if isinstance(record.decision, Match) and record.decision.target == target
    }


def _mentions(track: Track, words: list[str]) -> bool:
    name = canonical_title(f"{track.title} {' '.join(track.artists)}")
    return all(word in name for word in words)


def explained(session: Session, checkpoint: Checkpoint, source: SourceId, *, offline: bool) -> Explanation:
    """Gather all there is to say."""
    overrides = bootstrap.read_overrides(session.loaded.settings)
    rules = bootstrap.rules_of(session.loaded.settings)
    record, terms = checkpoint.matches.get(source), overrides.terms.get(source)
    asked, candidates, fresh, trouble = _remembered(record, rules)
    files = session.loaded.settings.target.kind is TargetKind.FILES  # every track is its own counterpart
    if not (offline or files) and record is not None and record.track.title:
        try:
            library = ((one.track, one.decision) for one in checkpoint.matches.values())
            known = known_of([record.track], library) if item_of(source) is Item.ARTIST else {}
            about = known.get(name_of(record.track), NOTHING)
            asked, candidates, fresh = _asked_now(session, record, terms, rules, about)
        except JobError as error:
            trouble = f"Deezer's catalogue could not be asked ({error}); this is from memory"
    return Explanation(
        source=source,
        record=record,
        collections=tuple(one.name for one in checkpoint.mirrors.values() if holds(one, frozenset({source}))),
        in_file=source in overrides.tracks,
        file_target=overrides.tracks.get(source),
        rules=rules,
        asked=asked,
        candidates=candidates,
        fresh=fresh,
        trouble=trouble,
        terms=terms,
        doubts=tuple(one.reason for one in doubts(record, rules)) if record else (),
    )


def _remembered(
    record: MatchRecord | None, rules: Rules
) -> tuple[tuple[Asked, ...], tuple[Scored, ...], Match | Unmatched | None, str]:
    """What the checkpoint kept: the evidence of an open search, the best that was turned down, or what was taken."""
    if record is None:
        return (), (), None, ""
    if record.evidence is not None:
        asked = tuple(Asked(question, None) for question in record.evidence.asked)
        return asked, ranked(record.track, record.evidence.candidates, rules), None, ""
    match record.decision:
        case Unmatched(best=best):
            return (), best, None, ""
        case Match(taken=Track() as taken):
            return (), ranked(record.track, (taken,), rules), None, ""
        case _:
            return (), (), None, ""


def _asked_now(
    session: Session, record: MatchRecord, terms: Terms | None, rules: Rules, known: Known
) -> tuple[tuple[Asked, ...], tuple[Scored, ...], Match | Unmatched]:
    catalogue, close = bootstrap.open_catalogue(session.loaded, session.clock, session.stop, session.redactor)
    try:
        now = msgspec.structs.replace(record, terms=terms)
        prefer = terms.prefer if terms else None
        return converse(record.track, rules, now.ruled_out, catalogue.ask, prefer, known)
    finally:
        close()


def converse(
    wanted: Track,
    rules: Rules,
    rejected: frozenset[str],
    ask: Catalogue,
    prefer: Preference | None = None,
    known: Known = NOTHING,
) -> tuple[tuple[Asked, ...], tuple[Scored, ...], Match | Unmatched]:
    """The whole conversation about one item: questions with their numbers of answers, ranked candidates, verdict."""
    evidence = Evidence()
    asked: list[Asked] = []
    while isinstance(step := decide(wanted, evidence, rules, rejected, prefer, known), Ask):
        answer = ask(step.question)
        asked.append(Asked(step.question, len(answer)))
        evidence = evidence.with_answer(step.question, answer)
    return tuple(asked), ranked(wanted, evidence.candidates, rules), step


def ranked(wanted: Track, candidates: tuple[Track, ...], rules: Rules) -> tuple[Scored, ...]:
    """Candidates that may be taken first, each kind best first."""
    scored = (score(wanted, candidate, rules) for candidate in candidates)
    return tuple(sorted(scored, key=lambda item: (bool(item.refused), -item.score, item.track.id)))
