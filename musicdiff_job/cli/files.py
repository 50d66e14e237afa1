"""Files that commands write for others to read: whole or not at all, and for the owner only."""

from __future__ import annotations

import errno
from pathlib import Path

from musicdiff_job.store.durable import temporary

_FIXED = frozenset({errno.EBUSY, errno.EROFS, errno.EACCES, errno.EPERM, errno.EXDEV})
"""How renaming over a mounted file, or into a folder one may not change, fails."""


def replace_file(path: Path, content: bytes) -> None:
    """Write ``content`` to ``path``, mode 0600, so that a reader sees the old content or the new one.

    What cannot be replaced (``/dev/stdout``, a pipe, a symbolic link, the termination message that Kubernetes mounts)
    is written in place. Raises OSError.
    """
    if path.is_symlink() or (path.exists() and not path.is_file()):
        path.write_bytes(content)
        return
    try:
        _replace(path, content)
    except OSError as error:
        if error.errno not in _FIXED or not path.exists():
            raise
        path.write_bytes(content)


def _replace(path: Path, content: bytes) -> None:
    with temporary(path, content) as (written, _):
        written.replace(path)
