"""What a comparison says in words: which models, and of a reranker that it does not pay."""

from __future__ import annotations

from vizsla_trainer.evaluation.contest import AFTER, BEFORE, NONE
from vizsla_trainer.evaluation.results import Comparison

NAMES = {BEFORE: "the one in use", AFTER: "the trained one", NONE: "none"}
"""Models as people call them."""


def left_out(found: Comparison) -> str:
    """Which reranker is not used with the chosen models, and why; "" where there is none."""
    chosen = found.chosen
    if found.served is None or chosen.reranker == AFTER:
        return ""
    tried = sorted(found.served.sweep, key=lambda one: one.mrr)
    best = {one.reranker: one.mrr for one in tried if one.retriever == chosen.retriever}  # the last is the best
    is_read = chosen.told is not None and chosen.told.weight > 0
    said = []
    if AFTER in best:
        other = f"read by the one in use {chosen.dev_served:.3f}" if is_read else f"unread {best[NONE]:.3f}"
        said.append(
            f"the trained reranker is left out, as it does not pay: on {found.served.dev_queries} dev queries what is "
            f"found has an MRR of {best[AFTER]:.3f} at best when it is read by it, {other}"
        )
    if chosen.reranker == BEFORE and not is_read:
        reached = f"{best[BEFORE]:.3f} at best" if BEFORE in best else "nothing that its scores could tell"
        said.append(
            f"the reranker in use does not read what the trained retriever finds, as it does not pay: on dev it brings "
            f"MRR from {best[NONE]:.3f} to {reached}"
        )
    return "; ".join(said)
