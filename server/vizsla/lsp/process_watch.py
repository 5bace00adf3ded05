"""Notice the death of another process, such as the editor that started us, without asking all the time."""

from __future__ import annotations

import os
import select
import threading
from collections.abc import Callable

_POLL_SECONDS = 1.0


def watch_process(number: int, on_death: Callable[[], None]) -> None:
    """Call ``on_death`` once, on a thread of its own, when the process is dead, or at once when it is.

    Args:
        number: process id, as this process's namespace has it.
        on_death: what to call.
    """

    def wait() -> None:
        try:
            descriptor = os.pidfd_open(number)
        except ProcessLookupError:
            pass
        except (AttributeError, OSError):  # another system than Linux, or a kernel before 5.3
            _wait_polling(number)
        else:
            poll = select.poll()
            poll.register(descriptor, select.POLLIN)
            poll.poll()
        on_death()

    threading.Thread(target=wait, name="parent-watch", daemon=True).start()


def _wait_polling(number: int) -> None:
    still = threading.Event()
    while is_alive(number):
        still.wait(_POLL_SECONDS)


def is_alive(number: int) -> bool:
    """Whether a process of this id exists, also one of another user."""
    try:
        os.kill(number, 0)
    except ProcessLookupError:
        return False
    except (PermissionError, OverflowError):
        return True
    return True
