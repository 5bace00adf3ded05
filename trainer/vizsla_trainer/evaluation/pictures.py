"""Pictures of a run as PNG bytes, drawn without a screen."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np

from vizsla_trainer.evaluation.results import Comparison, Measured

_BEFORE, _AFTER = "#8a8f98", "#0b6e99"
_WON, _LOST = "#2e7d4f", "#b3443c"
_WIDE = (8.0, 3.4)  # inches

_BINS = ((1, 1), (2, 2), (3, 5), (6, 10), (11, 20), (21, 50), (51, 200), (201, 10**9))
_SMOOTHING = 0.9


def loss_picture(losses: Mapping[str, Sequence[float]], dev: Mapping[str, Sequence[tuple[int, float]]]) -> bytes:
    """Loss of each step of each training, smoothed, and MRR on dev beside it.

    Args:
        losses: by name of the training; NaN where a step was left out.
        dev: by name of the training: step and MRR.
    """
    with _figure(_WIDE, columns=2) as (axes, png):
        for number, (name, values) in enumerate(losses.items()):
            steps = np.arange(1, len(values) + 1)
            colour = f"C{number}"
            axes[0].plot(steps, values, color=colour, alpha=0.25, linewidth=0.8)
            axes[0].plot(steps, _smoothed(values), color=colour, label=name)
        for number, (name, points) in enumerate(dev.items()):
            if points:
                axes[1].plot(*zip(*points, strict=True), color=f"C{number}", marker="o", markersize=3, label=name)
        for axis in axes:
            axis.xaxis.get_major_locator().set_params(integer=True)
        _label(axes[0], "Loss while training", "step", "loss (nats per query)", legend=bool(losses))
        _label(axes[1], "MRR on dev while training", "step", "MRR (0 to 1)", legend=any(dev.values()))
        return png()


def mrr_picture(found: Comparison) -> bytes:
    """MRR before and after with intervals: of the retriever alone and of the answers, over all and by group."""
    judged, title = found.judged, "As answered" if found.served else "Both models"
    with _figure(_WIDE, columns=2) as (axes, png):
        for axis, named, before, after in (
            (axes[0], "Retriever alone", found.retriever_before, found.retriever_after),
            (axes[1], title, judged.before, judged.after),
        ):
            names = ["all", *before.by_language, *before.by_source][:10]
            places = np.arange(len(names))
            for shift, side, colour, label in ((-0.2, before, _BEFORE, "before"), (0.2, after, _AFTER, "after")):
                axis.barh(places + shift, [_mrr(side, name) for name in names], 0.38, color=colour, label=label)
                error = [[side.mrr.mean - side.mrr.low], [side.mrr.high - side.mrr.mean]]
                axis.errorbar([side.mrr.mean], [shift], xerr=error, color="black", capsize=3, linewidth=1)
            counts = [before.metrics.queries, *(_count(before, name) for name in names[1:])]
            axis.set_yticks(places, [f"{name} ({count})" for name, count in zip(names, counts, strict=True)])
            axis.invert_yaxis()
            axis.set_xlim(0, 1)
            _label(axis, named, "MRR (0 to 1)", "queries of … (how many)", legend=True)
        return png()


def ranks_picture(found: Comparison) -> bytes:
    """How many right codes stand at which rank in the answers, before and after."""
    with _figure(_WIDE, columns=1) as (axes, png):
        names = [f"{low}" if low == high else f"{low}–{high}" if high < 10**9 else f"{low}+" for low, high in _BINS]
        places = np.arange(len(_BINS))
        for shift, side, colour, label in (
            (-0.2, found.judged.before, _BEFORE, "before"),
            (0.2, found.judged.after, _AFTER, "after"),
        ):
            ranks = np.array(side.ranks)
            heights = [int(((ranks >= low) & (ranks <= high)).sum()) for low, high in _BINS]
            bars = axes[0].bar(places + shift, heights, 0.38, color=colour, label=label)
            axes[0].bar_label(bars, fontsize=7)
        axes[0].set_xticks(places, names)
        _label(axes[0], "Where the right code stands", "rank of the right code", "held-out queries", legend=True)
        return png()


def drops_picture(drops: Mapping[str, int]) -> bytes:
    """How many pairs each rule dropped."""
    with _figure((8.0, max(1.6, 0.32 * len(drops) + 0.9)), columns=1) as (axes, png):
        bars = axes[0].barh(list(drops), list(drops.values()), color=_LOST)
        axes[0].bar_label(bars, fontsize=8, padding=3)
        axes[0].invert_yaxis()
        axes[0].margins(x=0.12)
        _label(axes[0], "Pairs dropped", "pairs", "rule", legend=False)
        return png()


def changes_picture(found: Comparison) -> bytes:
    """Every held-out query by how its reciprocal rank changed, sorted: what was won and what was lost."""
    with _figure(_WIDE, columns=1) as (axes, png):
        change = np.sort(1 / np.array(found.judged.after.ranks) - 1 / np.array(found.judged.before.ranks))[::-1]
        places = np.arange(1, len(change) + 1)
        for is_shown, colour, label in ((change > 0, _WON, "won"), (change < 0, _LOST, "lost")):
            axes[0].bar(
                places[is_shown], change[is_shown], 1.0, color=colour, label=f"{int(is_shown.sum())} queries {label}"
            )
        axes[0].axhline(0, color="black", linewidth=0.6)
        axes[0].set_xlim(0.5, len(change) + 0.5)
        _label(axes[0], "Queries won and lost", "held-out queries, sorted", "change of 1 / rank", legend=True)
        return png()


def _mrr(side: Measured, name: str) -> float:
    if name == "all":
        return side.mrr.mean
    group = side.by_language.get(name) or side.by_source.get(name)
    return group.mrr if group else 0.0


def _count(side: Measured, name: str) -> int:
    group = side.by_language.get(name) or side.by_source.get(name)
    return group.queries if group else 0


def _smoothed(values: Sequence[float]) -> list[float]:
    smooth: list[float] = []
    mean = float("nan")
    for value in values:
        if value == value:
            mean = value if mean != mean else _SMOOTHING * mean + (1 - _SMOOTHING) * value
        smooth.append(mean)
    return smooth


def _label(axis: Any, title: str, x: str, y: str, *, legend: bool) -> None:
    axis.set_title(title, fontsize=10)
    axis.set_xlabel(x, fontsize=8)
    axis.set_ylabel(y, fontsize=8)
    axis.tick_params(labelsize=8)
    for side in ("top", "right"):
        axis.spines[side].set_visible(False)
    if legend:
        # Below the picture: a place in it would be sought among all points, and hide some.
        axis.legend(fontsize=8, frameon=False, loc="upper center", bbox_to_anchor=(0.5, -0.14), ncols=3)


@contextmanager
def _figure(size: tuple[float, float], *, columns: int) -> Iterator[tuple[Any, Callable[[], bytes]]]:
    """Axes side by side, and a function that gives the picture."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=size, layout="constrained")
    FigureCanvasAgg(figure)

    def png() -> bytes:
        stream = io.BytesIO()
        figure.savefig(stream, format="png", dpi=110, metadata={"Software": None})
        return stream.getvalue()

    yield list(figure.subplots(1, columns, squeeze=False)[0]), png
