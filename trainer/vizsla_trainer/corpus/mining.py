"""Functions and questions of a whole corpus: package by package, without copies of what is measured on."""

from __future__ import annotations

import contextlib
import dataclasses
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

from vizsla.core.text import content_hash
from vizsla_trainer.corpus.building import CorpusRecord, Kept, package_folders, read_corpus
from vizsla_trainer.corpus.drawing import Draw, at_most, only
from vizsla_trainer.corpus.kept import kept_path, read_mined, write_mined
from vizsla_trainer.data.code_sets import set_folders
from vizsla_trainer.data.excluding import Excluded, without_copies
from vizsla_trainer.data.mining import Mined, mine, with_share
from vizsla_trainer.data.processes import results_of
from vizsla_trainer.data.questions import mine_questions
from vizsla_trainer.errors import StoppedError, TrainingError
from vizsla_trainer.progress import Cancelled, Progress, Report, never, unheard
from vizsla_trainer.recipe import MineRecipe
from vizsla_trainer.records import Code, Pair
from vizsla_trainer.run_folder import key_of

_RULES = 1
"""Of what is mined of a package: a larger number has all of them mined again."""


def mine_corpus(
    folder: Path,
    recipe: MineRecipe,
    *,
    keep_in: Path | None = None,
    processes: int = 0,
    report: Report = unheard,
    cancelled: Cancelled = never,
) -> Mined:
    """Find the functions of a corpus folder and the questions that they answer, its sets of questions among them.

    Shares of sources hold for each package. Of a package with more than ``recipe.most_codes_per_package`` codes those
    that answer a question stay first; then, of all, ``recipe.most_codes`` are drawn likewise, from each language in
    turn the same number as long as it lasts. Codes of people's questions come on top of these. Memory holds what is
    drawn, and a package for each process.

    Args:
        folder: of the corpus.
        recipe: which sources, and how much of each.
        keep_in: a folder where a file is left for each package; what an earlier call left there is not mined again.
            None keeps nothing.
        processes: that mine, one package each; one that dies of a file ends nothing but that file. 0: this one.
        report: told of packages.
        cancelled: asked after each of them.

    Returns:
        The same for the same corpus, whatever ``processes``.

    Raises:
        StoppedError: the user asked to stop.
        TrainingError: the record, or a set that it names, cannot be read; or processes die whatever they are given.
    """
    record = read_corpus(folder)
    draw = Draw()
    counts: Counter[str] = Counter()
    lost: list[str] = []
    codes: list[Code] = []
    pairs: list[Pair] = []
    with contextlib.ExitStack() as stack:
        place = keep_in or Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="vizsla-")))
        place.mkdir(exist_ok=True)
        paths = _kept_paths(record, recipe, place)
        for done, mined in enumerate(_each(folder, record, paths, recipe, processes), start=1):
            report(Progress(stage="mine", done=done, total=len(paths), unit="packages"))
            draw.add(mined)
            counts.update({name: count for name, count in mined.counts.items() if _is_summed(name)})
            lost += mined.lost
            if cancelled():
                kept = "what is mined is kept" if keep_in else "nothing of it is kept"
                raise StoppedError(f"mining was stopped after {done} of {len(paths)} packages; {kept}")
        is_kept, at = draw.first(recipe.most_codes).tolist(), 0
        for path in paths:
            mined = _read_again(path)
            count = len(mined.codes)
            mined = only(mined, is_kept[at : at + count])
            at += count
            codes += mined.codes
            pairs += mined.pairs
    others = sum(1 for pair in pairs if pair.source != "commit")
    pairs = with_share(pairs, "commit", recipe.commit_share, others=others)
    whole = Mined(codes=codes, pairs=pairs, lost=tuple(lost))
    questions = mine_questions([Path(path) for path in record.questions])
    whole = joined(whole, _share_of(questions, len(whole.pairs), recipe.question_share))
    counts["codes"] = len(whole.codes)
    for pair in whole.pairs:
        counts[pair.source] += 1
        counts[f"{pair.source}/{pair.language}"] += 1
    return dataclasses.replace(whole, counts=dict(counts))


def joined(one: Mined, other: Mined) -> Mined:
    """What two of them hold, together; a code or a pair of both once."""
    counts = Counter(one.counts) + Counter(other.counts)
    return Mined(
        codes=list({code.id: code for code in (*one.codes, *other.codes)}.values()),
        pairs=list({pair.id: pair for pair in (*one.pairs, *other.pairs)}.values()),
        counts=dict(counts),
        lost=(*one.lost, *other.lost),
    )


