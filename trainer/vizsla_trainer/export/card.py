"""The card of a trained model: what people should know before they use it."""

from __future__ import annotations

from collections.abc import Mapping

from vizsla.models.manifest import ModelKind
from vizsla_trainer.evaluation.metrics import Metrics
from vizsla_trainer.evaluation.results import Comparison

_DOES = {
    "bi-encoder": "Embeds questions and functions, so that a function stands near the questions that it answers.",
    "cross-encoder": "Reads a question and a function together and says how well they fit: a reranker.",
}


def model_card(
    *,
    name: str,
    kind: ModelKind,
    base: str,
    licence: str,
    recipe: str,
    counts: Mapping[str, Mapping[str, int]],
    found: Comparison,
) -> str:
    """The card as Markdown.

    Args:
        name: of the model.
        kind: what it is.
        base: name of the model that it began with.
        licence: of that model's weights.
        recipe: name of the recipe.
        counts: pairs learned from, by "language" and by "source".
        found: how it was measured.
    """
    lines = [
        "---",
        *([f"license: {licence}"] if licence else []),
        f"base_model: {base}",
        "---",
        "",
        f"# {name}",
        "",
        _DOES[kind],
        "",
        f"A personal model, trained by `vizsla train` with the recipe `{recipe}` from `{base}` on its owner's code. "
        "It was made on the owner's machine and belongs there: its weights may remember what it was trained on. "
        "It is good at that code and was measured on nothing else.",
        "",
        "## Learned from",
        "",
        "| | pairs |",
        "|---|---|",
        *(f"| {group} | {count:,} |" for part in counts.values() for group, count in part.items()),
        "",
        "## Measured on held-out files of the same workspaces",
        "",
        "Retriever alone; none of these queries, nor any code like theirs, was trained on.",
        "",
        "| | queries | MRR before | MRR after | recall@10 before | recall@10 after |",
        "|---|---|---|---|---|---|",
    ]
    before, after = found.retriever_before, found.retriever_after
    lines.append(_row("all", before.metrics, after.metrics))
    for group in (*before.by_language, *before.by_source):
        old = before.by_language.get(group) or before.by_source[group]
        new = after.by_language.get(group) or after.by_source[group]
        lines.append(_row(group, old, new))
    change = found.system_difference.mrr
    lines += [
        "",
        f"The whole system, reranked: MRR {found.system_before.mrr.mean:.3f} before, {found.system_after.mrr.mean:.3f} "
        f"after ({change.mean:+.3f}, interval {change.low:+.3f} to {change.high:+.3f}, "
        f"{found.system_difference.queries} queries, retriever {found.chosen.retriever}, "
        f"reranker {found.chosen.reranker}).",
        "",
    ]
    return "\n".join(lines)


def _row(group: str, old: Metrics, new: Metrics) -> str:
    return (
        f"| {group} | {old.queries} | {old.mrr:.3f} | {new.mrr:.3f} | {old.recall_at_10:.3f} | {new.recall_at_10:.3f} |"
    )
