"""Some docstrings are asked for in a few words, of functions that keep their documentation."""

from __future__ import annotations

import dataclasses
from pathlib import Path

from trainer.builders import a_code
from trainer.toy_runs import Toy, context_of
from vizsla_trainer.data.documented import documented, few_words
from vizsla_trainer.records import make_pair
from vizsla_trainer.stages.training import reranker_examples, training_examples

QUERY = "Return the largest element of a list that is not empty. Raises an error otherwise."


def test_few_words_are_words_of_the_first_sentence_that_say_something() -> None:
    seen = {few_words(QUERY, str(seed)) for seed in range(50)}
    assert len(seen) > 5
    for found in seen:
        words = found.casefold().split()
        assert 3 <= len(words) <= 5
        kept = [word for word in ("return", "largest", "element", "list", "empty") if word in words]
        assert words == kept, "in their order, and no other"
    assert few_words(QUERY, "1") == few_words(QUERY, "1")
    assert few_words("It is the one.", "1") == few_words("", "1") == ""


def test_a_share_of_the_docstrings_is_asked_so_and_nothing_else() -> None:
    codes = [a_code(f"def f{n}():\n    return {n}", f"{n}.py") for n in range(200)]
    docstrings = [make_pair(code, QUERY, "docstring", text="bare") for code in codes]
    others = [make_pair(code, "look at the list", "comment", text="custom", custom="def f(): ...") for code in codes]
    short = [make_pair(codes[0], "It is the one.", "docstring", text="bare")]
    pairs = [*docstrings, *others, *short]
    found = documented(pairs, 0.4)
    changed = [(old, new) for old, new in zip(pairs, found, strict=True) if old != new]
    assert 50 < len(changed) < 110
    for old, new in changed:
        assert (old.source, old.text, new.text) == ("docstring", "bare", "full")
        assert (new.id, new.code) == (old.id, old.code) and new.query == few_words(QUERY, old.id)
    assert documented(pairs, 0.0) == pairs
    assert documented(found, 0.4)[200:] == [*others, *short]


def test_each_model_learns_so_from_its_own_share(toy: Toy, tmp_path: Path) -> None:
    plain = context_of(toy, toy.copied(tmp_path / "run"), tmp_path / "cache")
    recipe = dataclasses.replace(toy.recipe, retriever=dataclasses.replace(toy.recipe.retriever, documented_share=1.0))
    context = dataclasses.replace(plain, recipe=recipe)
    chosen = [pair.id for pair in documented(context.pairs("train"), 1.0) if pair.text == "full"]
    assert chosen
    assert [one.pair for one in training_examples(context) if one.group == "full"] == chosen
    assert not [one for one in reranker_examples(context) if one.group == "full"]
