"""Mining of a corpus: package by package, without copies of what is measured on, with questions; kin kept together."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from models.tiny_models import make_tiny_model
from trainer.corpora import RECIPE, functions, make_corpus, write_set
from trainer.toy import make_workspace, toy_recipe, toy_settings
from trainer.toy_language import a_code, a_corpus, examples
from vizsla_trainer.corpus.mining import corpus_stamp, mine_corpus
from vizsla_trainer.data.code_sets import set_folders
from vizsla_trainer.data.excluding import Excluded
from vizsla_trainer.data.near_duplicates import KnownCodes, shingles
from vizsla_trainer.data.questions import mine_questions
from vizsla_trainer.errors import TrainingError
from vizsla_trainer.negatives.ranking import rank_corpus
from vizsla_trainer.progress import never, unheard
from vizsla_trainer.recipe_files import load_recipe
from vizsla_trainer.run_folder import RunFolder
from vizsla_trainer.stages.opening import new_run
from vizsla_trainer.stages.pipeline import run_stages
from vizsla_trainer.training.batching import planned_steps
from vizsla_trainer.training.examples import kin_of

METHOD = '''class Invoice:
    def total_with_tax(self, rate, rounding):
        """Sum up all lines of the invoice, tax added."""
        total = 0
        for line in self.lines:
            total = total + line.price * line.count
        return rounding(total * (1 + rate))
'''


def test_packages_are_mined_each_as_a_workspace_however_many_processes(tmp_path: Path) -> None:
    corpus = make_corpus(tmp_path, {name: {"a.py": functions(name, 5)} for name in ("mean", "spread", "rank")})
    mined = mine_corpus(corpus, RECIPE)
    assert {code.workspace for code in mined.codes} == {"mean", "spread", "rank"}
    assert mined.counts["docstring"] == 15
    assert mined.counts["docstring/python"] == 15
    assert mine_corpus(corpus, RECIPE, processes=2) == mined


def test_copies_of_what_is_measured_on_are_not_mined(tmp_path: Path) -> None:
    edited = METHOD.replace("Sum up all lines of the invoice, tax added.", "Another documentation.").replace(
        "Invoice", "Bill"
    )
    whole = write_set(
        tmp_path / "sets/files", codes=[{"cid": "1", "code": METHOD, "language": "python", "path": "m.py"}]
    )
    alone = METHOD.split("\n", 1)[1]
    snippet = write_set(tmp_path / "sets/snippets", codes=[{"cid": "1", "code": alone, "language": "python"}])
    for number, folder in enumerate((whole, snippet, tmp_path / "sets")):
        corpus = make_corpus(
            tmp_path / f"corpus{number}",
            {"bills": {"bill.py": edited}, "mean": {"a.py": functions("mean", 3)}},
            exclude=(str(folder),),
        )
        mined = mine_corpus(corpus, RECIPE)
        assert "total_with_tax" not in {code.name for code in mined.codes}
        assert {pair.workspace for pair in mined.pairs} == {"mean"}
        assert mined.counts["excluded codes"] >= 1
        assert mined.counts["excluded pairs"] == 1


def test_of_a_large_package_those_stay_that_answer_something_and_of_each_language_some(tmp_path: Path) -> None:
    silent = "\n\n".join(f"def idle_{number}(a):\n    b = a + {number}\n    return b\n" for number in range(20))
    script = "\n".join(
        f"/** Tell the size of thing {number}. */\nfunction size{number}(a) {{\n  const b = a;\n  return b;\n}}"
        for number in range(10)
    )
    corpus = make_corpus(tmp_path, {"large": {"a.py": silent + "\n\n" + functions("mean", 20), "b.js": script}})
    mined = mine_corpus(corpus, dataclasses.replace(RECIPE, most_codes_per_package=10, sources=("docstring",)))
    assert len(mined.codes) == len(mined.pairs) == 10
    assert sorted(code.language for code in mined.codes) == ["javascript"] * 5 + ["python"] * 5
    assert len(mine_corpus(corpus, dataclasses.replace(RECIPE, most_codes=4)).codes) == 4


def test_questions_of_sets_join_what_is_mined(tmp_path: Path) -> None:
    write_set(
        tmp_path / "sets/questions_go",
        codes=[{"cid": "c1", "code": "x := 1", "language": "go"}, {"cid": "c2", "code": "y := 2", "language": "go"}],
        queries=[
            {"qid": "q1", "query": "How to set\n x?", "split": "train"},
            {"qid": "q2", "query": "held out", "split": "test"},
            {"qid": "q3", "query": "nobody answered", "split": "train"},
        ],
        qrels=[
            {"qid": "q1", "cid": "c1", "grade": 1},
            {"qid": "q1", "cid": "c2", "grade": 2},
            {"qid": "q2", "cid": "c1", "grade": 1},
        ],
    )
    write_set(tmp_path / "sets/measured", codes=[{"cid": "c9", "code": "z := 1", "language": "go"}])
    corpus = make_corpus(
        tmp_path / "corpus", {"mean": {"a.py": functions("mean", 3)}}, questions=(str(tmp_path / "sets"),)
    )
    # A quarter of so few is less than one.
    few = mine_corpus(corpus, dataclasses.replace(RECIPE, sources=("docstring",), question_share=0.2))
    assert not [pair for pair in few.pairs if pair.source == "question"]
    mined = mine_corpus(corpus, dataclasses.replace(RECIPE, question_share=0.5))
    (pair,) = [pair for pair in mined.pairs if pair.source == "question"]
    assert (pair.query, pair.text, pair.language, pair.workspace) == ("How to set x?", "full", "go", "questions_go")
    assert {code.text for code in mined.codes if code.language == "go"} == {"y := 2"}
    assert next(code.text for code in mined.codes if code.id == pair.code) == "y := 2"
    assert mined.counts["question/go"] == 1


def test_sets_that_are_not_there_or_damaged_are_told_of(tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match="holds no set of codes"):
        set_folders([tmp_path])
    folder = write_set(tmp_path / "set", codes=[{"cid": "1"}])
    with pytest.raises(TrainingError, match="without cid, code, language"):
        Excluded([folder])
    (folder / "codes.jsonl.gz").write_bytes(b"no gzip")
    with pytest.raises(TrainingError, match="cannot be read"):
        mine_questions([folder])


def test_a_corpus_that_changed_has_another_stamp(tmp_path: Path) -> None:
    folder = write_set(tmp_path / "set", codes=[{"cid": "1", "code": "a", "language": "go"}])
    corpus = make_corpus(tmp_path / "corpus", {"mean": {"a.py": "a = 1\n"}}, exclude=(str(folder),))
    before = corpus_stamp(corpus)
    assert corpus_stamp(corpus) == before
    (folder / "codes.jsonl.gz").write_bytes(b"")
    assert corpus_stamp(corpus) != before


words = st.lists(st.sampled_from("abcdefgh"), max_size=14).map(" ".join)


@settings(max_examples=60, deadline=None)
@given(known=st.lists(words, max_size=6), asked=st.lists(words, max_size=6))
def test_known_codes_find_none_too_many_and_all_that_are_equal(known: list[str], asked: list[str]) -> None:
    found = KnownCodes(known, 0.6).like(asked)
    for text, is_found in zip(asked, found.tolist(), strict=True):
        likeness = max((jaccard(text, other) for other in known), default=0.0)
        assert is_found <= (likeness >= 0.6)
        assert is_found >= (likeness == 1.0)


def jaccard(one: str, other: str) -> float:
    a, b = set(shingles(one, 4).tolist()), set(shingles(other, 4).tolist())
    return len(a & b) / len(a | b) if a and b else 0.0


class LetterEncoder:
    """Vectors that count a few letters."""

    def encode(self, texts: list[str], *, is_query: bool) -> NDArray[np.float32]:
        counts = np.array([[1 + text.count(letter) for letter in "abc"] for text in texts], dtype=np.float32)
        vectors: NDArray[np.float32] = counts / np.linalg.norm(counts, axis=1, keepdims=True)
        return vectors


def test_only_codes_of_the_language_and_its_kin_are_ranked_and_meet_in_a_batch() -> None:
    languages = ["python", "go", "javascript", "typescript", "python", "go", "python", "tsx"]
    codes = [
        dataclasses.replace(a_code(f"{'abc'[number % 3] * (number + 1)} {number}", path=f"{number}"), language=language)
        for number, language in enumerate(languages)
    ]
    corpus = a_corpus(codes)
    asked = examples([(code, f"query {code.text}") for code in codes], corpus)
    everywhere = rank_corpus(LetterEncoder(), asked, corpus, depth=8)  # type: ignore[arg-type]
    within = rank_corpus(LetterEncoder(), asked, corpus, depth=8, within_language=True)  # type: ignore[arg-type]
    for row, example in enumerate(asked):
        kind = kin_of(corpus.codes[example.code])
        expected = [place for place in everywhere.codes[row] if place >= 0 and kin_of(corpus.codes[place]) == kind]
        assert [place for place in within.codes[row] if place >= 0] == expected
    kin = [kin_of(corpus.codes[example.code]) for example in asked]
    for step in planned_steps(asked, batch=4, epochs=3, most_steps=50, seed=1, kin=kin):
        assert len({kin[place] for place in step}) == 1


def test_the_first_stage_takes_a_corpus_folder_for_all_of_its_packages_and_workspaces_beside_it(tmp_path: Path) -> None:
    base = make_tiny_model(tmp_path / "base", "bi-encoder")
    corpus = make_corpus(tmp_path / "corpus", {name: {"a.py": functions(name, 5)} for name in ("mean", "rank")})
    folder = RunFolder(tmp_path / "run")
    folder.path.mkdir()
    context = new_run(
        folder,
        [corpus, make_workspace(tmp_path / "shop", functions=12)],
        toy_recipe(base),
        toy_settings(tmp_path / "cache", base),
        device="cpu",
        report=unheard,
        cancelled=never,
    )
    assert run_stages(context, ["mine"]).done == ("mine",)
    assert not list((folder / "packages").iterdir())  # they take room, and nothing needs them now
    assert {code.workspace for code in context.codes} == {"mean", "rank", "shop"}
    assert run_stages(context, ["mine"]).done == ()


@pytest.mark.parametrize("name", ["shipped", "shipped-cpu"])
def test_the_recipes_of_our_models_are_read(name: str) -> None:
    recipe = load_recipe(name)
    assert recipe.name == name
    assert recipe.retriever.within_language
    assert recipe.negatives.within_language
