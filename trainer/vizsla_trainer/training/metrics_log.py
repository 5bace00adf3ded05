"""The numbers of each step on disk: ``metrics.jsonl``, and TensorBoard where it is installed."""

from __future__ import annotations

import importlib.util
import json
import math
from dataclasses import asdict
from pathlib import Path
from types import TracebackType
from typing import Any

from vizsla_trainer.training.run import StepDone

METRICS_NAME = "metrics.jsonl"


class MetricsLog:
    """The log of one training: a line for each step, in order, also after it was resumed."""

    def __init__(self, folder: Path, *, steps: int) -> None:
        """Open the log.

        Args:
            folder: of the training.
            steps: of the state that it goes on from; lines of later ones are dropped.
        """
        path = folder / METRICS_NAME
        kept = [line for line in _lines(path) if line["step"] <= steps] if steps else []
        with path.open("w", encoding="utf-8") as file:
            file.writelines(json.dumps(line) + "\n" for line in kept)
        self._file = path.open("a", encoding="utf-8", buffering=1)
        self._board: Any = None
        if importlib.util.find_spec("tensorboard") is not None:
            from torch.utils.tensorboard import SummaryWriter

            self._board = SummaryWriter(str(folder / "tensorboard"), purge_step=steps + 1)

    def __enter__(self) -> MetricsLog:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()
        if self._board is not None:
            self._board.close()

    def write(self, done: StepDone) -> None:
        """Add a step."""
        # JSON has no NaN.
        line = {
            name: None if isinstance(value, float) and not math.isfinite(value) else value
            for name, value in asdict(done).items()
        }
        self._file.write(json.dumps(line) + "\n")
        if self._board is not None:
            for name, value in line.items():
                if name != "step" and value is not None:
                    self._board.add_scalar(name, value, done.step)


def _lines(path: Path) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    try:
        with path.open(encoding="utf-8") as file:
            found.extend(json.loads(line) for line in file)
    except (OSError, ValueError):
        pass  # what cannot be read ends the log; nothing but pictures is made of it
    return [line for line in found if isinstance(line.get("step"), int)]
