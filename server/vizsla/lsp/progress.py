"""What goes on, told to the client while it goes on: progress of a request, progress of indexing, changes of status.

Nothing is sent that the client did not ask for or cannot show, and of what changes fast only the newest, four times a
second at most.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from lsprotocol import types
from pygls.exceptions import JsonRpcException

from vizsla.lsp import messages
from vizsla.lsp.bars import Background
from vizsla.lsp.convert import root_activity
from vizsla.lsp.dialogue import Dialogue, client_folders, warn

if TYPE_CHECKING:
    from vizsla.lsp.server import VizslaServer
    from vizsla.services.progress import Progress
    from vizsla.services.root import Root
    from vizsla.services.scheduling import ScheduleState

BEAT_SECONDS = 0.25

# Which part of the way from nothing to an index an activity is, in hundredths; measured where all is new.
_SHARES = {"scanning": (0, 5), "parsing": (5, 40), "embedding": (40, 100)}
_UNITS = {"scanning": "files", "parsing": "files", "embedding": "functions"}


@contextlib.contextmanager
def reported(ls: VizslaServer, dialogue: Dialogue, token: messages.Token | None, title: str) -> Iterator[None]:
    """Report the work of a request on the token that the client gave with it; cancelling that cancels the request."""
    if token is None:
        yield
        return
    task = asyncio.current_task()
    assert task is not None
    dialogue.cancels[token] = task.cancel
    _send(ls, token, types.WorkDoneProgressBegin(title=title, cancellable=True))
    try:
        yield
    finally:
        dialogue.cancels.pop(token, None)
        _send(ls, token, types.WorkDoneProgressEnd())


class Pulse:
    """Listens to the workspace folders and tells the client of them."""

    def __init__(self, ls: VizslaServer, dialogue: Dialogue) -> None:
        self._ls = ls
        self._dialogue = dialogue
        self._due = asyncio.Event()
        self._is_called = self._is_closed = False
        self._bars: dict[Path, _Bar] = {}
        self._busy_since: dict[Path, float] = {}
        self._problems: dict[Path, tuple[str, ...]] = {}
        self._background = Background(ls, dialogue)

    def progress(self, root: Path, progress: Progress) -> None:
        """Indexing of a root has come so far; any thread."""
        self.changed()

    def changed(self) -> None:
        """Something that a status shows may have changed; any thread."""
        if not self._is_called:  # thousands of calls come while the loop does something else
            self._is_called = True
            self._ls.call_soon(self._due.set)

    async def run(self) -> None:
        """Tell the client, until closed."""
        while not self._is_closed:
            await self._due.wait()
            self._due.clear()
            self._is_called = False
            self._tell()
            await asyncio.sleep(BEAT_SECONDS)

    def close(self) -> None:
        """End every progress that the client shows, and begin no other."""
        self._is_closed = True
        for path in list(self._bars):
            self._bars.pop(path).end("the server ends")
        self._background.close()

    def _tell(self) -> None:
        roots = self._ls.roots
        if roots is None or self._is_closed:
            return
        if self._dialogue.client.wants_status:
            folders = client_folders(roots)
            said: messages.StatusChanged = {
                "schema": messages.SCHEMA,
                "roots": [
                    root_activity(folders.get(root.path, root.path), _state(root), root.problem) for root in roots.all()
                ],
            }
            self._ls.protocol.notify(messages.STATUS_CHANGED, said)
        for root in roots.all():
            self._tell_problems(root)
            if self._dialogue.client.can_show_progress:
                self._show(root, _state(root))
        for path in self._bars.keys() - {root.path for root in roots.all()}:
            self._bars.pop(path).end("the folder was closed")
        self._background.show()

    def _tell_problems(self, root: Root) -> None:
        """What is wrong with a folder or its settings is for the user to mend, and once told is told."""
        engine = root.engine
        problems = (*filter(None, [root.problem]), *(engine.resources.refused if engine is not None else ()))
        for sentence in problems:
            if sentence not in self._problems.get(root.path, ()):
                warn(self._ls, sentence)
        self._problems[root.path] = problems

    def _show(self, root: Root, state: ScheduleState | None) -> None:
        if state is None or state.activity not in _SHARES:
            self._busy_since.pop(root.path, None)
            if root.path in self._bars:
                self._bars.pop(root.path).end(_last_words(state))
            return
        since = self._busy_since.setdefault(root.path, time.monotonic())
        if root.path in self._bars:
            self._bars[root.path].report(state)
        elif time.monotonic() - since >= BEAT_SECONDS:  # a file that was saved is done before
            self._bars[root.path] = bar = _Bar(self._ls, self._dialogue, root)
            self._ls.spawn(bar.begin(state))
        else:
            self._due.set()


class _Bar:
    """The progress of indexing one folder, as the client shows it."""

    _numbers = itertools.count(1)

    def __init__(self, ls: VizslaServer, dialogue: Dialogue, root: Root) -> None:
        self._ls = ls
        self._dialogue = dialogue
        self._root = root
        self._token = f"vizsla-index-{next(self._numbers)}"
        self._is_begun = self._is_over = False
        self._percentage = 0

    async def begin(self, state: ScheduleState) -> None:
        """Ask the client for a bar, and begin it unless the work is done by then."""
        try:
            await self._ls.window_work_done_progress_create_async(types.WorkDoneProgressCreateParams(self._token))
        except JsonRpcException:  # it does not want to show one now
            return
        if self._is_over:
            return
        self._is_begun = True
        self._dialogue.cancels[self._token] = self._cancel
        begin = types.WorkDoneProgressBegin(
            title=f"Indexing {self._root.path.name}",
            cancellable=True,
            message=_spoken(state),
            percentage=self._risen(state),
        )
        _send(self._ls, self._token, begin)

    def report(self, state: ScheduleState) -> None:
        """Say how far it has come."""
        if self._is_begun:
            report = types.WorkDoneProgressReport(message=_spoken(state), percentage=self._risen(state))
            _send(self._ls, self._token, report)

    def end(self, message: str) -> None:
        """Take the bar away."""
        self._is_over = True
        self._dialogue.cancels.pop(self._token, None)
        if self._is_begun:
            self._is_begun = False
            _send(self._ls, self._token, types.WorkDoneProgressEnd(message=message))

    def _cancel(self) -> None:
        schedule = self._root.schedule
        if schedule is not None:
            schedule.cancel()

    def _risen(self, state: ScheduleState) -> int:
        """Hundredths of the way; never fewer than before, as the protocol wants it."""
        first, last = _SHARES[state.activity]
        part = min(state.done / state.total, 1.0) if state.total else 0.0
        self._percentage = max(self._percentage, round(first + (last - first) * part))
        return self._percentage


def _state(root: Root) -> ScheduleState | None:
    schedule = root.schedule
    return schedule.state if schedule is not None else None


def _spoken(state: ScheduleState) -> str:
    amount = f"{state.done:,} of {state.total:,}" if state.total else f"{state.done:,}"
    return f"{state.activity} {amount} {_UNITS[state.activity]}"


def _last_words(state: ScheduleState | None) -> str:
    if state is None:
        return "the folder was closed"
    return {"ready": "done", "failed": state.problem or "failed"}.get(state.activity, state.activity)


def _send(ls: VizslaServer, token: messages.Token, value: object) -> None:
    ls.progress(types.ProgressParams(token=token, value=value))
