"""How other programs would decide, on the candidates that this one gets: rules re-stated from their published code.

Theory. A comparison of whole programs would compare their searches, services and years; this compares decisions. Each
rule gets the wanted track, the Deezer track that bears its ISRC (if any) and the 25 rows of one search, and names one
of them or none. Facts about the two programs were read in their public repositories:

- MusicDiff (MarcoMartignone/MusicDiff): its sync takes whatever Deezer's ISRC look-up returns and drops tracks without
  an ISRC, which is ``plain_isrc``. It also has a weighted matcher, which its sync constructs and never calls:
  ``musicdiff_matcher``.
- spotify_to_tidal (spotify2tidal/spotify_to_tidal): takes the first search result that passes its test. Its search for
  the album is left out, since a search row has no position.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator

from matching_run import Candidates
from rapidfuzz import fuzz

from musicdiff_job.core.model import Track
from musicdiff_job.core.text import canonical_name, canonical_title
from musicdiff_job.core.versions import split_version

Rule = Callable[[Track, Candidates], str | None]


def plain_isrc(wanted: Track, candidates: Candidates) -> str | None:
    """Whatever the ISRC look-up returned."""
    return candidates.by_isrc.id if wanted.isrc and candidates.by_isrc else None


def exact(wanted: Track, candidates: Candidates) -> str | None:
    """The first result with the same title and first artist, both in this program's canonical spelling."""
    name = canonical_title(wanted.title), _first(wanted)
    return next((t.id for t in candidates.found if (canonical_title(t.title), _first(t)) == name), None)


def trivial(wanted: Track, candidates: Candidates) -> str | None:
    """The ISRC, else the title without its version words, the first artist, and lengths within 3 s: of several the
    one nearest in length, an unknown length last."""
    if hit := plain_isrc(wanted, candidates):
        return hit
    name = canonical_title(split_version(wanted.title).base), _first(wanted)
    fitting = [
        (3.0 if apart is None else apart, place, track.id)
        for place, track in enumerate(candidates.found)
        if (canonical_title(split_version(track.title).base), _first(track)) == name
        and ((apart := _apart(wanted, track)) is None or apart <= 3.0)
    ]
    return min(fitting)[2] if fitting else None


def musicdiff_matcher(wanted: Track, candidates: Candidates) -> str | None:
    """Equal ISRC, else the highest of 40 % title, 35 % artist, 15 % album and 10 % length, if it is 85 or more."""
    everything = list(_all(candidates))
    if wanted.isrc and (same := [track for track in everything if track.isrc == wanted.isrc]):
        return same[0].id
    scored = [(_musicdiff_score(wanted, track), -place, track.id) for place, track in enumerate(everything)]
    best = max(scored, default=(0.0, 0, ""))
    return best[2] if best[0] >= 85 else None


def spotify_to_tidal(wanted: Track, candidates: Candidates) -> str | None:
    """The first result with the same ISRC, or within 2 s of length, with a common artist, and with the wanted title,
    cut at its first hyphen or bracket, somewhere in its own."""
    return next((track.id for track in _all(candidates) if _tidal_test(wanted, track)), None)


RULES: dict[str, Rule] = {
    "plain ISRC (what MusicDiff's sync does)": plain_isrc,
    "equal normalised title and first artist": exact,
    "ISRC, else base title, first artist, 3 s": trivial,
    "MusicDiff's matcher (which its sync never calls)": musicdiff_matcher,
    "spotify_to_tidal": spotify_to_tidal,
}
"""The rules by the name under which the table lists them."""


def _all(candidates: Candidates) -> Iterator[Track]:
    if candidates.by_isrc:
        yield candidates.by_isrc
    yield from candidates.found


def _first(track: Track) -> str:
    return canonical_name(track.artists[0]) if track.artists else ""


def _apart(wanted: Track, track: Track) -> float | None:
    if not wanted.duration_ms or not track.duration_ms:
        return None
    return abs(wanted.duration_ms - track.duration_ms) / 1000


_MUSICDIFF_CUTS = re.compile(
    "remaster(?:ed)?|explicit|clean|radio edit|album version|single version|deluxe|bonus track|live|acoustic"
)
"""Words that it removes wherever the letters stand, inside other words too."""


def _musicdiff_text(text: str) -> str:
    ascii_only = unicodedata.normalize("NFKD", text.lower()).encode("ascii", "ignore").decode()
    spaced = " ".join(re.sub(r"[^\w\s]", "", ascii_only).split())
    return _MUSICDIFF_CUTS.sub("", spaced).strip()


def _musicdiff_score(wanted: Track, track: Track) -> float:
    apart = _apart(wanted, track)
    return float(
        0.40 * fuzz.ratio(_musicdiff_text(wanted.title), _musicdiff_text(track.title))
        + 0.35 * fuzz.ratio(_musicdiff_text(", ".join(wanted.artists)), _musicdiff_text(", ".join(track.artists)))
        + 0.15 * fuzz.ratio(_musicdiff_text(wanted.album), _musicdiff_text(track.album))
        + 0.10 * (50.0 if apart is None else max(0.0, 100.0 - 10.0 * apart))
    )


def _tidal_cut(text: str) -> str:
    return re.split(r"[-(\[]", text, maxsplit=1)[0].strip()


def _plain_ascii(text: str) -> str:
    return unicodedata.normalize("NFD", text).encode("ascii", "ignore").decode()


def _tidal_artists(track: Track) -> set[str]:
    """Names cut at "&", or where there is none at commas; with and without accents."""
    parts = [part for name in track.artists for part in name.split("&" if "&" in name else ",")]
    names = {_tidal_cut(part.strip().lower()) for part in parts}
    return names | {_plain_ascii(name) for name in names}


def _tidal_test(wanted: Track, track: Track) -> bool:
    if wanted.isrc and wanted.isrc == track.isrc:
        return True
    apart = _apart(wanted, track)
    title, title2 = wanted.title.lower(), track.title.lower()
    if apart is None or apart >= 2.0:
        return False
    if any((word in title) != (word in title2) for word in ("instrumental", "acapella", "remix")):
        return False
    cut = _tidal_cut(title).split("feat.")[0].strip()
    named = cut in title2 or _plain_ascii(cut) in _plain_ascii(title2)
    return named and not _tidal_artists(wanted).isdisjoint(_tidal_artists(track))
