"""Functions and questions of a whole corpus: package by package, without copies of what is measured on."""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

from vizsla.core.text import content_hash
from vizsla_trainer.corpus.building import package_folders, read_corpus
from vizsla_trainer.data.code_sets import set_folders
from vizsla_trainer.data.excluding import Excluded, without_copies
from vizsla_trainer.data.mining import Mined, mine
from vizsla_trainer.data.questions import mine_questions
from vizsla_trainer.errors import StoppedError
from vizsla_trainer.progress import Cancelled, Progress, Report, never, unheard
from vizsla_trainer.recipe import MineRecipe
from vizsla_trainer.records import Code, Pair
from vizsla_trainer.run_folder import key_of


def mine_corpus(
    folder: Path,
    recipe: MineRecipe,
    *,
    processes: int = 1,
    report: Report = unheard,
    cancelled: Cancelled = never,
) -> Mined:
    """Find the functions of a corpus folder and the questions that they answer, its sets of questions among them.

    Shares of sources hold for each package. Of a package with more than ``recipe.most_codes_per_package`` codes those
    that answer a question stay first; then, of all, ``recipe.most_codes`` are drawn likewise, from each language in
    turn the same number as long as it lasts. Codes of people's questions come on top of these.

    Raises:
        StoppedError: the user asked to stop.
        TrainingError: the record, or a set that it names, cannot be read.
    """
    record = read_corpus(folder)
    excluded = Excluded([Path(path) for path in record.exclude]) if record.exclude else None
    folders = package_folders(folder, record)
    codes: dict[str, Code] = {}
    pairs: dict[str, Pair] = {}
    counts: Counter[str] = Counter()

    def add(mined: Mined) -> None:
        codes.update((code.id, code) for code in mined.codes)
        pairs.update((pair.id, pair) for pair in mined.pairs)
        counts.update({name: count for name, count in mined.counts.items() if name in _SUMMED})

    for number, mined in enumerate(_each(folders, recipe, processes)):
        if cancelled():
            raise StoppedError("mining was stopped; nothing of it is kept")
        report(Progress(stage="mine", done=number, total=len(folders), unit="packages"))
        kept = without_copies(mined, excluded) if excluded else mined
        add(_at_most(kept, recipe.most_codes_per_package))
    whole = _at_most(Mined(codes=list(codes.values()), pairs=list(pairs.values())), recipe.most_codes)
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
    )


def corpus_stamp(folder: Path) -> str:
    """What tells that a corpus changed: its record, and the files of the sets that it names."""
    record = read_corpus(folder)
    sets = set_folders([Path(path) for path in (*record.exclude, *record.questions)])
    files = [
        (str(path), path.stat().st_size, path.stat().st_mtime_ns) for one in sets for path in sorted(one.glob("*.gz"))
    ]
    return key_of(dataclasses.asdict(record), files)


_SUMMED = frozenset({"files", "excluded codes", "excluded pairs"})


def _each(folders: Sequence[Path], recipe: MineRecipe, processes: int) -> Iterator[Mined]:
    # There is no history of a package, and nothing may be drawn before copies are out.
    alone = dataclasses.replace(
        recipe,
        sources=tuple(source for source in recipe.sources if source not in ("commit", "feedback")),
        most_codes=10 * recipe.most_codes_per_package,
    )
    if processes <= 1:
        yield from (_mine_one(folder, alone) for folder in folders)
        return
    # Not forked: a process that runs threads, as one with torch does, may not be.
    with ProcessPoolExecutor(processes, mp_context=get_context("spawn")) as pool:
        # Handed out a few ahead, so that what waits to be read stays small.
        tasks = [pool.submit(_mine_one, folder, alone) for folder in folders[: 2 * processes]]
        for number in range(len(folders)):
            yield tasks[number].result()
            tasks[number].cancel()
            if len(tasks) < len(folders):
                tasks.append(pool.submit(_mine_one, folders[len(tasks)], alone))


def _mine_one(folder: Path, recipe: MineRecipe) -> Mined:
    return mine([folder], recipe)


def _share_of(questions: Mined, others: int, share: float) -> Mined:
    """Of the questions no more than their share of all pairs, drawn by their hash, with their codes."""
    most = int(others * share / (1 - share))
    pairs = sorted(questions.pairs, key=lambda pair: content_hash(pair.id))[:most]
    answers = {pair.code for pair in pairs}
    return Mined(codes=[code for code in questions.codes if code.id in answers], pairs=pairs)


def _at_most(mined: Mined, most: int) -> Mined:
    """So many codes: those that answer something first, of each language in turn; drawn by their hash."""
    if len(mined.codes) <= most:
        return mined
    answers = {pair.code for pair in mined.pairs}
    turns: Counter[tuple[bool, str]] = Counter()
    order: list[tuple[bool, int, bytes, Code]] = []
    for digest, code in sorted(((bytes(content_hash(code.id)), code) for code in mined.codes), key=lambda one: one[0]):
        is_idle = code.id not in answers
        turns[is_idle, code.language] += 1
        order.append((is_idle, turns[is_idle, code.language], digest, code))
    order.sort(key=lambda one: one[:3])
    kept = {code.id for _, _, _, code in order[:most]}
    return dataclasses.replace(
        mined,
        codes=[code for code in mined.codes if code.id in kept],
        pairs=[pair for pair in mined.pairs if pair.code in kept],
    )
