"""The stages that make pairs: mining, cleaning, splitting."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from pathlib import Path

from vizsla_trainer.corpus.building import is_corpus
from vizsla_trainer.corpus.mining import corpus_stamp, joined, mine_corpus
from vizsla_trainer.data.cleaning import Cleaned, clean, keep_consistent
from vizsla_trainer.data.files import list_files
from vizsla_trainer.data.git import ask
from vizsla_trainer.data.mining import mine
from vizsla_trainer.data.splitting import split
from vizsla_trainer.errors import TrainingError
from vizsla_trainer.negatives.ranking import rank_corpus
from vizsla_trainer.records import Pair, read_pairs, write_codes, write_pairs
from vizsla_trainer.stages.stage import Context
from vizsla_trainer.stages.training import encoder_of
from vizsla_trainer.stored import write_json
from vizsla_trainer.training.examples import examples_of

MINED_NAME = "report.json"
DROPS_NAME = "drops.json"
PACKAGES = "packages"
"""What is mined of each package of a corpus, in the run's folder, as long as not all are."""

_LEAST_PAIRS = 20
"""With fewer nothing can be learned, let alone measured."""


def workspace_stamp(context: Context) -> object:
    """What tells that a workspace changed: its last commit, its files' sizes and times, and what was opened in it."""
    stamps: list[object] = []
    for workspace in map(Path, context.facts.workspaces):
        if is_corpus(workspace):
            stamps.append([str(workspace), corpus_stamp(workspace)])
            continue
        head = ask(workspace, "rev-parse", "HEAD") or b""
        stamps.append([str(workspace), head.decode("ascii", "replace").strip(), _files(workspace)])
    if "feedback" in context.recipe.mine.sources and context.feedback_log.is_file():
        status = context.feedback_log.stat()
        stamps.append([status.st_size, status.st_mtime_ns])
    return stamps


def mine_pairs(context: Context) -> None:
    """Functions and questions out of the workspaces."""
    folders = [Path(workspace) for workspace in context.facts.workspaces]
    found = mine(
        [folder for folder in folders if not is_corpus(folder)],
        context.recipe.mine,
        feedback_log=context.feedback_log,
        processes=context.recipe.threads,
        report=context.report,
        cancelled=context.cancelled,
    )
    for corpus in filter(is_corpus, folders):
        found = joined(
            found,
            mine_corpus(
                corpus,
                context.recipe.mine,
                keep_in=context.folder / PACKAGES,
                processes=context.recipe.threads,
                report=context.report,
                cancelled=context.cancelled,
            ),
        )
    folder = context.folder / "mine"
    folder.mkdir(exist_ok=True)
    write_codes(folder / "codes.jsonl.gz", found.codes)
    write_pairs(folder / "pairs.jsonl.gz", found.pairs)
    write_json(folder / MINED_NAME, {"counts": found.counts, "lost": found.lost})
    if len(found.pairs) < _LEAST_PAIRS:
        raise TrainingError(
            f"{len(found.pairs)} questions were found for {len(found.codes)} functions, too few to learn from; "
            "give workspaces with documented functions or a longer history"
        )


def clean_pairs(context: Context) -> None:
    """Pairs that may teach something; what was dropped, by rule, with examples."""
    cleaned = clean(list(read_pairs(context.folder / "mine/pairs.jsonl.gz")), context.codes, context.recipe.clean)
    folder = context.folder / "clean"
    folder.mkdir(exist_ok=True)
    write_pairs(folder / "pairs.jsonl.gz", cleaned.pairs)
    write_json(folder / DROPS_NAME, _told(cleaned))
    if len(cleaned.pairs) < _LEAST_PAIRS:
        raise TrainingError(
            f"only {len(cleaned.pairs)} pairs are left after cleaning, too few to learn from; "
            "give workspaces with documented functions or a longer history"
        )


def split_pairs(context: Context) -> None:
    """Files to learn from, to choose by and to measure by."""
    parts = split(
        list(read_pairs(context.folder / "clean/pairs.jsonl.gz")),
        context.codes,
        context.recipe.split,
        context.recipe.seed,
    )
    folder = context.folder / "split"
    folder.mkdir(exist_ok=True)
    for name, pairs in (("train", parts.train), ("dev", parts.dev), ("test", parts.test)):
        write_pairs(folder / f"{name}.jsonl.gz", pairs)
    write_json(folder / "closed.json", {"codes": sorted(parts.closed)})
    write_json(
        folder / DROPS_NAME, {reason: {"count": count, "examples": []} for reason, count in parts.dropped.items()}
    )
    if not (parts.train and parts.dev and parts.test):
        raise TrainingError(
            f"of {sum(map(len, (parts.train, parts.dev, parts.test)))} pairs {len(parts.train)} are there to learn "
            f"from, {len(parts.dev)} to choose by and {len(parts.test)} to measure by: whole files are held out, so "
            "code in more files is needed; give larger workspaces"
        )


def filter_pairs(context: Context) -> None:
    """Of the pairs to learn from, those that the base model finds plausible; what is held out stays as it is."""
    recipe = context.recipe.clean
    pairs = list(read_pairs(context.folder / "split/train.jsonl.gz"))
    cleaned = Cleaned(pairs=pairs, drops={})
    if recipe.consistency and pairs and len(context.corpus) >= recipe.consistency_least_codes:
        cleaned = keep_consistent(pairs, lambda asked: _ranks(asked, context), recipe)
    folder = context.folder / "filter"
    folder.mkdir(exist_ok=True)
    write_pairs(folder / "train.jsonl.gz", cleaned.pairs)
    write_json(folder / DROPS_NAME, _told(cleaned))
    if not cleaned.pairs:
        raise TrainingError("no pair to learn from is left after filtering; switch clean.consistency off in the recipe")


def _ranks(pairs: Sequence[Pair], context: Context) -> list[int]:
    """Where the base model ranks each pair's code, as if among ``consistency_pool`` codes."""
    corpus = context.training_corpus
    ranked = rank_corpus(
        encoder_of(context, Path(context.facts.base["retriever"])),
        examples_of(pairs, corpus),
        corpus,
        depth=1,
        stage="filter",
        report=context.report,
        cancelled=context.cancelled,
    )
    # Of n codes that rank before it, so many are expected in a draw from all.
    share = min(1.0, context.recipe.clean.consistency_pool / len(corpus))
    return [1 + int((rank - 1) * share) for rank in ranked.positive_ranks.tolist()]


def _told(cleaned: Cleaned) -> dict[str, object]:
    return {rule: dataclasses.asdict(dropped) for rule, dropped in cleaned.drops.items()}


def _files(workspace: Path) -> list[tuple[str, int, int]]:
    found = []
    for path in list_files(workspace):
        try:
            status = (workspace / path).lstat()
        except OSError:
            continue
        found.append((path, status.st_size, status.st_mtime_ns))
    return found
