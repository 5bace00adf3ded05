"""The state of a training on disk: weights, optimizer and position, in one file that is whole or not there.

Chance has no state: everything random follows from the seed and the number of the step.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from vizsla_trainer.errors import TrainingError
from vizsla_trainer.records import published
from vizsla_trainer.training.machine import Machine
from vizsla_trainer.training.run import TrainResult

if TYPE_CHECKING:
    import torch

CHECKPOINT_NAME = "checkpoint.safetensors"
CHECKPOINTS = "*.safetensors"
"""Pattern of everything that a training goes on from: four times as large as its model, and of no use when it ended."""

_META = "training"


@dataclass(frozen=True, slots=True, kw_only=True)
class Position:
    """How far a training has come.

    Attributes:
        identity: of everything that decides what it does; another training does not go on from here.
        step: done so far.
        best_step: whose weights are kept in ``best_name(best_step)``.
        best_dev: what they measured; None for NaN.
        start_dev: what the first weights measured; None for NaN.
        losses: of each step, None where it was left out.
        chances: of each step.
        stopped: why it ended, "" while it goes on.
    """

    identity: str
    step: int = 0
    best_step: int = 0
    best_dev: float | None = None
    start_dev: float | None = None
    losses: tuple[float | None, ...] = ()
    chances: tuple[float, ...] = ()
    stopped: str = ""

    def result(
        self, folder: Path, *, machine: Machine, seconds: float, tokens: int, skipped_examples: int
    ) -> TrainResult:
        """What came of the training that ended here; arguments as ``TrainResult`` has them."""
        return TrainResult(
            folder=folder,
            steps=self.step,
            best_step=self.best_step,
            start_dev=math.nan if self.start_dev is None else self.start_dev,
            best_dev=math.nan if self.best_dev is None else self.best_dev,
            skipped_steps=sum(loss is None for loss in self.losses),
            skipped_examples=skipped_examples,
            stopped=self.stopped,
            device=machine.device.type,
            precision=machine.precision,
            seconds=seconds,
            tokens=tokens,
            losses=tuple(math.nan if loss is None else loss for loss in self.losses),
        )


def best_name(step: int) -> str:
    """The file of the weights that were best after a step."""
    return f"best-{step}.safetensors"


def save_checkpoint(
    folder: Path, position: Position, network: torch.nn.Module, optimizer: torch.optim.Optimizer
) -> None:
    """Publish the state; then weights that are best no more are deleted.

    Raises:
        TrainingError: the disk is full, or the folder cannot be written.
    """
    tensors = {f"weight/{name}": value for name, value in trained(network).items()}
    for name, parameter in network.named_parameters():
        for key, value in optimizer.state.get(parameter, {}).items():
            tensors[f"{key}/{name}"] = value
    fields = {name: getattr(position, name) for name in Position.__slots__}
    _save(folder / CHECKPOINT_NAME, tensors, {_META: json.dumps(fields)})
    for path in folder.glob(best_name(0).replace("0", "*")):
        if path.name != best_name(position.best_step):
            path.unlink(missing_ok=True)


def load_checkpoint(
    folder: Path, identity: str, network: torch.nn.Module, optimizer: torch.optim.Optimizer
) -> Position | None:
    """Put the state back into network and optimizer; None, and nothing changed, where there is none of this training.

    A file that is damaged counts as none: the training begins anew.
    """
    import torch
    from safetensors import SafetensorError, safe_open

    path = folder / CHECKPOINT_NAME
    try:
        with safe_open(path, framework="pt") as file:
            fields = json.loads((file.metadata() or {}).get(_META, "{}"))
            if fields.get("identity") != identity:
                return None
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118  # it is no mapping
        position = Position(**{**fields, **{name: tuple(fields[name]) for name in ("losses", "chances")}})
        if not (folder / best_name(position.best_step)).is_file():
            return None
    except (OSError, SafetensorError, ValueError, TypeError, KeyError):
        return None
    with torch.no_grad():
        for name, parameter in network.named_parameters():
            if not parameter.requires_grad:
                continue
            parameter.copy_(tensors[f"weight/{name}"])
            state = {key: tensors.get(f"{key}/{name}") for key in ("step", "exp_avg", "exp_avg_sq")}
            optimizer.state[parameter] = {
                key: value if key == "step" else value.to(parameter.device)
                for key, value in state.items()
                if value is not None
            }
    return position


def save_best(folder: Path, step: int, network: torch.nn.Module) -> None:
    """Keep the weights of a step; the ones before stay until the next checkpoint names these.

    Raises:
        TrainingError: the disk is full, or the folder cannot be written.
    """
    _save(folder / best_name(step), trained(network), {})


def load_best(folder: Path, step: int, network: torch.nn.Module) -> None:
    """Put the kept weights back.

    Raises:
        TrainingError: they are gone or damaged.
    """
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    try:
        network.load_state_dict(load_file(folder / best_name(step)), strict=False)
    except (OSError, SafetensorError, RuntimeError) as error:
        raise TrainingError(
            f"the best weights in {folder} cannot be read ({error}); delete the folder and train again"
        ) from None


def trained(network: torch.nn.Module) -> dict[str, torch.Tensor]:
    """The weights that training changes, by name."""
    return {name: value.detach() for name, value in network.named_parameters() if value.requires_grad}


def _save(path: Path, tensors: Mapping[str, torch.Tensor], metadata: dict[str, str]) -> None:
    from safetensors import SafetensorError
    from safetensors.torch import save_file

    on_cpu: dict[str, Any] = {name: value.cpu().contiguous() for name, value in tensors.items()}
    try:
        with published(path) as temporary:
            save_file(on_cpu, temporary, metadata=metadata)
    except (OSError, SafetensorError) as error:
        raise TrainingError(
            f"the state of the training cannot be written to {path} ({error}); make room there and run it again"
        ) from None
