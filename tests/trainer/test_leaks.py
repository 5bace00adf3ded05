"""A model can tell right from wrong by meaning alone: what a right code hides, all codes that stand against it hide."""

from __future__ import annotations

import random
import re
from pathlib import Path

import pytest

from vizsla.parsing.languages import LANGUAGES
from vizsla_trainer.data.files import SourceFile, as_source
from vizsla_trainer.data.mining import mine_file
from vizsla_trainer.data.names import query_of_name
from vizsla_trainer.evaluation.retrieval import candidate_text
from vizsla_trainer.recipe import MineRecipe
from vizsla_trainer.records import Code, Pair, positive_text
from vizsla_trainer.reranker.dev import make_dev
from vizsla_trainer.training.examples import Corpus, examples_of, rival_text
from vizsla_trainer.training.lessons import Lessons

GOLDEN = Path(__file__).parents[1] / "golden"
SHOP = '''"""A shop."""


class Shop:
    """Sells things."""

    def read_all_prices(self, path):
        rows = open(path).read().split()
        # every price is a number of its own
        prices = [float(row) for row in rows]
        return self.read_all_prices.kept + prices

    def find_cheapest_price(self, path):
        """Find the cheapest price, as find_cheapest_price(path) says."""
        # the least of what was read
        found = min(self.read_all_prices(path))
        return found


def write_every_price(path, prices):
    with open(path, "w") as file:
        file.writelines(prices)
'''


NAMES = ("read_all_prices", "find_cheapest_price", "write_every_price")


@pytest.fixture(scope="module")
def shop() -> tuple[list[Code], list[Pair]]:
    """Codes of a file, and a name pair of every function that may have one, whatever the draw."""
    codes: dict[str, Code] = {}
    pairs: list[Pair] = []
    for number in range(12):  # of all names a part is drawn, by the hash of the text
        source = as_source(f"shop_{number}.py", SHOP.replace("A shop", f"Shop {number}").encode())
        assert source is not None
        found = mine_file(source, f"w{number}", MineRecipe())
        codes |= {code.id: code for code in found.codes}
        pairs += [pair for pair in found.pairs if pair.source in ("name", "comment")]
    return list(codes.values()), pairs


def test_a_code_reads_the_same_whether_it_is_right_or_stands_against_the_right_one() -> None:
    languages = set()
    for language in LANGUAGES.values():
        for path in sorted(GOLDEN.glob("*/*")):
            if path.suffix not in language.suffixes:
                continue
            source = SourceFile(path=path.name, text=path.read_bytes(), language=language)
            found = mine_file(source, "w", MineRecipe(least_lines=1))
            codes = {code.id: code for code in found.codes}
            for pair in found.pairs:
                if pair.source == "name":
                    assert positive_text(pair, codes[pair.code]) == rival_text(codes[pair.code], "nameless", pair.query)
            for code in found.codes:
                if query := query_of_name(code.name):
                    languages.add(code.language)
                    text = rival_text(code, "nameless", query)
                    assert code.name not in re.findall(r"\w+", text)
                    assert query != text.split("\n", 1)[0]
    assert len(languages) >= 10


def test_no_code_beside_the_right_one_of_a_name_shows_its_own_name(shop: tuple[list[Code], list[Pair]]) -> None:
    codes, pairs = shop
    corpus = Corpus(tuple(codes))
    named = [pair for pair in pairs if pair.source == "name"]
    asked = examples_of(named, corpus)
    everything = list(range(len(corpus)))
    lists = make_dev(asked, corpus, [everything] * len(asked), depth=99).lists
    lessons = Lessons(plan=[tuple(range(len(asked)))], examples=asked, corpus=corpus, seed=1)
    assert named
    for pair, example, texts in zip(named, asked, lists, strict=True):
        beside = [lessons.rival(place, example, random.Random(1)) for place in everything]
        beside += [candidate_text(pair, code) for code in codes]
        for text in (*texts, *beside):
            assert pair.query.replace(" ", "_") not in text, "not even in a class or in a caller"
            first = text.split("\n", 1)[0]
            assert first in ("shop", '"""A shop."""') or first.startswith(("def ", "class ", '"""Shop'))
            assert not any(f"def {name}(" in first for name in NAMES)


def test_codes_beside_the_right_one_are_disturbed_by_the_rules_of_their_language(
    shop: tuple[list[Code], list[Pair]],
) -> None:
    codes, pairs = shop
    corpus = Corpus(tuple(codes))
    (example,) = examples_of([next(pair for pair in pairs if pair.source == "name")], corpus)
    seen: list[str] = []

    def heard(query: str, text: str, chance: random.Random, language: str) -> tuple[str, str]:
        seen.append(language)
        return query, text

    lessons = Lessons(plan=[(0,)], examples=[example], corpus=corpus, seed=1, augment=heard)
    lessons.right(example, random.Random(1))
    lessons.rival(0, example, random.Random(1))
    assert seen == ["python", "python"]


def test_a_comment_that_was_cut_out_leaves_no_mark(shop: tuple[list[Code], list[Pair]]) -> None:
    codes, pairs = shop
    known = {code.id: code for code in codes}
    comments = [pair for pair in pairs if pair.source == "comment"]
    assert comments
    for pair in comments:
        whole = known[pair.code].text.splitlines()
        left = pair.custom.splitlines()
        gone = next(at for at, line in enumerate(whole) if left[at] != line)
        assert [*whole[:gone], *whole[gone + 1 :]] == left, "its line is gone, and nothing else"
