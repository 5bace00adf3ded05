"""Plans of batches: every text once, bounded, and with little padding."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from tokenizers import Tokenizer, models, pre_tokenizers

from vizsla.models.batching import batches, batches_in_order, padded, padded_length

MAX_TOKENS = 256
lengths_of_texts = st.lists(st.integers(0, MAX_TOKENS), max_size=300)
budgets = st.integers(1, 8_192)


@given(st.integers(0, 5_000), st.integers(4, 5_000))
def test_a_padded_length_holds_its_text(length: int, max_tokens: int) -> None:
    found = padded_length(min(length, max_tokens), max_tokens=max_tokens)
    assert min(length, max_tokens) <= found <= max_tokens


def test_there_are_few_padded_lengths() -> None:
    assert len({padded_length(length, max_tokens=512) for length in range(513)}) <= 20


@given(lengths_of_texts, budgets)
def test_each_text_is_in_one_batch_that_holds_it(lengths: list[int], budget: int) -> None:
    for plan in (batches, batches_in_order):
        found = list(plan(lengths, tokens_per_batch=budget, max_tokens=MAX_TOKENS))
        assert sorted(i for batch in found for i in batch.indices) == list(range(len(lengths)))
        assert all(lengths[i] <= batch.length for batch in found for i in batch.indices)


@given(lengths_of_texts, budgets)
def test_only_a_text_alone_exceeds_the_budget(lengths: list[int], budget: int) -> None:
    for plan in (batches, batches_in_order):
        for batch in plan(lengths, tokens_per_batch=budget, max_tokens=MAX_TOKENS):
            assert len(batch.indices) == 1 or len(batch.indices) * batch.length <= budget


@given(lengths_of_texts, budgets)
def test_the_same_lengths_give_the_same_plan(lengths: list[int], budget: int) -> None:
    first, second = (list(batches(lengths, tokens_per_batch=budget, max_tokens=MAX_TOKENS)) for _ in range(2))
    assert first == second


@given(lengths_of_texts, budgets)
def test_a_plan_in_order_keeps_the_order(lengths: list[int], budget: int) -> None:
    found = batches_in_order(lengths, tokens_per_batch=budget, max_tokens=MAX_TOKENS)
    assert [i for batch in found for i in batch.indices] == list(range(len(lengths)))


def test_little_is_computed_for_padding() -> None:
    lengths = np.random.default_rng(0).integers(3, MAX_TOKENS + 1, 2_000).tolist()
    found = list(batches(lengths, tokens_per_batch=4_096, max_tokens=MAX_TOKENS))
    assert sum(len(batch.indices) * batch.length for batch in found) < 1.1 * sum(lengths)


def test_a_few_texts_of_mixed_length_go_together() -> None:
    assert len(list(batches([200, 90, 60, 10], tokens_per_batch=4_096, max_tokens=MAX_TOKENS))) == 1


def test_padding_is_on_the_right_and_masked() -> None:
    tokenizer = Tokenizer(models.WordLevel({"x": 5, "y": 6}, unk_token="x"))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    ids, mask, types = padded(tokenizer.encode_batch(["x y", ""]), length=3, pad_id=9)
    assert ids.tolist() == [[5, 6, 9], [9, 9, 9]]
    assert mask.tolist() == [[1, 1, 0], [0, 0, 0]]
    assert types.tolist() == [[0, 0, 0], [0, 0, 0]]
