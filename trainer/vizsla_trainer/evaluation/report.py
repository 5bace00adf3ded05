"""The report of a run: one HTML file that holds its pictures and asks the network for nothing."""

from __future__ import annotations

import base64
import html
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from vizsla_trainer.evaluation.bootstrap import Interval
from vizsla_trainer.evaluation.metrics import Metrics
from vizsla_trainer.evaluation.pictures import (
    changes_picture,
    drops_picture,
    loss_picture,
    mrr_picture,
    ranks_picture,
)
from vizsla_trainer.evaluation.results import Comparison, Example, Sides, SweepPoint, System
from vizsla_trainer.evaluation.saying import NAMES

_STYLE = """
:root{color-scheme:light dark}
body{font:15px/1.5 system-ui,sans-serif;max-width:58rem;margin:2rem auto;padding:0 1rem}
h1{font-size:1.5rem}h2{font-size:1.15rem;margin-top:2.2rem;border-bottom:1px solid #8884}
table{border-collapse:collapse;margin:.8rem 0;font-size:.9rem;display:block;overflow-x:auto}
th,td{padding:.2rem .7rem .2rem 0;text-align:left;vertical-align:top}td.n,th.n{text-align:right}
th{font-weight:600;border-bottom:1px solid #8886}
img{max-width:100%;height:auto;background:#fff;border-radius:4px}
figure{margin:1rem 0}figcaption{font-size:.85rem;opacity:.8}
.verdict{padding:.7rem 1rem;border-left:4px solid;border-radius:4px;background:#8882}
.yes{border-color:#2e7d4f}.no{border-color:#b3443c}
code{font-size:.9em;overflow-wrap:anywhere}
"""

Row = Sequence[object]


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """Everything that a report tells.

    Attributes:
        title: which workspaces.
        is_offered: whether the gate let the models through.
        verdict: the gate's sentences.
        facts: name and value of what is worth a line: recipe, device, hours.
        counts: pairs by group, such as "mined" by source, in the order of the stages.
        drops: pairs dropped by rule, and examples of each.
        losses: of each step, by name of the training.
        dev: step and MRR, by name of the training.
        found: None where nothing could be measured.
    """

    title: str
    is_offered: bool
    verdict: tuple[str, ...]
    facts: Mapping[str, object] = field(default_factory=dict)
    counts: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    drops: Mapping[str, int] = field(default_factory=dict)
    drop_examples: Mapping[str, Sequence[str]] = field(default_factory=dict)
    losses: Mapping[str, Sequence[float]] = field(default_factory=dict)
    dev: Mapping[str, Sequence[tuple[int, float]]] = field(default_factory=dict)
    found: Comparison | None = None


def report_html(story: Story) -> str:
    """The whole page."""
    found = story.found
    parts = [
        f"<h1>Training for {_text(story.title)}</h1>",
        f'<div class="verdict {"yes" if story.is_offered else "no"}"><strong>'
        + ("The trained models are better." if story.is_offered else "The models in use stay.")
        + "</strong> "
        + " ".join(_text(f"{reason[:1].upper()}{reason[1:].rstrip('.')}.") for reason in story.verdict)
        + "</div>",
        _table(("", ""), story.facts.items()),
    ]
    if found is not None:
        parts += [*_measured(found), *_examples(found)]
    if any(story.losses.values()):
        parts += [
            "<h2>Training</h2>",
            _picture(
                loss_picture(story.losses, story.dev),
                "Loss of each training step, smoothed, and MRR on dev: "
                + "; ".join(f"{name}: {len(values)} steps" for name, values in story.losses.items()),
            ),
        ]
    parts += ["<h2>Data</h2>", *_data(story)]
    body = "\n".join(parts)
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width,initial-scale=1">\n'
        f"<title>Training for {_text(story.title)}</title>\n<style>{_STYLE}</style></head>\n"
        f"<body>\n{body}\n</body></html>\n"
    )


def _measured(found: Comparison) -> Iterable[str]:
    before, after, change = found.judged.before, found.judged.after, found.judged.difference
    what = "answered" if found.served else "both models"
    yield "<h2>Before and after</h2>"
    yield f"<p>Today: {_spoken(found.before)}. Trained: {_spoken(found.chosen)}.</p>"
    yield _picture(
        mrr_picture(found),
        f"MRR of {'what is answered' if found.served else 'both models'} went from {before.mrr.mean:.3f} to "
        f"{after.mrr.mean:.3f}; of the retriever alone from {found.retriever_before.mrr.mean:.3f} to "
        f"{found.retriever_after.mrr.mean:.3f}",
    )
    yield from _stages(found)
    retrievers = found.retriever_before, found.retriever_after, found.retriever_difference
    for name, first, second, gained in ((what, before, after, change), ("retriever alone", *retrievers)):
        yield _table(
            (f"{name}, by language and source of the query", "queries", "MRR before", "MRR after", "change"),
            [
                *_groups(first.by_language, second.by_language, gained.by_language),
                *_groups(first.by_source, second.by_source, gained.by_source),
            ],
            numbers=range(1, 4),
        )
    yield _picture(
        ranks_picture(found),
        f"Right code first: {sum(rank == 1 for rank in before.ranks)} queries before, "
        f"{sum(rank == 1 for rank in after.ranks)} after, of {len(after.ranks)}",
    )
    if found.latency:
        speed = found.latency
        yield (
            f"<p>One question on {_text(speed.device)}: {1000 * speed.embed_median:.1f} ms to embed"
            + (
                f", {1000 * speed.rerank_median:.0f} ms to rerank {speed.depth} candidates "
                f"(worst {1000 * speed.rerank_worst:.0f} ms)."
                if speed.depth
                else "."
            )
            + "</p>"
        )
    tried = found.served.sweep if found.served else found.sweep
    if tried:
        yield _table(
            (f"{what}, on dev: retriever", "reranker", "depth", "best weight", "MRR"),
            [(one.retriever, one.reranker, one.depth, one.weight, f"{one.mrr:.3f}") for one in _best(tried)],
            numbers=range(2, 5),
        )


