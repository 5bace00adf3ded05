"""Status tells the truth: every path of the tree is indexed, left out with the reason, failed, or not read yet."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np

from services.trees import borrow
from shop import write_tree
from vizsla.core.settings import CacheSettings, IndexSettings, Settings
from vizsla.services.discovery import scan
from vizsla.services.progress import never
from vizsla.services.recalling import recall_missing, remember_refused
from vizsla.services.resources import Resources
from vizsla.services.status import is_partial, status_of
from vizsla.services.upkeep import Upkeep
from vizsla.services.workspace import Workspace


def messy(root: Path) -> Path:
    """A tree with something of everything."""
    write_tree(root, {"notes.md": "# Notes\n", "data.bin": "x", ".env": "KEY=1\n", "empty.py": "", "min.min.js": "a"})
    write_tree(root, {f"pack/f{n}.py": f"def f{n}():\n    return {n}\n" for n in range(80)})
    (root / "blob.py").write_bytes(b"\x00\x01" * 99)
    (root / "out.py").symlink_to("/etc/hostname")
    (root / "gone.py").symlink_to("nowhere")
    (root / "wide.py").write_text("x = 1\n" * 400_000)
    return root


def test_every_path_is_indexed_or_left_out_with_a_reason(shop: Path, resources: Resources) -> None:
    with Workspace(messy(shop), resources) as workspace:
        Upkeep(workspace).run()
        found = status_of(workspace)
        tree = {file.path for file in scan(workspace.root, IndexSettings(), cancelled=never)}
        assert found.files + len(found.skipped) + len(found.failed) == len(tree)
        assert found.skipped.keys() | found.failed.keys() < tree
        assert {"notes.md", "data.bin", ".env", "blob.py", "out.py", "gone.py", "wide.py"} <= found.skipped.keys()
        assert all(found.skipped.values()) and all(found.failed.values())
        assert (found.unread, found.pending, found.unembeddable) == (0, 0, 0)
        assert found.functions == sum(found.by_language.values()) == workspace.store.function_count
        assert found.reconciled_at is not None and found.index_bytes > 0 and found.degraded == ()


def test_what_a_stopped_run_did_not_read_is_counted(shop: Path, resources: Resources) -> None:
    with Workspace(messy(shop), resources) as workspace:
        asked = iter(range(40))
        Upkeep(workspace).run(cancelled=lambda: next(asked, None) is None)
        found = status_of(workspace)
        tree = {file.path for file in scan(workspace.root, IndexSettings(), cancelled=never)}
        assert found.unread > 0 and is_partial(workspace.store)
        assert found.files + len(found.skipped) + len(found.failed) + found.unread == len(tree)
        Upkeep(workspace).run()
        assert status_of(workspace).unread == 0


def test_other_settings_take_in_what_was_left_out_and_leave_out_what_was_taken_in(
    shop: Path, tmp_path: Path, resources: Resources
) -> None:
    own = borrow(resources, tmp_path / "cache")
    with own, Workspace(messy(shop), own) as workspace:
        Upkeep(workspace).run()
        assert "notes.md" in status_of(workspace).skipped
    own = borrow(resources, tmp_path / "cache")
    own.settings = replace(own.settings, index=replace(own.settings.index, text_windows=True, max_file_bytes=200))
    with own, Workspace(shop, own) as workspace:
        done = Upkeep(workspace).run()
        found = status_of(workspace)
        assert "notes.md" not in found.skipped and "shop/uploads.py" in found.skipped
        assert done.is_complete
        assert Upkeep(workspace).run().reconciled.parsed <= 90  # recent files only, not for the settings


def test_a_text_that_no_vector_can_be_made_of_is_counted_and_not_tried_again(shop: Path, resources: Resources) -> None:
    with Workspace(shop, resources) as workspace:
        Upkeep(workspace).run()
        (sent,) = [one for one in workspace.store.functions_of("shop/uploads.py") if one.name == "send"]
        assert workspace.fingerprint is not None and workspace.vectors is not None
        remember_refused(workspace.store, workspace.fingerprint, [sent.content_hash])
        workspace.vectors.remove(np.array([sent.key]))
        resources.embeddings.forget([sent.content_hash])
        assert recall_missing(workspace) == 0
        assert status_of(workspace).unembeddable == 1
        (workspace.root / "shop/uploads.py").unlink()
        Upkeep(workspace).run()
        assert status_of(workspace).unembeddable == 0


def test_a_reader_says_that_it_only_reads(shop: Path, resources: Resources) -> None:
    with Workspace(shop, resources), Workspace(shop, resources) as reader:
        found = status_of(reader)
        assert not found.is_writer
        assert found.degraded == ("another process keeps this index; this one only reads it",)


def test_a_cache_that_cannot_be_used_is_told_and_the_index_is_in_memory(
    shop: Path, tmp_path: Path, resources: Resources
) -> None:
    (tmp_path / "cache").write_text("in the way")
    own = borrow(resources, tmp_path / "cache")
    with own, Workspace(shop, own) as workspace:
        assert Upkeep(workspace).run().is_complete
        found = status_of(workspace)
        assert found.directory is None and found.functions > 0 and found.index_bytes == 0
        assert any("kept in memory" in sentence for sentence in found.degraded)
        assert any("for this process only" in sentence for sentence in found.degraded)
    assert (tmp_path / "cache").read_text() == "in the way"


def test_a_model_that_is_not_there_is_told(shop: Path, tmp_path: Path) -> None:
    settings = Settings(cache=CacheSettings(directory=tmp_path / "cache"))
    settings = replace(settings, models=replace(settings.models, retriever="no-such"))
    with Resources(settings) as own, Workspace(shop, own) as workspace:
        assert not Upkeep(workspace).run().is_complete
        found = status_of(workspace)
        assert found.model is None and found.pending == found.functions > 0
        assert any("no-such" in sentence and "words alone" in sentence for sentence in found.degraded)
