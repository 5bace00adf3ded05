"""Augmented pairs are disturbed as much as the recipe says, and never emptied."""

from __future__ import annotations

import random

from hypothesis import given, settings
from hypothesis import strategies as st

from vizsla_trainer.data.augmenting import MASK, augment, masked, shortened, with_other_names, without_comments
from vizsla_trainer.recipe import AugmentRecipe

NOTHING = AugmentRecipe(
    query_mask=0.0, code_mask=0.0, identifier_dropout=0.0, comment_dropout=0.0, query_shortening=0.0
)
ALL = AugmentRecipe(query_mask=0.3, code_mask=0.3, identifier_dropout=1.0, comment_dropout=1.0, query_shortening=1.0)
CODE = 'Says two.\ndef two(count):\n    """Says two."""\n    # add them\n    total = count + count\n    return total\n'


@settings(deadline=None)
@given(st.text(), st.text(), st.integers(0, 99), st.sampled_from(["python", "c", "haskell", "ocaml", "", "klingon"]))
def test_nothing_is_ever_emptied(query: str, code: str, seed: int, language: str) -> None:
    new_query, new_code = augment(query, code, random.Random(seed), ALL, language=language)
    assert bool(new_query.strip()) >= bool(query.strip() and len(query.split()) > 0)
    assert bool(new_code.strip()) == bool(code.strip())


@settings(deadline=None)
@given(st.text(), st.text(), st.integers(0, 99))
def test_a_recipe_of_zeros_changes_nothing(query: str, code: str, seed: int) -> None:
    assert augment(query, code, random.Random(seed), NOTHING, language="python") == (query, code)


def test_the_same_seed_gives_the_same() -> None:
    assert augment("say it twice", CODE, random.Random(3), ALL) == augment("say it twice", CODE, random.Random(3), ALL)


def test_about_as_many_words_are_hidden_as_the_share_says() -> None:
    text = " ".join(["word"] * 10_000)
    found = masked(text, random.Random(1), 0.2, MASK)
    gone = 10_000 - found.count("word")
    assert 1_850 < gone < 2_150
    assert 0.7 < found.count(MASK) / gone < 0.9


def test_a_name_is_replaced_wherever_it_stands_and_keywords_stay() -> None:
    found = with_other_names("def total(count):\n    return count + self.count", random.Random(1), 1.0)
    assert "def " in found and "return " in found and "self" in found
    assert "total" not in found
    names = found.replace("(", " ").replace(")", " ").replace(":", " ").split()
    assert names[2] == names[4]


def test_two_names_do_not_become_one() -> None:
    found = with_other_names("alpha beta gamma delta", random.Random(2), 1.0).split()
    assert len(set(found)) == 4


def test_lines_of_comments_go_and_code_beside_them_stays() -> None:
    assert "add them" not in without_comments(CODE, "python")
    assert '"""Says two."""' in without_comments(CODE, "python")
    assert (
        without_comments("int f() { // why\n  /* one\n   two */\n  return 1; }", "c")
        == "int f() { // why\n  return 1; }"
    )
    assert without_comments("# only words", "python") == "# only words"


def test_a_query_is_shortened_to_its_first_sentence_or_to_some_of_its_words() -> None:
    assert shortened("Reads a whole file. And more of it.", random.Random(1)) == "Reads a whole file."
    for seed in range(50):
        words = shortened("reads a whole file of many lines", random.Random(seed))
        assert 3 <= len(words.split()) <= 7
        assert words in "reads a whole file of many lines"
    assert shortened("one two three", random.Random(1)) == "one two three"
