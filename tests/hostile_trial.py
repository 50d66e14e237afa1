"""One fault on one endpoint: a run under it, what must always hold, what the table's word means, and peace after.

Everything here gives its complaints as sentences, so that the tests and the long run outside of pytest share it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final
from unittest.mock import patch

import msgspec
from hostile_faults import ALL_FAULTS, ELSEWHERE, HANG, PAGED, TIMEOUT, WAITS
from hostile_stage import (
    DAY,
    GONE,
    NEW_NAME,
    QUIET,
    RENAMED,
    SEARCH_BACK,
    WHOLE_WORLDS,
    WORLDS,
    Prepared,
    Stage,
    prepared,
    stage,
)

from musicdiff_job import gate
from musicdiff_job.core.budget import LONGEST_WAIT
from musicdiff_job.core.checkpoint import Checkpoint
from musicdiff_job.core.outcome import ExitCode, ExitCodes, Outcome, exit_code
from musicdiff_job.core.summary import CollectionResult, CollectionState, Summary
from musicdiff_job.core.timestamps import from_iso
from musicdiff_job.deezer import gateway
from musicdiff_job.sandbox.deezer_account import AccountState, Write
from musicdiff_job.sandbox.faults import ALWAYS, Fault, Hang

RUNS_TO_REST: Final = 4
"""Runs after a fault is lifted of which the last must find nothing to do."""
CALLS_AT_MOST: Final = 12
"""Calls of one endpoint that a service goes on refusing for its rate. Six in a row; of look-ups, which are made several
at a time, others may succeed meanwhile and begin the row anew."""
TRIES: Final = 4
"""How often one call is made at most that fails in a way that may pass."""


@dataclass(frozen=True)
class Cell:
    """One test: the ``variant``-th effect of a fault on one endpoint, ``once`` or ``always``, and the word for it."""

    fault: str
    variant: int
    endpoint: str
    times: str
    word: str

    def __str__(self) -> str:
        number = f" #{self.variant + 1}" if self.variant else ""
        return f"{self.fault.replace('`', '')}{number} | {self.endpoint} | {self.times} | {self.word}"


@dataclass
class Trial:
    """A run under a fault."""

    cell: Cell
    stage: Stage
    summary: Summary
    checkpoint: Checkpoint
    state: AccountState
    calls: int
    service: str

    @property
    def usual(self) -> int:
        """Calls of the endpoint in an undisturbed run."""
        return len(self.stage.prepared.endpoints()[self.cell.endpoint])

    def lines(self, *states: CollectionState) -> list[CollectionResult]:
        """The collections that ended in one of these states."""
        return [line for line in self.summary.collections if line.state in states]


def world_of(endpoint: str) -> Prepared:
    """The first world in which an endpoint is called."""
    return next(found for found in map(prepared, (*WORLDS, *WHOLE_WORLDS)) if endpoint in found.endpoints())


def service_of(endpoint: str) -> str:
    """The sandbox's service that an endpoint belongs to, told from its name so that tests are collected quickly."""
    _, verb, path = endpoint.partition(" ")
    if not verb:
        return "gateway"
    if path == "/api/token":
        return "accounts"
    return "spotify" if path.startswith(("/me", "/playlists")) or endpoint == SEARCH_BACK else "deezer"


def attempt(cell: Cell) -> list[str]:
    """Everything that is wrong with one cell."""
    world = world_of(cell.endpoint)
    few_rows = {"gateway_songs_cap": 4, "list_limit_cap": 4} if cell.fault in PAGED else {}
    with stage(world, **few_rows) as staged, hurried():
        call = world.endpoints()[cell.endpoint][0][0]
        effect = ALL_FAULTS[cell.fault](call.service, staged.clock.now())[cell.variant]
        count = 1 if cell.times == "once" else ALWAYS
        staged.misbehave(Fault(effect, call.service, call.method, world.pattern(cell.endpoint), count=count))
        with hasty() if isinstance(effect, Hang) else patient():
            trial = tried(cell, staged)
        complaints = [*unsafe(staged, trial.summary), *MEANINGS[cell.word](trial)]
        staged.misbehave()
        return [*complaints, *restless(staged, days=8 if cell.word in ("left", "full") else 2)]


