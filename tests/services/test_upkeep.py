"""The index follows the disk, and nothing is encoded twice."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from vizsla.core.errors import WorkspaceError
from vizsla.index.records import FileState
from vizsla.services.progress import Progress, Stage
from vizsla.services.resources import Resources
from vizsla.services.upkeep import Upkeep
from vizsla.services.workspace import Workspace


def names(workspace: Workspace) -> set[str]:
    """Qualified names of everything that is stored."""
    keys, _ = workspace.store.all_keys_and_hashes()
    return {function.qualified_name for function in workspace.store.functions(keys.tolist()).values()}


def test_everything_in_the_workspace_is_indexed_with_a_vector(workspace: Workspace) -> None:
    done = Upkeep(workspace).run()
    assert done.is_complete
    assert {"retry_upload", "Cart", "Cart.total_price", "signCookie", "parseQuery"} <= names(workspace)
    assert workspace.vectors is not None
    assert len(workspace.vectors) == workspace.store.function_count
    assert workspace.store.pending_count == 0


def test_a_second_run_parses_and_encodes_nothing(workspace: Workspace) -> None:
    old_stamps(workspace.root)
    Upkeep(workspace).run()
    again = Upkeep(workspace).run()
    assert (again.reconciled.parsed, again.embedded.encoded, again.embedded.cached) == (0, 0, 0)


def test_one_changed_function_costs_one_text(workspace: Workspace) -> None:
    Upkeep(workspace).run()
    path = workspace.root / "shop/cart.py"
    path.write_text(path.read_text().replace("item.name != name", "item.name != name.strip()"))
    again = Upkeep(workspace).run()
    assert again.embedded.encoded == 1


def test_moving_a_function_inside_its_file_costs_nothing(workspace: Workspace) -> None:
    Upkeep(workspace).run()
    path = workspace.root / "shop/uploads.py"
    text = path.read_text()
    path.write_text(text.replace("def send(path)", "\n\n\ndef send(path)"))
    again = Upkeep(workspace).run()
    assert (again.reconciled.parsed, again.embedded.encoded) == (1, 0)


def test_renaming_a_file_or_folder_costs_nothing(workspace: Workspace) -> None:
    Upkeep(workspace).run()
    before = names(workspace)
    (workspace.root / "shop").rename(workspace.root / "store")
    again = Upkeep(workspace).run()
    assert again.embedded.encoded == 0
    assert names(workspace) == before
    assert all(not path.startswith("shop/") for path in workspace.store.files())


def test_a_copy_of_the_workspace_costs_nothing(workspace: Workspace, tmp_path: Path) -> None:
    Upkeep(workspace).run()
    copy = tmp_path / "copy"
    shutil.copytree(workspace.root, copy)
    with Workspace(copy, workspace.resources) as second:
        done = Upkeep(second).run()
        assert done.embedded.encoded == 0
        assert second.vectors is not None
        assert len(second.vectors) == second.store.function_count


def test_a_deleted_file_is_gone_from_the_index_and_the_vectors(workspace: Workspace) -> None:
    Upkeep(workspace).run()
    (workspace.root / "web/session.js").unlink()
    Upkeep(workspace).run()
    assert "signCookie" not in names(workspace)
    assert workspace.vectors is not None
    assert len(workspace.vectors) == workspace.store.function_count


def test_equal_size_and_an_older_time_do_not_hide_a_change(workspace: Workspace) -> None:
    old_stamps(workspace.root)
    Upkeep(workspace).run()
    path = workspace.root / "web/session.js"
    path.write_text(path.read_text().replace("signCookie", "markCookie"))
    os.utime(path, (1_000_000_000, 1_000_000_000))
    Upkeep(workspace).run()
    assert "markCookie" in names(workspace)


def test_a_file_written_in_the_same_tick_of_the_clock_is_looked_at_again(workspace: Workspace) -> None:
    path = workspace.root / "web/session.js"
    Upkeep(workspace).run()
    stamp = path.stat()
    path.write_text(path.read_text().replace("signCookie", "markCookie"))
    os.utime(path, ns=(stamp.st_atime_ns, stamp.st_mtime_ns))
    Upkeep(workspace).run()
    assert "markCookie" in names(workspace)


def test_cancelling_keeps_what_is_done_and_the_next_run_goes_on(workspace: Workspace) -> None:
    asked = 0

    def soon() -> bool:
        nonlocal asked
        asked += 1
        return asked > 3

    upkeep = Upkeep(workspace)
    assert not upkeep.run(cancelled=soon).is_complete
    assert upkeep.run().is_complete
    assert "Cart.total_price" in names(workspace)


def test_an_index_left_in_the_middle_is_completed_by_the_next_process(shop: Path, resources: Resources) -> None:
    with Workspace(shop, resources) as first:
        Upkeep(first).indexing.reconcile()
        assert first.store.pending_count > 0
    with Workspace(shop, resources) as second:
        assert Upkeep(second).run().is_complete
        assert second.vectors is not None
        assert len(second.vectors) == second.store.function_count


def test_lost_vectors_are_made_again(shop: Path, fresh_resources: Resources) -> None:
    with Workspace(shop, fresh_resources) as first:
        Upkeep(first).run()
        directory = first.directory
    fresh_resources.embeddings.clear()
    for file in directory.glob("vectors*"):
        file.unlink()
    with Workspace(shop, fresh_resources) as second:
        done = Upkeep(second).run()
        assert done.embedded.encoded > 0
        assert second.vectors is not None
        assert len(second.vectors) == second.store.function_count


def test_skipped_files_are_recorded_with_their_reason(workspace: Workspace) -> None:
    (workspace.root / "blob.py").write_bytes(b"\x00\x01\x02" * 1000)
    (workspace.root / "huge.py").write_text("x = 1\n" * 400_000)
    Upkeep(workspace).run()
    records = workspace.store.files()
    assert records["blob.py"].state is FileState.SKIPPED
    assert "not text" in records["blob.py"].reason
    assert records["huge.py"].state is FileState.SKIPPED
    assert records["huge.py"].reason


def test_progress_ends_where_it_said_it_would(workspace: Workspace) -> None:
    seen: list[Progress] = []
    Upkeep(workspace).run(report=seen.append)
    for stage in (Stage.PARSE, Stage.EMBED):
        last = [progress for progress in seen if progress.stage is stage][-1:]
        assert all(progress.done == progress.total for progress in last)


def test_a_second_process_reads_and_takes_over(shop: Path, resources: Resources) -> None:
    first = Workspace(shop, resources)
    Upkeep(first).run()
    with Workspace(shop, resources) as second:
        assert not second.is_writer
        assert "signCookie" in names(second)
        assert Upkeep(second).run().reconciled.scanned == 0
        first.close()
        (shop / "new.py").write_text("def brand_new():\n    return 1\n")
        assert Upkeep(second).run().is_complete
        assert "brand_new" in names(second)


@pytest.mark.parametrize("kind", ["missing", "file"])
def test_a_root_that_is_no_folder_is_refused_in_one_sentence(tmp_path: Path, resources: Resources, kind: str) -> None:
    root = tmp_path / "root"
    if kind == "file":
        root.write_text("x = 1\n")
    with pytest.raises(WorkspaceError, match="; give the folder of a workspace"):
        Workspace(root, resources)


def old_stamps(root: Path) -> None:
    """Let the files look as if they were written long ago, as most files are."""
    for path in root.rglob("*"):
        if path.is_file():
            os.utime(path, (1_600_000_000, 1_600_000_000))
