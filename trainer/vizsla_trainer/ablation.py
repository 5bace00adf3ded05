"""The ablation of ranked negatives: the same data, base model and steps, with each way to sample them.

Source: Dong et al., "Improving code search with hard negative sampling based on fine-tuning", APSEC 2024
(arXiv 2305.04508), whose table stands beside ours.
"""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from vizsla_trainer.errors import TrainingError
from vizsla_trainer.evaluation.bootstrap import Interval, bootstrap, paired_bootstrap
from vizsla_trainer.evaluation.calibration import calibrate
from vizsla_trainer.evaluation.metrics import Ranks, reciprocal
from vizsla_trainer.evaluation.reranking import PairScores, Scores, Setting, alone, reranked, sweep
from vizsla_trainer.evaluation.retrieval import Ranking, candidate_text, rank_pairs
from vizsla_trainer.evaluation.rivals import some_of
from vizsla_trainer.recipe import NegativesRecipe, Recipe
from vizsla_trainer.records import Pair
from vizsla_trainer.reranker.scoring import NetworkScorer
from vizsla_trainer.stages.pipeline import do_stage, run_stages
from vizsla_trainer.stages.stage import Context, Stage, is_wanted
from vizsla_trainer.stages.training import encoder_of, find_negatives, train_the_reranker
from vizsla_trainer.stored import write_json
from vizsla_trainer.training.base import load_base
from vizsla_trainer.training.checkpoints import CHECKPOINTS
from vizsla_trainer.training.machine import Machine

FOLDER = "ablation"
RETRIEVER = "retriever alone"

_BEFORE = ("mine", "clean", "split", "filter", "retriever", "negatives", "retriever2")


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One line of the table.

    Attributes:
        name: how negatives were sampled; ``RETRIEVER`` without a reranker.
        depth: candidates that were read; 0 without a reranker.
        weight: of the reranker's log-odds, the best on dev.
        alone: MRR where the reranker's order replaces the retriever's, as in the paper.
        joined: MRR where both count.
        gain: of ``joined`` over the retriever alone, on the same queries.
        seconds: of one query, median, embedding and candidates included.
    """

    name: str
    depth: int
    weight: float
    alone: Interval
    joined: Interval
    gain: Interval
    seconds: float


def variants(recipe: Recipe) -> dict[str, NegativesRecipe]:
    """What is compared: random negatives, the window at three depths, the softmax."""
    one = recipe.negatives
    return {
        "random": dataclasses.replace(one, method="random"),
        **{
            f"window λ={share:g}": dataclasses.replace(one, method="window", skip_share=share)
            for share in (0.0, 0.0005, 0.004)
        },
        "softmax": dataclasses.replace(one, method="softmax"),
    }


def chosen(recipe: Recipe, only: Sequence[str] = ()) -> dict[str, NegativesRecipe]:
    """Those of ``variants`` whose folders are named, such as ``window-0``; all when none is.

    Raises:
        TrainingError: there is no such variant.
    """
    known = {_folder(name): name for name in variants(recipe)}
    for folder in only:
        if folder not in known:
            raise TrainingError(f"there is no variant {folder!r} to compare; choose from {', '.join(known)}")
    return {name: one for name, one in variants(recipe).items() if not only or _folder(name) in only}


def run_ablation(context: Context, only: Sequence[str] = ()) -> list[Row]:
    """Train a reranker for each variant and measure all at each depth; what is done is passed over.

    Args:
        context: of the run.
        only: variants to compare, by the names of their folders; all when empty.

    Returns:
        The rows, the retriever alone first; they are in ``ablation/table.json`` and, as Markdown, ``table.md`` too.

    Raises:
        StoppedError: it was cancelled; another call goes on.
        TrainingError: there is too little data, no such variant, or a training could not be finished.
    """
    compared = chosen(context.recipe, only)
    run_stages(context, [name for name in _BEFORE if is_wanted(name, context.recipe)])
    test, dev = context.pairs("test"), context.pairs("dev")
    if not test or not dev:
        raise TrainingError(f"{len(dev)} and {len(test)} pairs are held out, too few to compare by; give more data")
    # As in the paper: only a cross-encoder reads all wrong codes of a query.
    pairwise = dataclasses.replace(context.recipe.reranker, form="cross-encoder")
    for name, negatives in compared.items():
        recipe = dataclasses.replace(context.recipe, negatives=negatives, reranker=pairwise)
        varied = dataclasses.replace(context, recipe=recipe)
        for stage in _stages(name):
            do_stage(stage, varied)
    rows = _measured(context, dev, test, list(compared))
    write_json(context.folder / FOLDER / "table.json", {"rows": [dataclasses.asdict(row) for row in rows]})
    asked = min(len(test), context.recipe.evaluate.reranked_test)
    (context.folder / FOLDER / "table.md").write_text(table(rows, asked, len(context.codes)), encoding="utf-8")
    return rows


def table(rows: Sequence[Row], queries: int, codes: int) -> str:
    """The rows as Markdown, with the paper's below."""
    lines = [
        f"{queries} held-out queries over {codes} functions; 95 % intervals by paired bootstrap.",
        "",
        "| negatives | depth | MRR, reranker's order | MRR, both | gain over the retriever | ms a query |",
        "|---|---|---|---|---|---|",
    ]
    for row in rows:
        depth = str(row.depth) if row.depth else ""
        only = f"{row.alone.mean:.3f} ({row.alone.low:.3f} to {row.alone.high:.3f})" if row.depth else ""
        gain = f"{row.gain.mean:+.3f} ({row.gain.low:+.3f} to {row.gain.high:+.3f})" if row.depth else ""
        both = f"{row.joined.mean:.3f} ({row.joined.low:.3f} to {row.joined.high:.3f})"
        lines.append(f"| {row.name} | {depth} | {only} | {both} | {gain} | {1000 * row.seconds:.0f} |")
    return "\n".join([*lines, "", *_PAPER, ""])