def tried(cell: Cell, staged: Stage) -> Trial:
    """The run under the fault that is in force."""
    summary = staged.run()
    service = staged.prepared.endpoints()[cell.endpoint][0][0].service
    return Trial(
        cell,
        staged,
        summary,
        staged.rig.checkpoint(),
        staged.sandbox.deezer.state(),
        staged.calls(cell.endpoint),
        "spotify" if service in ("spotify", "accounts") else "deezer",
    )


def harmless(fault: str, endpoint: str, times: str) -> list[str]:
    """What a fault does that must never happen, at an endpoint that no table has; and what keeps the job from its end
    when the fault is lifted."""
    world = world_of(endpoint)
    with stage(world) as staged:
        call = world.endpoints()[endpoint][0][0]
        effect = ALL_FAULTS[fault](call.service, staged.clock.now())[0]
        count = 1 if times == "once" else ALWAYS
        staged.misbehave(Fault(effect, call.service, call.method, world.pattern(endpoint), count=count))
        with hasty() if isinstance(effect, Hang) else patient():
            complaints = list(unsafe(staged, staged.run()))
        if not staged.calls(endpoint):
            complaints.append("it was not called")
        staged.misbehave()
        return [*complaints, *restless(staged, days=32)]


@contextmanager
def hurried() -> Iterator[None]:
    """Lists that do not end are given up sooner: with few rows at a time that would be many calls."""
    with patch.object(gateway, "MOST_PAGES", 12):
        yield


@contextmanager
def hasty() -> Iterator[None]:
    """The gate waits a second for an answer, not ten."""
    assert TIMEOUT < HANG
    with patch.object(gate, "TIMEOUT", TIMEOUT):
        yield


@contextmanager
def patient() -> Iterator[None]:
    """As it is."""
    yield


# What must hold after any run


def unsafe(staged: Stage, summary: Summary, *, whole: bool = True) -> Iterator[str]:
    """What must never happen, whatever a service answers. Unless ``whole``, Spotify has said that entries are gone."""
    known = staged.prepared
    if summary.outcome is Outcome.CRASH:
        yield f"crashed: {summary.errors} {[line for line in staged.said if line.startswith('ERROR')]}"
    names = ("spotify", "deezer", *(line.name.lower() for line in summary.collections))
    for error in summary.errors:
        if not any(name in f"{error.where} {error.message}".lower() for name in names):
            yield f"an error names neither service nor collection: {error}"
        if not error.hint:
            yield f"an error without advice: {error}"
    shown = "\n".join((*staged.said, msgspec.json.encode(summary).decode(), staged.rig.checkpoint_file.read_text()))
    yield from (f"a secret is shown: {secret[:4]}..." for secret in staged.secrets() if secret in shown)
    if max(staged.clock.waits, default=0) > LONGEST_WAIT:
        yield f"it waited {max(staged.clock.waits)} s"
    if any(call.path == "/elsewhere" for call in staged.sandbox.log.all()):
        yield f"a redirect to {ELSEWHERE} was followed"
    if whole:
        yield from _lost(known, staged.sandbox.deezer.state())
        for write in staged.sandbox.deezer.writes():
            yield from _wrong(known, write)
    for name, found in staged.besides().items():
        yield from _strayed(name, known.besides[name], known.besides_after[name], found)
    created = sum(write.verb == "create" and write.refusal is None for write in staged.sandbox.deezer.writes())
    if created > 1:
        yield f"the new playlist was created {created} times"


def _lost(known: Prepared, now: AccountState) -> Iterator[str]:
    """Each list must be on its way: what stays is there, and nothing that is neither there yet nor wanted."""
    for title, before in known.before.playlists.items():
        titles = (title, NEW_NAME) if title == RENAMED else (title,)
        found = next((now.playlists[name] for name in titles if name in now.playlists), None)
        after = known.after.playlists.get(titles[-1], ())
        if found is None:
            if title != GONE:
                yield f"{title} has vanished"
            continue
        yield from _strayed(title, before, before if title == GONE else after, found)
    for title in now.playlists.keys() - known.before.playlists.keys():
        if title not in known.after.playlists:
            yield f"{title} has appeared"
        elif title != NEW_NAME:
            yield from _strayed(title, (), known.after.playlists[title], now.playlists[title])
    yield from _strayed("the favourites", known.before.favourites, known.after.favourites, now.favourites)


