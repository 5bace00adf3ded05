"""Several processes and threads on one index: readers follow, the next writer takes over, closing is safe."""

from __future__ import annotations

import asyncio
import shutil
import threading
import time
from pathlib import Path

import pytest

from services.trees import borrow, stored
from shop import write_tree
from vizsla.core.errors import CacheError, WorkerDiedError, WorkspaceError
from vizsla.index.store import Store
from vizsla.services.answers import SearchRequest
from vizsla.services.resources import Resources
from vizsla.services.searching import SearchService
from vizsla.services.status import status_of
from vizsla.services.upkeep import Upkeep
from vizsla.services.workspace import Workspace


def settled(reader: Workspace, writer: Workspace) -> bool:
    """Whether a reader comes to see what the writer sees."""
    wanted = stored(writer, with_vectors=True)
    for _ in range(200):
        if stored(reader, with_vectors=True) == wanted:
            return True
        time.sleep(0.02)
    return False


def test_a_reader_follows_what_the_writer_adds_changes_and_removes(shop: Path, resources: Resources) -> None:
    with Workspace(shop, resources) as writer, Workspace(shop, resources) as reader:
        assert writer.is_writer and not reader.is_writer
        assert reader.view().store.function_count == 0
        Upkeep(writer).run()
        assert settled(reader, writer)
        assert len(reader.vectors or ()) == writer.store.function_count
        (shop / "new.py").write_text("def brand_new():\n    return 1\n")
        (shop / "web/session.js").unlink()
        Upkeep(writer).run()
        assert settled(reader, writer)
        assert reader.store.functions_of("new.py") and not reader.store.functions_of("web/session.js")


def test_a_reader_sees_vectors_that_come_long_after_their_functions(
    shop: Path, tmp_path: Path, resources: Resources
) -> None:
    own = borrow(resources, tmp_path / "cache")
    with own, Workspace(shop, own) as writer, Workspace(shop, own) as reader:
        upkeep = Upkeep(writer)
        upkeep.indexing.reconcile()
        assert reader.vectors is not None and len(reader.vectors) == 0
        upkeep.embedding.embed()
        assert settled(reader, writer)
        assert len(reader.vectors) == writer.store.function_count


def test_a_reader_follows_to_a_store_that_was_built_again(shop: Path, resources: Resources) -> None:
    with Workspace(shop, resources) as writer, Workspace(shop, resources) as reader:
        Upkeep(writer).run()
        assert settled(reader, writer)
        identity = reader.store.identity
        damage(writer)
        assert Upkeep(writer).run().is_complete
        assert settled(reader, writer)
        assert reader.view().store.identity == writer.store.identity != identity


def test_damage_in_the_middle_of_a_run_is_mended_by_the_same_run(shop: Path, resources: Resources) -> None:
    with Workspace(shop, resources) as workspace:
        Upkeep(workspace).run()
        expected = stored(workspace, with_vectors=True)
        write_tree(shop, {"shop/cart.py": (shop / "shop/cart.py").read_text() + "\n\ndef last():\n    pass\n"})
        damage(workspace)
        assert Upkeep(workspace).run().is_complete
        found = stored(workspace, with_vectors=True)
        assert expected.keys() - found.keys() == {
            key for key in expected if key[:3] == ("shop/cart.py", "cart", "module")
        }
        assert any("damaged" in sentence for sentence in status_of(workspace).degraded)


def test_damage_that_a_question_meets_is_mended_by_the_next_run(shop: Path, resources: Resources) -> None:
    with Workspace(shop, resources) as workspace:
        Upkeep(workspace).run()
        damage(workspace)
        service = SearchService(workspace)
        with pytest.raises(CacheError, match="is damaged"):
            asyncio.run(service.search(SearchRequest(query="retry upload")))
        assert workspace.is_damaged
        Upkeep(workspace).run()
        answer = asyncio.run(service.search(SearchRequest(query="retry upload")))
        service.close()
        assert answer.hits[0].name == "retry_upload"


