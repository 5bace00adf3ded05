"""Negatives: ranks as the retriever gives them, never a code that may be right, as many as there are."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from trainer.toy_language import a_code, a_corpus, examples
from vizsla_trainer.errors import StoppedError, TrainingError
from vizsla_trainer.negatives.ranking import Ranking, load_ranking, rank_corpus, save_ranking
from vizsla_trainer.negatives.sampling import depth_for, sample_negatives
from vizsla_trainer.recipe import NegativesRecipe, Sampling
from vizsla_trainer.records import Source, make_pair
from vizsla_trainer.training.examples import Corpus, Example, examples_of, forbidden_codes, with_negatives

SOME_SOURCES: tuple[Source, ...] = ("docstring", "commit")
METHODS: tuple[Sampling, ...] = ("window", "uniform", "softmax", "random")


class LetterEncoder:
    """Vectors that count a few letters: many texts tie."""

    def encode(self, texts: Sequence[str], *, is_query: bool) -> NDArray[np.float32]:
        counts = np.array([[1 + text.count(letter) for letter in "abc"] for text in texts], dtype=np.float32)
        vectors: NDArray[np.float32] = counts / np.linalg.norm(counts, axis=1, keepdims=True)
        return vectors


def no_cuts(**changes: object) -> NegativesRecipe:
    numbers: dict[str, object] = {"similarity_cut": 1.0, "least_cut": 1.0, "duplicate_cut": 1.0, "count": 3}
    return NegativesRecipe(**(numbers | changes))  # type: ignore[arg-type]


def ranked(queries: int, codes: int, *, positive: float = 1.0, alike: float = 0.0) -> Ranking:
    """Of each query i the codes in order, its own, i, left out; cosines fall from .9 by .01."""
    rows = [[code for code in range(codes) if code != i] for i in range(queries)]
    scores = np.array([[0.9 - 0.01 * rank for rank in range(codes - 1)]] * queries, dtype=np.float32)
    return Ranking(
        codes=np.array(rows, dtype=np.int32),
        scores=scores,
        alike=np.full_like(scores, alike),
        positive_scores=np.full(queries, positive, dtype=np.float32),
        positive_ranks=np.ones(queries, dtype=np.int32),
    )


def own(queries: int) -> list[frozenset[int]]:
    return [frozenset({i}) for i in range(queries)]


texts = st.text("ab c", min_size=1, max_size=4).filter(lambda text: text.strip())
docs = st.sampled_from(["", "", "Say a.", "Say b.\n\nMore.", "say A.", "ab"])
queries = st.one_of(texts, st.sampled_from(["say a.", "Say b.", "ab"]))


@st.composite
def corpora(draw: st.DrawFn) -> tuple[Corpus, list[Example]]:
    size = draw(st.integers(1, 14))
    codes = []
    for i in range(size):
        doc, body = draw(docs), draw(texts)
        codes.append(
            a_code(f"{doc} {body}".strip(), bare=body, doc=doc, name=draw(st.sampled_from("fg")), path=f"{i}.py")
        )
    corpus = a_corpus(codes)
    chosen = draw(st.lists(st.tuples(st.integers(0, size - 1), queries), min_size=1, max_size=5))
    source: Source = draw(st.sampled_from(SOME_SOURCES))
    return corpus, examples([(codes[i], query) for i, query in chosen], corpus, source)


def folded(text: str) -> str:
    return " ".join(text.split()).casefold()


@settings(max_examples=150, deadline=None)
@given(
    made=corpora(),
    method=st.sampled_from(METHODS),
    count=st.integers(1, 6),
    window=st.integers(1, 8),
    skip=st.sampled_from([0.0, 0.2, 0.9]),
    phases=st.integers(1, 3),
    annealing=st.booleans(),
)
def test_a_negative_is_never_a_code_that_may_be_right(
    made: tuple[Corpus, list[Example]],
    method: Sampling,
    count: int,
    window: int,
    skip: float,
    phases: int,
    annealing: bool,
) -> None:
    corpus, asked = made
    recipe = no_cuts(method=method, count=count, window=window, skip_share=skip, annealing=annealing)
    ranking = rank_corpus(LetterEncoder(), asked, corpus, depth=depth_for(recipe, codes=len(corpus)))
    forbidden = forbidden_codes(asked, corpus)
    sampled = sample_negatives(ranking, forbidden, recipe, codes=len(corpus), seed=1, phases=phases)
    assert sampled.shape == (phases, len(asked), count)
    answers = {folded(e.query): {c.code for c in asked if folded(c.query) == folded(e.query)} for e in asked}
    for i, example in enumerate(asked):
        right = [corpus.codes[place] for place in answers[folded(example.query)]]
        for row in sampled[:, i]:
            drawn = [int(place) for place in row if place >= 0]
            assert len(drawn) == len(set(drawn))
            assert [*drawn, *[-1] * (count - len(drawn))] == list(row)
            # As many as there are, whatever is forbidden: cuts are off, and ranks are deep enough.
            assert len(drawn) == min(count, len(corpus) - len(forbidden[i]))
            for code in (corpus.codes[place] for place in drawn):
                assert not any(code.id == one.id for one in right), "another positive of the query"
                assert not any(folded(code.text) == folded(one.text) for one in right), "a twin"
                assert not any(folded(code.bare) == folded(one.bare) for one in right), "a twin but for its docs"
                assert not any(code.doc and folded(code.doc) == folded(one.doc) for one in right), "the same docs"
                assert folded(code.doc.split("\n")[0]) != folded(example.query), "documented by the query itself"


@settings(max_examples=60, deadline=None)
@given(made=corpora())
def test_a_ranking_is_what_sorting_all_cosines_gives(made: tuple[Corpus, list[Example]]) -> None:
    corpus, asked = made
    encoder = LetterEncoder()
    ranking = rank_corpus(encoder, asked, corpus, depth=5)
    for i, (example, never) in enumerate(zip(asked, forbidden_codes(asked, corpus), strict=True)):
        query = encoder.encode([example.query], is_query=True)[0]
        cosines = encoder.encode(corpus.texts(example.view), is_query=False) @ query
        order = sorted(
            (p for p in range(len(corpus)) if p not in never), key=lambda p: (-round(float(cosines[p]), 6), p)
        )
        found = [int(place) for place in ranking.codes[i] if place >= 0]
        assert len(found) == min(5, len(order))
        np.testing.assert_allclose(ranking.scores[i, : len(found)], cosines[order[:5]], atol=1e-6)
        positive = float(query @ encoder.encode([example.text], is_query=False)[0])
        assert ranking.positive_scores[i] == pytest.approx(positive, abs=1e-6)
        clearly_above = sum(cosines[p] > positive + 1e-6 for p in order)
        at_least = sum(cosines[p] >= positive - 1e-6 for p in order)
        assert 1 + clearly_above <= ranking.positive_ranks[i] <= 1 + at_least


def test_a_window_takes_the_ranks_that_it_names() -> None:
    recipe = no_cuts(method="window", count=4, window=4, skip_share=0.1)
    sampled = sample_negatives(ranked(2, 50), own(2), recipe, codes=50, seed=1)
    # λN = 5 better ones are passed over; the query's own code was never among the ranks.
    assert sampled[0, 0].tolist() == [6, 7, 8, 9]
    assert sampled[0, 1].tolist() == [6, 7, 8, 9]


def test_a_wider_window_draws_anew_in_each_phase() -> None:
    recipe = no_cuts(method="window", count=5, window=20)
    sampled = sample_negatives(ranked(1, 50), own(1), recipe, codes=50, seed=1, phases=4)
    assert sampled.max() <= 20
    assert len({tuple(row) for row in sampled[:, 0].tolist()}) == 4


def test_uniform_draws_between_its_ranks() -> None:
    recipe = no_cuts(method="uniform", count=5, first_rank=11, last_rank=20)
    sampled = sample_negatives(ranked(1, 50), own(1), recipe, codes=50, seed=1, phases=40)
    assert set(sampled.ravel().tolist()) == set(range(11, 21))


def test_softmax_draws_better_ranks_more_often_and_nothing_else_when_it_is_cold() -> None:
    ranking = ranked(1, 101)
    warm = no_cuts(method="softmax", count=1, temperature=0.1)
    drawn = sample_negatives(ranking, own(1), warm, codes=101, seed=1, phases=4_000)[:, 0, 0] - 1
    weights = np.exp(ranking.scores[0] / 0.1)
    expected = weights / weights.sum()
    found = np.bincount(drawn, minlength=100) / 4_000
    assert np.abs(found - expected).max() < 0.025
    cold = no_cuts(method="softmax", count=3, temperature=1e-5)
    assert sorted(sample_negatives(ranking, own(1), cold, codes=101, seed=1)[0, 0].tolist()) == [1, 2, 3]


def test_random_draws_from_everywhere_without_looking_at_ranks() -> None:
    recipe = no_cuts(method="random", count=6)
    sampled = sample_negatives(ranked(1, 40), own(1), recipe, codes=40, seed=1, phases=60)
    assert set(sampled.ravel().tolist()) == set(range(1, 40))


def test_codes_too_near_to_query_or_answer_are_left_out() -> None:
    near_query = no_cuts(method="window", count=3, window=3, similarity_cut=0.95, least_cut=0.5)
    # The answer has .92, so nothing above .874 is sure to be wrong: ranks 1 to 3 have .90, .89, .88.
    assert sample_negatives(ranked(1, 50, positive=0.92), own(1), near_query, codes=50, seed=1).tolist() == [
        [[4, 5, 6]]
    ]
    high_floor = no_cuts(method="window", count=3, window=3, similarity_cut=0.5, least_cut=0.89)
    assert sample_negatives(ranked(1, 50, positive=0.3), own(1), high_floor, codes=50, seed=1)[0, 0, 0] == 2
    near_answer = no_cuts(method="window", count=3, window=3, duplicate_cut=0.9)
    assert (sample_negatives(ranked(1, 50, alike=0.95), own(1), near_answer, codes=50, seed=1) == -1).all()


@pytest.mark.parametrize("method", ["window", "uniform", "softmax"])
def test_annealing_goes_from_easy_to_hard(method: Sampling) -> None:
    recipe = no_cuts(method=method, count=5, window=20, last_rank=20, annealing=True, temperature=10.0)
    ranking, mine = ranked(30, 100), own(30)
    sampled = sample_negatives(ranking, mine, recipe, codes=100, seed=1, phases=5)
    means = sampled.mean(axis=(1, 2))
    assert means[0] > means[-1] * 1.5
    assert sampled[0].max() > 30
    assert sampled[-1].max() <= 21


def test_the_same_seed_draws_the_same() -> None:
    recipe = no_cuts(method="window", count=5, window=30)
    first, again, other = (
        sample_negatives(ranked(9, 60), own(9), recipe, codes=60, seed=seed, phases=2) for seed in (1, 1, 2)
    )
    assert first.tolist() == again.tolist() != other.tolist()


def test_a_ranking_is_deep_enough_for_a_window_far_down() -> None:
    assert depth_for(no_cuts(skip_share=0.004, window=31), codes=118_036) >= 472 + 31
    assert depth_for(no_cuts(window=31), codes=10) == 10


def test_a_query_that_is_only_a_name_forbids_all_of_that_name() -> None:
    codes = [a_code("alpha", name="to_json", path="a"), a_code("beta", name="toJson", path="b"), a_code("c", path="c")]
    corpus = a_corpus(codes)
    by_name = examples_of([make_pair(codes[0], "to json", "name", text="custom", custom="hidden")], corpus)
    by_words = examples_of([make_pair(codes[0], "write as text", "commit")], corpus)
    assert forbidden_codes(by_name, corpus) == [{0, 1}]
    assert forbidden_codes(by_words, corpus) == [{0}]


def test_pairs_held_out_say_what_is_no_negative_too() -> None:
    codes = [a_code("alpha", path="a"), a_code("beta", path="b"), a_code("c", path="c")]
    corpus = a_corpus(codes)
    held_out = [make_pair(codes[1], "The  Question", "commit")]
    found = examples_of([make_pair(codes[0], "the question", "commit")], corpus, known=held_out)
    assert forbidden_codes(found, corpus) == [{0, 1}]


def test_a_ranking_survives_its_file_and_a_damaged_file_is_named(tmp_path: Path) -> None:
    ranking = ranked(3, 20)
    path = tmp_path / "ranking.npz"
    save_ranking(path, ranking)
    again = load_ranking(path)
    for name in Ranking.__slots__:
        np.testing.assert_array_equal(getattr(again, name), getattr(ranking, name))
    path.write_bytes(path.read_bytes()[:-200])
    with pytest.raises(TrainingError, match="run the stage"):
        load_ranking(path)


def test_ranking_can_be_stopped() -> None:
    corpus = a_corpus([a_code("a", path="a"), a_code("b", path="b")])
    asked = examples([(corpus.codes[0], "a?")], corpus)
    with pytest.raises(StoppedError):
        rank_corpus(LetterEncoder(), asked, corpus, depth=2, cancelled=lambda: True)


def test_negatives_of_other_examples_are_refused() -> None:
    corpus = a_corpus([a_code("a", path="a"), a_code("b", path="b")])
    asked = examples([(corpus.codes[0], "a?")], corpus)
    assert with_negatives(asked, np.array([[[1, -1]]], dtype=np.int32))[0].negatives == ((1,),)
    with pytest.raises(ValueError, match="do not fit"):
        with_negatives(asked, np.zeros((1, 2, 1), dtype=np.int32))