def _strayed(name: str, before: tuple[int, ...], after: tuple[int, ...], found: tuple[int, ...]) -> Iterator[str]:
    if lost := set(before) & set(after) - set(found):
        yield f"{name} lost {sorted(lost)}"
    if foreign := set(found) - set(before) - set(after):
        yield f"{name} holds {sorted(foreign)} for no reason"
    if len(found) != len(set(found)):
        yield f"{name} holds a track twice"


def _wrong(known: Prepared, write: Write) -> Iterator[str]:
    """Writes that no run may make, refused ones included."""
    titles = {number: title for title, number in known.mirrors.items()}
    match write.verb:
        case "delete" if titles.get(write.playlist) != GONE:
            yield f"{titles.get(write.playlist, write.playlist)} was deleted"
        case "remove" | "unlike":
            title = titles.get(write.playlist, "")
            after = known.after.playlists.get(NEW_NAME if title == RENAMED else title, known.after.favourites)
            if kept := set(write.ids) & set(after):
                yield f"{sorted(kept)} was removed from {title or 'the favourites'}"
        case _:
            pass


def restless(staged: Stage, days: int = 2, *, whole: bool = True) -> Iterator[str]:
    """What keeps the job, when all is well again and time has passed, from the state of an undisturbed run. Unless
    ``whole``, a favourite may have gone and come back, which makes it the newest."""
    known = staged.prepared
    staged.clock.wait(days * DAY)
    staged.clock.waits.clear()
    outcomes = []
    for _ in range(RUNS_TO_REST):
        summary = staged.run()
        outcomes.append(str(summary.outcome))
        yield from unsafe(staged, summary, whole=whole)
        if summary.outcome is Outcome.IN_SYNC and not summary.writes:
            break
    if set(outcomes) - QUIET or outcomes[-1] != Outcome.IN_SYNC or summary.writes:
        yield f"in peace the runs ended {outcomes}: {summary.errors}"
    now = staged.sandbox.deezer.state()
    for title in known.after.playlists.keys() | now.playlists.keys():
        if (found := now.playlists.get(title)) != (wanted := known.after.playlists.get(title)):
            yield f"in the end {title} is {found}, not {wanted}"
    order = tuple if whole else sorted
    if order(now.favourites) != order(known.after.favourites):
        yield f"in the end the favourites are {now.favourites}, not {known.after.favourites}"
    for name, found in staged.besides().items():
        if sorted(found) != sorted(known.besides_after[name]):
            yield f"in the end {name} is {found}, not {known.besides_after[name]}"
    if (headers := staged.headers()) != known.headers:
        yield f"in the end the headers are {headers}, not {known.headers}"


# What the words mean


def _ends(trial: Trial, outcome: Outcome, code: ExitCode) -> Iterator[str]:
    if (trial.summary.outcome, trial.summary.exit_code) != (outcome, code):
        lines = [(line.name, str(line.state), line.reason) for line in trial.summary.collections]
        yield (
            f"ended {trial.summary.outcome} ({trial.summary.exit_code}), not {outcome} ({code}): "
            f"{trial.summary.errors} {lines}"
        )


def _wholly(trial: Trial) -> Iterator[str]:
    """Everything was done."""
    yield from _ends(trial, Outcome.CHANGED, ExitCode.OK)
    if trial.summary.errors:
        yield f"told errors: {trial.summary.errors}"
    if trial.state != trial.stage.prepared.after:
        yield f"not everything was done: {trial.state}"
    if trial.checkpoint.not_before:
        yield f"a service stays closed: {trial.checkpoint.not_before}"


def _others_done(trial: Trial, undone: set[str]) -> Iterator[str]:
    """Everything but these lists is as after an undisturbed run."""
    after = trial.stage.prepared.after
    for title, wanted in after.playlists.items():
        names = {title, RENAMED} if title == NEW_NAME else {title}
        if not names & undone and trial.state.playlists.get(title) != wanted:
            yield f"{title} was left undone though nothing is wrong with it"
    if "Liked Songs" not in undone and trial.state.favourites != after.favourites:
        yield "the favourites were left undone though nothing is wrong with them"
    if GONE not in undone and GONE in trial.state.playlists:
        yield f"{GONE} was left undone though nothing is wrong with it"


def as_usual(trial: Trial) -> Iterator[str]:
    """The answer is taken as it comes."""
    yield from _wholly(trial)
    if trial.calls != trial.usual and trial.cell.fault not in PAGED:
        yield f"{trial.calls} calls, not {trial.usual}"


