"""A child that trains, for tests that kill it: ``python interrupted.py KIND FOLDER STEP``; 0 kills it nowhere."""

from __future__ import annotations

import os
import signal
import sys
import warnings
from pathlib import Path

import numpy as np

from trainer.toy_language import make_toy, reranker_recipe, retriever_recipe, tiny_base
from vizsla_trainer.progress import Progress
from vizsla_trainer.reranker.dev import make_dev as make_lists
from vizsla_trainer.reranker.training import train_reranker
from vizsla_trainer.retriever.dev import make_dev
from vizsla_trainer.retriever.training import train_retriever
from vizsla_trainer.training.examples import with_negatives
from vizsla_trainer.training.run import TrainingRun


def main(kind: str, folder: Path, kill_at: int) -> list[int]:
    """Train, or go on, in this process; the steps that it took."""
    toy = make_toy()
    base = folder / "base"
    if not base.exists():
        tiny_base(base)

    taken: list[int] = []

    def report(progress: Progress) -> None:
        taken.append(progress.done)
        if progress.done == kill_at:
            os.kill(os.getpid(), signal.SIGKILL)

    run = TrainingRun(out=folder / "out", threads=1, device="cpu", report=report)
    numbers = {"most_steps": 20, "checkpoint_every": 4, "evaluate_every": 6, "precision": "auto"}
    if kind == "retriever":
        train_retriever(base, toy.train, toy.corpus, make_dev(toy.dev, toy.corpus), retriever_recipe(**numbers), run)
        return taken
    size = len(toy.corpus)
    drawn = np.array(
        [[[(e.code + jump) % size for jump in (3, 8, 31)] for e in toy.train] for _ in range(2)], dtype=np.int32
    )
    dev = make_lists(toy.dev, toy.corpus, [list(range(30))] * len(toy.dev))
    train_reranker(base, with_negatives(toy.train, drawn), toy.corpus, dev, reranker_recipe(**numbers), run)
    return taken


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    main(sys.argv[1], Path(sys.argv[2]), int(sys.argv[3]))
