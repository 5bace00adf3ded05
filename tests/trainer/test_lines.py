"""Without a terminal a run says now and then how far it is, and at the end of a stage what came of it."""

from __future__ import annotations

import math

from vizsla_trainer.cli.lines import Lines
from vizsla_trainer.progress import Progress


class Heard:
    """Lines that were printed, on a clock that is set by hand."""

    def __init__(self) -> None:
        self.now = 100.0
        self.lines: list[str] = []
        self._tell = Lines(clock=lambda: self.now, print_line=self.lines.append)

    def tell(self, stage: str, done: int, total: int, *, after: float = 0.0, **other: object) -> None:
        self.now += after
        self._tell(Progress(stage=stage, done=done, total=total, **other))  # type: ignore[arg-type]

    def begin(self, stage: str) -> None:
        self.tell(stage, 0, 0, unit="", message="train it")

    def end(self, stage: str, after: float = 0.0) -> None:
        self.tell(stage, 1, 1, unit="", message="done", after=after)


def numbers(loss: float, dev: float | None = None, left: float = 0.0) -> tuple[tuple[str, float], ...]:
    known = {"loss": loss, "dev": dev, "seconds_left": left}
    return tuple((name, value) for name, value in known.items() if value is not None)


def test_a_stage_says_when_it_begins_now_and_then_how_far_it_is_and_what_came_of_it() -> None:
    heard = Heard()
    heard.begin("retriever")
    for step in range(1, 101):
        dev = {10: 0.4, 50: 0.62, 100: 0.6}.get(step)
        heard.tell("retriever", step, 100, after=2.0, numbers=numbers(4 - step / 50, dev, left=2.0 * (100 - step)))
    heard.end("retriever", after=1.0)
    assert heard.lines == [
        "retriever: train it",
        "retriever: 15 of 100 steps, loss 3.700, best MRR on dev 0.400, 0.5 steps/s, 2 min 50 s left",
        "retriever: 30 of 100 steps, loss 3.400, best MRR on dev 0.400, 0.5 steps/s, 2 min 20 s left",
        "retriever: 45 of 100 steps, loss 3.100, best MRR on dev 0.400, 0.5 steps/s, 1 min 50 s left",
        "retriever: 60 of 100 steps, loss 2.800, best MRR on dev 0.620, 0.5 steps/s, 1 min 20 s left",
        "retriever: 75 of 100 steps, loss 2.500, best MRR on dev 0.620, 0.5 steps/s, 50 s left",
        "retriever: 90 of 100 steps, loss 2.200, best MRR on dev 0.620, 0.5 steps/s, 20 s left",
        "retriever: done in 3 min 21 s, 100 steps, loss 2.000, best MRR on dev 0.620, 0.5 steps/s",
    ]


def test_what_tells_no_time_left_gets_it_from_its_rate_and_what_is_counted_anew_begins_anew() -> None:
    heard = Heard()
    heard.begin("mine")
    for done in (100, 200, 1_000):
        heard.tell("mine", done, 2_000, unit="files", after=10.0)
    heard.tell("mine", 5, 0, unit="commits", after=20.0)
    heard.tell("mine", 6, 0, unit="commits", after=20.0)
    heard.end("mine")
    assert heard.lines[1:] == [
        "mine: 1,000 of 2,000 files, 45.0 files/s, 22 s left",
        "mine: 6 commits, 3.0 commits/min",
        "mine: done in 1 min 10 s, 6 commits, 3.0 commits/min",
    ]


def test_a_stage_that_was_done_before_or_counts_nothing_takes_no_numbers_of_another() -> None:
    heard = Heard()
    heard.begin("retriever")
    heard.tell("retriever", 3, 3, numbers=numbers(math.nan))
    heard.end("retriever")
    heard.tell("reranker", 1, 1, unit="", message="done before")
    heard.begin("export")
    heard.end("export", after=4_000.0)
    assert heard.lines[1:] == [
        "retriever: done in 0 s, 3 steps, loss nan",
        "reranker: done before",
        "export: train it",
        "export: done in 1 h 6 min",
    ]


def test_what_went_wrong_is_said_at_once() -> None:
    heard = Heard()
    heard.tell("corpus", 1, 9, unit="packages", message="one cannot be fetched")
    assert heard.lines == ["corpus: one cannot be fetched"]
