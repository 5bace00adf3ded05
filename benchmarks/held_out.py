"""The held-out questions of a training run, and the code that they are asked of."""

from __future__ import annotations

from pathlib import Path

from vizsla_trainer.evaluation.asking import is_asked
from vizsla_trainer.records import Code, Pair, read_codes, read_pairs


def held_out_pairs(run: Path, part: str, *, most: int = 0) -> list[Pair]:
    """The questions of a part of a run, but for names, which nobody asks in such a manner.

    Args:
        run: the folder of the run.
        part: "dev" or "test".
        most: only so many, evenly spread; 0 for all.
    """
    pairs = [pair for pair in read_pairs(run / "split" / f"{part}.jsonl.gz") if is_asked(pair)]
    return [pairs[i * len(pairs) // most] for i in range(most)] if 0 < most < len(pairs) else pairs


def codes_of(run: Path) -> list[Code]:
    """Every code of a run."""
    return list(read_codes(run / "mine" / "codes.jsonl.gz"))