_PAPER = (
    "The paper's, UniXcoder, depth 10, MRR ×100 (arXiv 2305.04508):",
    "",
    "| | CSN | CoSQA | StaQC | AdvTest |",
    "|---|---|---|---|---|",
    "| retriever alone | 74.4 | 69.6 | 25.8 | 42.5 |",
    "| + reranker, random negatives | 77.5 | 71.5 | 29.0 | 45.4 |",
    "| + reranker, ranked negatives | 79.2 | 72.3 | 29.4 | 47.0 |",
)


def _folder(variant: str) -> str:
    """A variant's name as one that is easily typed."""
    return variant.replace(" ", "-").replace("λ=", "")


def _place(variant: str) -> str:
    """The folder of a variant in the run's."""
    return f"{FOLDER}/{_folder(variant)}"


def _stages(variant: str) -> tuple[Stage, Stage]:
    place = _place(variant)
    mark = place.replace("/", "-")
    negatives = Stage(
        name=f"{mark}-negatives",
        does=f"find wrong codes: {variant}",
        run=lambda context: find_negatives(context, f"{place}/negatives"),
        parts=("negatives",),
        needs=("filter", "retriever", "retriever2"),
        makes=(f"{place}/negatives",),
        also=lambda context: [context.facts.base, context.recipe.reranker.epochs],
    )
    reranker = Stage(
        name=f"{mark}-reranker",
        does=f"train a reranker on them: {variant}",
        run=lambda context: train_the_reranker(context, f"{place}/reranker", f"{place}/negatives"),
        parts=("reranker", "augment"),
        needs=("split", "filter", "retriever", "retriever2", negatives.name),
        makes=(f"{place}/reranker/model", f"{place}/reranker/result.json"),
        sheds=(f"{place}/reranker/{CHECKPOINTS}",),
        also=lambda context: context.facts.base,
    )
    return negatives, reranker


