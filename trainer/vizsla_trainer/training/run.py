"""What surrounds one training: where it writes, its seed, who is told and who may stop it; and what came of it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from vizsla_trainer.progress import Cancelled, Progress, Report, never, unheard
from vizsla_trainer.recipe import Precision


@dataclass(frozen=True, slots=True, kw_only=True)
class StepDone:
    """The numbers of one step, a line of the log.

    Attributes:
        step: done so far, of ``steps``.
        loss: of this step; NaN where it was no number and the step was left out.
        chance: the loss of a model that knows nothing.
        rate: learning rate of this step.
        dev: MRR on dev, after steps that measured it.
        tokens_per_second: through the network, padding left out, since this process began.
        seconds_left: about; measuring on dev is counted in.
    """

    step: int
    steps: int
    loss: float
    chance: float
    rate: float
    dev: float | None
    tokens_per_second: float
    seconds_left: float

    def progress(self, stage: str) -> Progress:
        """As stages tell it."""
        numbers = {"loss": self.loss, "learning_rate": self.rate, "dev": self.dev}
        numbers |= {"tokens_per_second": self.tokens_per_second, "seconds_left": self.seconds_left}
        return Progress(
            stage=stage,
            done=self.step,
            total=self.steps,
            numbers=tuple((name, value) for name, value in numbers.items() if value is not None),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingRun:
    """The surroundings of one training.

    Attributes:
        out: its folder, made where it is missing; what lies there of the same training is taken up.
        stage: its name in reports.
        also: names what else decides what it does, such as how texts are disturbed; with another one it begins anew.
        seed: of everything that is left to chance.
        device: "cpu", "cuda" or "mps"; None takes the best there is.
        threads: of a forward pass on a CPU.
        report: called after each step.
        cancelled: asked before each step; the training then keeps its state and raises ``StoppedError``.
    """

    out: Path
    stage: str = "training"
    also: str = ""
    seed: int = 1
    device: str | None = None
    threads: int = 2
    report: Report = unheard
    cancelled: Cancelled = never


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainResult:
    """What came of a training.

    Attributes:
        folder: the model as sentence-transformers and transformers read it, weights of the best step on dev.
        steps: done, those left out among them.
        best_step: whose weights were kept; 0: the weights it began with.
        start_dev: MRR on dev before the first step; NaN without dev examples.
        best_dev: MRR on dev of the weights kept.
        skipped_steps: left out because loss or gradient was no number.
        skipped_examples: that had nothing to stand against.
        stopped: why it ended before its last step; "" when it did not.
        device: and ``precision``: what it ran on.
        seconds: of this process; a training that was resumed took longer.
        tokens: through the network in this process, forward and back, padding left out.
    """

    folder: Path
    steps: int
    best_step: int
    start_dev: float
    best_dev: float
    skipped_steps: int
    skipped_examples: int = 0
    stopped: str = ""
    device: str = "cpu"
    precision: Precision = "fp32"
    seconds: float = 0.0
    tokens: int = 0
    losses: tuple[float, ...] = ()  # of each step, NaN where it was left out
