"""The stages that train: retriever, ranked negatives, retriever again, reranker."""

from __future__ import annotations

import dataclasses
import random
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from vizsla_trainer.data.augmenting import augment
from vizsla_trainer.data.documented import documented
from vizsla_trainer.errors import TrainingError
from vizsla_trainer.negatives.ranking import rank_corpus
from vizsla_trainer.negatives.sampling import depth_for, sample_negatives
from vizsla_trainer.records import Pair, published
from vizsla_trainer.reranker.dev import make_dev as make_reranker_dev
from vizsla_trainer.reranker.late import train_late_interaction
from vizsla_trainer.reranker.training import train_reranker
from vizsla_trainer.retriever.dev import make_dev as make_retriever_dev
from vizsla_trainer.retriever.training import train_retriever
from vizsla_trainer.stages.stage import Context
from vizsla_trainer.stored import write_json
from vizsla_trainer.training.encoding import open_encoder
from vizsla_trainer.training.examples import Example, examples_of, forbidden_codes, with_negatives
from vizsla_trainer.training.lessons import Augment
from vizsla_trainer.training.machine import Machine
from vizsla_trainer.training.run import TrainingRun, TrainResult
from vizsla_trainer.training.vectors import RememberingEncoder, kept_vectors

RESULT_NAME = "result.json"
"""What came of a training, in its folder."""

_DEV_RANKS = 50
"""Of each dev query, from which the lists that a reranker is watched by are drawn."""

Sampled = npt.NDArray[np.int32]


def train_first_round(context: Context) -> None:
    """The retriever learns from the other codes of its batch."""
    _train_retriever(context, Path(context.facts.base["retriever"]), "retriever", None)


def train_second_round(context: Context) -> None:
    """The retriever goes on with wrong codes that it ranked high itself."""
    _train_retriever(context, context.folder / "retriever/model", "retriever2", _read(context.folder / "negatives"))


def find_hard_negatives(context: Context) -> None:
    """Wrong codes by the retriever of the first round."""
    _sample(context, training_examples(context), context.folder / "retriever/model", "negatives")


def find_negatives(context: Context, place: str = "negatives2") -> None:
    """Wrong codes by the finished retriever, for the reranker; written to a place in the run folder."""
    _sample(context, reranker_examples(context), context.retriever, place)


def train_the_reranker(context: Context, place: str = "reranker", negatives: str = "negatives2") -> None:
    """The reranker learns to tell the right code from those that the retriever takes for it."""
    recipe = context.recipe
    examples = with_negatives(reranker_examples(context), _read(context.folder / negatives))
    held_out = examples_of(
        context.pairs("dev"), context.corpus, known=[*context.pairs("train"), *context.pairs("test")]
    )
    candidates: Sequence[Sequence[int]] = []
    if held_out:
        encoder = encoder_of(context, context.retriever)
        ranked = rank_corpus(
            encoder,
            held_out,
            context.corpus,
            depth=_DEV_RANKS,
            stage=place,
            report=context.report,
            cancelled=context.cancelled,
        )
        encoder.keep()
        candidates = ranked.codes.tolist()
    train = train_late_interaction if recipe.reranker.form == "late-interaction" else train_reranker
    result = train(
        context.retriever if recipe.reranker.start == "retriever" else Path(context.facts.base["reranker"]),
        examples,
        context.training_corpus,
        make_reranker_dev(held_out, context.corpus, candidates, seed=recipe.seed),
        recipe.reranker,
        _run(context, place),
        augment=_augment(context),
    )
    _write_result(context, place, result)


def training_examples(context: Context) -> list[Example]:
    """The pairs to learn from, within the codes that training may see."""
    return _examples(context, documented(context.pairs("train"), context.recipe.retriever.documented_share))


def reranker_examples(context: Context) -> list[Example]:
    """The same pairs as the reranker learns from them."""
    return _examples(context, documented(context.pairs("train"), context.recipe.reranker.documented_share))


