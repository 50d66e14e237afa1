"""Files that are written for others to read: whole or not at all, and for the owner only."""

from __future__ import annotations

import errno
import os
from pathlib import Path

from musicdiff_job.private import may_follow, open_private
from musicdiff_job.store.durable import temporary

_FIXED = frozenset({errno.EBUSY, errno.EROFS, errno.EACCES, errno.EPERM, errno.EXDEV})
"""How renaming over a mounted file, or into a folder one may not change, fails."""


def replace_file(path: Path, content: bytes) -> None:
    """Write ``content`` to ``path``, mode 0600, so that a reader sees the old content or the new one.

    What cannot be replaced (``/dev/stdout``, a pipe, a symbolic link, the termination message that Kubernetes mounts)
    is written in place; a symbolic link only if it is the user's own, or root's (see ``private``). Raises OSError.
    """
    if path.is_symlink():
        if not may_follow(path):
            raise OSError(errno.ELOOP, "somebody else's symbolic link stands there")
        _write_in_place(path, content)
    elif path.exists() and not path.is_file():
        _write_in_place(path, content)
    else:
        try:
            _replace(path, content)
        except OSError as error:
            if error.errno not in _FIXED or not path.exists():
                raise
            _write_in_place(path, content)


def _write_in_place(path: Path, content: bytes) -> None:
    with os.fdopen(open_private(path, os.O_WRONLY | os.O_TRUNC), "wb") as file:
        file.write(content)


def _replace(path: Path, content: bytes) -> None:
    with temporary(path, content) as (written, _):
        written.replace(path)
