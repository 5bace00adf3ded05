"""The command line for a program that reads its output: it ends when its parent does, however that ended.

Its stdin is the tether: nothing is ever sent on it, and its end is a wish to stop, like Ctrl-C.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import sys
import threading
import time

_DEATH_SIGNAL = 1  # PR_SET_PDEATHSIG, of Linux's prctl
_LAST_SECONDS = 20.0  # after which a wish to stop is not waited for any more


def main() -> None:
    """Run ``vizsla`` with our arguments."""
    parent = os.getppid()
    if sys.platform == "linux":  # also while we are halted, when no wish could be heard
        with contextlib.suppress(OSError, AttributeError):
            ctypes.CDLL(None).prctl(_DEATH_SIGNAL, signal.SIGKILL)
    if os.getppid() != parent:
        raise SystemExit(1)
    tether = os.dup(0)
    null = os.open(os.devnull, os.O_RDONLY)
    os.dup2(null, 0)
    os.close(null)
    threading.Thread(target=_watch, args=(tether,), name="tether", daemon=True).start()
    from vizsla.cli.__main__ import main as run

    run()


def _watch(tether: int) -> None:
    with contextlib.suppress(OSError):
        while os.read(tether, 4096):
            pass
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(_LAST_SECONDS)
    os._exit(1)


if __name__ == "__main__":
    main()
