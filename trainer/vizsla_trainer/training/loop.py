"""The loop that every training goes through: step, watch, measure, keep the best, survive."""

from __future__ import annotations

import math
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Generic, Protocol, TypeVar

from vizsla_trainer.errors import StoppedError
from vizsla_trainer.recipe import RerankerRecipe, RetrieverRecipe
from vizsla_trainer.training.checkpoints import (
    Position,
    load_best,
    load_checkpoint,
    save_best,
    save_checkpoint,
)
from vizsla_trainer.training.health import Health
from vizsla_trainer.training.machine import Machine, ran_out_of_memory
from vizsla_trainer.training.metrics_log import MetricsLog
from vizsla_trainer.training.run import StepDone, TrainingRun
from vizsla_trainer.training.schedule import learning_rate

if TYPE_CHECKING:
    import torch

BatchT = TypeVar("BatchT")


@dataclass(frozen=True, slots=True, kw_only=True)
class StepLoss:
    """What one step gave: its loss, the loss of knowing nothing, and tokens without padding."""

    loss: float
    chance: float
    tokens: int


class Task(Protocol, Generic[BatchT]):
    """What is learned. Everything that it leaves to chance follows from the number of the step."""

    def prepare(self, step: int) -> BatchT:
        """Texts of a step as tokens; called in another thread, a step ahead."""

    def backward(self, batch: BatchT) -> StepLoss:
        """Add the step's gradients to the network's."""

    def evaluate(self) -> float:
        """MRR on dev; NaN without dev examples."""


@dataclass(slots=True)
class _Speed:
    """Steps, tokens and seconds of this process."""

    began: float
    steps: int = 0
    tokens: int = 0
    training: float = 0.0


def run_steps(
    network: torch.nn.Module,
    task: Task[BatchT],
    recipe: RetrieverRecipe | RerankerRecipe,
    run: TrainingRun,
    *,
    steps: int,
    identity: str,
    machine: Machine,
) -> tuple[Position, int]:
    """Train the network in place; afterwards it has the weights that measured best, the first ones among them.

    A step whose loss or gradient is no number changes nothing. Where the checkpoint in ``run.out`` has the same
    identity, training goes on from there, and on a CPU ends with the very weights it would have had.

    Args:
        network: what learns; weights without ``requires_grad`` stay.
        task: what is learned.
        recipe: how.
        run: where, and who is told.
        steps: how many.
        identity: of everything that decides what comes of it.
        machine: what the network is on.

    Returns:
        The last position, and tokens that went forward and back in this process.

    Raises:
        StoppedError: ``run.cancelled`` said so; the state was kept.
        TrainingError: the state cannot be written.
    """
    import torch

    run.out.mkdir(parents=True, exist_ok=True)
    parameters = [parameter for parameter in network.parameters() if parameter.requires_grad]
    optimizer = torch.optim.AdamW(
        [
            {"params": [p for p in parameters if p.ndim >= 2], "weight_decay": recipe.weight_decay},
            # Biases and the scales of norms are not drawn to 0.
            {"params": [p for p in parameters if p.ndim < 2], "weight_decay": 0.0},
        ],
        lr=recipe.learning_rate,
    )
    speed = _Speed(began=time.perf_counter())
    position = load_checkpoint(run.out, identity, network, optimizer)
    if position is None:
        dev = task.evaluate()
        save_best(run.out, 0, network)
        position = Position(identity=identity, best_dev=_number(dev), start_dev=_number(dev))
        save_checkpoint(run.out, position, network, optimizer)
    health = Health(most_bad_steps=recipe.most_bad_steps)
    for loss, chance in zip(position.losses, position.chances, strict=True):
        health.see(math.nan if loss is None else loss, chance=chance)
    with MetricsLog(run.out, steps=position.step) as log, ThreadPoolExecutor(max_workers=1) as ahead:
        prepared = ahead.submit(task.prepare, position.step) if position.step < steps else None
        while prepared is not None and not position.stopped:
            if run.cancelled():
                save_checkpoint(run.out, position, network, optimizer)
                raise StoppedError(
                    f"training was stopped after {position.step} of {steps} steps; run it again to go on"
                )
            began = time.perf_counter()
            batch = prepared.result()
            step = position.step
            prepared = ahead.submit(task.prepare, step + 1) if step + 1 < steps else None
            rate = learning_rate(step, steps=steps, peak=recipe.learning_rate, warmup_share=recipe.warmup_share)
            done = _step(task, batch, parameters, optimizer, rate, recipe.most_gradient, machine)
            stopped = health.see(done.loss, chance=done.chance)
            position = replace(
                position,
                step=step + 1,
                losses=(*position.losses, _number(done.loss)),
                chances=(*position.chances, done.chance),
                stopped=stopped,
            )
            speed.steps += 1
            speed.tokens += done.tokens
            speed.training += time.perf_counter() - began
            measured = None
            if not stopped and ((step + 1) % recipe.evaluate_every == 0 or step + 1 == steps):
                measured = task.evaluate()
                position = _judged(position, measured, network, run)
            if stopped or measured is not None or (step + 1) % recipe.checkpoint_every == 0 or step + 1 == steps:
                save_checkpoint(run.out, position, network, optimizer)
            numbers = _numbers(position, steps, done, rate, measured, speed)
            log.write(numbers)
            run.report(numbers.progress(run.stage))
    load_best(run.out, position.best_step, network)
    return position, speed.tokens


def _step(
    task: Task[BatchT],
    batch: BatchT,
    parameters: list[torch.nn.Parameter],
    optimizer: torch.optim.Optimizer,
    rate: float,
    most_gradient: float,
    machine: Machine,
) -> StepLoss:
    """One update, or none where its numbers are none; a loss of NaN says that it was left out."""
    import torch

    optimizer.zero_grad(set_to_none=True)
    while True:
        try:
            done = task.backward(batch)
            break
        except (RuntimeError, MemoryError) as error:
            optimizer.zero_grad(set_to_none=True)
            if not (ran_out_of_memory(error) and machine.shrink()):
                raise
    # Weights without a gradient, such as a pooler's that nothing reads, stay as they are.
    norm = torch.nn.utils.clip_grad_norm_(parameters, most_gradient)
    if not (math.isfinite(done.loss) and bool(torch.isfinite(norm))):
        optimizer.zero_grad(set_to_none=True)
        return replace(done, loss=math.nan)
    for group in optimizer.param_groups:
        group["lr"] = rate
    optimizer.step()
    return done


def _judged(position: Position, dev: float, network: torch.nn.Module, run: TrainingRun) -> Position:
    """The position with the weights as they are now kept, if they are the best so far, or nothing can tell."""
    if math.isnan(dev) or dev >= (position.best_dev if position.best_dev is not None else -math.inf):
        save_best(run.out, position.step, network)
        return replace(position, best_step=position.step, best_dev=_number(dev))
    return position


def _numbers(position: Position, steps: int, done: StepLoss, rate: float, dev: float | None, speed: _Speed) -> StepDone:
    seconds = max(time.perf_counter() - speed.began, 1e-9)
    return StepDone(
        step=position.step,
        steps=steps,
        loss=done.loss,
        chance=done.chance,
        rate=rate,
        dev=dev,
        tokens_per_second=speed.tokens / max(speed.training, 1e-9),
        seconds_left=seconds * (steps - position.step) / max(1, speed.steps),
    )


def _number(value: float) -> float | None:
    return value if math.isfinite(value) else None
