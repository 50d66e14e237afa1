"""What a refusal of the operating system means for a checkpoint file, and what to do about it; and the way back from
a checkpoint that cannot be read, wherever it is kept."""

from __future__ import annotations

import errno
from pathlib import Path

from musicdiff_job.core.document import DocumentHeader
from musicdiff_job.core.errors import CheckpointUnwritable

_ELSEWHERE = "or name another place in checkpoint.url"
_MOUNTED = (
    "the file itself seems to be mounted (docker -v FILE:FILE, a Kubernetes subPath), and a mounted file cannot be "
    "replaced; mount its folder instead"
)
_UNLOCKED = f"mount that file system with locks (NFS needs its lock service), {_ELSEWHERE}"
HINTS: dict[int, str] = {
    errno.ENOSPC: f"free some space on that disk, {_ELSEWHERE}",
    errno.EDQUOT: f"free some of your quota on that disk, {_ELSEWHERE}",
    errno.EFBIG: f"raise the limit on file sizes (ulimit -f), {_ELSEWHERE}",
    errno.EROFS: f"mount the file system writable, {_ELSEWHERE}",
    errno.EACCES: f"run as the user who owns the folder, {_ELSEWHERE}",
    errno.EPERM: f"run as the user who owns the folder, {_ELSEWHERE}",
    errno.EBUSY: _MOUNTED,
    errno.EXDEV: _MOUNTED,
    errno.ENOENT: "the folder does not exist and cannot be created; correct checkpoint.url",
    errno.ENOTDIR: "a folder is needed where the path names a file; correct checkpoint.url",
    errno.EEXIST: "a folder is needed where the path names a file; correct checkpoint.url",
    errno.EISDIR: "checkpoint.url must name a file, not a folder",
    errno.ENXIO: "checkpoint.url must name a file, not a device, a pipe or a socket",
    errno.ENAMETOOLONG: "give the checkpoint a shorter name; its companions' are up to 40 characters longer",
    errno.ENOLCK: _UNLOCKED,
    errno.EOPNOTSUPP: _UNLOCKED,
    errno.ENOSYS: _UNLOCKED,
    errno.EMFILE: "raise the limit on open files (ulimit -n)",
    errno.ENFILE: "the machine has no files left to open; see which program holds them (lsof)",
    errno.ESTALE: f"the server no longer knows that file; mount the file system again, {_ELSEWHERE}",
    errno.EIO: "the disk or the network behind it has failed; see the system's log, and keep a copy of the checkpoint",
    errno.ELOOP: "there is a symbolic link in a place where none may be; remove it",
}
"""What to do, by what the operating system said."""

BEGIN_ANEW = "put a backup in its place, or move it away: without a checkpoint the next run is a first run"


def unwritable(path: Path, error: OSError, what: str = "the checkpoint cannot be saved") -> CheckpointUnwritable:
    """The error for ``path``, in the system's own words, with the hint if there is one."""
    return CheckpointUnwritable(f"{what}: {error.strerror} ({path})", HINTS.get(error.errno or 0, ""))


def way_back(previous: DocumentHeader | None, place: str) -> str:
    """What to do about a damaged checkpoint, when this is what its previous one at ``place`` says of itself."""
    if previous is None:
        return BEGIN_ANEW
    return (
        f"`musicdiff-job checkpoint restore-previous` goes back to generation {previous.generation}, "
        f"saved {previous.saved_at} ({place})"
    )
