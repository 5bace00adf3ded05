"""The name of a training by everything that decides what it does: a checkpoint of another one is not taken up."""

from __future__ import annotations

from collections.abc import Iterable

from blake3 import blake3

from vizsla_trainer.training.base import Base
from vizsla_trainer.training.examples import Example
from vizsla_trainer.training.machine import Machine


def identity_of(base: Base, examples: Iterable[Example], machine: Machine, *settings: object) -> str:
    """32 hexadecimal digits of weights, examples, device, precision and whatever else is given.

    Args:
        base: its network as it is before the first step.
        examples: in their order.
        machine: what the training runs on.
        settings: recipe, seed, number of steps and the like, by their ``repr``.
    """
    digest = blake3()
    for name, value in sorted(base.network.state_dict().items()):
        digest.update(name.encode())
        digest.update(value.detach().cpu().contiguous().numpy().tobytes())
    digest.update(base.tokenizer.encode())
    for example in examples:
        digest.update(repr((example.query, example.text, example.code, example.group, example.negatives)).encode())
    digest.update(repr((machine.device.type, machine.precision, *settings)).encode())
    return digest.hexdigest(16)
