"""The losses are their formulas, their gradients are right, and caching them in chunks changes nothing."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path

import pytest
import torch
from tokenizers import Encoding

from trainer.toy_language import CODE_WORDS, QUERY_WORDS, tiny_base
from vizsla.models.batching import Tokenised, padded
from vizsla_trainer.reranker.loss import listwise
from vizsla_trainer.retriever.loss import info_nce
from vizsla_trainer.training.base import load_base
from vizsla_trainer.training.batching import Chunk
from vizsla_trainer.training.encoding import NetworkEncoder
from vizsla_trainer.training.gradients import accumulate
from vizsla_trainer.training.machine import Machine
from vizsla_trainer.training.schedule import learning_rate


def drawn(*shape: int, seed: int = 0, dtype: torch.dtype = torch.float64) -> torch.Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=dtype)


def units(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.nn.functional.normalize(drawn(*shape, seed=seed), dim=-1)


def test_info_nce_is_its_formula() -> None:
    queries, codes = units(4, 8), units(7, 8, seed=1)
    allowed = torch.rand(4, 7, generator=torch.Generator().manual_seed(2)) < 0.6
    expected = 0.0
    for i in range(4):
        against = [j for j in range(7) if j == i or allowed[i, j]]
        weights = {j: math.exp(20 * float(queries[i] @ codes[j])) for j in against}
        expected -= math.log(weights[i] / sum(weights.values())) / 4
    assert float(info_nce(queries, codes, scale=20.0, allowed=allowed)) == pytest.approx(expected, rel=1e-12)


def test_info_nce_has_the_right_gradient() -> None:
    allowed = torch.ones(3, 5, dtype=torch.bool)
    allowed[0, 4] = False
    queries, codes = units(3, 4).requires_grad_(), units(5, 4, seed=1).requires_grad_()
    assert torch.autograd.gradcheck(lambda q, c: info_nce(q, c, scale=5.0, allowed=allowed), (queries, codes))


def test_a_query_may_always_have_its_own_code_though_nothing_is_allowed() -> None:
    loss = info_nce(units(2, 4), units(2, 4, seed=1), scale=20.0, allowed=torch.zeros(2, 2, dtype=torch.bool))
    assert float(loss) == 0.0


def test_the_order_of_hard_negatives_does_not_matter() -> None:
    queries, codes = units(3, 4), units(6, 4, seed=1)
    turned = torch.cat([codes[:3], codes[3:].flip(0)])
    assert float(info_nce(queries, codes, scale=9.0)) == pytest.approx(float(info_nce(queries, turned, scale=9.0)))


def test_the_listwise_loss_is_its_formula_where_some_negatives_are_missing() -> None:
    logits = drawn(3, 4)
    is_there = torch.tensor([[True] * 4, [True, True, False, False], [True, True, True, False]])
    expected = 0.0
    for row, there in zip(logits, is_there, strict=True):
        weights = [math.exp(20 * math.tanh(float(x))) for x, is_in in zip(row, there, strict=True) if is_in]
        expected -= math.log(weights[0] / sum(weights))
    assert float(listwise(logits, is_there, scale=20.0)) == pytest.approx(expected, rel=1e-12)


def test_the_listwise_loss_has_the_right_gradient_and_none_for_missing_negatives() -> None:
    is_there = torch.tensor([[True, True, True], [True, True, False]])
    logits = drawn(2, 3).requires_grad_()
    assert torch.autograd.gradcheck(lambda x: listwise(x, is_there, scale=3.0), (logits,))
    (gradient,) = torch.autograd.grad(listwise(logits, is_there, scale=3.0), logits)
    assert float(gradient[1, 2]) == 0.0


def test_scores_that_are_all_equal_cost_what_chance_costs() -> None:
    there = torch.ones(2, 8, dtype=torch.bool)
    assert float(listwise(torch.zeros(2, 8), there, scale=20.0)) == pytest.approx(2 * math.log(8))


@pytest.fixture(scope="module")
def encoder(tmp_path_factory: pytest.TempPathFactory) -> NetworkEncoder:
    base = load_base(tiny_base(tmp_path_factory.mktemp("losses") / "base"), kind="bi-encoder", seed=0)
    machine = Machine(device="cpu", precision="fp32", threads=1, chunk_tokens=96)
    return NetworkEncoder(base, machine, query_tokens=32, code_tokens=48)


def tokens_of(encoder: NetworkEncoder) -> list[Encoding]:
    queries = [" ".join(QUERY_WORDS[i : i + 2 + i % 3]) for i in range(8)]
    codes = [" ".join(CODE_WORDS[i : i + 3] * (1 + 5 * (i % 2))) for i in range(8)]
    return encoder.tokens(queries, is_query=True) + encoder.tokens(codes, is_query=False)


def in_one(texts: Sequence[Tokenised]) -> Chunk:
    input_ids, attention_mask, token_type_ids = padded(texts, length=48, pad_id=0)
    return Chunk(
        places=tuple(range(len(texts))),
        input_ids=input_ids,
        attention_mask=attention_mask,
        token_type_ids=token_type_ids,
        tokens=int(attention_mask.sum()),
    )


def gradients_of(encoder: NetworkEncoder) -> dict[str, torch.Tensor]:
    return {name: p.grad.clone() for name, p in encoder.network.named_parameters() if p.grad is not None}


@pytest.mark.parametrize("kept_tokens", [0, 300, 1_000_000])
def test_gradients_of_chunks_are_those_of_one_batch(encoder: NetworkEncoder, kept_tokens: int) -> None:
    chunks = encoder.chunks(tokens_of(encoder))
    assert len(chunks) > 4
    encoder.network.zero_grad(set_to_none=True)
    whole = encoder.forward(in_one(tokens_of(encoder)))
    loss = info_nce(whole[:8], whole[8:], scale=20.0)
    torch.autograd.backward(loss)
    expected = gradients_of(encoder)
    encoder.network.zero_grad(set_to_none=True)
    got = accumulate(
        chunks, encoder.forward, lambda vectors: info_nce(vectors[:8], vectors[8:], scale=20.0), kept_tokens=kept_tokens
    )
    assert got == pytest.approx(float(loss.detach()), rel=1e-5)
    found = gradients_of(encoder)
    assert found.keys() == expected.keys()
    for name, gradient in expected.items():
        torch.testing.assert_close(found[name], gradient, rtol=1e-5, atol=1e-5, msg=name)


def test_a_loss_that_is_no_number_adds_no_gradient(encoder: NetworkEncoder) -> None:
    encoder.network.zero_grad(set_to_none=True)
    loss = accumulate(
        encoder.chunks(tokens_of(encoder)),
        encoder.forward,
        lambda vectors: vectors.sum() * float("nan"),
        kept_tokens=10_000,
    )
    assert math.isnan(loss)
    assert not gradients_of(encoder)


def test_bf16_is_near_fp32(encoder: NetworkEncoder, tmp_path: Path) -> None:
    base = load_base(tiny_base(tmp_path / "base"), kind="bi-encoder", seed=0)
    machine = Machine(device="cpu", precision="bf16", threads=1, chunk_tokens=96)
    coarse = NetworkEncoder(base, machine, query_tokens=32, code_tokens=48)
    texts = ["read file", "sort list tree", "open path close"]
    cosines = (encoder.encode(texts, is_query=True) * coarse.encode(texts, is_query=True)).sum(axis=1)
    assert cosines.min() > 0.999


def test_the_learning_rate_rises_to_its_peak_and_falls_to_almost_nothing() -> None:
    rates = [learning_rate(step, steps=100, peak=1.0, warmup_share=0.1) for step in range(100)]
    assert max(rates) == rates[10] == 1.0
    assert rates[:11] == sorted(rates[:11])
    assert rates[10:] == sorted(rates[10:], reverse=True)
    assert 0 < rates[-1] < 0.02
    assert learning_rate(0, steps=1, peak=1.0, warmup_share=0.5) == 1.0
