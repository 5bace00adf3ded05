"""Recipes: every number of a training run, with its default and its range. ``recipe_files`` reads them.

A stage is done again when its own part of the recipe changes, so a number stands in the part that reads it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from vizsla_trainer.recipe_checks import check_at_least, check_known, check_positive, check_shares
from vizsla_trainer.records import SOURCES

Sampling = Literal["window", "uniform", "softmax", "random"]
Precision = Literal["auto", "fp32", "bf16"]
Start = Literal["base", "retriever"]
Form = Literal["cross-encoder", "late-interaction"]

MINED_SOURCES = tuple(source for source in SOURCES if source != "question")
"""Where mined pairs may come from, in the order in which they are kept when two are alike."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MineRecipe:
    """Which functions a workspace gives, and which questions for them."""

    sources: tuple[str, ...] = ("docstring", "comment", "commit", "name")  # "feedback" only by choice
    most_file_bytes: int = 1_000_000
    most_codes: int = 50_000  # of all workspaces together; drawn at random beyond
    most_codes_per_package: int = 6_000  # of a corpus folder: one package is not most of what is learned
    least_lines: int = 2  # of a function that may be a positive
    most_commits: int = 5_000  # newest first
    most_functions_per_commit: int = 3  # a commit that changed more says little of each
    name_share: float = 0.10  # of all pairs, at most
    comment_share: float = 0.25  # of all pairs, at most
    question_share: float = 0.25  # likewise, of those that a corpus folder names
    commit_share: float = 0.15  # likewise of a corpus folder; a workspace's own commits count all

    def __post_init__(self) -> None:
        check_known("sources", self.sources, MINED_SOURCES)
        check_positive(self, "most_file_bytes", "most_codes", "least_lines", "most_functions_per_commit")
        check_positive(self, "most_codes_per_package")
        check_at_least(self, 0, "most_commits")
        check_shares(self, "name_share", "comment_share", "question_share", "commit_share")


@dataclass(frozen=True, slots=True, kw_only=True)
class CleanRecipe:
    """Which pairs are dropped, and by what rule.

    Source: Sun et al., "On the importance of building high-quality training datasets", ICSE 2022, for the rules.
    """

    least_words: int = 3
    most_words: int = 128
    drop_questions: bool = False
    drop_urls: bool = True
    drop_foreign: bool = True  # text that is not Latin script
    near_duplicate: float = 0.9  # Jaccard of shingles from which two codes, or two queries, are one
    consistency: bool = True
    consistency_k: int = 2  # the base model must rank a pair's code among its first so many …
    consistency_pool: int = 1_000  # … of so many codes, its own among them
    consistency_least_codes: int = 20_000  # smaller workspaces are not filtered so: each pair counts there
    examples_per_rule: int = 5  # shown in the report

    def __post_init__(self) -> None:
        check_positive(self, "least_words", "consistency_k", "consistency_pool")
        check_at_least(self, 0, "consistency_least_codes", "examples_per_rule")
        check_shares(self, "near_duplicate")
        if self.most_words < self.least_words:
            raise ValueError(f"most_words must be at least least_words, got {self.most_words}")


@dataclass(frozen=True, slots=True, kw_only=True)
class SplitRecipe:
    """Which pairs are held out: whole files and whole clusters of near-duplicates, commits by time."""

    dev_share: float = 0.10
    test_share: float = 0.15
    most_dev: int = 400
    most_test: int = 800
    near_duplicate: float = 0.7  # Jaccard of shingles from which two codes are of one cluster

    def __post_init__(self) -> None:
        check_shares(self, "dev_share", "test_share", "near_duplicate")
        check_positive(self, "most_dev", "most_test")
        if self.dev_share + self.test_share > 0.8:
            raise ValueError(f"dev_share + test_share must be 0.8 or less, got {self.dev_share + self.test_share}")