def _stages(found: Comparison) -> Iterable[str]:
    """From the retriever alone to the answer, before and after."""
    served = found.served
    alone = Sides(before=found.system_before, after=found.system_after, difference=found.system_difference)
    retriever = Sides(before=found.retriever_before, after=found.retriever_after, difference=found.retriever_difference)
    rows: list[Row] = []
    for name, stage in (
        ("retriever alone", retriever),
        ("both models alone", alone),
        *((("fused", served.fused), ("answered", served.answered)) if served else ()),
    ):
        rows.append((f"{name}, before", *_numbers(stage.before.metrics), ""))
        rows.append((f"{name}, after", *_numbers(stage.after.metrics), _signed(stage.difference.mrr)))
    if found.reranker_alone:
        rows.append(("reranker's order alone", *_numbers(found.reranker_alone), ""))
    yield _table(
        ("", "queries", "MRR", "R@1", "R@5", "R@10", "R@50", "NDCG@10", "change of MRR"), rows, numbers=range(1, 8)
    )
    if served:
        yield (
            "<p>Fused: what the server has of words, meaning and all other signals until its reranker reads; "
            "answered: after that, with all the time that it takes. Models are chosen and judged by what is answered "
            "to questions that a user might ask: those made of names are left out.</p>"
        )


def _groups(old: Mapping[str, Metrics], new: Mapping[str, Metrics], changes: Mapping[str, Interval]) -> Iterable[Row]:
    for name, one in old.items():
        yield name, one.queries, f"{one.mrr:.3f}", f"{new[name].mrr:.3f}", _signed(changes[name])


def _examples(found: Comparison) -> Iterable[str]:
    yield "<h2>Won and lost</h2>"
    ranks = list(zip(found.judged.before.ranks, found.judged.after.ranks, strict=True))
    up, down = sum(new < old for old, new in ranks), sum(new > old for old, new in ranks)
    yield _picture(
        changes_picture(found), f"The right code moved up for {up} queries and down for {down} of {len(ranks)}"
    )
    for title, examples in (("won most", found.won), ("lost most", found.lost)):
        if examples:
            yield _table(
                (title, "answer", "source", "rank before", "after"), [_example(one) for one in examples], numbers=(3, 4)
            )


def _data(story: Story) -> Iterable[str]:
    rows = [(stage, group, f"{count:,}") for stage, part in story.counts.items() for group, count in part.items()]
    yield _table(("stage", "", "pairs"), rows, numbers=(2,))
    if story.drops:
        yield _picture(
            drops_picture(story.drops),
            "Pairs dropped: " + ", ".join(f"{rule}: {count}" for rule, count in story.drops.items()),
        )
        yield _table(
            ("rule", "examples of what it dropped"),
            [(rule, " ¶ ".join(story.drop_examples.get(rule, ()))) for rule in story.drops],
        )


def _best(tried: Iterable[SweepPoint]) -> list[SweepPoint]:
    """The best weight of each depth of each system, in the order they were tried."""
    best: dict[tuple[str, str, int], SweepPoint] = {}
    for one in tried:
        key = (one.retriever, one.reranker, one.depth)
        if key not in best or one.mrr > best[key].mrr:
            best[key] = one
    return sorted(best.values(), key=lambda one: (one.retriever, one.reranker, one.depth))


def _numbers(one: Metrics) -> tuple[object, ...]:
    return (
        one.queries,
        *(
            f"{value:.3f}"
            for value in (
                *(one.mrr, one.recall_at_1, one.recall_at_5, one.recall_at_10, one.recall_at_50),
                one.ndcg_at_10,
            )
        ),
    )


def _spoken(system: System) -> str:
    spoken = f"retriever {NAMES[system.retriever]}, reranker {NAMES[system.reranker]}"
    if system.told is not None and system.told.weight:
        spoken += f" over the first {system.told.depth} with weight {system.told.weight:g}"
    elif system.told is not None:
        spoken += ", which reads nothing"
    return spoken


def _signed(one: Interval) -> str:
    return f"{one.mean:+.3f} ({one.low:+.3f} to {one.high:+.3f})"


def _example(one: Example) -> Row:
    return (one.query, one.answer, one.source, one.before, one.after)


def _table(head: Sequence[str], rows: Iterable[Row], *, numbers: Iterable[int] = ()) -> str:
    right = set(numbers)
    marks = [' class="n"' if column in right else "" for column in range(len(head))]
    lines = ["<table>"]
    if any(head):
        lines.append(
            "<tr>" + "".join(f"<th{m}>{_text(name)}</th>" for name, m in zip(head, marks, strict=True)) + "</tr>"
        )
    lines += [
        "<tr>" + "".join(f"<td{m}>{_text(cell)}</td>" for cell, m in zip(row, marks, strict=True)) + "</tr>"
        for row in rows
    ]
    return "\n".join([*lines, "</table>"])


def _picture(png: bytes, alt: str) -> str:
    data = base64.b64encode(png).decode("ascii")
    return (
        f'<figure><img alt="{_text(alt)}" src="data:image/png;base64,{data}">'
        f"<figcaption>{_text(alt)}.</figcaption></figure>"
    )


def _text(value: object) -> str:
    # Names of files may hold bytes that are no text.
    return html.escape(str(value)[:2_000].encode("utf-8", "replace").decode("utf-8"))
