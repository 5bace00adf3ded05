"""Directories are private, and files are whole or not there."""

from __future__ import annotations

import os
import resource
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from index.builders import MODEL, change, unit_vectors
from vizsla.core.errors import CacheError
from vizsla.index import files
from vizsla.index.clearing import delete_directory, hashes_of
from vizsla.index.embeddings import EmbeddingCache
from vizsla.index.files import cache_root, private_directory, sweep_temporaries, write_atomic
from vizsla.index.lock import WriterLock
from vizsla.index.store import Store
from vizsla.index.vectors import VectorIndex


@pytest.fixture
def open_umask() -> Iterator[None]:
    before = os.umask(0)
    yield
    os.umask(before)


def fill_everything(root: Path) -> None:
    """Write every kind of file that there is."""
    cache_root(root)
    assert WriterLock(private_directory(root / "w") / "writer.lock").try_acquire()
    store = Store.open(root / "w")
    store.replace_files([change("a.py", ("canary_f", "canary_body"))])
    cache = EmbeddingCache(root / "e", 10**9)
    cache.put(MODEL, [content_hash for content_hash, _ in store.pending(9)], unit_vectors(1))
    index = VectorIndex(32)
    index.add(np.array([1]), unit_vectors(1))
    index.save(root / "w", 1, MODEL)
    fill_everything.open = (store, cache)  # type: ignore[attr-defined]  # journals are there while they are open


def test_everything_is_private_whatever_the_umask(tmp_path: Path, open_umask: None) -> None:
    root = tmp_path / "made" / "cache"
    fill_everything(root)
    found = [root.parent, root, *root.rglob("*")]
    assert len(found) > 12
    for path in found:
        assert stat.S_IMODE(path.lstat().st_mode) == (0o700 if path.is_dir() else 0o600), path
    assert (root / "CACHEDIR.TAG").read_text().startswith("Signature: 8a477f597d28d172789f06886806bc55")


def test_a_directory_of_ours_is_tightened_and_one_open_to_writers_is_refused(tmp_path: Path) -> None:
    readable, writable = tmp_path / "readable", tmp_path / "writable"
    readable.mkdir()
    readable.chmod(0o755)
    writable.mkdir()
    writable.chmod(0o777)
    assert stat.S_IMODE(private_directory(readable).stat().st_mode) == 0o700
    with pytest.raises(CacheError, match=r"writable for others .*chmod 700"):
        private_directory(writable)


def test_links_files_and_foreign_directories_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = private_directory(tmp_path / "real")
    (tmp_path / "link").symlink_to(real)
    (tmp_path / "file").touch()
    with pytest.raises(CacheError, match="symbolic link"):
        private_directory(tmp_path / "link")
    with pytest.raises(CacheError, match="not a directory"):
        private_directory(tmp_path / "file")
    with pytest.raises(CacheError, match="cannot be used"):
        private_directory(tmp_path / "file" / "below")
    monkeypatch.setattr(os, "geteuid", lambda: 12345)
    with pytest.raises(CacheError, match="belongs to user"):
        private_directory(real)


