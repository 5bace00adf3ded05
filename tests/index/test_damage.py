"""A store that is killed, damaged, foreign or of another version opens again as something that is right."""

from __future__ import annotations

import os
import random
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest

from index.builders import MODEL, change, unit_vectors
from vizsla.core.errors import CacheError
from vizsla.index.database import DamagedError
from vizsla.index.migrations import SCHEMA_VERSION
from vizsla.index.store import FILE_NAME, Store
from vizsla.index.vectors import VectorIndex

WRITER = """
import sys
import numpy as np
from pathlib import Path
from index.builders import MODEL, change, unit_vectors
from vizsla.index.store import Store
from vizsla.index.vectors import VectorIndex
root = Path(sys.argv[1])
store = Store.open(root)
round = int(store.meta("round") or 0)
print("ready", flush=True)
while True:
    round += 1
    files = [change(f"{name}.py", *((f"f{round}x{number}", f"return {round}") for number in range(8))) for name in "abc"]
    store.replace_files([*files, change("round.py", (f"round{round}", "pass"))])
    if round % 5 == 0:
        store.tidy()
    index = VectorIndex(8)
    index.add(np.arange(1, round % 50 + 2), unit_vectors(round % 50 + 1, 8))
    index.save(root, round, MODEL)
    store.set_meta("round", str(round))
"""


def test_a_writer_killed_at_any_moment_leaves_one_of_its_states(tmp_path: Path) -> None:
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parent.parent)}
    chance, rounds = random.Random(4), set[str]()
    for _ in range(8):
        child = subprocess.Popen([sys.executable, "-c", WRITER, str(tmp_path)], env=environment, stdout=subprocess.PIPE)
        assert child.stdout is not None and child.stdout.readline() == b"ready\n"
        time.sleep(chance.uniform(0.0, 0.25))
        child.send_signal(signal.SIGKILL)
        child.wait()
        child.stdout.close()
        store = Store.open(tmp_path)
        assert store.repairs == [] and store.quick_check() is None
        if store.function_count:
            (last,) = store.functions_of("round.py")
            round_number = last.name.removeprefix("round")
            rounds.add(round_number)
            for name in "abc":
                expected = [f"f{round_number}x{number}" for number in range(8)]
                assert [f.name for f in store.functions_of(f"{name}.py")] == expected
            assert store.function_count == 25
            keys, hashes = store.all_keys_and_hashes()
            assert {content_hash for content_hash, _ in store.pending(100)} == set(hashes)
            assert len(store.search_words(["return"], 100)) == 24
            assert [m.key for m in store.search_words([f"round{round_number}"], 9)] == [last.key]
            assert len(keys) == 25
        store.close()
        loaded = VectorIndex.load(tmp_path, MODEL, dimension=8)
        if loaded.index is not None:
            assert loaded.generation is not None and len(loaded.index) == loaded.generation % 50 + 1
        else:
            # Killed between the two files: the old list no longer fits the new rows.
            assert loaded.problem in ("no vectors are saved", "the saved vectors are damaged")
    assert len(rounds) > 1


def filled(path: Path) -> None:
    store = Store.open(path)
    store.replace_files(
        [change(f"{n}.py", *((f"f{n}x{m}", f"return {n} * {m}") for m in range(20))) for n in range(30)]
    )
    store.close()


@pytest.mark.parametrize("seed", range(6))
def test_damage_anywhere_is_repaired_or_told_and_never_a_crash(tmp_path: Path, seed: int) -> None:
    filled(tmp_path)
    path, chance = tmp_path / FILE_NAME, random.Random(seed)
    data = bytearray(path.read_bytes())
    for _ in range(40):
        start = chance.randrange(len(data))
        data[start : start + 64] = chance.randbytes(64)[: len(data) - start]
    path.write_bytes(data)
    store = Store.open(tmp_path)
    repaired = bool(store.repairs)
    for work in (
        lambda: store.functions_of("3.py"),
        lambda: store.search_words(["return"], 10),
        lambda: store.replace_files([change("3.py", ("g", "pass"))]),
        store.all_keys_and_hashes,
    ):
        try:
            work()
        except DamagedError as error:
            assert "is damaged" in str(error)
            repaired = True
    if store.quick_check() is not None:
        repaired = True
    store.close()
    store = Store.open(tmp_path)
    store.replace_files([change("new.py", ("g", "pass"))])
    assert repaired and store.quick_check() is None and store.search_words(["g"], 5)
    store.close()


@pytest.mark.parametrize("size", [0, 1, 100, 4096, 20_000])
def test_a_truncated_database_is_built_again(tmp_path: Path, size: int) -> None:
    filled(tmp_path)
    path = tmp_path / FILE_NAME
    path.write_bytes(path.read_bytes()[:size])
    store = Store.open(tmp_path)
    assert store.function_count == 0
    assert len(store.repairs) == (1 if size > 1 else 0)  # to SQLite a file of one byte is a new one
    store.replace_files([change("a.py", ("f", "pass"))])
    store.close()


def test_foreign_and_newer_databases_are_moved_aside_not_deleted(tmp_path: Path) -> None:
    path = tmp_path / FILE_NAME
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE theirs (x)")
    connection.commit()
    connection.close()
    tmp_path.chmod(0o700)
    store = Store.open(tmp_path)
    (sentence,) = store.repairs
    assert "not written by Vizsla" in sentence
    assert b"theirs" in (tmp_path / f"{FILE_NAME}.damaged").read_bytes()
    store.close()
    connection = sqlite3.connect(path)
    connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION + 1}")
    connection.close()
    with pytest.raises(CacheError, match="newer version"):
        Store.open(tmp_path, writable=False)
    store = Store.open(tmp_path)
    assert "newer version" in store.repairs[0]
    store.close()


def test_a_database_that_is_no_file_is_named(tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.write_bytes(b"precious")
    (tmp_path / "w").mkdir(mode=0o700)
    (tmp_path / "w" / FILE_NAME).symlink_to(elsewhere)
    store = Store.open(tmp_path / "w")
    assert "no regular file" in store.repairs[0] and elsewhere.read_bytes() == b"precious"
    store.close()


def test_a_rebuilt_store_never_seems_to_fit_vectors_of_the_old_one(tmp_path: Path) -> None:
    filled(tmp_path)
    store = Store.open(tmp_path)
    index = VectorIndex(8)
    index.add(store.all_keys_and_hashes()[0], unit_vectors(600, 8))
    index.save(tmp_path, store.generation, MODEL, identity=store.identity)
    before = (store.identity, store.generation)
    store.close()
    (tmp_path / FILE_NAME).write_bytes(b"damage" * 100)
    store = Store.open(tmp_path)
    assert store.identity != before[0] and store.generation != before[1]
    assert VectorIndex.load(tmp_path, MODEL, dimension=8, identity=store.identity).index is None
    store.close()
