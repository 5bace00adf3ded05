"""Two pictures of a run: quality against the time to a first answer, and against the time of a query."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks.peers.report import score
from benchmarks.peers.results import Results

_OURS, _THEIRS = "#0b6e99", "#8a8f98"
_SIZE = (6.4, 4.2)  # inches
_SHIFT = (5, 4)  # points from a mark to its name


def write_pictures(results: Results, folder: Path, *, quality_set: str = "workspaces") -> list[Path]:
    """Draw what can be drawn of peers that have both quality and speed; the files that were written.

    Args:
        results: rows.
        folder: where the pictures go.
        quality_set: the set whose score is the height.
    """
    written = []
    for name, label, value in (
        ("quality_first_answer", "first answer on a workspace never seen (s)", lambda row: row["first_seconds"]),
        ("quality_latency", "query, 95th percentile (ms)", lambda row: row["query_ms"]["p95"]),
    ):
        found = points(results, quality_set, value)
        if found:
            path = folder / f"{name}.png"
            _draw(found, path, x=f"{label}, {_size(results):,} functions", y=f"NDCG@10, {quality_set}")
            written.append(path)
    return written


def points(results: Results, quality_set: str, value: Any) -> list[tuple[str, float, float]]:
    """Of each peer its name, a value of its speed, and its quality."""
    quality = [row for row in results.newest("quality") if row["set"] == quality_set]
    found = []
    for row in results.newest("speed"):
        height, _ = score([one for one in quality if one["peer"] == row["peer"]]) if quality else (None, "")
        if row["size"] == _size(results) and height is not None:
            found.append((row["peer"], float(value(row)), height))
    return found


def _size(results: Results) -> int:
    """The size at which most peers were measured; of several the largest."""
    sizes: list[int] = [row["size"] for row in results.newest("speed")]
    return max(sizes, key=lambda size: (sizes.count(size), size))


def _draw(found: Sequence[tuple[str, float, float]], path: Path, *, x: str, y: str) -> None:
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure
    from matplotlib.ticker import LogFormatter

    figure = Figure(figsize=_SIZE, layout="constrained")
    FigureCanvasAgg(figure)
    axis = figure.subplots()
    for name, across, up in found:
        ours = name.startswith("vizsla")
        axis.plot([across], [up], marker="o", color=_OURS if ours else _THEIRS, linestyle="")
        axis.annotate(
            name, (across, up), xytext=_SHIFT, textcoords="offset points", fontsize=8, color=_OURS if ours else "black"
        )
    axis.set_xscale("log")
    axis.xaxis.set_major_formatter("{x:g}")  # 0.1, not 10⁻¹
    axis.xaxis.set_minor_formatter(LogFormatter())
    axis.margins(x=0.18, y=0.12)
    axis.set_xlabel(f"{x}; less is better")
    axis.set_ylabel(f"{y}; more is better")
    axis.grid(visible=True, which="major", alpha=0.3)
    for side in ("top", "right"):
        axis.spines[side].set_visible(False)
    figure.savefig(path, dpi=110, metadata={"Software": None})
