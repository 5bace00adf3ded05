"""The card of a trained model: what people should know before they use it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from vizsla.models.manifest import ModelKind
from vizsla_trainer.evaluation.metrics import Metrics
from vizsla_trainer.evaluation.results import Comparison, Sides, System
from vizsla_trainer.evaluation.saying import NAMES
from vizsla_trainer.records import Pair

_DOES = {
    "bi-encoder": "Embeds questions and functions, so that a function stands near the questions that it answers.",
    "cross-encoder": "Reads a question and a function together and says how well they fit: a reranker.",
    "late-interaction": "Reads a question and a function apart and matches them token by token: a reranker.",
}


def counts_of(pairs: Sequence[Pair]) -> dict[str, dict[str, int]]:
    """How many pairs there are, by "language" and by "source", the most frequent first."""
    return {
        "language": dict(Counter(pair.language for pair in pairs).most_common()),
        "source": dict(Counter(str(pair.source) for pair in pairs).most_common()),
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
        "The retriever alone, without words and other signals; none of these queries, nor any code like theirs, was "
        "trained on.",
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
    lines += [
        "",
        *([_told("While nothing is read again", found.served.fused)] if found.served else []),
        _told("As a server answers, words and all signals fused in" if found.served else "Both models", found.judged),
        "",
        f"Retriever: {NAMES[found.chosen.retriever]}. Reranker: {NAMES[found.chosen.reranker]}{_read(found.chosen)}.",
        "",
    ]
    return "\n".join(lines)


def _told(what: str, sides: Sides) -> str:
    change = sides.difference.mrr
    return (
        f"- {what}: MRR {sides.before.mrr.mean:.3f} before, {sides.after.mrr.mean:.3f} after "
        f"({change.mean:+.3f}, interval {change.low:+.3f} to {change.high:+.3f}, {sides.difference.queries} queries)"
    )


def _read(system: System) -> str:
    if system.told is None:
        return ""
    return f", which reads the first {system.told.depth}" if system.told.weight else ", which reads nothing"


def _row(group: str, old: Metrics, new: Metrics) -> str:
    return (
        f"| {group} | {old.queries} | {old.mrr:.3f} | {new.mrr:.3f} | {old.recall_at_10:.3f} | {new.recall_at_10:.3f} |"
    )
