"""A running model worker and the thread that writes to it, so that nobody ever waits for a full pipe."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Sequence

from vizsla.core.child import Child


class Line:
    """One worker process. ``send`` never blocks, even while the worker is stopped or stuck."""

    def __init__(
        self,
        module: str,
        arguments: Sequence[str],
        *,
        on_message: Callable[[object], None],
        on_exit: Callable[[int], None],
    ) -> None:
        """Start the worker; arguments as for ``Child``."""
        # The kernel ends the worker with the thread that started it, see worker._die_with_parent.
        self._child = Child(module, arguments, on_message=on_message, on_exit=on_exit)
        self._outgoing: queue.SimpleQueue[object] = queue.SimpleQueue()
        self._sender = threading.Thread(target=self._send_all, name="model-worker-sender", daemon=True)
        self._sender.start()

    @property
    def pid(self) -> int:
        """The process id of the worker."""
        return self._child.pid

    def send(self, message: object) -> None:
        """Have an object handed to the worker; lost when the worker dies first."""
        self._outgoing.put(message)

    def kill(self) -> None:
        """End the worker at once; ``on_exit`` follows."""
        self._child.kill()

    def close(self) -> None:
        """End the worker, its threads and its pipes. Nothing in it is worth waiting for: it keeps no state."""
        self._child.kill()
        self._outgoing.put(None)
        self._child.close()
        self._sender.join(1.0)

    def _send_all(self) -> None:
        while (message := self._outgoing.get()) is not None:
            if not self._child.send(message):
                return
