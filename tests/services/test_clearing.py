"""What is cleared is gone from every byte of the cache, and nothing that is in use is cleared."""

from __future__ import annotations

from pathlib import Path

import pytest

from services.trees import BorrowedResources, borrow
from shop import write_tree
from vizsla.core.errors import IndexBusyError
from vizsla.index.lock import WriterLock
from vizsla.services.clearing import clear_all, clear_workspace
from vizsla.services.index_directory import workspace_directory
from vizsla.services.resources import Resources
from vizsla.services.upkeep import Upkeep
from vizsla.services.workspace import Workspace

CANARY = "zyxcanarywv"


@pytest.fixture
def own(tmp_path: Path, resources: Resources) -> BorrowedResources:
    return borrow(resources, tmp_path / "cache")


def bytes_below(directory: Path) -> bytes:
    return b"".join(path.read_bytes() for path in sorted(directory.rglob("*")) if path.is_file())


def index_canary(shop: Path, own: Resources) -> None:
    write_tree(shop, {"secret.py": f'def {CANARY}_one(a):\n    """{CANARY} two"""\n    return "{CANARY}-three"\n'})
    with Workspace(shop, own) as workspace:
        Upkeep(workspace).indexing.reconcile()  # the texts are still pending when it closes
    assert CANARY.encode() in bytes_below(own.cache_directory)


def test_a_cleared_workspace_leaves_no_trace(shop: Path, own: BorrowedResources) -> None:
    with own:
        index_canary(shop, own)
        with Workspace(shop, own) as workspace:
            Upkeep(workspace).run()
            fingerprint = workspace.fingerprint
        assert fingerprint is not None and own.embeddings.count(fingerprint) > 0
        assert clear_workspace(shop, own) > 0
        assert CANARY.encode() not in bytes_below(own.cache_directory)
        assert str(shop).encode() not in bytes_below(own.cache_directory)
        assert own.embeddings.count(fingerprint) == 0
        assert not workspace_directory(own.cache_directory, shop).exists()
        assert clear_workspace(shop, own) == 0


def test_a_function_that_was_deleted_leaves_no_trace_after_the_next_run(shop: Path, own: BorrowedResources) -> None:
    with own:
        index_canary(shop, own)
        with Workspace(shop, own) as workspace:
            Upkeep(workspace).run()
            (shop / "secret.py").unlink()
            Upkeep(workspace).run()
        assert CANARY.encode() not in bytes_below(own.cache_directory)


def test_an_index_in_use_is_not_cleared_and_the_others_are(shop: Path, tmp_path: Path, own: BorrowedResources) -> None:
    other = write_tree(tmp_path / "other", {"a.py": f"def {CANARY}():\n    pass\n"})
    with own:
        with Workspace(other, own) as second:
            Upkeep(second).run()
        with Workspace(shop, own) as workspace:
            Upkeep(workspace).run()
            with pytest.raises(IndexBusyError, match="end it, then clear again"):
                clear_workspace(shop, own)
            with pytest.raises(IndexBusyError):
                clear_all(own)
            assert workspace.store.function_count > 0
            assert CANARY.encode() not in bytes_below(own.cache_directory)
        assert clear_all(own) > 0
        assert not any((own.cache_directory / "workspaces").iterdir())


def test_vectors_that_were_damaged_and_moved_aside_are_cleared_too(shop: Path, own: BorrowedResources) -> None:
    with own:
        with Workspace(shop, own) as workspace:
            Upkeep(workspace).run()
        path = own.cache_directory / "embeddings.sqlite"
        own.embeddings.close()
        own._embeddings = None
        path.write_bytes(b"\xa5" * 50_000)
        assert own.embeddings.repairs
        clear_all(own)
        assert b"\xa5" * 1_000 not in bytes_below(own.cache_directory)


def test_an_index_whose_workspace_is_gone_can_be_cleared(shop: Path, own: BorrowedResources) -> None:
    with own:
        index_canary(shop, own)
        shop.rename(shop.with_name("moved"))
        assert clear_workspace(shop, own) > 0
        assert CANARY.encode() not in bytes_below(own.cache_directory)


def test_a_reader_of_a_cleared_index_can_begin_anew(shop: Path, own: BorrowedResources) -> None:
    with own:
        with Workspace(shop, own) as writer:
            Upkeep(writer).run()
            reader = Workspace(shop, own)
        clear_workspace(shop, own)
        assert Upkeep(reader).run().is_complete
        assert reader.is_writer and reader.store.function_count > 0
        reader.close()


def test_clearing_all_deletes_runs_of_training_but_for_one_that_goes_on(own: BorrowedResources) -> None:
    training = own.cache_directory / "training"
    for name in ("done", "going-on"):
        (training / name).mkdir(parents=True)
        (training / name / "codes.jsonl.gz").write_bytes(b"code")
    lock = WriterLock(training / "going-on" / ".lock")
    assert lock.try_acquire()
    with own:
        with pytest.raises(IndexBusyError, match="a training keeps going-on"):
            clear_all(own)
        lock.release()
        assert [path.name for path in training.iterdir()] == ["going-on"]
        assert clear_all(own) > 0
    assert list(training.iterdir()) == []
