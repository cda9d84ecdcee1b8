"""Whose pickles are loaded: loading one runs the code in it."""

from __future__ import annotations

import grp
import os
import pwd
import stat
from pathlib import Path

from cftsr.errors import UserError


def trusted(path: Path) -> None:
    """Refuse a pickle, or a place for one, that somebody else can write: loading a pickle runs its code.

    Checked are the path and every folder above it up to the working folder (whoever can write that one can change the
    workflow itself), or up to the root for a folder elsewhere. All must belong to this user or to root, and nobody else
    may write: not everybody (but for a folder with the sticky bit, such as /tmp), and not a group, unless it is
    the user's own.

    Raises UserError with the first that cannot be trusted, and the remedy.
    """
    place, last = path.resolve(), Path.cwd()
    while True:
        status = os.stat(place)
        sticky = stat.S_ISDIR(status.st_mode) and status.st_mode & stat.S_ISVTX
        if status.st_uid not in (os.geteuid(), 0):
            raise UserError(
                f"{place} belongs to somebody else (user {status.st_uid}), who could have put a program there: "
                f"its state is not loaded. Delete {path.parent}, and the fit starts afresh"
            )
        if not sticky and (
            status.st_mode & stat.S_IWOTH or (status.st_mode & stat.S_IWGRP and not _own_group(status.st_gid))
        ):
            who = "everybody" if status.st_mode & stat.S_IWOTH else "its group"
            raise UserError(
                f"{place} can be written by {who}, who could have put a program there: its state is not "
                f"loaded. Say chmod go-w {place} if you trust what is there, else delete {path.parent}, and the fit "
                "starts afresh"
            )
        if place.parent in (place, last):
            return
        place = place.parent


def _own_group(group: int) -> bool:
    """Whether the group is root's, or the private one that many systems make for each user, with no other member."""
    if group == 0:
        return True
    try:
        user, members = pwd.getpwuid(os.geteuid()), grp.getgrgid(group)
    except KeyError:
        return False
    return members.gr_gid == user.pw_gid and members.gr_name == user.pw_name and set(members.gr_mem) <= {user.pw_name}
