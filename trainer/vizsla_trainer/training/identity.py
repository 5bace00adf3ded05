"""The name of a training by everything that decides what it does: a checkpoint of another one is not taken up."""

from __future__ import annotations

from collections.abc import Sequence

from blake3 import blake3

from vizsla_trainer.training.base import Base
from vizsla_trainer.training.examples import Corpus, Example
from vizsla_trainer.training.machine import Machine
from vizsla_trainer.training.run import TrainingRun


def identity_of(
    base: Base, examples: Sequence[Example], corpus: Corpus, machine: Machine, run: TrainingRun, *settings: object
) -> str:
    """32 hexadecimal digits of weights, examples, device, precision and whatever else is given.

    Args:
        base: its network as it is before the first step.
        examples: in their order.
        corpus: that they point into.
        machine: what the training runs on.
        run: whose seed, threads and ``also`` count.
        settings: recipe, number of steps and the like, by their ``repr``.
    """
    digest = blake3()
    for name, value in sorted(base.network.state_dict().items()):
        digest.update(name.encode())
        digest.update(value.detach().cpu().contiguous().numpy().tobytes())
    digest.update(base.tokenizer.encode())
    for example in examples:
        digest.update(
            repr((example.query, example.text, example.code, example.group, example.negatives)).encode(
                "utf-8", "surrogatepass"
            )
        )
    for code in corpus.codes:
        digest.update(code.id.encode())
    surroundings = (machine.device.type, machine.precision, run.seed, run.threads, run.also)
    digest.update(repr((*surroundings, *settings)).encode("utf-8", "surrogatepass"))
    return digest.hexdigest(16)
