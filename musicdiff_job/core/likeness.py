"""How like two descriptions of a recording are: a score of named, weighted penalties, or a refusal.

The score starts at 1 and every penalty takes ``weight * value`` off. Some differences no other agreement makes up
for; they refuse the candidate whatever its score: another song, other artists, another kind of version, another
length. Penalties and refusal are kept, so that a decision can be explained afterwards.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

import msgspec

from musicdiff_job.core.comparison import CLOSE, SAME, Verdict, alike, refuse, same_isrc, seconds_apart
from musicdiff_job.core.credits import compare_artists, is_tribute
from musicdiff_job.core.model import Track
from musicdiff_job.core.text import canonical_title, scripts
from musicdiff_job.core.titles import compare_titles
from musicdiff_job.core.version_words import GROUPS, Group, Version
from musicdiff_job.core.versions import Tag, album_kinds, main_title, split_version


class Rules(msgspec.Struct, frozen=True):
    """What the person may set, and the limits of a decision. ``min_gap`` is how far behind a runner-up that is
    another recording must be; ``max_questions`` counts questions of every kind for one track."""

    min_score: float = 0.85
    min_gap: float = 0.02
    prefer_explicit: bool = True
    max_questions: int = 3


class Penalty(msgspec.Struct, frozen=True):
    """One difference: ``value`` from 0 (none) to 1 (as large as it gets) takes ``weight * value`` off the score."""

    name: str
    weight: float
    value: float
    note: str


class Scored(msgspec.Struct, frozen=True):
    """A candidate with its score (0 to 1). ``refused`` says in words why it can never be taken; "" if it can."""

    track: Track
    score: float
    penalties: tuple[Penalty, ...]
    refused: str = ""


WEIGHTS: dict[str, float] = {
    "title": 0.5,
    "artists": 0.4,
    "version": 0.4,
    "duration": 0.4,
    "album": 0.04,
    "explicit": 0.04,
}
"""What the whole penalty of each name costs, the most telling refusal first."""

DURATION_VALUES = ((0.5, 0.0), (3.0, 0.09), (5.0, 0.16), (8.0, 0.25), (12.0, 0.34))
"""Seconds apart and the value of the penalty, linear in between. One recording is listed with lengths up to some
seconds apart, since silence at its end is cut differently; beyond the last line it is another cut even if the ISRC is
one."""
LONGEST_APART = 4.5
"""Seconds beyond which two lengths without a common ISRC are two cuts; half of one is Deezer's rounding. Of pairs of
Spotify tracks with one title, version and artist 86 % share their ISRC at 3 to 4 s, 61 % at 4 to 5, 50 % at 5 to 6,
18 % at 6 to 12 (printed by ``benchmarks/fit_weights.py``): further out a wrong track is too likely."""
RADIO_LONGEST = 300.0
"""Seconds. Of 432 known lengths of radio edits 99 % are shorter."""
RELEASE_AGREES = 6.0
"""Seconds within which another release or mastering that bears the same ISRC may be the same recording."""
_NUMBER = re.compile(r"\d+")


def score(wanted: Track, candidate: Track, rules: Rules) -> Scored:
    """Compare a candidate with what is wanted. Pure and total; says nothing about other candidates."""
    isrc, apart = same_isrc(wanted, candidate), seconds_apart(wanted, candidate)
    verdicts = {
        "title": compare_titles(wanted.title, candidate.title, apart, isrc=isrc),
        "artists": compare_artists(wanted, candidate, apart, isrc=isrc),
        "version": compare_versions(wanted, candidate, apart, isrc=isrc),
        "duration": compare_durations(apart, isrc=isrc),
        "album": compare_albums(wanted, candidate),
        "explicit": compare_explicitness(wanted, candidate, rules),
    }
    return weighed(candidate, verdicts, WEIGHTS)


def weighed(candidate: Track, verdicts: Mapping[str, Verdict], weights: Mapping[str, float]) -> Scored:
    """The score that comparisons by several names add up to. The first refusal among them is the one that is told."""
    penalties = tuple(
        Penalty(name, weights[name], round(verdict.value, 4), verdict.note)
        for name, verdict in verdicts.items()
        if verdict.value > 0
    )
    total = sum(penalty.weight * penalty.value for penalty in penalties)
    refused = next((verdict.refused for verdict in verdicts.values() if verdict.refused), "")
    return Scored(candidate, round(max(0.0, 1.0 - total), 4), penalties, refused)


def compare_versions(wanted: Track, candidate: Track, apart: float | None, *, isrc: bool) -> Verdict:
    """Whether both titles speak of one version. Strict kinds must agree; cuts and releases may differ in name when
    the lengths agree; an unknown length is forgiven only where a radio edit is wanted and a plain title is offered."""
    tags, tags2 = split_version(wanted.title).tags, split_version(candidate.title).tags
    clash = refuse("another version", f"{_described(tags2)}, wanted {_described(tags)}")
    if is_tribute(candidate) != is_tribute(wanted):
        return refuse("another version", "a karaoke or tribute act")
    kinds, kinds2 = {tag.kind for tag in tags}, {tag.kind for tag in tags2}
    claimed, claimed2 = _claimed(wanted), _claimed(candidate)
    differing = {
        kind for kind in _of(Group.STRICT, kinds ^ kinds2) if kind not in (claimed2 if kind in kinds else claimed)
    }
    if isrc and apart is not None and apart <= CLOSE:
        differing.discard(Version.OTHER)  # "Film Version" beside the plain title, one ISRC, one length
    if differing:
        return clash
    found: list[Verdict] = []
    for kind in _of(Group.STRICT, kinds & kinds2):
        names, names2 = (" ".join(tag.name for tag in side if tag.kind is kind) for side in (tags, tags2))
        same = _same_name(names, names2)
        if same is False or (same is None and (apart is None or apart > CLOSE)):
            return clash
        if same is None:
            found.append(Verdict(0.1, f"{kind} named on one side only"))
    length = (candidate.duration_ms or 0) / 1000
    found.append(_compare_cuts(_of(Group.LENGTH, kinds), _of(Group.LENGTH, kinds2), apart, length))
    found.append(_compare_releases(_of(Group.PLAIN, kinds ^ kinds2), apart, isrc=isrc))
    by_album = (claimed ^ claimed2) - kinds - kinds2
    if by_album and wanted.album and candidate.album and not isrc:
        close = apart is not None and apart <= CLOSE / 2
        found.append(Verdict(0.1 if close else 0.4, ", ".join(sorted(by_album)) + " by the album's name"))
    refused = next((verdict for verdict in found if verdict.refused), None)
    notes = "; ".join(verdict.note for verdict in found if verdict.note)
    return refused or Verdict(min(1.0, sum(verdict.value for verdict in found)), notes)


def _compare_cuts(cuts: set[Version], cuts2: set[Version], apart: float | None, length: float) -> Verdict:
    """The verdict on two sets of cuts. Deezer leaves "Radio Edit" off where a single holds nothing else, so without
    lengths a plain title is believed to be the wanted radio edit unless it is too long for one. A cut that is named
    on Deezer is never believed to be a plain one."""
    if cuts == cuts2:
        return SAME
    note = f"{_listed(cuts2)}, wanted {_listed(cuts)}"
    if (cuts and cuts2) or (apart is not None and apart > CLOSE):
        return refuse("another cut", note)
    if apart is None:
        forgiven = cuts == {Version.RADIO} and length <= RADIO_LONGEST
        return Verdict(0.15, note) if forgiven else refuse("another cut", note)
    return Verdict(0.05, note)


def _compare_releases(differing: set[Version], apart: float | None, *, isrc: bool) -> Verdict:
    """The verdict on remarks that tell of no other sound. An "Original Mix" or "Single Version" is often another cut
    than the plain title, so something must show that it is not."""
    if not differing:
        return SAME
    if apart is None and not isrc and Version.RELEASE in differing:
        return refuse("another release", f"{_listed(differing)} on one side, and no length to compare")
    if apart is not None and apart > RELEASE_AGREES:
        return refuse("another release", f"{_listed(differing)} on one side, and another length")
    return Verdict(0.06, f"{_listed(differing)} on one side only")


def _of(group: Group, kinds: set[Version]) -> set[Version]:
    return {kind for kind in kinds if GROUPS[kind] is group}


def _listed(kinds: set[Version]) -> str:
    return ", ".join(sorted(kinds)) or "no cut named"


def _described(tags: tuple[Tag, ...]) -> str:
    strict = [
        f"{tag.kind} ({tag.name})" if tag.name else str(tag.kind) for tag in tags if GROUPS[tag.kind] is Group.STRICT
    ]
    return ", ".join(strict) or "studio"


def _claimed(track: Track) -> frozenset[Version]:
    """What the album says of its tracks; a single named after the song says nothing of its own."""
    own_name = canonical_title(split_version(track.title).base) == canonical_title(track.album)
    return frozenset() if own_name else album_kinds(track.album)


def _same_name(one: str, other: str) -> bool | None:
    """Whether two names of one kind of version (remixers, venues) are the same; None if one side gives none."""
    if one == other:
        return True
    if not one or not other:
        return None
    numbers, numbers2 = _NUMBER.findall(one), _NUMBER.findall(other)
    if numbers and numbers2 and numbers != numbers2:
        return False
    few, many = sorted((set(one.split()), set(other.split())), key=len)
    from rapidfuzz import fuzz  # only judging needs it; whatever reads the checkpoint imports this module

    return few <= many or fuzz.token_sort_ratio(one, other) >= 85


def compare_durations(apart: float | None, *, isrc: bool) -> Verdict:
    """Whether the lengths are those of one recording. A shared ISRC lifts the limit to the end of the table."""
    if apart is None:
        return Verdict(0.05, "length unknown on one side")
    if apart > (DURATION_VALUES[-1][0] if isrc else LONGEST_APART):
        return refuse(f"{apart:.1f} s apart", f"{apart:.0f} s longer or shorter")
    low, value = 0.0, 0.0
    for high, worth in DURATION_VALUES:
        if apart <= high:
            value += (worth - value) * (apart - low) / (high - low)
            break
        low, value = high, worth
    return Verdict(value, f"{apart:.1f} s apart") if value else SAME


def same_album(wanted: Track, candidate: Track) -> bool:
    """Whether both are listed on one album, editions apart."""
    one, other = (canonical_title(main_title(split_version(track.album).base)) for track in (wanted, candidate))
    return alike(one, other) >= 0.9


def compare_albums(wanted: Track, candidate: Track) -> Verdict:
    """Another album is a weak sign only: one recording stands on many."""
    if not wanted.album or not candidate.album or same_album(wanted, candidate):
        return SAME
    one, other = (scripts(canonical_title(track.album)) for track in (wanted, candidate))
    if one and other and not one & other:
        return SAME  # it may be the same name
    return Verdict(0.6, "another album")


def compare_explicitness(wanted: Track, candidate: Track, rules: Rules) -> Verdict:
    """Clean for explicit is worse than the other way round if the person prefers explicit."""
    if wanted.explicit is None or candidate.explicit is None or wanted.explicit == candidate.explicit:
        return SAME
    note = "clean, wanted explicit" if wanted.explicit else "explicit, wanted clean"
    return Verdict(1.0 if wanted.explicit and rules.prefer_explicit else 0.5, note)
