"""One hub per home folder: a lock the system takes back when its holder dies. Owns the file `hub.lock`."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path
from typing import Final, Self

LOCK_FILE: Final = "hub.lock"
_TRIES: Final = 5
_PAUSE_S: Final = 0.05

if sys.platform == "win32":
    import msvcrt

    def _grab(handle: int) -> None:
        msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)
else:
    import fcntl

    def _grab(handle: int) -> None:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)


class HubLock:
    """The right to be the hub of a folder, held until `release` or until the process ends, however it ends."""

    def __init__(self, handle: int) -> None:
        """Use `take`."""
        self._handle = handle

    @classmethod
    def take(cls, home: Path) -> Self | None:
        """Take the lock; None when another process has it. A short look by `held` is waited out."""
        for left in reversed(range(_TRIES)):
            handle = os.open(home / LOCK_FILE, os.O_RDWR | os.O_CREAT, 0o600)
            try:
                _grab(handle)
            except OSError:
                os.close(handle)
                if left:
                    time.sleep(_PAUSE_S)
            else:
                return cls(handle)
        return None

    def release(self) -> None:
        """Give the lock back."""
        os.close(self._handle)


def held(home: Path) -> bool:
    """Tell whether a living process is the hub of this folder."""
    try:
        handle = os.open(home / LOCK_FILE, os.O_RDWR)
    except OSError:
        return False
    try:
        _grab(handle)
    except OSError:
        return True
    finally:
        os.close(handle)
    return False