def retried(trial: Trial) -> Iterator[str]:
    """Made again by the same run."""
    yield from _wholly(trial)
    # The sandbox notes a call that hangs when it lets go of it.
    if trial.calls + trial.cell.fault.startswith("hangs") <= trial.usual:
        yield f"not made again: {trial.calls} calls"


def read_again(trial: Trial) -> Iterator[str]:
    """A write whose outcome nobody knows: looked at, and written again only if it is not there."""
    yield from _wholly(trial)
    if trial.cell.fault.startswith("hangs"):
        return  # the sandbox notes a call that hangs when it lets go of it
    deezer = [call for call in trial.stage.sandbox.log.all() if call.service in ("deezer", "gateway")]
    known = trial.stage.prepared
    first = next((at for at, call in enumerate(deezer) if known.endpoint(call) == trial.cell.endpoint), len(deezer))
    if first + 1 >= len(deezer):
        yield "nothing came after it"
        return
    after = deezer[first + 1]
    if not (after.method == "GET" or after.path.startswith(("/deezer.page", "/playlist.get", "/favorite_song.get"))):
        yield f"what came next was not a look but {after.method} {after.path}"


def asked_otherwise(trial: Trial) -> Iterator[str]:
    """Done by another call."""
    yield from _wholly(trial)


def waits(trial: Trial) -> Iterator[str]:
    """The service is left alone until a time."""
    yield from _ends(trial, Outcome.RATE_LIMITED, ExitCode.OK)
    if exit_code(trial.summary.outcome, ExitCodes.DETAILED) is not ExitCode.RATE_LIMITED:
        yield "its detailed code is another"
    if trial.calls > trial.usual + CALLS_AT_MOST:
        yield f"called {trial.calls} times"
    closed = trial.checkpoint.not_before
    if set(closed) != {trial.service}:
        yield f"closed are {sorted(closed)}, not {trial.service}"
        return
    until = from_iso(closed[trial.service].until)
    seconds = (until - from_iso(trial.summary.finished_at)).total_seconds()
    a_day = trial.cell.fault == "quota used up" and trial.service == "spotify"
    expected = DAY if a_day else WAITS.get(trial.cell.fault)
    if seconds <= 0 or (expected is not None and abs(seconds - expected) > 10):
        yield f"closed for {seconds} s, not {expected}"
    if trial.summary.retry_at is None or from_iso(trial.summary.retry_at) != until:
        yield f"retry_at is {trial.summary.retry_at}, the service is closed until {until}"
    again = trial.stage.run()
    if calls := trial.stage.sandbox.log.all():
        yield f"the next run called {[call.path for call in calls]}"
    if (again.outcome, again.retry_at) != (Outcome.RATE_LIMITED, trial.summary.retry_at):
        yield f"the next run ended {again.outcome}, {again.retry_at}"
    yield from unsafe(trial.stage, again)


def skipped(trial: Trial) -> Iterator[str]:
    """The list is left as it is with its reason, the others are done."""
    yield from _ends(trial, Outcome.PARTIAL, ExitCode.PARTIAL)
    failed = trial.lines(CollectionState.FAILED)
    if not failed or not all(line.reason for line in failed):
        yield f"no list failed with a reason: {failed}"
    told = {error.where for error in trial.summary.errors}
    if silent := [line.name for line in failed if line.name not in told]:
        yield f"no error is told of {silent}"
    pending = trial.lines(CollectionState.PENDING)
    if len(pending) > 1 and not any("times in a row" in line.reason for line in pending):
        yield f"lists wait though the service did not fail three times in a row: {[line.name for line in pending]}"
    if trial.checkpoint.not_before:
        yield f"a service stays closed: {trial.checkpoint.not_before}"
    yield from _others_done(trial, {line.name for line in (*failed, *pending)})


def left(trial: Trial) -> Iterator[str]:
    """The list is left as it is, and that is nothing to alarm about."""
    yield from _ends(trial, Outcome.CHANGED, ExitCode.OK)
    unreadable = trial.stage.prepared.unreadable
    found = [line for line in trial.lines(CollectionState.SKIPPED) if line.name not in unreadable]
    if not any(line.reason for line in found):
        yield "no list was left with a reason"
    if trial.summary.errors:
        yield f"told errors: {trial.summary.errors}"
    yield from _others_done(trial, {line.name for line in found})


