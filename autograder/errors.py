"""What goes wrong in a way that a sentence explains."""

import errno

FULL = (errno.ENOSPC, errno.EDQUOT)
DENIED = (errno.EROFS, errno.EACCES, errno.EPERM)
DISK_FULL = "the disk is full: make room, then run the same command again; what was done is kept"


class ToldError(Exception):
    """An error whose message is all that a user needs: what is wrong, and what to do."""


class StoppedError(ToldError):
    """The machine, and no submission, keeps a run from going on."""


def told(error: OSError) -> str:
    """What an error of the operating system means, in a line."""
    if error.errno in FULL:
        return DISK_FULL
    if error.errno in DENIED:
        return f"{error.filename}: {error.strerror}: see to it that you may write there"
    return f"{error.filename}: {error.strerror}" if error.filename else str(error)