@dataclass(frozen=True, slots=True, kw_only=True)
class AugmentRecipe:
    """How pairs are disturbed while a model learns from them. Probabilities.

    Source: Shi et al., "CoCoSoDa", ICSE 2023, for masking.
    """

    query_mask: float = 0.05  # of each word of a query
    code_mask: float = 0.05  # of each word of a code
    identifier_dropout: float = 0.10  # of each name of a code, everywhere it stands
    comment_dropout: float = 0.25  # of a code, to lose all its comments
    query_shortening: float = 0.25  # of a query, to keep its first sentence or a part of its words

    def __post_init__(self) -> None:
        check_shares(
            self,
            "query_mask",
            "code_mask",
            "identifier_dropout",
            "comment_dropout",
            "query_shortening",
            below_one=False,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class RetrieverRecipe:
    """How the bi-encoder is trained. A recipe without it, ``enabled = false``, keeps the one in use."""

    enabled: bool = True
    base: str = "default"  # that of the package; else the name of an added model, or a path
    documented_share: float = 0.0  # of docstrings, asked in a few words of functions that keep their documentation
    epochs: int = 3
    most_steps: int = 120
    batch: int = 64  # pairs whose codes are each other's negatives
    within_language: bool = False  # pairs of other languages are not in a batch: too easy, where there are many
    chunk_tokens: int = 4_096  # of one forward pass: gradient caching makes the batch out of chunks
    scale: float = 20.0  # 1 / temperature
    learning_rate: float = 5e-5
    warmup_share: float = 0.1  # of all steps
    weight_decay: float = 0.01
    most_gradient: float = 1.0  # its norm is clipped to this
    query_tokens: int = 64
    code_tokens: int = 256
    freezes_embeddings: bool = True
    precision: Precision = "auto"
    evaluate_every: int = 40  # steps; the best on dev is kept
    checkpoint_every: int = 20  # steps
    most_bad_steps: int = 5  # with a loss that is no number, one after another
    hard_negatives: int = 1  # for each pair in the second round; 0: no second round
    second_steps: int = 40  # of the second round

    def __post_init__(self) -> None:
        _check_training(self)
        check_positive(self, "batch", "chunk_tokens")
        check_at_least(self, 0, "hard_negatives", "second_steps")
        check_shares(self, "documented_share", below_one=False)
        if self.batch < 2:
            raise ValueError(f"batch must be 2 or more, got {self.batch}")


@dataclass(frozen=True, slots=True, kw_only=True)
class NegativesRecipe:
    """Which codes are set against the right one when the reranker learns.

    Source: Dong et al., "Improving code search with hard negative sampling based on fine-tuning", APSEC 2024
    (arXiv 2305.04508): ``window`` is their released code, ``softmax`` the formula of their first version.
    """

    method: Sampling = "window"
    count: int = 0  # for each query; 0: as many as the device takes in its stride, see ``stages.opening``
    skip_share: float = 0.0  # λ of "window": ranks from λN …
    window: int = 30  # … to λN + window
    first_rank: int = 1  # ρ1 of "uniform" and "softmax", best is 1
    last_rank: int = 100  # ρ2
    temperature: float = 0.05  # τ' of "softmax", of the cosine
    similarity_cut: float = 0.95  # a code whose cosine with the query is above this share of the positive's …
    least_cut: float = 0.90  # … and at all above this, may well be right too, and is left out
    duplicate_cut: float = 0.97  # likewise a code whose cosine with the right code is above this
    annealing: bool = False  # easier ones at first: the window starts at twice its depth and shrinks
    depth: int = 200  # ranks that are kept of each query
    within_language: bool = False  # codes of other languages are not ranked

    def __post_init__(self) -> None:
        check_at_least(self, 0, "count")
        check_positive(self, "window", "first_rank", "last_rank", "temperature", "depth")
        check_shares(self, "skip_share", "similarity_cut", "least_cut", "duplicate_cut", below_one=False)
        if self.last_rank < self.first_rank:
            raise ValueError(f"last_rank must be at least first_rank, got {self.last_rank}")


@dataclass(frozen=True, slots=True, kw_only=True)
class RerankerRecipe:
    """How the reranker is trained. ``enabled = false`` keeps the one in use."""

    enabled: bool = True
    form: Form = "cross-encoder"  # reads question and code together; late interaction reads them apart
    base: str = "default"  # that of the package, or the retriever's base where the package has none; or as above
    start: Start = "retriever"  # from the retriever just trained, or from the base model
    documented_share: float = 0.0  # as above
    epochs: int = 2
    most_steps: int = 160
    batch: int = 8  # queries of a step, each with its right code and its negatives
    hard_negatives: int = 2  # of them, in each batch of late interaction, beside each other's codes; else all are read
    within_language: bool = False  # of a batch of late interaction, as of the retriever's
    chunk_tokens: int = 8_192
    scale: float = 20.0  # what the bounded score is multiplied with before the softmax
    reverse: float = 0.5  # weight in late interaction's loss of how a code's tokens find themselves in the query
    means: float = 0.3  # likewise of the loss of mean vectors
    learning_rate: float = 8e-5
    warmup_share: float = 0.1
    weight_decay: float = 0.01
    most_gradient: float = 1.0
    query_tokens: int = 64
    code_tokens: int = 192
    freezes_embeddings: bool = True
    precision: Precision = "auto"
    evaluate_every: int = 80
    checkpoint_every: int = 20
    most_bad_steps: int = 5

    def __post_init__(self) -> None:
        _check_training(self)
        check_positive(self, "batch", "chunk_tokens")
        check_at_least(self, 0, "hard_negatives", "reverse", "means")
        check_shares(self, "documented_share", below_one=False)
        if self.form == "late-interaction" and self.batch < 2:
            raise ValueError(f"batch must be 2 or more for late interaction, got {self.batch}")


@dataclass(frozen=True, slots=True, kw_only=True)
class EvaluateRecipe:
    """How models are measured on what was held out."""

    resamples: int = 10_000  # of the paired bootstrap
    confidence: float = 0.95
    depths: tuple[int, ...] = (5, 10, 20)  # candidates that the reranker reads; the best on dev is taken
    # Of the reranker's log-odds against the retriever's, and against all that fusion knows, which leaves less to say.
    weights: tuple[float, ...] = (0.1, 0.25, 0.5, 1.0, 2.0, 4.0)
    least_gain: float = 0.002  # of MRR on dev, as served, for which the reranker's time is well spent
    reranked_dev: int = 100  # queries whose candidates are read, at most: each costs as many passes as the depth
    reranked_test: int = 300
    latency_queries: int = 20
    examples: int = 10  # won and lost, shown in the report

    def __post_init__(self) -> None:
        check_positive(self, "resamples", "reranked_dev", "reranked_test")
        check_at_least(self, 0, "latency_queries", "examples")
        check_shares(self, "least_gain")
        if not 0.5 <= self.confidence < 1:
            raise ValueError(f"confidence must be 0.5 or more and below 1, got {self.confidence}")
        if not self.depths or min(self.depths) < 1 or max(self.depths) > 1_000:
            raise ValueError(f"depths must be numbers from 1 to 1000, got {self.depths}")
        if not self.weights or min(self.weights) <= 0 or max(self.weights) > 100:
            raise ValueError(f"weights must be numbers above 0 and at most 100, got {self.weights}")


@dataclass(frozen=True, slots=True, kw_only=True)
class GateRecipe:
    """When a new model is offered at all."""

    least_queries: int = 30  # held out; fewer prove nothing
    least_queries_per_language: int = 20  # a language with fewer has no voice of its own
    language_margin: float = 0.03  # of MRR that a language may lose

    def __post_init__(self) -> None:
        check_positive(self, "least_queries", "least_queries_per_language")
        check_shares(self, "language_margin")


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """All parts of a run."""

    name: str = "default"
    seed: int = 1
    threads: int = 2  # of a forward pass on a CPU
    mine: MineRecipe = field(default_factory=MineRecipe)
    clean: CleanRecipe = field(default_factory=CleanRecipe)
    split: SplitRecipe = field(default_factory=SplitRecipe)
    augment: AugmentRecipe = field(default_factory=AugmentRecipe)
    retriever: RetrieverRecipe = field(default_factory=RetrieverRecipe)
    negatives: NegativesRecipe = field(default_factory=NegativesRecipe)
    reranker: RerankerRecipe = field(default_factory=RerankerRecipe)
    evaluate: EvaluateRecipe = field(default_factory=EvaluateRecipe)
    gate: GateRecipe = field(default_factory=GateRecipe)

    def __post_init__(self) -> None:
        check_at_least(self, 0, "seed")
        if not 1 <= self.threads <= 256:
            raise ValueError(f"threads must be 1 to 256, got {self.threads}")


def _check_training(part: RetrieverRecipe | RerankerRecipe) -> None:
    check_positive(
        part,
        *("epochs", "most_steps", "scale", "learning_rate", "most_gradient", "query_tokens", "code_tokens"),
        *("evaluate_every", "checkpoint_every", "most_bad_steps"),
    )
    check_at_least(part, 0, "weight_decay")
    check_shares(part, "warmup_share")
