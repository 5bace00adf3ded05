"""Rows of results: what is there is not measured again, and a run that was broken off keeps what it had."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from benchmarks.peers.results import Results


def row(**more: Any) -> dict[str, Any]:
    return {"kind": "quality", "peer": "x", "version": "1", "models": "m", "only": 0, "set": "s", "group": "g", **more}


def test_a_result_is_there_for_the_same_version_and_models_alone(tmp_path: Path) -> None:
    path = tmp_path / "results.jsonl"
    Results(path).add(row(run="first"))
    found = Results(path)
    assert found.has(row(run="second"))
    for other in ({"version": "2"}, {"models": "n"}, {"only": 5}, {"group": "h"}, {"kind": "unusable"}):
        assert not found.has(row(**other))


def test_a_line_that_was_cut_off_is_left_out_and_the_next_row_stands_on_its_own(tmp_path: Path) -> None:
    path = tmp_path / "results.jsonl"
    Results(path).add(row())
    with path.open("a", encoding="utf-8") as file:
        file.write('{"kind": "quality", "peer": "y", "ver')
    Results(path).add(row(group="h"))
    assert [one["group"] for one in Results(path).rows] == ["g", "h"]


def test_of_each_thing_the_newest_row_counts(tmp_path: Path) -> None:
    results = Results(tmp_path / "results.jsonl")
    for version in ("1", "2"):
        results.add(row(version=version))
    results.add(row(group="h"))
    assert [(one["group"], one["version"]) for one in results.newest("quality")] == [("g", "2"), ("h", "1")]


def test_a_failure_is_told_until_the_thing_is_measured(tmp_path: Path) -> None:
    results = Results(tmp_path / "results.jsonl")
    results.add(row())
    results.add({**row(), "kind": "unusable", "why": "gone"})
    results.add({"kind": "run", "run": "r"})
    assert [one["why"] for one in results.failures()] == ["gone"]
    results.add(row(group="h"))
    assert results.failures() == []