def test_a_file_is_synced_before_it_is_published_and_its_directory_after(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    steps: list[str] = []
    fsync, replace = os.fsync, Path.replace

    def logged_fsync(descriptor: int) -> None:
        steps.append("directory" if stat.S_ISDIR(os.fstat(descriptor).st_mode) else "file")
        fsync(descriptor)

    def logged_replace(self: Path, target: Path) -> Path:
        steps.append("publish")
        return replace(self, target)

    monkeypatch.setattr(os, "fsync", logged_fsync)
    monkeypatch.setattr(Path, "replace", logged_replace)
    written = write_atomic(tmp_path / "x", lambda path: path.write_bytes(b"hello"))
    assert steps == ["file", "publish", "directory"]
    assert (written.size, (tmp_path / "x").read_bytes()) == (5, b"hello")
    assert files.read_back(tmp_path / "x") == written


def test_a_write_that_fails_or_loses_bytes_leaves_the_old_file(tmp_path: Path) -> None:
    target = tmp_path / "x"
    write_atomic(target, lambda path: path.write_bytes(b"old"))

    def lossy(path: Path) -> int:  # as usearch does on a full disk: no error, bytes are missing
        path.write_bytes(b"new")
        return 100

    with pytest.raises(CacheError, match="3 of 100 bytes"):
        write_atomic(target, lossy)
    with pytest.raises(CacheError, match="disk is full"):
        write_atomic(target, lambda path: Path("/dev/full").write_bytes(b"x" * 10))
    with pytest.raises(RuntimeError):
        write_atomic(target, lambda path: (_ for _ in ()).throw(RuntimeError()))
    assert [path.name for path in tmp_path.iterdir()] == ["x"] and target.read_bytes() == b"old"


def test_leftovers_of_dead_processes_are_swept_and_those_of_living_ones_stay(tmp_path: Path) -> None:
    dead = subprocess.run([sys.executable, "-c", "import os; print(os.getpid())"], capture_output=True, check=True)
    stale = tmp_path / f".vectors.bin.{int(dead.stdout)}.00ff.tmp"
    living = tmp_path / f".vectors.bin.{os.getpid()}.00ff.tmp"
    for path in (stale, living, tmp_path / "vectors.bin", tmp_path / ".x.tmp"):
        path.touch()
    assert stale in sweep_temporaries(tmp_path)
    assert not stale.exists() and living.exists() and (tmp_path / "vectors.bin").exists()


def test_a_full_disk_is_named_and_what_was_there_stays(tmp_path: Path) -> None:
    """The limit on file sizes stands in for the full disk; it holds for a child alone."""
    program = f"""
import resource, signal, numpy as np
from pathlib import Path
from vizsla.core.errors import CacheError
from index.builders import MODEL, change, unit_vectors
from vizsla.index.store import Store
from vizsla.index.vectors import VectorIndex
root = Path({str(tmp_path / "w")!r})
store = Store.open(root)
store.replace_files([change("a.py", ("f", "pass"))])
index = VectorIndex(32)
index.add(np.arange(1, 101), unit_vectors(100))
index.save(root, 1, MODEL)
index.add(np.arange(101, 40001), unit_vectors(39900))
resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, resource.RLIM_INFINITY))
for number in range(2):
    try:
        index.save(root, 2, MODEL)
        raise SystemExit("saved?")
    except CacheError as error:
        print(error)
    try:
        store.replace_files([change(f"b{{n}}.py", *((f"g{{n}}x{{m}}", "y" * 500) for m in range(50))) for n in range(100)])
        raise SystemExit("stored?")
    except CacheError as error:
        print(error)
    assert list(store.files()) == ["a.py"] and len(store.search_words(["f"], 9)) == 1
resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
store.replace_files([change("b.py", ("g", "pass"))])
print("mended")
"""
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parent.parent)}
    child = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=60, env=environment, check=False
    )
    assert child.returncode == 0, child.stderr
    lines = child.stdout.splitlines()
    assert len(lines) == 5 and lines[-1] == "mended"
    assert all("disk is full" in line or "free some space" in line for line in lines[:4])
    loaded = VectorIndex.load(tmp_path / "w", MODEL, dimension=32)
    assert loaded.index is not None and len(loaded.index) == 100
    assert sweep_temporaries(tmp_path / "w") == []
    assert resource.getrlimit(resource.RLIMIT_FSIZE)[0] == resource.RLIM_INFINITY


def test_clearing_leaves_nothing_and_knows_the_contents_before(tmp_path: Path) -> None:
    root = tmp_path / "cache"
    fill_everything(root)
    store, cache = fill_everything.open  # type: ignore[attr-defined]
    hashes = hashes_of(root / "w")
    assert len(hashes) == 1
    store.close()
    cache.forget(hashes)
    assert cache.count(MODEL) == 0
    assert delete_directory(root / "w") > 0
    assert not (root / "w").exists() and delete_directory(root / "w") == 0 and hashes_of(root / "w") == []
    cache.close()


def test_words_of_a_removed_file_are_in_no_byte_after_tidying(tmp_path: Path) -> None:
    store = Store.open(tmp_path / "w")
    store.replace_files([change("a.py", ("canaryone", "canarytwo")), change("b.py", ("f", "pass"))])
    store.remove_files(["a.py"])
    store.tidy()
    assert not [path for path in (tmp_path / "w").iterdir() if b"canary" in path.read_bytes()]
    store.close()
