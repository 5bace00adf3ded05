"""Which workspace folders are open: opened, tried again, given other resources, cleared and closed, one at a time.

It does not know what they are asked.
"""

from __future__ import annotations

import contextlib
import logging
import threading
import time
from collections.abc import Iterator
from pathlib import Path

from vizsla.core.errors import VizslaError, WorkspaceError
from vizsla.services.asking import Asking
from vizsla.services.clearing import clear_workspace
from vizsla.services.engine import Engine, Listener, WatchBy
from vizsla.services.nesting import resolved
from vizsla.services.newcomer import Asked, Newcomer
from vizsla.services.open_buffers import OpenBuffers
from vizsla.services.resources import Resources
from vizsla.services.root import Root

logger = logging.getLogger(__name__)

_LONGEST_QUESTION_SECONDS = 10.0
_FIRST_RETRY_SECONDS, _LAST_RETRY_SECONDS = 0.5, 10.0


class RootRegistry:
    """The open folders, and the resources that they use. Any thread; all that changes something is slow."""

    def __init__(self, resources: Resources, buffers: OpenBuffers, listener: Listener, by: WatchBy) -> None:
        self.resources = resources
        self.questions = Asking()
        self._switching = threading.Lock()  # held for the moment in which engines and resources become others
        self._buffers = buffers
        self._listener = listener
        self._by: WatchBy = by
        self._changing = threading.RLock()  # held for as long as opening and closing take; never to look something up
        self._roots: tuple[Root, ...] = ()  # replaced as a whole, so that readers need no lock
        self._closing = threading.Event()
        self._mender: threading.Thread | None = None

    def all(self) -> tuple[Root, ...]:
        """All folders, in the order in which they were added."""
        return self._roots

    def find(self, folder: Path) -> Root | None:
        """The root that was added under this name, or that is this folder."""
        name = folder.expanduser().absolute()
        named = next((root for root in self._roots if name in root.names), None)
        return named or next((root for root in self._roots if root.path == resolved(folder)), None)

    def add(self, folder: Path) -> Root:
        """Open a folder; what is open already only gets another name.

        Raises:
            WorkspaceError: everything was closed.
        """
        name, real = folder.expanduser().absolute(), resolved(folder)
        with self._changing:
            if self._closing.is_set():
                raise WorkspaceError(f"{folder} cannot be opened, for the server is ending")
            root = next((root for root in self._roots if root.path == real), None)
            if root is None:
                root = Root(real)
                self._roots = (*self._roots, root)
            root.names.add(name)
            if root.engine is None and not self._open(root):
                self._mend_later()
        self._listener.changed()
        return root

    def remove(self, folder: Path) -> None:
        """Take a name from a folder, and close it with the last."""
        name = folder.expanduser().absolute()
        with self._changing:
            root = self.find(folder)
            if root is None:
                return
            root.names.discard(name if name in root.names else next(iter(root.names)))
            if root.names:
                return
            self._roots = tuple(other for other in self._roots if other is not root)
            engine, root.engine = root.engine, None
            if engine is not None:
                engine.close()
        self._listener.changed()

    @contextlib.contextmanager
    def asking(self, *, is_question: bool = True) -> Iterator[Asked]:
        """What answers a question from its beginning to its end: all of it belongs together, and none of it is closed
        because of other models before the block ends."""
        with self._switching:
            asked = Asked(resources=self.resources, engines={root: root.engine for root in self._roots})
            using = self.questions.with_(asked.resources, is_question=is_question)
            using.__enter__()
        try:
            yield asked
        finally:
            using.__exit__(None, None, None)

    def exchange_resources(self, resources: Resources) -> bool:
        """Have every folder use other resources, in one step; the old ones are closed when the questions that use
        them are answered. Slow; questions are answered all the while.

        Returns:
            False when everything was closed, so that the new ones were as well.

        Raises:
            VizslaError: a folder that is open cannot be opened with them; then all is as it was.
        """
        with self._changing:
            if self._closing.is_set():
                resources.close()
                return False
            newcomers = self._opened_aside(resources)
            with self._buffers.delivering, self._switching:
                for newcomer in newcomers:
                    newcomer.deliver(self._buffers)
                    newcomer.root.engine, newcomer.root.problem = newcomer.engine, ""
                before, self.resources = self.resources, resources
            self.questions.wait_unused(before, _LONGEST_QUESTION_SECONDS, self._closing.is_set)
            for newcomer in newcomers:
                if newcomer.before is not None:
                    newcomer.before.close()  # gives the index free for the new one to write
                if self._closing.is_set():
                    newcomer.engine.close()
                else:
                    newcomer.engine.start(self._by)
            for root in self._roots:
                if root.engine is None and not self._open(root):
                    self._mend_later()
            before.close()
        self._listener.changed()
        return True

    def _opened_aside(self, resources: Resources) -> list[Newcomer]:
        """What will run for each folder that is open, ready to answer; the caller holds the lock."""
        newcomers: list[Newcomer] = []
        try:
            for root in self._roots:
                if root.engine is not None:
                    engine = Engine.open(root.path, resources, self._listener)
                    newcomers.append(Newcomer(root=root, engine=engine, before=root.engine))
                    newcomers[-1].deliver(self._buffers)
            for newcomer in newcomers:
                newcomer.wait_ready()
        except BaseException:
            for newcomer in newcomers:
                newcomer.engine.close()
            raise
        return newcomers

    def clear(self, root: Root) -> None:
        """Delete the index of a folder, which then waits for its schedule to be resumed.

        Raises:
            IndexBusyError: another process keeps the index.
            CacheError: something could not be deleted.
        """
        with self._changing:
            engine, root.engine = root.engine, None
            if engine is not None:
                engine.close()
            is_cleared = False
            try:
                clear_workspace(root.path, self.resources)
                is_cleared = True
            finally:
                if not self._open(root, is_paused=is_cleared):
                    self._mend_later()
        self._listener.changed()

    def close(self, seconds: float) -> None:
        """End everything, side by side, and wait at most so long."""
        end = time.monotonic() + seconds
        self._closing.set()
        is_quiet = self._changing.acquire(timeout=seconds / 2)
        try:
            engines = [root.engine for root in self._roots if root.engine is not None]
            self._roots = ()
        finally:
            if is_quiet:
                self._changing.release()
        # Whatever hangs in one of them must not keep the process from ending.
        threads = [
            threading.Thread(target=engine.close, args=(seconds / 2,), daemon=True, name="close") for engine in engines
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(max(end - time.monotonic(), 0.0))
        last = threading.Thread(target=self.resources.close, daemon=True, name="close")
        last.start()
        last.join(max(end - time.monotonic(), 0.1))

    def _open(self, root: Root, *, is_paused: bool = False) -> bool:
        """Open a folder with the resources of now, in the place of what runs for it; the caller holds the lock."""
        before = root.engine
        try:
            engine: Engine | None = Engine.open(root.path, self.resources, self._listener)
            root.problem = ""
        except VizslaError as error:
            engine, root.problem = None, str(error)
            logger.warning("%s", error)
        except Exception:
            engine, root.problem = None, f"{root.path} cannot be opened for a reason that is in the log; see there"
            logger.exception("%s cannot be opened", root.path)
        with self._buffers.delivering:
            root.engine = engine
            if engine is not None:
                for buffer in self._buffers.below(root.path):
                    engine.workspace.overlay.open(root.below(buffer.path), buffer.text, buffer.version)
        if before is not None:
            before.close()  # gives the index free for the new one to write
        if engine is not None and self._closing.is_set():  # it was too late for ``close`` to see it
            engine.close()
        elif engine is not None:
            if is_paused:
                engine.schedule.pause()
            engine.start(self._by)
        return engine is not None

    def _mend_later(self) -> None:
        if self._mender is None and not self._closing.is_set():
            self._mender = threading.Thread(target=self._mend, daemon=True, name="open-again")
            self._mender.start()

    def _mend(self) -> None:
        """Try again, ever less often, until every folder is open."""
        seconds = _FIRST_RETRY_SECONDS
        while not self._closing.wait(seconds):
            seconds = min(2 * seconds, _LAST_RETRY_SECONDS)
            with self._changing:
                waiting = [root for root in self._roots if root.engine is None]
                for root in waiting:
                    self._follow_links(root)
                    if root in self._roots and not self._closing.is_set():
                        self._open(root)
                if all(root.engine is not None for root in self._roots):
                    self._mender = None
                    self._listener.changed()
                    return
            self._listener.changed()

    def _follow_links(self, root: Root) -> None:
        """A name may be a link that leads elsewhere by now."""
        for name in tuple(root.names):
            if resolved(name) != root.path:
                root.names.discard(name)
                with contextlib.suppress(WorkspaceError):
                    self.add(name)
        if not root.names:
            self._roots = tuple(other for other in self._roots if other is not root)
