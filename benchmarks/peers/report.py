"""The rows of a run as two Markdown tables and notes. The best of each column is bold, whoever it is."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from benchmarks.figures import shown
from benchmarks.metrics import Tally
from benchmarks.peers.results import Results, Row

Cell = tuple[float | None, str]
"""A value to compare, and how it is shown."""
_NOTHING: Cell = (None, "–")


def tables(results: Results, what: Mapping[str, str]) -> str:
    """Everything that is said of the results, as Markdown.

    Args:
        results: rows; of each thing the newest is shown.
        what: of each peer a sentence about how it was run.
    """
    parts = [_run_line(results), "## Quality", quality_table(results.newest("quality"))]
    parts += ["## Speed", speed_table(results.newest("speed")), "## Peers", _notes(results, what)]
    return "\n\n".join(part for part in parts if part) + "\n"


def score(rows: Sequence[Row], category: str = "") -> Cell:
    """A peer's score on one set: mean NDCG@10 of the groups for sets of files, else MRR over all questions.

    Args:
        rows: of one peer and one set.
        category: only questions of this category.
    """
    tally = Tally()
    for row in rows:
        for question in row["questions"]:
            if not category or question["category"] == category:
                numbers = (question["mrr"], question["ndcg10"], question["recall20"])
                tally.rows.setdefault(row["group"], []).append(numbers)
    if not tally.rows:
        return _NOTHING
    means = tally.means(over_groups=rows[0]["over_groups"])
    value = means["ndcg10" if rows[0]["over_groups"] else "mrr"]
    return value, f"{value:.3f}".removeprefix("0")


def quality_table(rows: Sequence[Row]) -> str:
    """A row for each peer, a column for each set and for each category of its questions."""
    groups: dict[str, set[str]] = {}
    for row in rows:
        groups.setdefault(row["set"], set()).add(row["group"])
    columns = [(name, category) for name in groups for category in ("", *_categories(rows, name))]
    heads = ["peer"]
    for name, category in columns:
        files = next(row["over_groups"] for row in rows if row["set"] == name)
        heads.append(f"{name}: {category}" if category else f"{name}, {'NDCG@10' if files else 'MRR'}")
    lines: list[tuple[str, list[Cell]]] = []
    for peer in _in_order(rows):
        cells = []
        for name, category in columns:
            own = [row for row in rows if row["peer"] == peer and row["set"] == name]
            # A mean over some groups would not be comparable with one over all.
            is_whole = {row["group"] for row in own} == groups[name]
            cells.append(score(own, category) if is_whole else _NOTHING)
        lines.append((peer, cells))
    return _table(heads, lines, [max] * len(columns))


def speed_table(rows: Sequence[Row]) -> str:
    """For each size a row for each peer."""
    heads = [
        "functions", "peer", "first answer", "right", "whole index", "edit to answer", "query p50 / p95 / p99",
        "asked", "peak memory: index / query", "disk per function",
    ]  # fmt: skip
    lines: list[tuple[str, list[Cell]]] = []
    blocks: list[int] = []
    for size in sorted({row["size"] for row in rows}):
        here = [row for row in rows if row["size"] == size]
        lines += [(f"{row['functions']:,}", _speed_cells(row)) for row in here]
        blocks.append(len(here))
    return _table(heads, lines, [min] * len(heads), blocks=blocks)


def _speed_cells(row: Row) -> list[Cell]:
    query, peaks = row["query_ms"], (row["index_peak_bytes"], row["query_peak_bytes"])
    return [
        (None, row["peer"]),
        (row["first_seconds"], _seconds(row["first_seconds"])),
        (None, f"{row['first_right']} of {row['first_asked']}"),
        (row["index_seconds"], _seconds(row["index_seconds"])),
        (row["edit_seconds"], _seconds(row["edit_seconds"])),
        (query["p95"], " / ".join(shown(query[name]) for name in ("p50", "p95", "p99")) + " ms"),
        (None, row["asked"]),
        (max((peak for peak in peaks if peak), default=None), " / ".join(_megabytes(peak) for peak in peaks)),
        (row["bytes_per_function"], f"{row['bytes_per_function']:,.0f} B"),
    ]


def _categories(rows: Sequence[Row], name: str) -> list[str]:
    found = {question["category"] for row in rows if row["set"] == name for question in row["questions"]}
    return sorted(found - {""})


def _table(
    heads: Sequence[str],
    lines: Sequence[tuple[str, Sequence[Cell]]],
    best: Sequence[Callable[[Iterable[float]], float]],
    *,
    blocks: Sequence[int] = (),
) -> str:
    """Markdown; in each column of each block of lines the best is bold."""
    if not lines:
        return "Nothing measured."
    rows, first = [list(heads), ["---"] * len(heads)], 0
    for length in blocks or [len(lines)]:
        block = lines[first : first + length]
        first += length
        for head, cells in block:
            row = [head]
            for column, (value, text) in enumerate(cells):
                values = [other[column][0] for _, other in block]
                known = [one for one in values if one is not None]
                is_best = value is not None and len(known) > 1 and math.isclose(value, best[column](known))
                row.append(f"**{text}**" if is_best else text)
            rows.append(row)
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def _run_line(results: Results) -> str:
    used = {row["run"] for kind in ("quality", "speed") for row in results.newest(kind)}
    runs = [row for row in results.rows if row["kind"] == "run" and row["run"] in used]
    lines = []
    for run in runs:
        machine = run["machine"]
        facts = f"{machine['cores']} cores of {machine['cpu']}, {machine['memory_gb']} GB, {machine['system']}"
        lines.append(
            f"{run['date']}, commit {run['commit']}, {facts}, load {machine['load_average']}: `{run['command']}`"
        )
    return "\n".join(f"- {line}" for line in lines)


def _notes(results: Results, what: Mapping[str, str]) -> str:
    measured = [*results.newest("quality"), *results.newest("speed")]
    version = {row["peer"]: row["version"] for row in measured}
    lines = []
    for peer in version:
        asked = _asked([row for row in measured if row["peer"] == peer])
        lines.append(f"- **{peer}**, {version[peer]}: {what.get(peer, '')}.{asked}")
    for row in results.failures():
        asked = _asked([row])
        where = " ".join(str(row[name]) for name in ("set", "group", "size") if row.get(name))
        why = " ".join(str(row["why"]).split())[-600:]
        lines.append(f"- **{row['peer']}** was not measured{f' ({where})' if where else ''}: {why}{asked}")
    return "\n".join(lines)


def _asked(rows: Sequence[Row]) -> str:
    """What was asked of the network, all of which was refused."""
    asked = dict.fromkeys(one for row in rows for one in row.get("asked_for", ()))
    return f" It asked the network for: {', '.join(asked)}." if asked else ""


def _in_order(rows: Sequence[Row]) -> list[str]:
    return list(dict.fromkeys(row["peer"] for row in rows))


def _seconds(value: float | None) -> str:
    return "never" if value is None else f"{shown(value)} s"


def _megabytes(value: Any) -> str:
    return "–" if value is None else f"{value / 1e6:,.0f} MB"
