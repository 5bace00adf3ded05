"""Work spread over processes that may die of it: what killed one is left out, everything else is done."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import get_context
from typing import Generic, TypeVar

from vizsla_trainer.errors import TrainingError

ItemT = TypeVar("ItemT")
ResultT = TypeVar("ResultT")

_AT_ONCE = 32  # items handed to a process together
_AHEAD = 3  # such lots for each process: what is done and not yet read takes memory
_MOST_DEATHS = 8  # one after another: it is not the items then


def results_of(
    function: Callable[[ItemT], ResultT], items: Sequence[ItemT], *, processes: int, at_once: int = _AT_ONCE
) -> Generator[ResultT | None, None, None]:
    """What a function makes of each item, in their order; None of an item that ended the process.

    A process ends when a library crashes, or when the machine runs out of memory and the system chooses it. Which of
    the items under way it died of is not known: those that come next are then done one by one, each alone.

    Args:
        function: and what it returns can be pickled; what it raises ends the work.
        items: to work on.
        processes: at most so many at a time; closing the iterator ends them.
        at_once: items that a process is handed together; few where their results are large.

    Raises:
        TrainingError: processes die whatever they are given.
    """
    batches = [items[at : at + at_once] for at in range(0, len(items), at_once)]
    done = 0
    alone: _Alone[ItemT, ResultT] = _Alone(function)
    while done < len(batches):
        tasks: deque[Future[list[ResultT]]] = deque()
        with _pool(min(processes, len(batches) - done)) as pool:
            try:
                while done < len(batches):
                    for batch in batches[done + len(tasks) : done + _AHEAD * processes]:
                        tasks.append(pool.submit(_all, function, batch))
                    made = tasks.popleft().result()
                    done += 1
                    yield from made
            except BrokenProcessPool:
                pass
            finally:
                pool.shutdown(cancel_futures=True)
        if done < len(batches):
            yield from alone.results(batches[done])
            done += 1


class _Alone(Generic[ItemT, ResultT]):
    """One item in one process at a time; counts the processes that died one after another."""

    def __init__(self, function: Callable[[ItemT], ResultT]) -> None:
        self._function = function
        self._deaths = 0

    def results(self, items: Sequence[ItemT]) -> Iterator[ResultT | None]:
        left = list(items)
        is_tried = False  # once is no proof: the system may have chosen this process for another's memory
        while left:
            with _pool(1) as pool:
                try:
                    while left:
                        (made,) = pool.submit(_all, self._function, left[:1]).result()
                        self._deaths, is_tried = 0, False
                        del left[0]
                        yield made
                except BrokenProcessPool:
                    self._deaths += 1
            if self._deaths >= _MOST_DEATHS:
                raise TrainingError(
                    f"{self._deaths} processes one after another were ended from outside, the last one at {left[0]}; "
                    "make sure that memory suffices and run it again"
                )
            if left and is_tried:
                del left[0]
                yield None
            is_tried = not is_tried


def _pool(processes: int) -> ProcessPoolExecutor:
    # Not forked: a process that runs threads, as one with torch does, may not be.
    return ProcessPoolExecutor(processes, mp_context=get_context("spawn"))


def _all(function: Callable[[ItemT], ResultT], items: Sequence[ItemT]) -> list[ResultT]:
    return [function(item) for item in items]
