"""Files and folders that are nobody else's business, also in folders that others may write to.

Theory. A umask can take rights away from what is created and can leave all of them, so modes are set explicitly. In a
folder like ``/tmp`` somebody else may have put a symbolic link where a file of ours is going to be, so that we write
to a file of our own that they could not reach. A link is followed only if it is the user's own or root's, which is the
rule of Linux's ``protected_symlinks``; that setting is not on everywhere, and knows nothing of ``readlink``. Hard links
to files of others are the business of ``protected_hardlinks``: nobody can tell them from the links that backups make.
"""

from __future__ import annotations

import os
import stat
from pathlib import Path

FILE_MODE = 0o600
FOLDER_MODE = 0o700


def may_follow(path: Path) -> bool:
    """Whether what stands there is a symbolic link of the user's own, or of root's. Raises OSError."""
    try:
        status = path.lstat()
    except FileNotFoundError:
        return False
    return stat.S_ISLNK(status.st_mode) and status.st_uid in (os.geteuid(), 0)


def open_private(path: Path, flags: int) -> int:
    """A file descriptor. A file that is created gets mode 0600 whatever the umask is; one that is there keeps its mode.
    Raises OSError, with ELOOP for a link that is not to be followed."""
    try:
        descriptor = os.open(path, flags | os.O_CREAT | os.O_EXCL, FILE_MODE)
    except FileExistsError:
        return os.open(path, flags if may_follow(path) else flags | os.O_NOFOLLOW, FILE_MODE)
    os.fchmod(descriptor, FILE_MODE)
    return descriptor


def make_folders(folder: Path) -> list[Path]:
    """Create a folder and those above it that are missing, each with mode 0700 whatever the umask is; which were
    created, topmost first. Those that exist stay as they are. Raises OSError."""
    if folder.is_dir():
        return []
    made = make_folders(folder.parent)
    try:
        folder.mkdir(FOLDER_MODE)
    except FileExistsError:
        if folder.is_dir():  # somebody else was faster
            return made
        raise
    folder.chmod(FOLDER_MODE)
    return [*made, folder]