def _examples(context: Context, pairs: Sequence[Pair]) -> list[Example]:
    return examples_of(pairs, context.training_corpus, known=[*context.pairs("dev"), *context.pairs("test")])


def _train_retriever(context: Context, base: Path, name: str, sampled: Sampled | None) -> None:
    recipe = context.recipe
    examples = training_examples(context)
    if sampled is not None:
        examples = with_negatives(examples, sampled)
    held_out = examples_of(
        context.pairs("dev"), context.corpus, known=[*context.pairs("train"), *context.pairs("test")]
    )
    result = train_retriever(
        base,
        examples,
        context.training_corpus,
        make_retriever_dev(held_out, context.corpus, seed=recipe.seed),
        recipe.retriever,
        _run(context, name),
        augment=_augment(context),
    )
    _write_result(context, name, result)


def _sample(context: Context, examples: Sequence[Example], model: Path, name: str) -> None:
    recipe, corpus = context.recipe.negatives, context.training_corpus
    if not examples:
        raise TrainingError("there is no pair to find wrong codes for; give more or larger workspaces")
    encoder = encoder_of(context, model)
    ranked = rank_corpus(
        encoder,
        examples,
        corpus,
        depth=depth_for(recipe, codes=len(corpus)),
        within_language=recipe.within_language,
        stage=name,
        report=context.report,
        cancelled=context.cancelled,
    )
    encoder.keep()
    epochs = context.recipe.reranker.epochs
    sampled = sample_negatives(
        ranked,
        forbidden_codes(examples, corpus),
        recipe,
        codes=len(corpus),
        seed=context.recipe.seed,
        phases=max(3, epochs) if recipe.annealing else epochs,
    )
    (context.folder / name).mkdir(parents=True, exist_ok=True)
    with published(context.folder / name / "sampled.npz") as temporary, temporary.open("wb") as file:
        np.savez_compressed(file, sampled=sampled)
    write_json(
        context.folder / name / "ranks.json",
        {"positive_ranks": ranked.positive_ranks.tolist(), "codes": len(corpus)},
    )


def _read(folder: Path) -> Sampled:
    try:
        with np.load(folder / "sampled.npz", allow_pickle=False) as arrays:
            sampled: Sampled = arrays["sampled"]
            return sampled
    except (OSError, ValueError, KeyError) as error:
        raise TrainingError(f"{folder / 'sampled.npz'} cannot be read ({error}); delete it and run again") from None


def encoder_of(context: Context, model: Path) -> RememberingEncoder:
    """A retriever's folder, opened to embed with; what it embedded for an earlier stage is known."""
    recipe = context.recipe
    machine = Machine(
        device=context.device,
        precision=recipe.retriever.precision,
        threads=recipe.threads,
        chunk_tokens=recipe.retriever.chunk_tokens,
    )
    query_tokens, code_tokens = recipe.retriever.query_tokens, recipe.retriever.code_tokens
    return RememberingEncoder(
        open_encoder(model, machine, threads=recipe.threads, query_tokens=query_tokens, code_tokens=code_tokens),
        kept_vectors(context.folder / "vectors", model, machine.device.type, recipe.retriever.precision, code_tokens),
    )


def _run(context: Context, name: str) -> TrainingRun:
    return TrainingRun(
        out=context.folder / name,
        stage=name,
        also=repr(context.recipe.augment),
        seed=context.recipe.seed,
        device=context.device,
        threads=context.recipe.threads,
        report=context.report,
        cancelled=context.cancelled,
    )


def _augment(context: Context) -> Augment:
    recipe = context.recipe.augment

    def disturbed(query: str, text: str, chance: random.Random, language: str) -> tuple[str, str]:
        return augment(query, text, chance, recipe, language=language)

    return disturbed


def _write_result(context: Context, name: str, result: TrainResult) -> None:
    told = {**dataclasses.asdict(result), "folder": str(result.folder.relative_to(context.folder.path))}
    write_json(context.folder / name / RESULT_NAME, told)
