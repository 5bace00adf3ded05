"""Open buffers laid over the index of the disk: what is written and not saved is found as if it were saved.

Kept in memory alone: unsaved text is never written to disk. A buffer that equals what is stored needs nothing.
"""

from __future__ import annotations

import contextlib
import logging
import threading
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from vizsla.core.errors import WorkspaceError
from vizsla.core.types import ContentHash
from vizsla.index.store import Store
from vizsla.services.buffers import UNLISTED, BufferRules
from vizsla.services.disk_texts import DiskTexts
from vizsla.services.overlay_parsing import Parsed, Parsing
from vizsla.services.overlay_store import Above, OverlayStore
from vizsla.services.reading import Skipped, SourceText

if TYPE_CHECKING:
    from vizsla.services.workspace import Workspace

logger = logging.getLogger(__name__)

_RETRY_SECONDS = 1.0
_STOP_SECONDS = 1.0


class _Buffer:
    """One text of an open buffer. Understood when somebody first wants to know."""

    __slots__ = ("source", "text")

    def __init__(self, text: str) -> None:
        self.text: str | None = text
        self.source: SourceText | Skipped | None = None


class Overlay:
    """The open buffers of one workspace. Any thread may call it; a thread of its own parses and embeds."""

    def __init__(self, workspace: Workspace) -> None:
        self.on_settled: Callable[[], None] = lambda: None
        """Called by the thread of the overlay when ``is_settled`` became true or false."""
        self._workspace = workspace
        self._rules = BufferRules(workspace)
        self._changed = threading.Condition()  # guards what follows; never held for long
        self._buffers: dict[str, _Buffer] = {}
        self._to_look_at: dict[str, bool] = {}  # paths, and whether their buffers changed; the oldest change first
        self._is_settled = True
        self._is_looking = False
        self._is_woken = False
        self._is_stopped = False
        self._thread: threading.Thread | None = None
        self._seen: tuple[object, ...] = ()  # the state of the store below when buffers were last compared with it
        # The thread alone changes what follows.
        self._held: OverlayStore | None = None
        self._parsing = Parsing(workspace, self._wake)
        self._equal: set[str] = set()  # buffers that equal the disk, where functions have no vector yet
        self._disk = DiskTexts(workspace)
        self._told = True  # what ``is_settled`` was when listeners were last told

    def open(self, path: str, text: str, version: int | None = None) -> None:
        """A buffer has this text now. Takes far less than a millisecond; the newest call counts.

        Args:
            path: relative to the root, with "/" between the parts; nothing need be there.
            text: the whole buffer.
            version: as the editor counts. Not compared: an editor that starts anew counts anew.
        """
        with self._changed:
            if self._is_stopped:
                return
            self._buffers[path] = _Buffer(text)
            self._to_look_at.pop(path, None)
            self._to_look_at[path] = True
            self._is_settled = False
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="overlay", daemon=True)
                self._thread.start()
            self._changed.notify_all()

    change = open

    def close(self, path: str) -> None:
        """A buffer was closed: what is on the disk counts again, at once."""
        with self._changed:
            if self._buffers.pop(path, None) is None:
                return
            self._to_look_at[path] = False
            held = self._held
            self._changed.notify_all()
        if held is not None:
            held.hide(path)

    def close_all(self) -> None:
        """All buffers were closed."""
        for path in self.paths():
            self.close(path)

    def stop(self) -> None:
        """Close all buffers and end the thread; nothing is taken in any more."""
        with self._changed:
            self._is_stopped = True
            self._buffers = {}
            thread = self._thread
            self._changed.notify_all()
        if thread is not None and thread is not threading.current_thread():
            thread.join(_STOP_SECONDS)

    def source(self, path: str) -> SourceText | Skipped | None:
        """The text of a buffer, or why it is not indexed, by the rules of ``read_source``; None: it is not open."""
        with self._changed:
            buffer = self._buffers.get(path)
        return None if buffer is None else self._understood(path, buffer)

    def paths(self) -> frozenset[str]:
        """The open buffers, also those that equal the disk."""
        with self._changed:
            return frozenset(self._buffers)

    def changed_paths(self) -> frozenset[str]:
        """The open buffers that differ from what is stored of the disk, as far as they were looked at."""
        held = self._held
        return frozenset() if held is None else frozenset(held.shown())

    @property
    def is_settled(self) -> bool:
        """Whether the newest texts of all buffers are parsed and embedded."""
        with self._changed:
            return self._is_settled

    def wait_settled(self, seconds: float) -> bool:
        """Wait until ``is_settled``, and everything was looked at again that should be; whether it was in time."""

        def is_quiet() -> bool:
            return self._is_stopped or (self._is_settled and not self._to_look_at and not self._is_looking)

        with self._changed:
            return self._changed.wait_for(is_quiet, seconds)

    def store_changed(self) -> None:
        """The store of the disk moved: look again which buffers differ from it."""
        with self._changed:
            for path in self._buffers:
                self._to_look_at.setdefault(path, False)
            self._changed.notify_all()

    @contextlib.contextmanager
    def layer(self, store: Store) -> Iterator[Above | None]:
        """What lies above a store, in one state until the block ends; None when every buffer equals the disk.

        Args:
            store: of the disk, of which the caller holds a snapshot.
        """
        held = self._held
        if held is None:
            yield None
            return
        state = (id(store), store.generation, store.pending_count)
        if state != self._seen:
            self._seen = state
            self.store_changed()
        with held.layer(store) as above:
            yield above

    # What the thread does

    def _run(self) -> None:
        pause: float | None = None
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._to_look_at or self._is_woken or self._is_stopped, pause)
                if self._is_stopped:
                    break
                paths, self._to_look_at, self._is_woken = list(self._to_look_at), {}, False
                self._is_looking = True
            try:
                pause = self._step(paths)
            except WorkspaceError:
                break
            except Exception as error:  # a store that is replaced at this moment, say; nothing may end this thread
                logger.warning("open buffers are looked at again: %s", error, exc_info=not isinstance(error, OSError))
                pause = _RETRY_SECONDS
                with self._changed:
                    for path in paths:
                        self._to_look_at.setdefault(path, True)
                    self._changed.wait_for(lambda: self._is_stopped, pause)
            self._tell()
        self._parsing.close()
        if self._held is not None:
            self._held.close()

    def _step(self, paths: list[str]) -> float | None:
        """Look at some buffers, and take in what was parsed and embedded; seconds until it is time again."""
        held = self._current()
        for path in dict.fromkeys([*paths, *self._equal]):
            self._look_at(held, path)
        for parsed in self._parsing.finished():
            self._take_in(held, parsed)
        if held.vectors is None:
            held.store.settle(held.store.pending_hashes())
        else:
            held.vectors.pump()
        if self._equal or self._parsing.is_delayed:
            return _RETRY_SECONDS
        return held.vectors.pause_seconds if held.vectors is not None else None

    def _current(self) -> OverlayStore:
        """What is held, made anew when another model is in use."""
        models = self._workspace.resources.models
        fingerprint = models.fingerprint if models is not None else None
        held = self._held
        if held is not None and (held.vectors.fingerprint if held.vectors is not None else None) == fingerprint:
            return held
        self._held = OverlayStore(self._workspace.resources, models, self._wake)
        if held is not None:
            held.close()
            self.store_changed()
        return self._held

    def _look_at(self, held: OverlayStore, path: str) -> None:
        """Have a buffer parsed if it is neither what the disk has nor what was parsed last."""
        self._equal.discard(path)
        with self._changed:
            buffer = self._buffers.get(path)
        if buffer is None:
            self._parsing.forget(path)
            self._disk.forget(path)
            held.drop(path)
            return
        source = self._understood(path, buffer)
        if isinstance(source, Skipped) and source.reason in UNLISTED:
            self._parsing.forget(path)
            held.drop(path)
        elif (same := self._disk.same(path, source)) is not None:
            with self._changed:
                buffer.source = same
            self._parsing.forget(path)
            if self._is_embedded_below(held, path):
                held.drop(path)
            else:
                self._equal.add(path)
        elif self._parsing.is_wanted(path, source, held.shown().get(path)):
            self._parsing.start(path, source)

    def _take_in(self, held: OverlayStore, parsed: Parsed) -> None:
        path = parsed.record.path

        def is_open() -> bool:
            with self._changed:
                return path in self._buffers

        if is_open():
            held.show(parsed.record, parsed.entries, is_open)

    def _is_embedded_below(self, held: OverlayStore, path: str) -> bool:
        """Whether the disk's functions of a file have all vectors that its buffer's have."""
        if path not in held.shown() or held.vectors is None:
            return True
        view, index = self._workspace.view(), held.vectors.index
        below = view.store.contents_of(path)
        lacking = [ContentHash(content) for key, (content, _) in below if not (view.vectors and key in view.vectors)]
        return not any(key in index for keys in held.store.keys_of(lacking).values() for key in keys)

    def _understood(self, path: str, buffer: _Buffer) -> SourceText | Skipped:
        reason = self._rules.reason(path)  # each time: ignore files change while a buffer is open
        if reason is not None:
            return Skipped(path=path, reason=reason)
        text = buffer.text
        if buffer.source is None and text is not None:
            buffer.source = self._rules.read(path, text)
            buffer.text = None
        assert buffer.source is not None  # it is set before the text is given up
        return buffer.source

    def _tell(self) -> None:
        """Note whether all is done, and tell whoever listens if that is new."""
        held = self._held
        is_embedded = held is None or held.vectors is None or held.vectors.is_complete
        with self._changed:
            self._is_looking = False
            self._is_settled = is_embedded and self._parsing.is_idle and not any(self._to_look_at.values())
            is_settled = self._is_settled
            self._changed.notify_all()
        if is_settled != self._told:
            self._told = is_settled
            try:
                self.on_settled()
            except Exception:  # a listener's fault is not the buffers'
                logger.exception("a listener failed")

    def _wake(self) -> None:
        with self._changed:
            self._is_woken = True
            self._changed.notify_all()
