"""Late interaction matches by its formula, a few codes at a time or all, and so does its loss."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from vizsla_trainer.reranker import matching
from vizsla_trainer.reranker.loss import late_info_nce
from vizsla_trainer.reranker.matching import TokenVectors, match_all
from vizsla_trainer.retriever.loss import info_nce


def drawn(texts: int, length: int, *, seed: int) -> TokenVectors:
    """Random vectors of which each text has some inner tokens, never its first one."""
    generator = torch.Generator().manual_seed(seed)
    vectors = torch.randn(texts, length, 4, generator=generator, dtype=torch.float64)
    inner = torch.rand(texts, length, generator=generator) < 0.6
    inner[:, 0], inner[:, 1] = False, True
    return TokenVectors(vectors=torch.nn.functional.normalize(vectors, dim=-1), inner=inner)


def whole_loss(queries: TokenVectors, codes: TokenVectors) -> list[torch.Tensor]:
    """The loss with all of its terms, and its gradients for queries and codes."""
    leaves = [queries.vectors.clone().requires_grad_(), codes.vectors.clone().requires_grad_()]
    loss = late_info_nce(
        TokenVectors(vectors=leaves[0], inner=queries.inner),
        TokenVectors(vectors=leaves[1], inner=codes.inner),
        scale=20.0,
        reverse=0.5,
        means=0.3,
    )
    return [loss, *torch.autograd.grad(loss, leaves)]


def match(query: NDArray[np.floating], code: NDArray[np.floating]) -> float:
    """The formula, token by token."""
    return sum(max(float(q @ c) for c in code) for q in query) / len(query)


def both(query: NDArray[np.floating], code: NDArray[np.floating], reverse: float) -> float:
    """The same with the code's tokens' share."""
    return match(query, code) + reverse * match(code, query)


def plain(queries: TokenVectors, codes: TokenVectors) -> NDArray[np.float64]:
    asked = [vectors[inner].numpy() for vectors, inner in zip(queries.vectors, queries.inner, strict=True)]
    read = [vectors[inner].numpy() for vectors, inner in zip(codes.vectors, codes.inner, strict=True)]
    return np.array([[match(query, code) for code in read] for query in asked])


def test_every_query_is_matched_with_every_code_by_the_formula() -> None:
    queries, codes = drawn(3, 5, seed=0), drawn(4, 7, seed=1)
    np.testing.assert_allclose(match_all(queries, codes).numpy(), plain(queries, codes), rtol=1e-12)


def test_the_match_of_the_codes_own_tokens_counts_as_much_as_asked() -> None:
    queries, codes = drawn(3, 5, seed=0), drawn(4, 7, seed=1)
    found = match_all(queries, codes, reverse=0.5).numpy()
    for i, asked in enumerate(queries.vectors):
        for j, read in enumerate(codes.vectors):
            expected = both(asked[queries.inner[i]].numpy(), read[codes.inner[j]].numpy(), 0.5)
            assert found[i, j] == pytest.approx(expected, rel=1e-12)


def test_a_query_without_tokens_matches_nothing_more_than_another_and_a_code_without_any_is_no_match() -> None:
    queries, codes = drawn(2, 4, seed=0), drawn(3, 4, seed=1)
    queries.inner[1] = False
    codes.inner[2] = False
    found = match_all(queries, codes)
    assert found[1].tolist() == [0, 0, 0]
    assert float(found[0, 2]) == pytest.approx(-1)
    queries.inner[0] = False
    assert match_all(queries, codes).tolist() == [[0] * 3] * 2


def test_codes_matched_a_few_at_a_time_give_the_same_scores_and_gradients(monkeypatch: pytest.MonkeyPatch) -> None:
    queries, codes = drawn(3, 5, seed=0), drawn(7, 6, seed=1)
    found = []
    for bound in (1 << 20, 150, 1):
        monkeypatch.setattr(matching, "_COSINES", bound)
        found.append(whole_loss(queries, codes))
    for other in found[1:]:
        for one, again in zip(found[0], other, strict=True):
            torch.testing.assert_close(one, again)


def test_the_loss_is_its_formula() -> None:
    queries, codes = drawn(3, 5, seed=0), drawn(6, 7, seed=1)
    allowed = torch.rand(3, 6, generator=torch.Generator().manual_seed(2)) < 0.6
    expected = 0.0
    for i, row in enumerate(plain(queries, codes)):
        there = {j: math.exp(20 * row[j]) for j in range(6) if j == i or allowed[i, j]}
        expected -= math.log(there[i] / sum(there.values())) / 3
    assert float(late_info_nce(queries, codes, scale=20.0, allowed=allowed)) == pytest.approx(expected, rel=1e-12)


def test_the_loss_of_mean_vectors_counts_as_much_as_asked() -> None:
    queries, codes = drawn(3, 5, seed=0), drawn(6, 7, seed=1)

    def means(texts: TokenVectors) -> torch.Tensor:
        sums = [vectors[inner].sum(dim=0) for vectors, inner in zip(texts.vectors, texts.inner, strict=True)]
        return torch.stack([one / one.norm() for one in sums])

    alone = late_info_nce(queries, codes, scale=20.0)
    expected = alone + 0.3 * info_nce(means(queries), means(codes), scale=20.0)
    torch.testing.assert_close(late_info_nce(queries, codes, scale=20.0, means=0.3), expected)


@pytest.mark.parametrize(("reverse", "means"), [(0.0, 0.0), (0.5, 0.3)])
def test_the_loss_has_the_right_gradient(reverse: float, means: float) -> None:
    queries, codes = drawn(2, 4, seed=0), drawn(4, 5, seed=1)
    allowed = torch.tensor([[True, True, True, False], [True, True, False, True]])

    def loss(asked: torch.Tensor, read: torch.Tensor) -> torch.Tensor:
        return late_info_nce(
            TokenVectors(vectors=asked, inner=queries.inner),
            TokenVectors(vectors=read, inner=codes.inner),
            scale=5.0,
            allowed=allowed,
            reverse=reverse,
            means=means,
        )

    assert torch.autograd.gradcheck(loss, (queries.vectors.requires_grad_(), codes.vectors.requires_grad_()))


def test_texts_without_tokens_cost_and_teach_no_more_than_the_others() -> None:
    queries, codes = drawn(3, 4, seed=0), drawn(4, 5, seed=1)
    queries.inner[1], codes.inner[2] = False, False
    _, *gradients = whole_loss(queries, codes)
    for gradient in gradients:
        assert torch.isfinite(gradient).all()


def test_codes_that_are_not_allowed_never_count() -> None:
    queries, codes = drawn(2, 4, seed=0), drawn(4, 5, seed=1)
    allowed = torch.ones(2, 4, dtype=torch.bool)
    allowed[:, 3] = False
    read = codes.vectors.requires_grad_()
    loss = late_info_nce(queries, TokenVectors(vectors=read, inner=codes.inner), scale=20.0, allowed=allowed)
    (gradient,) = torch.autograd.grad(loss, read)
    assert float(gradient[3].abs().max()) == 0
    assert float(gradient[2].abs().max()) > 0
    with torch.no_grad():
        assert float(late_info_nce(queries, codes.of([0, 1, 2]), scale=20.0)) == pytest.approx(float(loss))