def _measured(context: Context, dev: Sequence[Pair], test: Sequence[Pair], compared: Sequence[str]) -> list[Row]:
    recipe = context.recipe.evaluate
    pairs, codes = [*dev, *test], context.corpus.codes
    encoder = encoder_of(context, context.retriever)
    ranking = rank_pairs(
        encoder, pairs, codes, depth=max(recipe.depths), report=context.report, cancelled=context.cancelled
    )
    encoder.keep()
    own = [context.corpus.places[pair.code] for pair in pairs]
    random = np.random.default_rng(context.recipe.seed)
    on_dev = some_of(random, range(len(dev)), recipe.reranked_dev)
    on_test = some_of(random, range(len(dev), len(pairs)), recipe.reranked_test)
    asked = [pairs[i] for i in on_test[: max(1, recipe.latency_queries)]]
    spent = []
    for pair in asked:
        began = time.perf_counter()
        encoder.encode([pair.query], is_query=True)
        spent.append(time.perf_counter() - began)
    embedding = _median(spent)
    before = ranking.ranks[on_test]
    base = _interval(before, context)
    nothing = Interval(mean=0.0, low=0.0, high=0.0)
    rows = [Row(name=RETRIEVER, depth=0, weight=0.0, alone=base, joined=base, gain=nothing, seconds=embedding)]
    for variant in compared:
        scorer = _OneQuestion(context.folder / _place(variant) / "reranker/model", context)
        known = PairScores(scorer, pairs, codes)
        most = max(recipe.depths)
        first, second = (
            known.of(ranking, members, depth=most, report=context.report, cancelled=context.cancelled)
            for members in (on_dev, on_test)
        )
        dense = calibrate(ranking.cosines[on_dev].reshape(-1), _right(ranking, on_dev, own).reshape(-1))
        cross = calibrate(first.reshape(-1), _right(ranking, on_dev, own).reshape(-1))
        for depth in recipe.depths:
            right_dev, right_test = [own[i] for i in on_dev], [own[i] for i in on_test]
            tried = sweep(
                ranking, on_dev, first, depths=(depth,), weights=recipe.weights, dense=dense, cross=cross, own=right_dev
            )
            setting: Setting = tried[0][0]
            joined = reranked(ranking, on_test, second, setting, dense=dense, cross=cross, own=right_test)
            rows.append(
                Row(
                    name=variant,
                    depth=depth,
                    weight=setting.weight,
                    alone=_interval(alone(ranking, on_test, second, depth=depth, own=right_test), context),
                    joined=_interval(joined, context),
                    gain=paired_bootstrap(
                        reciprocal(before),
                        reciprocal(joined),
                        resamples=recipe.resamples,
                        confidence=recipe.confidence,
                        seed=context.recipe.seed,
                    ),
                    seconds=embedding + _scoring(scorer, context, asked, ranking, on_test, depth),
                )
            )
    return rows


class _OneQuestion:
    """A trained reranker that is asked one question at a time."""

    def __init__(self, folder: Path, context: Context) -> None:
        recipe = context.recipe.reranker
        machine = Machine(
            device=context.device,
            precision=recipe.precision,
            threads=context.recipe.threads,
            chunk_tokens=recipe.chunk_tokens,
        )
        base = load_base(folder, kind="cross-encoder", seed=0)
        self._scorer = NetworkScorer(base, machine, max_tokens=recipe.query_tokens + recipe.code_tokens)

    def score(self, query: str, texts: Sequence[str]) -> Scores:
        """Logits in the order of the texts. (texts,)"""
        scores: Scores = self._scorer.score([query], [texts])[0]
        return scores


def _right(ranking: Ranking, members: Sequence[int], own: Sequence[int]) -> npt.NDArray[np.bool_]:
    """Which candidates are the right ones. (members, depth)"""
    right: npt.NDArray[np.bool_] = ranking.candidates[list(members)] == np.array([own[i] for i in members])[:, None]
    return right


def _interval(ranks: Ranks, context: Context) -> Interval:
    recipe = context.recipe.evaluate
    return bootstrap(
        reciprocal(ranks), resamples=recipe.resamples, confidence=recipe.confidence, seed=context.recipe.seed
    )


def _scoring(
    scorer: _OneQuestion, context: Context, asked: Sequence[Pair], ranking: Ranking, members: Sequence[int], depth: int
) -> float:
    """Seconds to score one query's candidates, median."""
    codes = context.corpus.codes
    spent = []
    for pair, i in zip(asked, members, strict=False):
        texts = [candidate_text(pair, codes[code]) for code in ranking.candidates[i, :depth] if code >= 0]
        began = time.perf_counter()
        scorer.score(pair.query, texts)
        spent.append(time.perf_counter() - began)
    return _median(spent)


def _median(values: Sequence[float]) -> float:
    return float(np.median(values)) if values else 0.0
