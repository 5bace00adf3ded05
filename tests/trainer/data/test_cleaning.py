"""Each rule drops what it is for and nothing else; what is alike is folded; inconsistent pairs go."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trainer.builders import a_code
from vizsla_trainer.data.cleaning import clean, keep_consistent
from vizsla_trainer.data.rules import mended, rules
from vizsla_trainer.recipe import CleanRecipe
from vizsla_trainer.records import Pair, Source, make_pair

RECIPE = CleanRecipe(near_duplicate=0.9, consistency_least_codes=1)


def words(start: int, count: int = 30) -> str:
    return " ".join(f"w{number}" for number in range(start, start + count))


CODES = [a_code(words(100 * number)) for number in range(8)]


def dropped_by(query: str, source: Source = "docstring", recipe: CleanRecipe = RECIPE) -> str:
    """The rule that drops a query, "" when it stays."""
    drops = clean([make_pair(CODES[0], query, source)], CODES, recipe).drops
    return next(iter(drops), "")


@pytest.mark.parametrize(
    ("query", "after"),
    [
        ("Reads a file (slowly) to its end.", "Reads a file to its end."),
        ("Reads <b>one</b> file", "Reads one file"),
        ("Return an iterator of (node, degree).", "Return an iterator of node, degree."),
        ("Reads “one” file – at once…", 'Reads "one" file - at once...'),
        ("Reads ✨ one file", "Reads one file"),
        ("- Reads one file:", "Reads one file"),
        ("Reads `one` file. See issue #12 for more", "Reads one file."),
        ("covariance_factor() is squared", "covariance_factor is squared"),
    ],
)
def test_what_can_be_mended_is_mended(query: str, after: str) -> None:
    assert mended(query) == after


@pytest.mark.parametrize(
    ("query", "rule"),
    [
        ("Reads the page at http://a.b and more", "web address"),
        ("Читает весь файл", "not Latin script"),
        ("读取整个 文件 到 内存", "not Latin script"),
        ("1 2 3 4 + 5", "no letter"),
        ("Reads the file @param name", "tag"),
        ("Reads files", "too few words"),
        ("word " * 200, "too many words"),
        ("TODO read the whole file", "unfinished"),
        ("See the documentation of the base class", "says nothing"),
        ("Test that it reads files", "says nothing"),
        ("Deprecated, use the other one", "says nothing"),
        ("Reads a file to its end.", ""),
        ("Liest die Größe einer Datei", ""),
        ("Computes π of a circle", ""),
        ("Is the file at its end?", ""),
        ("reads key=value lines and a == b", ""),
        ("Mail bob@example.org of the end", ""),
        ("ends with !== && || ** ^^ %% ++ a b", "symbols"),
    ],
)
def test_each_rule_drops_what_it_is_for(query: str, rule: str) -> None:
    assert dropped_by(query) == rule


@pytest.mark.parametrize(
    "query", ["if (x == 1) return y;", "self.a = other.b(c)", "for (i in list) print", "x += 1 for all of them"]
)
def test_statements_that_were_commented_out_are_no_words(query: str) -> None:
    assert dropped_by(query, "comment") == "code"


def test_questions_are_dropped_by_choice() -> None:
    strict = CleanRecipe(drop_questions=True)
    assert dropped_by("Is the file at its end?", recipe=strict) == "question"


def test_rules_of_choice_can_be_switched_off() -> None:
    loose = CleanRecipe(drop_urls=False, drop_foreign=False)
    assert dropped_by("Читает весь файл", recipe=loose) == ""
    assert {rule.name for rule in rules(RECIPE)} - {rule.name for rule in rules(loose)} == {
        "web address",
        "not Latin script",
    }


def test_drops_are_counted_with_some_examples() -> None:
    pairs = [make_pair(CODES[number], f"Reads file{number}", "docstring") for number in range(8)]
    drops = clean(pairs, CODES, CleanRecipe(examples_per_rule=3)).drops["too few words"]
    assert drops.count == 8
    assert drops.examples == ["Reads file0", "Reads file1", "Reads file2"]


def test_what_a_person_typed_stays_as_it_is() -> None:
    pair = make_pair(CODES[0], "TODO (x)?", "feedback")
    assert clean([pair], CODES, CleanRecipe(drop_questions=True)).pairs == [pair]


def test_a_copy_of_code_and_query_is_folded_and_the_docstring_stays() -> None:
    copy = a_code(words(0), "copy.py")
    pairs = [
        make_pair(CODES[0], "Reads the whole file.", "comment", text="custom", custom="x"),
        make_pair(CODES[0], "reads the whole file", "docstring", text="bare"),
        make_pair(copy, "Reads the whole file!", "docstring", text="bare"),
        make_pair(CODES[1], "Reads the whole file", "docstring", text="bare"),
    ]
    cleaned = clean(pairs, [*CODES, copy], RECIPE)
    assert cleaned.pairs == [pairs[1], pairs[3]]
    assert cleaned.drops["like another"].count == 2


def test_a_query_that_many_codes_answer_is_no_question() -> None:
    pairs = [make_pair(CODES[number], "Return the name of it", "docstring") for number in range(4)]
    assert clean(pairs, CODES, RECIPE).pairs == []
    assert clean(pairs[:3], CODES, RECIPE).pairs == pairs[:3]


def rank_by_number(pairs: Sequence[Pair]) -> list[int]:
    return [int(pair.query.rsplit(" ", 1)[1]) for pair in pairs]


def test_pairs_whose_code_the_model_does_not_find_are_inconsistent() -> None:
    pairs = [make_pair(CODES[number], f"query of rank {number}", "docstring") for number in (1, 2, 3)]
    opened = make_pair(CODES[4], "query of rank 9", "feedback")
    cleaned = clean([*pairs, opened], CODES, RECIPE, ranks=rank_by_number)
    assert cleaned.pairs == [*pairs[:2], opened]
    assert cleaned.drops["inconsistent"].count == 1
    assert keep_consistent([*pairs, opened], rank_by_number, RECIPE).pairs == cleaned.pairs


@pytest.mark.parametrize("recipe", [CleanRecipe(consistency=False), CleanRecipe(consistency_least_codes=100)])
def test_consistency_is_off_by_choice_and_in_small_workspaces(recipe: CleanRecipe) -> None:
    pair = make_pair(CODES[0], "query of rank 9", "docstring")
    assert clean([pair], CODES, recipe, ranks=rank_by_number).pairs == [pair]


QUERIES = st.sampled_from(
    ["reads one file", "Reads one file.", "writes one file", "closes it at once", "x", "see http://a", "sums all (now)"]
)
PAIRS = st.lists(
    st.builds(
        lambda place, query, source: make_pair(CODES[place], query, source),
        st.integers(0, len(CODES) - 1),
        QUERIES,
        st.sampled_from(["docstring", "comment", "commit"]),
    ),
    max_size=30,
    unique_by=lambda pair: pair.id,
)


@settings(deadline=None)
@given(PAIRS)
def test_folding_loses_no_question_and_keeps_none_twice(pairs: list[Pair]) -> None:
    cleaned = clean(pairs, CODES, RECIPE)
    kept = [(pair.query.casefold().strip("."), pair.code) for pair in cleaned.pairs]
    assert len(set(kept)) == len(kept)
    assert len(cleaned.pairs) + sum(drops.count for drops in cleaned.drops.values()) == len(pairs)
    assert clean(cleaned.pairs, CODES, RECIPE).pairs == cleaned.pairs  # nothing is left to do


@settings(deadline=None)
@given(st.text(max_size=200))
def test_mending_is_done_at_once_and_every_rule_answers(query: str) -> None:
    once = mended(query)
    assert len(once) <= 3 * len(query) + 3
    for rule in rules(CleanRecipe(drop_questions=True)):
        rule.drops(once)
