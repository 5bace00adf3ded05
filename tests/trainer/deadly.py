"""Functions that end their process, for tests that survive it; processes import this module, so it imports little."""

from __future__ import annotations

import os
import signal

POISON = (7, 40)


def halved(item: int) -> int:
    """Dies of some numbers, as a process that the system ends for its memory."""
    if item in POISON:
        os.kill(os.getpid(), signal.SIGKILL)
    return item // 2


def killed(item: int) -> int:
    """Dies of every number."""
    os.kill(os.getpid(), signal.SIGKILL)
    return item