def corpus_stamp(folder: Path) -> str:
    """What tells that a corpus changed: its record, and the files of the sets that it names."""
    record = read_corpus(folder)
    return key_of(dataclasses.asdict(record), _stamps((*record.exclude, *record.questions)))


def _stamps(places: Sequence[str]) -> list[tuple[str, int, int]]:
    """What tells that sets changed: size and time of each of their files."""
    sets = set_folders([Path(path) for path in places]) if places else []
    return [
        (str(path), path.stat().st_size, path.stat().st_mtime_ns) for one in sets for path in sorted(one.glob("*.gz"))
    ]


def _is_summed(count: str) -> bool:
    return count in ("files", "excluded codes", "excluded pairs") or count.startswith(("lost/", "commits/"))


def _alone(recipe: MineRecipe, kept: Kept) -> MineRecipe:
    """The recipe of one package."""
    # Only repositories have a history, and nothing may be drawn before copies are out. What a package has nothing of,
    # as people's questions and, without a history, commits, is as if nothing were said of it: none is mined again then.
    plain = MineRecipe()
    has_history = kept.origin == "git"
    unused = ("feedback",) if has_history else ("commit", "feedback")
    of_commits = recipe if has_history else plain
    return dataclasses.replace(
        recipe,
        sources=tuple(source for source in recipe.sources if source not in unused),
        most_codes=10 * recipe.most_codes_per_package,
        most_commits=of_commits.most_commits,
        most_functions_per_commit=of_commits.most_functions_per_commit,
        question_share=plain.question_share,
        commit_share=plain.commit_share,
    )


def _kept_paths(record: CorpusRecord, recipe: MineRecipe, place: Path) -> list[Path]:
    """Of each package the file of what is mined of it, in the order of ``package_folders``."""
    stamps = _stamps(record.exclude)
    return [
        kept_path(place, _RULES, dataclasses.asdict(_alone(recipe, kept)), stamps, dataclasses.asdict(kept))
        for _, kept in sorted(record.packages.items())
    ]


def _each(
    folder: Path, record: CorpusRecord, paths: Sequence[Path], recipe: MineRecipe, processes: int
) -> Iterator[Mined]:
    """What is mined of each package, in order; it is in its file by then."""
    recipes = [_alone(recipe, kept) for _, kept in sorted(record.packages.items())]
    packages = dict(zip(paths, zip(package_folders(folder, record), recipes, strict=True), strict=True))
    todo = [path for path in paths if not path.is_file()]
    new = [packages[path] for path in todo]
    # One at a time: of a large package there may be a gigabyte.
    in_processes = results_of(_mine_one, new, processes=processes, at_once=1) if processes else None
    found = in_processes or (_mine_one(one) for one in new)
    is_new = frozenset(todo)
    excluded: Excluded | None = None
    with contextlib.closing(found):
        for path, (package, alone) in packages.items():
            mined = next(found) if path in is_new else read_mined(path)
            if mined is None:
                # Something in it ends processes, or its file is damaged: file by file, only that one is lost.
                mined = mine([package], alone, processes=1)
            elif path not in is_new:
                yield mined
                continue
            if record.exclude:
                excluded = excluded or Excluded([Path(one) for one in record.exclude])
                mined = without_copies(mined, excluded)
            lost = tuple(f"{package.name}/{name}" for name in mined.lost)
            mined = dataclasses.replace(at_most(mined, recipe.most_codes_per_package), lost=lost)
            write_mined(path, mined)
            yield mined


def _mine_one(package: tuple[Path, MineRecipe]) -> Mined:
    folder, recipe = package
    return mine([folder], recipe)


def _read_again(path: Path) -> Mined:
    mined = read_mined(path)
    if mined is None:
        raise TrainingError(f"{path} was written and cannot be read; make sure that the disk is sound and run it again")
    return mined


def _share_of(questions: Mined, others: int, share: float) -> Mined:
    """Of the questions no more than their share of all pairs, drawn by their hash, with their codes."""
    most = int(others * share / (1 - share))
    pairs = sorted(questions.pairs, key=lambda pair: content_hash(pair.id))[:most]
    answers = {pair.code for pair in pairs}
    return Mined(codes=[code for code in questions.codes if code.id in answers], pairs=pairs)
