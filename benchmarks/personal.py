"""How much better the models of a training run answer than those before, as they are served.

    python benchmarks/personal.py RUN_FOLDER [--before default] [--queries N]

The held-out questions of the run are asked as a server would ask them: words and vectors, fused with all signals, then
read by the reranker. The trainer does so itself before it offers a model (``vizsla_trainer.evaluation``); here the
server's own worker encodes and reads, as the manifests of the finished models say, and any models may be the ones
before. Vectors are kept in the run's folder, so that a second time takes little more than the questions. Prints a
Markdown table of MRR by source of the question; after each change its interval by paired bootstrap over the questions.
"""

from __future__ import annotations

import argparse
import dataclasses
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import numpy as np
import numpy.typing as npt
from benchmarks.encoding import Encoder
from benchmarks.held_out import codes_of, held_out_pairs

from vizsla.core.options import load_settings
from vizsla.core.settings import ModelSettings, Settings
from vizsla.models.in_use import DEFAULT
from vizsla.models.library import DEFAULT_RERANKER, DEFAULT_RETRIEVER, NONE, resolve
from vizsla.models.manifest import MANIFEST_NAME
from vizsla.retrieval.fusion import Ranked
from vizsla.retrieval.rerank import PLAIN, choose_depth, reorder
from vizsla.services.reranking import rerank_depth
from vizsla_trainer.cli.telling import telling
from vizsla_trainer.evaluation.asking import Asked, ask
from vizsla_trainer.evaluation.bootstrap import paired_bootstrap
from vizsla_trainer.progress import Progress, Report
from vizsla_trainer.records import Pair

KEPT = "answers"
"""Where vectors are kept, in the run's folder."""

FUSED, RERANKED = "fused", "reranked"
_ROLES = ("retriever", "reranker")
_PATIENCE_SECONDS = 600.0  # of one question: what a machine can do in time is measured elsewhere

Values = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Models:
    """Models that answer together, as settings name them."""

    retriever: str
    reranker: str


def main() -> int:
    """Measure, print a table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("run", type=Path, help="the folder of a run of 'vizsla train'")
    parser.add_argument("--before", default=DEFAULT, help="retriever before: that of the package, a name or a path")
    parser.add_argument("--before-reranker", default=DEFAULT, help="likewise the reranker; or none")
    parser.add_argument("--queries", type=int, default=0, help="only so many, evenly spread")
    parser.add_argument("--part", choices=("dev", "test"), default="test")
    arguments = parser.parse_args()
    trained = trained_models(arguments.run)
    if not trained:
        parser.error(f"{arguments.run} has neither export/ nor converted/ models; finish the run first")
    settings, _ = load_settings()
    # By their folders: to settings "default" is what was put to use, and other names are of another cache.
    package = DEFAULT_RERANKER if DEFAULT_RERANKER.is_dir() else None
    cache, named = settings.cache.directory, arguments.before_reranker
    retriever = DEFAULT_RETRIEVER if arguments.before == DEFAULT else resolve(arguments.before, "retriever", cache)
    reranker = package if named == DEFAULT else resolve(named, "reranker", cache)
    before = Models(
        retriever=str(retriever.absolute()) if retriever else NONE,
        reranker=str(reranker.absolute()) if reranker else NONE,
    )
    after = Models(
        retriever=trained.get("retriever", before.retriever), reranker=trained.get("reranker", before.reranker)
    )
    pairs = held_out_pairs(arguments.run, arguments.part, most=arguments.queries)
    if not pairs:
        parser.error(f"no question was held out in {arguments.run}")
    with telling(as_json=False) as report:
        old = measure(pairs, arguments.run, before, settings, name="before", report=report)
        new = measure(pairs, arguments.run, after, settings, name="after", report=report)
    print(table(pairs, old, new))
    return 0


def trained_models(run: Path) -> dict[str, str]:
    """Folders of the models that a run made, by role; what the gate has described comes before what has only been
    converted."""
    found = {}
    for role in _ROLES:
        for place in ("converted", "export"):
            if (run / place / role / MANIFEST_NAME).is_file():
                found[role] = str((run / place / role).absolute())
    return found


def measure(
    pairs: Sequence[Pair], run: Path, models: Models, settings: Settings, *, name: str, report: Report
) -> dict[str, Values]:
    """Reciprocal ranks of the answers, by stage, in the order of the pairs; none "reranked" without a reranker."""
    wanted = ModelSettings(
        retriever=models.retriever,
        reranker=models.reranker,
        device=settings.models.device,
        threads=settings.models.threads,
    )
    cache = dataclasses.replace(settings.cache, directory=run.absolute() / KEPT)

    def embedded(done: int, total: int) -> None:
        report(Progress(stage=f"embed, {name}", done=done, total=total, unit="texts"))

    found: dict[str, dict[str, float]] = {FUSED: {}, RERANKED: {}}
    with Encoder(dataclasses.replace(settings, models=wanted, cache=cache), embedded) as encoder:
        codes = codes_of(run)
        for done, asked in enumerate(ask(pairs, codes, encoder, count=settings.search.candidates), start=1):
            ranked = asked.fused(encoder.models.calibration.cosine)
            found[FUSED][asked.pair.id] = _reciprocal(asked.place(ranked))
            if encoder.models.has_reranker:
                again = _reranked(asked, ranked, encoder, settings)
                found[RERANKED][asked.pair.id] = _reciprocal(asked.place(again))
            report(Progress(stage=f"ask, {name}", done=done, total=len(pairs), unit="questions"))
    return {
        stage: np.array([values[pair.id] for pair in pairs], dtype=np.float64)
        for stage, values in found.items()
        if values
    }


def _reciprocal(place: int | None) -> float:
    return 1.0 / place if place else 0.0


def _reranked(asked: Asked, ranked: Sequence[Ranked], encoder: Encoder, settings: Settings) -> list[Ranked]:
    """As ``services.reranking`` does it, with all the time that it takes."""
    reading = encoder.models.calibration.reading or PLAIN
    depth = choose_depth(ranked, rerank_depth(settings.search, encoder.models), reading)
    if not depth:
        return list(ranked)
    texts = [asked.texts[one.candidate.function.key] for one in ranked[:depth]]
    scores = encoder.models.rerank(asked.question.text, texts, budget_seconds=_PATIENCE_SECONDS).result()
    return reorder(ranked, scores, reading)


def table(pairs: Sequence[Pair], old: Mapping[str, Values], new: Mapping[str, Values]) -> str:
    """Markdown: a row for each source and one for all; "answered" is the last stage that the models have."""
    sources = sorted({pair.source for pair in pairs})
    rows = [
        "| questions | stage | number | MRR before | MRR after | change | 95 % interval |",
        "|---|---|---|---|---|---|---|",
    ]
    stages = [(FUSED, old[FUSED], new[FUSED])]
    if RERANKED in old or RERANKED in new:
        stages.append(("answered", old.get(RERANKED, old[FUSED]), new.get(RERANKED, new[FUSED])))
    for source in (*sources, "all"):
        members = np.array([source in (pair.source, "all") for pair in pairs])
        for stage, first, second in stages:
            change = paired_bootstrap(first[members], second[members], resamples=10_000, confidence=0.95, seed=1)
            means = f"{first[members].mean():.3f} | {second[members].mean():.3f} | {change.mean:+.3f}"
            rows.append(f"| {source} | {stage} | {members.sum()} | {means} | {change.low:+.3f} to {change.high:+.3f} |")
    return "\n".join(rows)


if __name__ == "__main__":
    sys.exit(main())
