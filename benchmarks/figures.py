"""Owns what a speed measurement says: figures, their table and their JSON."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One measured number and what was wanted of it.

    Attributes:
        part: letter of the part that measured it.
        name: what was measured.
        measured: in ``unit``.
        at_least: smallest wanted value; None without one.
        at_most: largest wanted value; None without one.
        note: what one must know to read the number.
        samples: the single measurements behind it.
    """

    part: str
    name: str
    measured: float
    unit: str
    at_least: float | None = None
    at_most: float | None = None
    note: str = ""
    samples: Sequence[float] = field(default=())

    @property
    def is_reached(self) -> bool | None:
        """Whether it is as wanted; None where nothing is."""
        if self.at_least is not None:
            return self.measured >= self.at_least
        return None if self.at_most is None else self.measured <= self.at_most

    @property
    def wanted(self) -> str:
        """The bound, for people."""
        if self.at_least is not None:
            return f">= {shown(self.at_least)} {self.unit}"
        return "" if self.at_most is None else f"<= {shown(self.at_most)} {self.unit}"

    @property
    def ratio(self) -> float | None:
        """How many times better than wanted: above 1 is good."""
        if self.at_least:
            return self.measured / self.at_least
        return self.at_most / self.measured if self.at_most and self.measured else None


def shown(value: float) -> str:
    """A number with three digits that matter."""
    if value == 0 or not math.isfinite(value):
        return f"{value:g}"
    digits = max(0, 2 - math.floor(math.log10(abs(value))))
    return f"{value:,.{digits}f}" if digits == 0 else f"{value:,.{digits}f}".rstrip("0").rstrip(".")


def quantile(samples: Iterable[float], share: float) -> float:
    """The sample below which ``share`` of them lie, nearest rank.

    Args:
        samples: at least one.
        share: in (0, 1].
    """
    ordered = sorted(samples)
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)]


def median(samples: Iterable[float]) -> float:
    """The middle sample."""
    return quantile(samples, 0.5)


def table(figures: Sequence[Figure]) -> str:
    """The figures as a Markdown table, which is what goes into the documentation too."""
    rows = [("", "figure", "wanted", "measured", "margin", "note")]
    for figure in figures:
        mark = {True: "", False: " (short)", None: ""}[figure.is_reached]
        ratio = "" if figure.ratio is None else f"{shown(figure.ratio)} x"
        measured = f"{shown(figure.measured)} {figure.unit}{mark}"
        note = figure.note
        if figure.at_most and len(figure.samples) > 1:
            note += f"{'; ' if note else ''}{shown(min(figure.samples))} to {shown(max(figure.samples))}"
        rows.append((figure.part, figure.name, figure.wanted, measured.strip(), ratio, note))
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    lines = [
        "| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) + " |" for row in rows
    ]
    lines.insert(1, "|" + "|".join("-" * (width + 2) for width in widths) + "|")
    return "\n".join(lines)


def write_json(path: Path, header: dict[str, object], figures: Sequence[Figure]) -> None:
    """Write everything that was measured, with ``header`` in front."""
    plain = [{**asdict(figure), "wanted": figure.wanted, "is_reached": figure.is_reached} for figure in figures]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({**header, "figures": plain}, indent=2) + "\n", encoding="utf-8")
