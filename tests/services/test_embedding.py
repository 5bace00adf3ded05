"""Vectors come first to those functions that somebody looks at, and stopping does not wait for the rest."""

from __future__ import annotations

from pathlib import Path

from vizsla.services.embedding import EmbeddingService
from vizsla.services.indexing import IndexingService
from vizsla.services.resources import Resources
from vizsla.services.workspace import Workspace


def test_urgent_functions_have_their_vectors_before_all_others(shop: Path, fresh_resources: Resources) -> None:
    with Workspace(shop, fresh_resources) as workspace:
        IndexingService(workspace).reconcile()
        before = workspace.store.pending_count
        last = workspace.store.pending(before)[-1][0]
        service = EmbeddingService(workspace)
        service.hurry([last])
        service.embed(cancelled=lambda: workspace.store.pending_count < before)
        assert last not in workspace.store.pending_hashes()
        assert workspace.store.pending_count == before - 1


def test_what_becomes_urgent_meanwhile_overtakes_and_nothing_is_left_out(
    shop: Path, fresh_resources: Resources
) -> None:
    with Workspace(shop, fresh_resources) as workspace:
        IndexingService(workspace).reconcile()
        hashes = list(workspace.store.pending_hashes())
        service = EmbeddingService(workspace)

        def hurry_once() -> bool:
            if hashes:
                service.hurry([hashes.pop()])
            return False

        done = service.embed(cancelled=hurry_once)
        assert done.is_complete
        assert workspace.vectors is not None
        assert len(workspace.vectors) == workspace.store.function_count


def test_a_wish_to_stop_is_heard_while_the_worker_computes(shop: Path, fresh_resources: Resources) -> None:
    with Workspace(shop, fresh_resources) as workspace:
        IndexingService(workspace).reconcile()
        before = workspace.store.pending_count
        asked = iter([False])
        done = EmbeddingService(workspace).embed(cancelled=lambda: next(asked, True))
        assert not done.is_complete
        assert workspace.store.pending_count == before - done.encoded


def test_only_what_somebody_waits_for_is_embedded_while_other_work_waits(
    shop: Path, fresh_resources: Resources
) -> None:
    with Workspace(shop, fresh_resources) as workspace:
        IndexingService(workspace).reconcile()
        wanted = {content for content, _ in workspace.store.pending(1_000)[-2:]}
        before = workspace.store.pending_count
        service = EmbeddingService(workspace)
        service.hurry(wanted)
        service.embed_urgent()
        assert workspace.store.pending_count == before - len(wanted)
        assert not wanted & workspace.store.pending_hashes()
        assert workspace.vectors is not None
        assert len(workspace.vectors) == len(wanted)
