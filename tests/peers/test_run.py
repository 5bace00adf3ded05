"""A whole run over a tiny set and a tiny tree, with Vizsla itself as the peer that is really there."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from shop import SHOP, write_tree

ROOT = Path(__file__).parents[2]


def run(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "benchmarks.peers", *map(str, arguments)]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=600, check=False)


def write_set(folder: Path) -> Path:
    """A set of two groups with a function and a question each."""
    texts = {
        "north": "def parse_date(text):\n    return text.split('-')\n",
        "south": "def sign(cookie):\n    return cookie\n",
    }
    rows: dict[str, list[dict[str, Any]]] = {"queries": [], "codes": [], "qrels": []}
    for group, text in texts.items():
        name = text[4 : text.index("(")]
        rows["codes"].append(
            {"cid": group, "code": text, "language": "python", "name": name, "path": "a.py", "group": group}
        )
        rows["queries"].append({"qid": group, "query": name.replace("_", " "), "group": group, "category": "symbol"})
        rows["qrels"].append({"qid": group, "cid": group, "grade": 1})
    (folder / "tiny").mkdir(parents=True)
    for name, lines in rows.items():
        text = "".join(json.dumps(line) + "\n" for line in lines)
        (folder / "tiny" / f"{name}.jsonl").write_text(text, encoding="utf-8")
    return folder


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_a_run_writes_rows_and_tables_and_goes_on_where_it_was(tmp_path: Path) -> None:
    data, work = write_set(tmp_path / "data"), tmp_path / "work"
    source = write_tree(tmp_path / "shop", SHOP)
    transformer = tmp_path / "transformer"  # no peer reads it here
    transformer.mkdir()
    common: list[str | Path] = [
        "--work",
        work,
        "--transformer",
        transformer,
        "--peers",
        "vizslafused",
        "--questions",
        "2",
    ]
    first = run(*common, "--data", data, "--sets", "tiny", "--groups", "north")
    assert first.returncode == 0, first.stderr
    second = run(*common, "--data", data, "--sets", "tiny", "--sources", source, "--sizes", "3")
    assert second.returncode == 0, second.stderr
    rows = [json.loads(line) for line in (work / "trial.jsonl").read_text(encoding="utf-8").splitlines()]
    assert [row["kind"] for row in rows] == ["run", "quality", "run", "quality", "speed"]
    assert [row["group"] for row in rows if row["kind"] == "quality"] == ["north", "south"]
    assert all(row["questions"][0]["mrr"] == 1.0 for row in rows if row["kind"] == "quality")
    speed = rows[-1]
    assert speed["functions"] >= 3
    assert speed["index_seconds"] > 0 and speed["edit_seconds"] > 0 and speed["index_peak_bytes"] > 10_000_000
    assert 0 < speed["query_ms"]["p50"] <= speed["query_ms"]["p99"]
    assert speed["bytes_per_function"] > 0
    third = run("--results", work / "trial.jsonl", "--tables")
    assert "| vizsla, no rerank | 1.000 | 1.000 |" in third.stdout
    assert (work / "trial.md").read_text(encoding="utf-8") == third.stdout.removesuffix("\n")


def test_a_peer_that_does_not_exist_is_named_with_those_that_do(tmp_path: Path) -> None:
    ran = run("--work", tmp_path, "--data", tmp_path, "--peers", "grep")
    assert ran.returncode == 1
    assert "there is no peer 'grep'; there are vizsla, vizslafused, semble" in ran.stderr


def test_a_run_without_anything_to_measure_says_what_to_give(tmp_path: Path) -> None:
    assert "give --data for quality, --sources for speed" in run("--work", tmp_path).stderr