def torn(trial: Trial) -> Iterator[str]:
    """The list of playlists is not whole: what is in it is looked at, nothing is concluded about the others."""
    yield from _ends(trial, Outcome.PARTIAL, ExitCode.PARTIAL)
    if failed := trial.lines(CollectionState.FAILED):
        yield f"lists failed: {failed}"
    if not any("does not add up" in error.message for error in trial.summary.errors):
        yield f"nobody is told that the list is not whole: {trial.summary.errors}"
    if GONE not in trial.state.playlists:
        yield f"{GONE} was taken for gone"
    yield from _others_done(trial, {GONE})


def later(trial: Trial) -> Iterator[str]:
    """The list counts as edited while it was read."""
    yield from _ends(trial, Outcome.MORE_TO_DO, ExitCode.OK)
    pending = trial.lines(CollectionState.PENDING)
    if not pending or not all(line.reason for line in pending):
        yield "no list waits with a reason"
    if trial.summary.errors:
        yield f"told errors: {trial.summary.errors}"
    yield from _others_done(trial, {line.name for line in pending})


def refused(trial: Trial) -> Iterator[str]:
    """Deezer would not; it is noted, and everything else is done."""
    yield from _ends(trial, Outcome.CHANGED, ExitCode.OK)
    noted = {line.name for line in trial.summary.collections if any("refused" in note for note in line.notes)}
    if not noted:
        yield "no list notes the refusal"
    if trial.summary.errors:
        yield f"told errors: {trial.summary.errors}"
    yield from _others_done(trial, noted | {RENAMED if NEW_NAME in noted else ""})


def full(trial: Trial) -> Iterator[str]:
    """Deezer takes no more; what does not fit is counted, everything else is done."""
    yield from _ends(trial, Outcome.CHANGED, ExitCode.OK)
    noted = {line.name for line in trial.summary.collections if any("do not fit" in note for note in line.notes)}
    if not noted:
        yield "no list notes what does not fit"
    if trial.summary.errors:
        yield f"told errors: {trial.summary.errors}"
    yield from _others_done(trial, noted)


def not_found(trial: Trial) -> Iterator[str]:
    """Deezer has no such track: it waits for its next try, everything else is done."""
    yield from _ends(trial, Outcome.CHANGED, ExitCode.OK)
    if trial.summary.errors:
        yield f"told errors: {trial.summary.errors}"
    missing = {line.name for line in trial.summary.collections if line.unmatched}
    if not missing:
        yield "no track was left without a counterpart"
    if not all(trial.checkpoint.mirrors[line.id].retry_at for line in trial.summary.collections if line.unmatched):  # type: ignore[index]
        yield "a track without a counterpart is never tried again"
    yield from _others_done(trial, missing)


def unavailable(trial: Trial) -> Iterator[str]:
    """The service is as good as down: nothing was written."""
    yield from _ends(trial, Outcome.UNAVAILABLE, ExitCode.UNAVAILABLE)
    if not any(trial.service in f"{error.where} {error.message}".lower() for error in trial.summary.errors):
        yield f"no error names {trial.service}: {trial.summary.errors}"
    if trial.calls > TRIES:
        yield f"called {trial.calls} times"
    if placed := [write for write in trial.stage.sandbox.deezer.writes() if write.verb != "delete"]:
        yield f"wrote {placed}"
    if trial.checkpoint.not_before:
        yield f"a service stays closed: {trial.checkpoint.not_before}"


def auth(trial: Trial) -> Iterator[str]:
    """A person must renew the credentials."""
    yield from _ends(trial, Outcome.AUTH, ExitCode.AUTH)
    advice = [error.hint for error in trial.summary.errors]
    if not any(word in hint for hint in advice for word in ("musicdiff-job", "DEEZER_", "SPOTIFY_")):
        yield f"nobody is told what to do: {advice}"


MEANINGS: Final[Mapping[str, Callable[[Trial], Iterator[str]]]] = {
    "as usual": as_usual,
    "retried": retried,
    "read again": read_again,
    "otherwise": asked_otherwise,
    "waits": waits,
    "skipped": skipped,
    "left": left,
    "later": later,
    "torn": torn,
    "refused": refused,
    "full": full,
    "not found": not_found,
    "unavailable": unavailable,
    "auth": auth,
}
"""The words of the table. Each gives complaints about a run that does not live up to it."""
