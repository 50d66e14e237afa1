"""Every step of the decision about one track: what was said, what was asked, what came back and what speaks for it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import assert_never

from musicdiff_job.core.checkpoint import MatchRecord
from musicdiff_job.core.links import source_link, target_link
from musicdiff_job.core.match import Match, Method, Rules, Scored, Unmatched
from musicdiff_job.core.model import Item, SourceId, TargetId, Track, item_of
from musicdiff_job.core.overrides import BY_COMMAND
from musicdiff_job.core.questions import (
    AlbumById,
    AlbumByUpc,
    AlbumSearch,
    AlbumsOf,
    ArtistSearch,
    ByFields,
    ById,
    ByIsrc,
    BySearch,
    Question,
)
from musicdiff_job.core.terms import Terms
from musicdiff_job.report.text import Block, Cell, Lines, Tone, clean, count, moment, named
from musicdiff_job.report.unmatched import described, length, track_name

METHODS = {
    Method.OVERRIDE: "decided by you",
    Method.CACHE: "taken over from a track with the same ISRC",
    Method.ISRC: "same ISRC, and title, version, artists and length agree",
    Method.SWEEP: "found while reading a whole album or artist",
    Method.SEARCH: "found by search",
    Method.UPC: "same bar code, and title, artist and number of tracks agree",
    Method.LIBRARY: "an artist of that name whose tracks or albums are in your library",
}


@dataclass(frozen=True, slots=True)
class Asked:
    """A question and how many tracks came back; None when it was not put now and the number is not known."""

    question: Question
    answers: int | None


@dataclass(frozen=True, slots=True)
class Explanation:
    """What there is to say about one track. ``candidates`` are ranked. ``fresh`` is today's verdict, None when the
    catalogue was not asked; ``trouble`` says why it could not be. ``in_file``, ``file_target`` and ``terms`` are what
    the overrides file says now."""

    source: SourceId
    record: MatchRecord | None
    collections: tuple[str, ...]
    in_file: bool
    file_target: TargetId | None
    rules: Rules
    asked: tuple[Asked, ...]
    candidates: tuple[Scored, ...]
    fresh: Match | Unmatched | None
    trouble: str = ""
    terms: Terms | None = None
    doubts: tuple[str, ...] = ()


def explain_blocks(told: Explanation, now: datetime) -> tuple[Block, ...]:
    """The steps, in the order in which the job takes them."""
    record = told.record
    return (
        Lines(tuple(_track_lines(told))),
        Lines(("1. Your word", *_indented(_override(told)))),
        Lines(("2. Memory", *_indented((*_memory(record, now), *_doubts(told))))),
        Lines(("3. Questions to Deezer's catalogue", *_indented(_questions(told)))),
        Lines(("4. Candidates", *_indented(_candidates(told)))),
        Lines(("5. Verdict", *_indented(_verdict(told)))),
        Lines(("6. Next try", *_indented((_retry(record, now),)))),
    )


def _indented(cells: tuple[Cell | str, ...]) -> tuple[Cell, ...]:
    return tuple(Cell(f"   {cell.text}", cell.tone) if isinstance(cell, Cell) else Cell(f"   {cell}") for cell in cells)


def _track_lines(told: Explanation) -> list[str]:
    lines = [source_link(told.source)]
    if told.record and told.record.track.title:
        track = told.record.track
        words = {True: ", explicit", False: ", not explicit", None: ""}[track.explicit]
        lines = [
            track_name(track.title, track.artists),
            *_particulars(track, words),
            *lines,
        ]
    where = ", ".join(map(named, told.collections[:8])) or "no collection that the checkpoint knows"
    return [*lines, f"in {where}"]


def _particulars(track: Track, words: str) -> list[str]:
    match item_of(track.id):
        case Item.TRACK:
            return [f'album "{named(track.album)}", {length(track.duration_ms)}, ISRC {track.isrc or "unknown"}{words}']
        case Item.ALBUM:
            size, year = track.size or "an unknown number of", track.year or "an unknown year"
            return [f"an album of {size} tracks, of {year}, bar code {track.upc or 'unknown'}"]
        case Item.ARTIST:
            return ["an artist"]


def _override(told: Explanation) -> tuple[Cell | str, ...]:
    lines: list[Cell | str] = []
    if told.in_file:
        lines.append(f"the overrides file says: {_target(told.file_target)}")
    if told.record and told.record.override == BY_COMMAND:
        decision = told.record.decision
        target = TargetId(decision.target) if isinstance(decision, Match) else None
        lines.append(f"`match set` says: {_target(target)}")
    if told.record and told.record.rejected:
        lines.append("`match reject` says: not " + ", not ".join(map(target_link, told.record.rejected)))
    if told.terms and told.terms.rejected:
        lines.append("the overrides file says: not " + ", not ".join(map(target_link, told.terms.rejected)))
    if told.terms and (prefer := told.terms.prefer):
        wishes = [f'album "{named(prefer.album)}"'] if prefer.album else []
        wishes += [] if prefer.explicit is None else ["explicit" if prefer.explicit else "not explicit"]
        lines.append("of several copies the overrides file prefers: " + ", ".join(wishes))
    return tuple(lines) or ("nothing",)


def _target(target: TargetId | None) -> str:
    return target_link(target) if target else "it has no counterpart"


def _memory(record: MatchRecord | None, now: datetime) -> tuple[Cell | str, ...]:
    if record is None:
        return ("the track is not in the checkpoint",)
    lines: list[Cell | str] = []
    match record.decision:
        case None:
            lines.append("not decided yet")
        case Match():
            lines += [decided(record.decision), *_runner_up(record.decision)]
        case Unmatched():
            lines.append(decided(record.decision))
        case _:
            assert_never(record.decision)
    if record.decided_at:
        lines.append(f"decided {moment(record.decided_at, now)}, by matcher version {record.matcher}")
    if record.refusals:
        lines.append(f"Deezer refused to take it {count(record.refusals, 'time')}")
    return tuple(lines)


def _doubts(told: Explanation) -> tuple[Cell, ...]:
    return tuple(Cell(f"doubtful: {reason}", Tone.BUSY) for reason in told.doubts)


def decided(decision: Match | Unmatched) -> Cell:
    """A decision in one line."""
    match decision:
        case Match():
            text = f"{target_link(decision.target)}: {METHODS[decision.method]} (score {decision.score:.2f})"
            return Cell(text, Tone.GOOD)
        case Unmatched():
            return Cell(f"no counterpart: {decision.reason.value}", Tone.BUSY)
        case _:
            assert_never(decision)


def _runner_up(decision: Match) -> list[str]:
    if decision.runner_up is None:
        return []
    return [f"next best other recording: {target_link(decision.runner_up)} (score {decision.runner_up_score:.2f})"]


def _questions(told: Explanation) -> tuple[Cell | str, ...]:
    lines: list[Cell | str] = [
        question_text(asked.question, item_of(told.source))
        + ("" if asked.answers is None else f": {count(asked.answers, 'answer') if asked.answers else 'no answer'}")
        for asked in told.asked
    ]
    if told.trouble:
        lines.append(Cell(told.trouble, Tone.BAD))
    return tuple(lines) or ("none, as far as the checkpoint remembers",)


def question_text(question: Question, wanted: Item = Item.TRACK) -> str:
    """A question about a ``wanted`` track, album or artist in words."""
    match question:
        case ByIsrc(isrc):
            return f"the track with ISRC {clean(isrc)}"
        case BySearch(text):
            return f'search "{named(text)}"'
        case ByFields(artist, title):
            return f'search artist "{named(artist)}", title "{named(title)}"'
        case ById(number):
            why = "which Deezer names as an alternative" if wanted is Item.TRACK else "a counterpart in your library"
            return f"the track {number}, {why}"
        case AlbumByUpc(upc):
            return f"the album with bar code {clean(upc)}"
        case AlbumById(number):
            return f"the album {number}"
        case AlbumSearch(text):
            return f'search albums "{named(text)}"'
        case ArtistSearch(name):
            return f'search artists "{named(name)}"'
        case AlbumsOf(number, artist):
            return f"the albums of {named(artist)} (artist {number}) that are called like one in your library"
        case _:
            assert_never(question)


def _candidates(told: Explanation) -> tuple[Cell | str, ...]:
    rejected = {*(told.record.rejected if told.record else ()), *(told.terms.rejected if told.terms else ())}
    chosen = told.fresh.target if isinstance(told.fresh, Match) else None
    lines: list[Cell | str] = []
    for scored in told.candidates:
        track = scored.track
        lines.append(Cell(f"{scored.score:.2f}  {described(track)}", Tone.GOOD if track.id == chosen else Tone.PLAIN))
        lines.append(Cell(f"      {target_link(track.id)}", Tone.FAINT))
        lines += [Cell(f"      {remark}", Tone.FAINT) for remark in _remarks(scored, rejected)]
    return tuple(lines) or ("none",)


def _remarks(scored: Scored, rejected: set[TargetId]) -> list[str]:
    remarks = [
        f"{penalty.name} -{penalty.weight * penalty.value:.3f} (weight {penalty.weight:g}, value {penalty.value:g}): "
        f"{penalty.note or 'differs'}"
        for penalty in scored.penalties
        if penalty.value > 0
    ]
    if scored.refused:
        remarks.append(f"never taken: {scored.refused}")
    if not scored.track.readable:
        remarks.append("not available in your country")
    if scored.track.id in rejected:
        remarks.append("rejected by you")
    return remarks


def _verdict(told: Explanation) -> tuple[Cell | str, ...]:
    known = told.record.decision if told.record else None
    threshold = f"accepted from {told.rules.min_score:g}, and {told.rules.min_gap:g} ahead of another recording"
    if told.fresh is None:
        return (decided(known), threshold) if known else ("none yet", threshold)
    runner_up = _runner_up(told.fresh) if isinstance(told.fresh, Match) else []
    lines: tuple[Cell | str, ...] = (decided(told.fresh), *runner_up, threshold)
    if known is not None and _target_of(known) != _target_of(told.fresh):
        lines += ("this is what the catalogue says now; the checkpoint still holds the decision under 2",)
    return lines


def _target_of(decision: Match | Unmatched) -> str | None:
    return decision.target if isinstance(decision, Match) else None


def _retry(record: MatchRecord | None, now: datetime) -> str:
    if record is None or record.decision is None:
        return "in the next run that works on one of its collections"
    if isinstance(record.decision, Match):
        return "none: it has its counterpart"
    if record.retry_at is None:
        return "none is due"
    return f"{moment(record.retry_at, now)}, after {count(record.tries, 'try', 'tries')} without success"
