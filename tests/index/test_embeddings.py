"""The machine-wide cache gives back what was put, within its budget, for many processes, and survives damage."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from index.builders import MODEL, content_hashes, unit_vectors
from vizsla.core.types import Fingerprint
from vizsla.index.embeddings import FILE_NAME, EmbeddingCache


class Clock:
    """Hours that pass when the test says so."""

    def __init__(self) -> None:
        self.hours = 1_000.0

    def __call__(self) -> float:
        return self.hours * 3600


def test_what_was_put_comes_back_as_unit_vectors_of_its_model(tmp_path: Path) -> None:
    cache, hashes, vectors = EmbeddingCache(tmp_path, 10**9), content_hashes(1200), unit_vectors(1200)
    assert cache.put(MODEL, hashes[:1000], vectors[:1000] * 3) == []
    found = cache.get(MODEL, hashes)
    assert set(found) == set(hashes[:1000])
    for number in range(0, 1000, 37):
        vector = found[hashes[number]]
        assert vector.dtype == np.float32 and np.linalg.norm(vector) == pytest.approx(1)
        assert float(vector @ vectors[number]) > 0.9995
    assert cache.get(Fingerprint("other"), hashes) == {}
    cache.put(MODEL, hashes[:1], vectors[5:6])
    assert float(cache.get(MODEL, hashes[:1])[hashes[0]] @ vectors[5]) > 0.9995
    assert cache.count(MODEL) == 1000
    cache.close()


def test_vectors_without_direction_are_refused(tmp_path: Path) -> None:
    cache, hashes, vectors = EmbeddingCache(tmp_path, 10**9), content_hashes(4), unit_vectors(4)
    vectors[0], vectors[1, 1], vectors[2, 2] = 0, np.nan, np.inf
    assert cache.put(MODEL, hashes, vectors) == hashes[:3]
    assert set(cache.get(MODEL, hashes)) == {hashes[3]}
    with pytest.raises(ValueError, match="one vector a hash"):
        cache.put(MODEL, hashes, vectors[:2])
    cache.close()


def test_the_least_recently_used_go_when_the_budget_is_spent(tmp_path: Path) -> None:
    clock = Clock()
    cache = EmbeddingCache(tmp_path, 500_000, now=clock)
    hashes, vectors = content_hashes(1600), unit_vectors(1600, 384)
    cache.put(MODEL, hashes[:400], vectors[:400])
    clock.hours += 100
    cache.put(MODEL, hashes[400:800], vectors[400:800])
    clock.hours += 100
    assert len(cache.get(MODEL, hashes[:200])) == 200  # used again
    clock.hours += 1
    cache.put(MODEL, hashes[800:1200], vectors[800:1200])
    assert cache.size <= 500_000
    left = cache.get(MODEL, hashes)
    assert set(hashes[800:1200]) <= set(left)
    assert sum(value in left for value in hashes[:200]) > sum(value in left for value in hashes[200:400])
    for start in range(0, 1600, 100):
        cache.put(MODEL, hashes[start : start + 100], vectors[start : start + 100])
        assert cache.size <= 500_000
    cache.close()
    assert (tmp_path / FILE_NAME).stat().st_size < 700_000


def test_a_flipped_bit_in_a_vector_is_a_miss(tmp_path: Path) -> None:
    cache, hashes = EmbeddingCache(tmp_path, 10**9), content_hashes(3)
    cache.put(MODEL, hashes, unit_vectors(3))
    cache.close()
    connection = sqlite3.connect(tmp_path / FILE_NAME)
    (blob,) = connection.execute("SELECT vector FROM vectors WHERE content_hash = ?", (hashes[1],)).fetchone()
    connection.execute(
        "UPDATE vectors SET vector = ? WHERE content_hash = ?", (bytes([blob[0] ^ 4]) + blob[1:], hashes[1])
    )
    connection.commit()
    connection.close()
    cache = EmbeddingCache(tmp_path, 10**9)
    assert set(cache.get(MODEL, hashes)) == {hashes[0], hashes[2]}
    cache.put(MODEL, hashes[1:2], unit_vectors(1))
    assert set(cache.get(MODEL, hashes)) == set(hashes)
    cache.close()


@pytest.mark.parametrize("place", ["start", "middle", "all"])
def test_a_damaged_file_is_dropped_and_built_again(tmp_path: Path, place: str) -> None:
    cache, hashes = EmbeddingCache(tmp_path, 10**9), content_hashes(300)
    cache.put(MODEL, hashes, unit_vectors(300, 384))
    cache.close()
    path = tmp_path / FILE_NAME
    data = bytearray(path.read_bytes())
    stretch = {"start": slice(0, 4096), "middle": slice(4096, len(data) // 2), "all": slice(0, len(data))}[place]
    data[stretch] = b"\x5a" * len(data[stretch])
    path.write_bytes(data)
    cache = EmbeddingCache(tmp_path, 10**9)
    found = cache.get(MODEL, hashes)
    assert len(found) < 300
    assert any("moved aside" in sentence or "dropped" in sentence for sentence in cache.repairs)
    cache.put(MODEL, hashes, unit_vectors(300, 384))
    assert len(cache.get(MODEL, hashes)) == 300
    cache.close()


def test_several_processes_put_and_get_at_once(tmp_path: Path) -> None:
    program = """
import sys
from pathlib import Path
from index.builders import MODEL, content_hashes, unit_vectors
from vizsla.index.embeddings import EmbeddingCache
cache, hashes, vectors = EmbeddingCache(Path(sys.argv[1]), 10**9), content_hashes(400), unit_vectors(400)
for start in range(0, 400, 20):
    cache.put(MODEL, hashes[start : start + 20], vectors[start : start + 20])
    assert len(cache.get(MODEL, hashes[: start + 20])) == start + 20
"""
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parent.parent)}
    children = [
        subprocess.Popen([sys.executable, "-c", program, str(tmp_path)], env=environment, stderr=subprocess.PIPE)
        for _ in range(3)
    ]
    for child in children:
        _, errors = child.communicate(timeout=60)
        assert child.returncode == 0, errors
    cache = EmbeddingCache(tmp_path, 10**9)
    assert cache.count(MODEL) == 400 and cache.repairs == []
    assert cache.clear() > 0 and cache.count(MODEL) == 0
    cache.close()


def test_vectors_are_found_while_their_use_cannot_be_noted(tmp_path: Path) -> None:
    clock, hashes = Clock(), content_hashes(5)
    cache = EmbeddingCache(tmp_path, 10**9, now=clock)
    cache.put(MODEL, hashes, unit_vectors(5))
    clock.hours += 48
    writer = sqlite3.connect(tmp_path / FILE_NAME, isolation_level=None)
    writer.execute("BEGIN IMMEDIATE")
    assert set(cache.get(MODEL, hashes)) == set(hashes)
    writer.execute("ROLLBACK")
    assert set(cache.get(MODEL, hashes)) == set(hashes)
    hours = {hour for (hour,) in writer.execute("SELECT used FROM vectors")}
    assert hours == {int(clock.hours)}
    writer.close()
    cache.close()
