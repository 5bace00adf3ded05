"""Which examples meet in a batch, and in which chunks their texts go through the network."""

from __future__ import annotations

import random
from collections import defaultdict, deque
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from vizsla.models.batching import Tokenised, batches, padded
from vizsla_trainer.training.examples import Example

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_LOOKS = 20  # at so many examples for each place of a batch, before it goes unfilled
_LEAST_SHARE = 4  # a batch of fewer than 1 / 4 of its places is left out: its few negatives teach little
_BUCKET = 32  # padded lengths are multiples of it: libraries compile for each shape anew


@dataclass(frozen=True, slots=True, kw_only=True)
class Chunk:
    """Texts that go through the network together.

    Attributes:
        places: of the texts among all those of the step, (texts,).
        input_ids: (texts, length); ``attention_mask`` and ``token_type_ids`` likewise.
        tokens: padding left out.
    """

    places: tuple[int, ...]
    input_ids: NDArray[np.int64]
    attention_mask: NDArray[np.int64]
    token_type_ids: NDArray[np.int64]
    tokens: int


def planned_steps(
    examples: Sequence[Example],
    *,
    batch: int,
    epochs: int,
    most_steps: int,
    seed: int,
    alone: bool = False,
    kin: Sequence[str] | None = None,
) -> list[tuple[int, ...]]:
    """Which examples each step reads: shuffled anew in each epoch, each example at most once in one.

    Args:
        examples: what there is.
        batch: examples of a step.
        epochs: passes over all examples.
        most_steps: bound on the steps.
        seed: the same one makes the same plan.
        alone: whether an example has its negatives with it, so that any may meet. Otherwise those of a step are of
            one group and share no key: no code of the step answers another's query.
        kin: a label of each example; those of a step then have one label too.

    Returns:
        Places of examples, a tuple for each step.
    """
    steps: list[tuple[int, ...]] = []
    for epoch in range(epochs):
        if len(steps) >= most_steps:
            break
        chance = random.Random(f"{seed}/{epoch}")
        order = list(range(len(examples)))
        chance.shuffle(order)
        if alone:
            steps += [tuple(order[start : start + batch]) for start in range(0, len(order), batch)]
            continue
        groups: dict[tuple[str, str], list[int]] = defaultdict(list)
        for place in order:
            groups[examples[place].group, kin[place] if kin else ""].append(place)
        made = [found for members in groups.values() for found in _apart(members, examples, batch)]
        chance.shuffle(made)
        steps += made
    return steps[:most_steps]


def chunks_of(texts: Sequence[Tokenised], *, tokens: int, max_tokens: int, pad_id: int) -> list[Chunk]:
    """Cut texts into chunks of at most ``tokens`` padded tokens, longest first, each text once.

    Args:
        texts: at most ``max_tokens`` tokens each.
        tokens: bound of a chunk; one text alone may exceed it.
        max_tokens: the longest a text is padded to.
        pad_id: number of the padding token.
    """
    lengths = [min(-(-len(text.ids) // _BUCKET) * _BUCKET, max_tokens) for text in texts]
    made = []
    for planned in batches(lengths, tokens_per_batch=tokens, max_tokens=max_tokens):
        chosen = [texts[place] for place in planned.indices]
        input_ids, attention_mask, token_type_ids = padded(chosen, length=planned.length, pad_id=pad_id)
        made.append(
            Chunk(
                places=planned.indices,
                input_ids=input_ids,
                attention_mask=attention_mask,
                token_type_ids=token_type_ids,
                tokens=int(attention_mask.sum()),
            )
        )
    return made


def _apart(members: Sequence[int], examples: Sequence[Example], batch: int) -> list[tuple[int, ...]]:
    """Batches of examples that share no key; those that collide wait for the next."""
    waiting = deque(members)
    made: list[tuple[int, ...]] = []
    while waiting:
        chosen: list[int] = []
        taken: set[int] = set()
        postponed: list[int] = []
        looks = _LOOKS * batch
        while waiting and len(chosen) < batch and looks:
            looks -= 1
            place = waiting.popleft()
            if taken.isdisjoint(examples[place].keys):
                chosen.append(place)
                taken |= examples[place].keys
            else:
                postponed.append(place)
        waiting.extendleft(reversed(postponed))
        if len(chosen) >= max(2, batch // _LEAST_SHARE) or (len(chosen) >= 2 and not made):
            made.append(tuple(chosen))
    return made
