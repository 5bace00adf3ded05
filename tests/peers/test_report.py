"""Tables and pictures: the best is bold whoever it is, nothing is compared that is not whole, failures are told."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from benchmarks.peers.pictures import points, write_pictures
from benchmarks.peers.report import quality_table, score, speed_table, tables
from benchmarks.peers.results import Results


def quality(peer: str, group: str, *values: float, over_groups: bool = True) -> dict[str, Any]:
    questions = [
        {
            "qid": f"{group}{number}",
            "category": "symbol" if number else "",
            "mrr": value,
            "ndcg10": value,
            "recall20": 1,
        }
        for number, value in enumerate(values)
    ]
    head = {"kind": "quality", "peer": peer, "version": "1", "run": "r", "set": "files", "group": group}
    return {**head, "over_groups": over_groups, "questions": questions}


def speed(peer: str, size: int, seconds: float) -> dict[str, Any]:
    return {
        "kind": "speed", "peer": peer, "version": "1", "run": "r", "size": size, "functions": size, "asked": "library",
        "first_seconds": seconds, "first_right": 2, "first_asked": 3, "index_seconds": seconds, "edit_seconds": seconds,
        "query_ms": {"p50": 1.0, "p95": seconds, "p99": 3.0}, "index_peak_bytes": None, "query_peak_bytes": 2_000_000,
        "disk_bytes": 1000, "bytes_per_function": 10.0,
    }  # fmt: skip


def test_sets_of_files_are_scored_by_the_mean_over_their_groups_others_over_all_questions() -> None:
    groups = [quality("x", "a", 1.0), quality("x", "b", 0.0, 0.5, 0.4)]
    assert score(groups)[0] == pytest.approx((1.0 + 0.3) / 2)
    plain = [quality("x", "a", 1.0, over_groups=False), quality("x", "b", 0.0, 0.5, 0.4, over_groups=False)]
    assert score(plain)[0] == pytest.approx(1.9 / 4)
    assert score(groups, "symbol")[0] == pytest.approx(0.45)


def test_the_best_of_each_column_is_bold_also_when_it_is_a_peer() -> None:
    lines = quality_table([quality("vizsla", "a", 0.5, 0.9), quality("peer", "a", 0.8, 0.7)]).splitlines()
    assert lines[0] == "| peer | files, NDCG@10 | files: symbol |"
    assert lines[2:] == ["| vizsla | .700 | **.900** |", "| peer | **.750** | .700 |"]


def test_a_peer_without_some_groups_has_no_score() -> None:
    rows = [quality("x", "a", 1.0), quality("x", "b", 1.0), quality("y", "a", 1.0)]
    assert quality_table(rows).splitlines()[3] == "| y | – |"


def test_speeds_are_compared_within_a_size() -> None:
    rows = [speed("x", 100, 2.0), speed("y", 100, 1.0), speed("x", 1000, 9.0)]
    lines = speed_table(rows).splitlines()
    assert [line.split("|")[3].strip() for line in lines[2:]] == ["2 s", "**1 s**", "9 s"]
    assert "– / 2 MB" in lines[2]


def test_an_edit_that_is_never_found_is_said_to_be() -> None:
    lines = speed_table([{**speed("x", 100, 2.0), "edit_seconds": None}, speed("y", 100, 1.0)]).splitlines()
    assert "| never |" in lines[2]


def test_a_peer_that_did_not_start_is_named_with_what_it_asked_for(tmp_path: Path) -> None:
    results = Results(tmp_path / "results.jsonl")
    results.add({"kind": "unusable", "peer": "z", "size": 100, "why": "no\nmodel", "asked_for": ["CONNECT hub:443"]})
    text = tables(results, {})
    assert "**z** was not measured (100): no model It asked the network for: CONNECT hub:443." in text
    assert text.count("Nothing measured.") == 2


def test_what_a_peer_asked_of_the_network_is_told_also_when_it_ran_without(tmp_path: Path) -> None:
    results = Results(tmp_path / "results.jsonl")
    results.add({**speed("x", 100, 1.0), "asked_for": ["CONNECT telemetry:443"]})
    text = tables(results, {"x": "run so"})
    assert "- **x**, 1: run so. It asked the network for: CONNECT telemetry:443." in text


def test_pictures_show_peers_that_have_both_quality_and_speed(tmp_path: Path) -> None:
    results = Results(tmp_path / "results.jsonl")
    for one in (speed("x", 100, 2.0), speed("x", 1000, 4.0), speed("y", 1000, 8.0), speed("z", 1000, 1.0)):
        results.add(one)
    for peer in ("x", "y"):
        results.add({**quality(peer, "a", 0.5), "set": "workspaces"})
    assert points(results, "workspaces", lambda row: row["first_seconds"]) == [("x", 4.0, 0.5), ("y", 8.0, 0.5)]
    written = write_pictures(results, tmp_path)
    assert [path.name for path in written] == ["quality_first_answer.png", "quality_latency.png"]
    assert all(path.read_bytes().startswith(b"\x89PNG") for path in written)
