"""Whether trained models may answer in place of those in use: only when held-out queries prove that they are better."""

from __future__ import annotations

from dataclasses import dataclass

from vizsla_trainer.evaluation.contest import AFTER
from vizsla_trainer.evaluation.results import Comparison
from vizsla_trainer.evaluation.saying import left_out
from vizsla_trainer.recipe import GateRecipe


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What the gate says.

    Attributes:
        is_offered: whether the models may be put to use.
        retriever: whether the trained retriever is part of what is offered, or would have been.
        reranker: likewise the trained reranker.
        reasons: one sentence each; of a refusal every ground for it; then what of the trained models is not used.
    """

    is_offered: bool
    retriever: bool
    reranker: bool
    reasons: tuple[str, ...]


def decide(found: Comparison, recipe: GateRecipe) -> Decision:
    """Judge what would be answered against what is, on the held-out part; the models alone only where nobody asks."""
    judged = found.judged
    difference = judged.difference
    change = difference.mrr
    against = []
    if difference.queries < recipe.least_queries:
        against.append(
            f"only {difference.queries} queries were held out, which proves nothing; {recipe.least_queries} are needed"
        )
    # Written so that what is no number refuses.
    if not change.low > 0:
        against.append(
            f"the improvement of MRR is {change.mean:+.3f}, and may be as low as {change.low:+.3f}: not surely above 0"
        )
    for language, one in difference.by_language.items():
        count = difference.queries_by_language[language]
        if count >= recipe.least_queries_per_language and not one.mean >= -recipe.language_margin:
            against.append(
                f"{language} loses {-one.mean:.3f} of MRR on {count} queries, more than the {recipe.language_margin} "
                "that a language may lose"
            )
    reasons = against or [
        f"MRR of {'the answers to' if found.served else 'the models alone on'} {difference.queries} held-out queries "
        f"went from {judged.before.mrr.mean:.3f} to {judged.after.mrr.mean:.3f} "
        f"({change.mean:+.3f}, at least {change.low:+.3f})"
    ]
    if said := left_out(found):
        reasons.append(said)
    return Decision(
        is_offered=not against,
        retriever=found.chosen.retriever == AFTER,
        reranker=found.chosen.reranker == AFTER,
        reasons=tuple(reasons),
    )


def refused(reason: str) -> Decision:
    """The decision where there is nothing to judge."""
    return Decision(is_offered=False, retriever=False, reranker=False, reasons=(reason,))
