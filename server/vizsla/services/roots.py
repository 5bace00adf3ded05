"""All workspace folders of a running server, asked as one; buffers and changes are routed to those that hold them."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

from vizsla.core.errors import QueryError, VizslaError, WorkspaceError
from vizsla.core.options import WORKSPACE_FILE
from vizsla.core.settings import Settings
from vizsla.retrieval.query import Question
from vizsla.services.answers import Answer, SearchRequest
from vizsla.services.engine import Engine, Listener, WatchBy
from vizsla.services.exchange import SettingsExchange
from vizsla.services.federation import federated_answers, federated_similar, parts_of
from vizsla.services.indexing import RECONCILED_AT
from vizsla.services.nesting import Places, resolved
from vizsla.services.open_buffers import Buffer, OpenBuffers
from vizsla.services.resources import Resources
from vizsla.services.root import Root
from vizsla.services.root_registry import RootRegistry
from vizsla.services.root_status import RootStatus
from vizsla.services.searching import understood

RootsListener = Listener

_FIRST_SECONDS = 1.0  # that a question on a workspace nobody has indexed yet waits for something to be found in
_LONGEST_FIRST_SECONDS = 10.0  # and while nothing at all is there: an answer without a hit helps nobody
_POLL_SECONDS = 0.02


class Roots:
    """Workspace folders and open buffers of one process. Thread-safe; what may be slow says so."""

    def __init__(self, resources: Resources, *, listener: RootsListener, watch: WatchBy = "own") -> None:
        """Begin without any folder.

        Args:
            resources: the children and caches of the process; from now on ours to close.
            listener: is told of progress and of changes of state, from any thread.
            watch: "client" when the client tells of changes on the disk.
        """
        self._buffers = OpenBuffers()
        self._registry = RootRegistry(resources, self._buffers, listener, watch)
        self.questions = self._registry.questions
        """Which are open at this moment."""
        self.models = SettingsExchange(self._registry, listener.changed)
        """Which models answer, and which ones shall take over."""
        self._threads = ThreadPoolExecutor(4, thread_name_prefix="roots")

    # Folders

    def add(self, folder: Path) -> Root:
        """Open a folder; slow. One that cannot be opened is tried again by itself, and ``statuses`` says why.

        Raises:
            WorkspaceError: everything was closed.
        """
        root = self._registry.add(folder)
        self.models.start()
        return root

    def remove(self, folder: Path) -> None:
        """Close a folder; slow. Does nothing for one that was not added."""
        self._registry.remove(folder)

    def all(self) -> tuple[Root, ...]:
        """All folders, in the order in which they were added."""
        return self._registry.all()

    def locate(self, path: Path) -> tuple[Root, str] | None:
        """The innermost folder that holds a file, and the file's path in it."""
        real = resolved(path)
        holding = [root for root in self.all() if real.is_relative_to(root.path)]
        if not holding:
            return None
        innermost = max(holding, key=lambda root: len(root.path.parts))
        return innermost, innermost.below(real)

    # What the editor tells

    def open_buffer(self, path: Path, text: str, version: int | None) -> None:
        """A buffer has this text now, whether it was just opened or changed. Its folder may be added later."""

        def deliver(buffer: Buffer) -> None:
            for root, engine in self._engines_around(buffer.path):
                engine.workspace.overlay.open(root.below(buffer.path), text, version)

        self._buffers.open(path, text, version, deliver)

    def close_buffer(self, path: Path) -> None:
        """A buffer was closed: what is on the disk counts again."""

        def deliver(real: Path) -> None:
            for root, engine in self._engines_around(real):
                engine.workspace.overlay.close(root.below(real))

        self._buffers.close(path, deliver)

    def changed(self, paths: Iterable[Path]) -> None:
        """These files or folders may have changed on the disk, or be gone. A hint."""
        places = Places()
        by_engine: dict[int, tuple[Engine, list[str]]] = {}
        for path in dict.fromkeys(map(places.of, paths)):
            for root, engine in self._engines_around(path):
                by_engine.setdefault(id(engine), (engine, []))[1].append(root.below(path))
        for engine, relative in by_engine.values():
            if "." in relative:
                engine.schedule.doubt("the folder itself has changed")
            if WORKSPACE_FILE in relative:
                engine.read_settings()
            engine.schedule.changed(path for path in relative if path != ".")

    # Questions

    async def answers(self, request: SearchRequest) -> AsyncIterator[Answer]:
        """The fused answer, then, if there is a reranker, the reranked one. Of a workspace that was never indexed
        comes first what is found at once, then, within about a second, what the likeliest files hold.

        Raises:
            QueryError: the question cannot be answered as it stands, or no folder is open.
        """
        question, _ = understood(request)
        chosen = self.chosen(request.roots)
        unread = [engine for root in chosen if (engine := await self._preferring(root, question)) is not None]
        if unread:
            async for answer in self._asked(chosen, replace(request, rerank="off")):
                if answer.hits:
                    yield answer
            await asyncio.gather(*map(self._wait_for_first, unread))
        async for answer in self._asked(chosen, request):
            yield answer

    async def similar(self, path: Path, line: int, character: int, *, limit: int | None = None) -> Answer:
        """Functions of all folders like the one at a place; line and character from 0, in UTF-16 units.

        Raises:
            QueryError: there is no indexed function at that place, or it has no vector yet.
        """
        found = self.locate(path)
        if found is None:
            raise QueryError(f"{path} is in no open folder; open the folder that holds it")
        home, relative = found
        with self._registry.asking() as asked:
            parts, notes = parts_of(self.all(), asked)
            at_home = next((part for part in parts if part.root is home), None)
            if at_home is None:
                raise QueryError(f"{home.path} is not open: {home.problem or 'it is being opened'}")
            count = asked.resources.settings.search.hits(limit)
            return await federated_similar(parts, at_home, relative, line, character, limit=count, notes=notes)

    # Control

    def statuses(self) -> list[RootStatus]:
        """The truth about every folder, in the order of ``all``; takes milliseconds."""
        problem = self.models.problem
        with self.holding():
            return [root.status(sum(1 for _ in self._buffers.below(root.path)), problem) for root in self.all()]

    @contextlib.contextmanager
    def holding(self) -> Iterator[None]:
        """Nothing that runs for a folder is closed because of other models until the block ends."""
        with self._registry.asking(is_question=False):
            yield

    def rebuild(self, root: Path | None = None) -> None:
        """Parse every file of a folder again, or of all."""
        for engine in self._engines(root):
            engine.schedule.rebuild()

    def pause(self, root: Path | None = None) -> None:
        """Keep nothing up until ``resume``."""
        for engine in self._engines(root):
            engine.schedule.pause()

    def resume(self, root: Path | None = None) -> None:
        """Go on after ``pause``, ``cancel`` or ``clear``."""
        for engine in self._engines(root):
            engine.schedule.resume()

    def cancel(self, root: Path | None = None) -> None:
        """Give up the work of now; it goes on when something changes."""
        for engine in self._engines(root):
            engine.schedule.cancel()

    def clear(self, root: Path | None = None) -> None:
        """Delete the index of a folder, or of all, with the vectors of its functions; slow. It then is paused.

        Raises:
            IndexBusyError: another process keeps an index.
            CacheError: something could not be deleted.
        """
        for one in self.chosen((root,) if root is not None else ()):
            self._registry.clear(one)

    def apply_settings(self, settings: Settings) -> None:
        """Use these from now on: at once, but other models only when they work and everything has their vectors; until
        then, and if they never do, what is open stays in use. ``statuses`` says why."""
        self.models.apply(settings)

    def wait_quiet(self, seconds: float) -> bool:
        """For tests: wait until disk, buffers and settings have arrived; whether they did in time."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            left = end - time.monotonic()
            engines = [root.engine for root in self.all()]
            if self.models.is_settled and all(
                engine is not None
                and engine.schedule.wait_quiet(left)
                and engine.workspace.overlay.wait_settled(left)
                and engine.schedule.wait_quiet(left)
                for engine in engines
            ):
                return True
            time.sleep(_POLL_SECONDS)
        return False

    def close(self, seconds: float = 2.0) -> None:
        """End everything, waiting at most about so many seconds; slow. Safe to call twice."""
        self.models.close()
        self._threads.shutdown(wait=False, cancel_futures=True)
        self._registry.close(seconds)

    async def _asked(self, chosen: Sequence[Root], request: SearchRequest) -> AsyncIterator[Answer]:
        with self._registry.asking() as asked:
            parts, notes = parts_of(chosen, asked)
            resources = asked.resources
            async for answer in federated_answers(parts, request, resources.settings.search, resources.models, notes):
                yield answer

    async def _preferring(self, root: Root, question: Question) -> Engine | None:
        """What runs for a workspace of which more can be found in a moment; None for one that needs no waiting."""
        engine = root.engine
        if engine is None or engine.schedule.state.activity in ("paused", "cancelled"):
            return None
        return engine if await self._run(lambda: _prefers(engine, question)) else None

    async def _wait_for_first(self, engine: Engine) -> None:
        """Wait for the likeliest files of a workspace that was never indexed, but not for long."""
        started = time.monotonic()
        while not engine.schedule.wait_first(0.0):
            waited = time.monotonic() - started
            if waited > _LONGEST_FIRST_SECONDS:
                return
            if waited > _FIRST_SECONDS and not await self._run(lambda: _is_empty(engine)):
                return
            await asyncio.sleep(_POLL_SECONDS)

    async def _run(self, work: Callable[[], bool]) -> bool:
        return await asyncio.get_running_loop().run_in_executor(self._threads, work)

    def _engines_around(self, path: Path) -> list[tuple[Root, Engine]]:
        """The open folders that hold a path, inner and outer."""
        return [
            (root, root.engine) for root in self.all() if root.engine is not None and path.is_relative_to(root.path)
        ]

    def _engines(self, root: Path | None) -> list[Engine]:
        chosen = self.chosen((root,) if root is not None else ())
        return [one.engine for one in chosen if one.engine is not None]

    def chosen(self, folders: Iterable[Path]) -> tuple[Root, ...]:
        """The roots of these folders; all when there are none.

        Raises:
            WorkspaceError: one is no open folder.
        """
        chosen = []
        for folder in folders:
            root = self._registry.find(folder)
            if root is None:
                raise WorkspaceError(f"{folder} is no open workspace folder; open it first")
            chosen.append(root)
        return tuple(dict.fromkeys(chosen)) or self.all()


def _prefers(engine: Engine, question: Question) -> bool:
    """Where nothing was indexed to the end yet, have the likeliest files parsed first; False elsewhere."""
    with contextlib.suppress(VizslaError):  # the question itself will tell
        if engine.workspace.current_store().meta(RECONCILED_AT) is None:
            engine.schedule.prefer(question)
            return True
    return False


def _is_empty(engine: Engine) -> bool:
    """Whether there is no function to be found yet."""
    with contextlib.suppress(VizslaError):
        return engine.workspace.current_store().function_count == 0
    return False
