"""The report of a run out of whatever its stages left, however far it came."""

from __future__ import annotations

import dataclasses
import json
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from vizsla_trainer.evaluation.report import Story, report_html
from vizsla_trainer.evaluation.results import Comparison
from vizsla_trainer.export.gate import Decision
from vizsla_trainer.records import published
from vizsla_trainer.run_folder import RunFolder
from vizsla_trainer.stages.data import DROPS_NAME, MINED_NAME
from vizsla_trainer.stages.judging import COMPARISON_NAME, LEARNED_NOTHING, learned_nothing
from vizsla_trainer.stages.stage import Context, is_wanted
from vizsla_trainer.stages.training import RESULT_NAME
from vizsla_trainer.stored import read_json, write_json
from vizsla_trainer.training.metrics_log import METRICS_NAME

_TRAININGS = ("retriever", "retriever2", "reranker")
_NAMED = 10  # files in a line


def write_report(context: Context, decision: Decision) -> Path:
    """Write ``report.html`` and ``report.json``. Returns the page's path."""
    folder = context.folder
    found = read_json(folder / COMPARISON_NAME, Comparison) if folder.note("evaluate") else None
    seconds = {path.stem: note.seconds for path in _by_age(folder / "done") if (note := folder.note(path.stem))}
    counts = _counts(context)
    drops, examples = _drops(folder)
    mined = read_json(folder / "mine" / MINED_NAME, dict) if folder.note("mine") else {}
    lost = [str(path) for path in mined.get("lost", ())]
    steps = {
        name: lines
        for name in _TRAININGS
        if is_wanted(name, context.recipe) and (lines := _lines(folder / name / METRICS_NAME))
    }
    story = Story(
        title=", ".join(Path(workspace).name for workspace in context.facts.workspaces),
        is_offered=decision.is_offered,
        verdict=decision.reasons,
        facts={
            "recipe": context.recipe.name,
            "seed": context.recipe.seed,
            "trained on": context.facts.device,
            "functions": len(context.corpus) if folder.note("mine") else 0,
            **_endings(folder),
            **({"reranker": LEARNED_NOTHING} if learned_nothing(context) else {}),
            **_left_out(mined.get("counts", {}), lost),
            "minutes": ", ".join(f"{name} {spent / 60:.1f}" for name, spent in seconds.items()),
        },
        counts=counts,
        drops=drops,
        drop_examples=examples,
        losses={
            name: [float("nan") if line.get("loss") is None else float(line["loss"]) for line in lines]
            for name, lines in steps.items()
        },
        dev={
            name: [(line["step"], float(line["dev"])) for line in lines if line.get("dev") is not None]
            for name, lines in steps.items()
        },
        found=found,
    )
    with published(folder / "report.html") as temporary:
        temporary.write_text(report_html(story), encoding="utf-8")
    write_json(
        folder / "report.json",
        {
            "is_offered": decision.is_offered,
            "reasons": decision.reasons,
            "seconds": seconds,
            "counts": counts,
            "drops": drops,
            "lost_files": lost,
            "mined": mined.get("counts", {}),
            "comparison": dataclasses.asdict(found) if found else None,
        },
    )
    return folder / "report.html"


def _counts(context: Context) -> dict[str, dict[str, int]]:
    """Pairs of each part of the split, by source and by language."""
    if not context.folder.note("filter"):
        return {}
    counts: dict[str, dict[str, int]] = {}
    for part in ("train", "dev", "test"):
        pairs = context.pairs(part)
        counts[f"{part}, by source"] = dict(Counter(str(pair.source) for pair in pairs).most_common())
        counts[f"{part}, by language"] = dict(Counter(pair.language for pair in pairs).most_common())
    return counts


def _endings(folder: RunFolder) -> dict[str, str]:
    """Of each training that did not go its way: what was left out, and why it ended."""
    found = {}
    for name in _TRAININGS:
        if not folder.note(name):
            continue
        result = read_json(folder / name / RESULT_NAME, dict)
        said = [f"{result['skipped_steps']} steps left out"] if result.get("skipped_steps") else []
        if result.get("stopped"):
            said.append(f"ended after {result['steps']} steps: {result['stopped']}")
        if said:
            found[f"{name}, trouble"] = "; ".join(said)
    return found


def _left_out(counts: Mapping[str, int], lost: Sequence[str]) -> dict[str, str]:
    """What of the workspaces was not mined, and why."""
    found = {}
    if lost:
        fates = {name.partition("/")[2]: count for name, count in counts.items() if name.startswith("lost/")}
        why = ", ".join(f"{count} {fate}" for fate, count in sorted(fates.items()))
        found["files that could not be read"] = f"{len(lost)}: {', '.join(lost[:_NAMED])}" + (why and f" ({why})")
    if counts.get("excluded codes"):
        found["copies of what is measured on"] = (
            f"{counts['excluded codes']:,} functions with {counts.get('excluded pairs', 0):,} questions left out"
        )
    return found


def _drops(folder: RunFolder) -> tuple[dict[str, int], dict[str, list[str]]]:
    """Of each rule: how many pairs it dropped, and examples of them."""
    raw: dict[str, Any] = {}
    for stage in ("clean", "split", "filter"):
        if folder.note(stage):
            raw |= read_json(folder / stage / DROPS_NAME, dict)
    counts = {rule: int(one["count"]) for rule, one in raw.items() if one["count"]}
    order = sorted(counts, key=lambda rule: -counts[rule])
    return {rule: counts[rule] for rule in order}, {rule: list(raw[rule]["examples"]) for rule in order}


def _lines(path: Path) -> list[dict[str, Any]]:
    try:
        lines = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    except (OSError, ValueError):
        return []  # pictures alone are made of it
    return [line for line in lines if isinstance(line.get("step"), int)]


def _by_age(folder: Path) -> list[Path]:
    return sorted(folder.glob("*.json"), key=lambda path: path.stat().st_mtime)
