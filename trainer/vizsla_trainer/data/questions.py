"""Questions that people asked, with the codes that answered them, out of sets; for training, where a set says so."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from vizsla.core.text import unit_text
from vizsla.core.types import Kind
from vizsla_trainer.data.code_sets import codes_of, qrels_of, queries_of, set_folders
from vizsla_trainer.data.mining import Mined
from vizsla_trainer.records import Code, Pair, code_id, make_pair

_PREFIX = "questions"
_TAUGHT = ("train", "valid", "")
"""Splits that may be learned from; a set that names none may be as a whole."""


def question_sets(folders: Sequence[Path]) -> list[Path]:
    """The sets among folders that are for training: named, or lying in a named folder and called ``questions…``.

    Raises:
        TrainingError: there is none.
    """
    return [
        found for folder in folders for found in set_folders([folder]) if found == folder or _is_for_training(found)
    ]


def mine_questions(folders: Sequence[Path]) -> Mined:
    """Codes and pairs of sets, the best-graded answer of each question.

    A snippet stands in a file of its own, so that splits keep equal ones together and others apart.

    Raises:
        TrainingError: a set cannot be read.
    """
    codes: dict[str, Code] = {}
    pairs: dict[str, Pair] = {}
    counts: dict[str, int] = {}
    for folder in question_sets(folders):
        known = {str(entry["cid"]): _code(entry, folder.name) for entry in codes_of(folder)}
        codes.update({code.id: code for code in known.values()})
        best: dict[str, tuple[float, str]] = {}
        for qrel in qrels_of(folder):
            grade, qid, cid = float(qrel["grade"]), str(qrel["qid"]), str(qrel["cid"])
            if cid in known and grade > best.get(qid, (0.0, ""))[0]:
                best[qid] = (grade, cid)
        for entry in queries_of(folder):
            answer = best.get(str(entry["qid"]))
            if answer is None or str(entry.get("split") or "") not in _TAUGHT:
                continue
            pair = make_pair(known[answer[1]], " ".join(str(entry["query"]).split()), "question")
            pairs.setdefault(pair.id, pair)
    for pair in pairs.values():
        for name in ("question", f"question/{pair.language}"):
            counts[name] = counts.get(name, 0) + 1
    return Mined(codes=list(codes.values()), pairs=list(pairs.values()), counts=counts)


def _is_for_training(folder: Path) -> bool:
    return folder.name.startswith(_PREFIX)


def _code(entry: dict[str, object], workspace: str) -> Code:
    # A snippet has no name: what a served model reads of it is its source alone.
    text = unit_text(qualified_name="", container="", kind=Kind.FUNCTION, doc="", source=str(entry["code"]))
    path = str(entry["cid"])
    return Code(
        id=code_id(workspace=workspace, path=path, text=text),
        workspace=workspace,
        path=path,
        name="",
        qualified_name="",
        kind=Kind.FUNCTION.value,
        language=str(entry["language"]),
        signature="",
        doc="",
        text=text,
        bare=text,
    )
