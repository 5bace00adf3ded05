"""Learns by which words a question tells of a change, from the pairs of a run of training, and writes them down.

    python benchmarks/fit_changes.py RUN [--write]

Commit subjects against everything else that was mined: docstrings, these in a few words, comments, questions, and twice
as many names of functions in words, for "remove expired sessions" asks for what does it. A
logistic model of words and of the first word, with few of them left (L1). Words count that commits of most repositories
begin with, and those that say nothing by themselves: what is spoken of, such as headers or errors, is no manner of
speaking.
"""

from __future__ import annotations

import argparse
import random
import sys
from collections import Counter, defaultdict
from collections.abc import Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import numpy as np

from vizsla.core.text import humps
from vizsla.retrieval import change_words
from vizsla.retrieval.change import Marks, marks_of
from vizsla.retrieval.query import FILLER
from vizsla_trainer.data.documented import few_words
from vizsla_trainer.records import read_codes, read_pairs

_MOST = 6_000  # questions of a source
_LEAST_COUNT = 40  # of a mark, among all
_SPREAD = 0.3  # share of the repositories of which a commit begins with a word
_SPARSENESS = 0.0006
_COMMITS_COUNT = 1.5  # times: they are fewer
_STEPS, _RATE = 300, 2.0
_LEAST_WEIGHT = 0.1
_HELD_OUT = 2_000

Question = tuple[Marks, bool]


def main() -> int:
    """Fit, tell, perhaps write."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("run", type=Path, help="folder of a run whose corpus has commits")
    parser.add_argument("--write", action="store_true", help="put the words into the package")
    arguments = parser.parse_args()
    questions, openers = _read(arguments.run)
    held_out, learned = questions[:_HELD_OUT], questions[_HELD_OUT:]
    counts = Counter(mark for marks, _ in questions for mark in marks)
    said = {"always": {""}, "head": {"capital"}, "first": openers, "word": openers | FILLER}
    known = [mark for mark, count in counts.items() if count >= _LEAST_COUNT and mark[1] in said[mark[0]]]
    weights = _fitted(learned, known)
    sums = np.array([sum(weights.get(mark, 0.0) for mark in marks) for marks, _ in held_out])
    truth = np.array([is_change for _, is_change in held_out])
    print(f"{len(questions)} questions, {len(known)} marks, {len(weights)} of them left")
    print(f"of held-out commits {np.mean(sums[truth] > 0):.3f} are told, of the others {np.mean(sums[~truth] > 0):.3f}")
    if arguments.write:
        _write(weights)
    return 0


def _read(run: Path) -> tuple[list[Question], set[str]]:
    """Questions in an order left to chance, and the words that most repositories begin commits with."""
    chance = random.Random(1)
    by_source: dict[str, list[str]] = defaultdict(list)
    places: dict[str, set[str]] = defaultdict(set)
    for pair in read_pairs(run / "filter/train.jsonl.gz"):
        if pair.query.rstrip().endswith("."):  # never taken for a change
            continue
        by_source[pair.source].append(pair.query)
        if pair.source == "commit":
            for kind, text in marks_of(pair.query):
                if kind == "first":
                    places[text].add(pair.workspace)
    for texts in by_source.values():
        chance.shuffle(texts)
    named = (code.name for code in read_codes(run / "mine/codes.jsonl.gz"))
    names = [" ".join(humps(name)) for name in dict.fromkeys(named) if len(humps(name)) > 1]
    by_source["name"] = chance.sample(names, min(len(names), 2 * _MOST))
    short = (few_words(text, text) for text in by_source["docstring"][_MOST:])
    by_source["short"] = [text for text in short if text]
    found = [
        (marks_of(text), source == "commit")
        for source in sorted(by_source)
        for text in by_source[source][: _MOST * (1 + (source == "name"))]
    ]
    chance.shuffle(found)
    repositories = max(map(len, places.values()), default=0)
    return found, {text for text, where in places.items() if len(where) >= _SPREAD * repositories}


def _fitted(questions: Sequence[Question], known: Sequence[tuple[str, str]]) -> dict[tuple[str, str], float]:
    """Proximal gradient descent; the weight of what every question has, ``change.ALWAYS``, is not held small."""
    place = {mark: i for i, mark in enumerate(known)}
    seen = np.zeros((len(questions), len(known)), dtype=np.float32)
    for row, (marks, _) in enumerate(questions):
        seen[row, [place[mark] for mark in marks if mark in place]] = 1.0
    truth = np.array([is_change for _, is_change in questions], dtype=np.float32)
    counts = np.where(truth > 0, _COMMITS_COUNT, 1.0).astype(np.float32) / len(questions)
    threshold = np.array([0.0 if mark[0] == "always" else _RATE * _SPARSENESS for mark in known], dtype=np.float32)
    weights = np.zeros(len(known), dtype=np.float32)
    for _ in range(_STEPS):
        error = (1.0 / (1.0 + np.exp(-(seen @ weights))) - truth) * counts
        weights -= _RATE * (seen.T @ error)
        weights = np.sign(weights) * np.maximum(np.abs(weights) - threshold, 0.0)
    return {mark: round(float(w), 2) for mark, w in zip(known, weights, strict=True) if abs(w) >= _LEAST_WEIGHT}


def _write(weights: dict[tuple[str, str], float]) -> None:
    path = Path(str(change_words.__file__))
    head = path.read_text(encoding="utf-8").partition("MARKS")[0]
    kinds: dict[str, dict[str, float]] = defaultdict(dict)
    for (kind, text), weight in sorted(weights.items(), key=lambda one: (one[0][0], -one[1], one[0][1])):
        kinds[kind][text] = weight
    lines = [
        f'    "{kind}": {{{", ".join(f"{text!r}: {w}" for text, w in of.items())}}},' for kind, of in kinds.items()
    ]
    body = "\n".join(lines).replace("'", '"')
    path.write_text(f"{head}MARKS: dict[str, dict[str, float]] = {{\n{body}\n}}\n", encoding="utf-8")
    print(f"written to {path.name}; format it")


if __name__ == "__main__":
    sys.exit(main())