def test_questions_go_on_while_a_reader_becomes_the_writer_and_while_a_store_is_replaced(
    shop: Path, resources: Resources
) -> None:
    first = Workspace(shop, resources)
    Upkeep(first).run()
    second = Workspace(shop, resources)
    service = SearchService(second)
    stop, problems, names = threading.Event(), list[Exception](), list[str]()

    async def ask() -> None:
        while not stop.is_set():
            try:
                answer = await service.search(SearchRequest(query="retry failed uploads"))
                names.extend(hit.name for hit in answer.hits[:1])
            except Exception as error:
                problems.append(error)
                return

    async def ask_three_at_once() -> None:
        await asyncio.gather(ask(), ask(), ask())

    thread = threading.Thread(target=lambda: asyncio.run(ask_three_at_once()))
    thread.start()
    first.close()
    assert Upkeep(second).run().is_complete and second.is_writer
    for _ in range(3):
        with second.upkeeping:
            second.reopen()
        assert Upkeep(second).run().is_complete
    stop.set()
    thread.join()
    service.close()
    second.close()
    assert problems == []
    assert set(names) == {"retry_upload"}


def test_a_deleted_directory_is_begun_anew(shop: Path, resources: Resources) -> None:
    with Workspace(shop, resources) as workspace:
        Upkeep(workspace).run()
        before = stored(workspace, with_vectors=True)
        shutil.rmtree(workspace.directory)
        assert Upkeep(workspace).run().is_complete
        assert stored(workspace, with_vectors=True) == before
        assert (workspace.directory.stat().st_mode & 0o777) == 0o700
        assert "was deleted and is built again" in workspace.repairs[0]


def test_closing_twice_and_using_a_closed_workspace(shop: Path, resources: Resources) -> None:
    workspace = Workspace(shop, resources)
    Upkeep(workspace).run()
    workspace.close()
    workspace.close()
    with pytest.raises(WorkspaceError, match="was closed; open the workspace again"):
        workspace.view()
    assert not workspace.become_writer()
    assert Upkeep(workspace).run().reconciled.scanned == 0
    with Workspace(shop, resources) as again:
        assert again.is_writer


def test_closing_ends_a_run_in_another_thread_and_the_next_process_goes_on(
    shop: Path, fresh_resources: Resources
) -> None:
    write_tree(
        shop,
        {f"many/m{n}.py": "".join(f"def f{n}_{k}(a):\n    return a * {k}\n\n" for k in range(20)) for n in range(40)},
    )
    workspace = Workspace(shop, fresh_resources)
    has_begun = threading.Event()
    outcome: list[object] = []

    def run() -> None:
        try:
            outcome.append(Upkeep(workspace).run(report=lambda progress: has_begun.set() if progress.done else None))
        except Exception as error:
            outcome.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    assert has_begun.wait(60)
    workspace.close()
    thread.join(60)
    assert not isinstance(outcome[0], Exception) and not outcome[0].is_complete  # type: ignore[attr-defined]
    with Workspace(shop, fresh_resources) as again:
        assert again.is_writer and again.store.quick_check() is None
        assert Upkeep(again).run().is_complete
        assert len(again.vectors or ()) == again.store.function_count


def test_resources_that_were_closed_start_nothing_again(shop: Path, resources: Resources, tmp_path: Path) -> None:
    own = borrow(resources, tmp_path / "cache")
    workspace = Workspace(shop, own)
    Upkeep(workspace).run()
    own.close()
    own.close()
    assert own.models is None
    with pytest.raises(WorkerDiedError):
        _ = own.pool
    with pytest.raises(CacheError):
        _ = own.embeddings
    workspace.close()


def test_few_new_vectors_are_saved_when_the_workspace_closes_and_many_at_once(shop: Path, resources: Resources) -> None:
    write_tree(shop, {"many.py": "".join(f"def f{k}(a):\n    return a * {k}\n\n" for k in range(100))})
    with Workspace(shop, resources) as workspace:
        saved = workspace.directory / "vectors.bin"
        Upkeep(workspace).run()
        before = saved.read_bytes()
        (shop / "one.py").write_text("def one(a):\n    return a\n")
        Upkeep(workspace).run()
        assert saved.read_bytes() == before
    assert len(saved.read_bytes()) > len(before)


def damage(workspace: Workspace) -> None:
    """Spoil the middle of a store that is in use, for all connections."""
    store = workspace.store
    assert isinstance(store, Store)
    store._connections.give_back_space()
    path = workspace.directory / "index.sqlite"
    with path.open("r+b") as file:
        file.seek(4096)
        file.write(b"\xa5" * (path.stat().st_size - 4096))
    for connection in (store._connections._reader, store._connections._writer):
        assert connection is not None
        connection.execute("PRAGMA shrink_memory")
