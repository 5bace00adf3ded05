"""The log of opened hits: what stands in it, who may read it, and that it can be deleted."""

from __future__ import annotations

import dataclasses
import stat
from pathlib import Path

import pytest

from services.trees import BorrowedResources, borrow
from vizsla.core.errors import CacheError
from vizsla.services.clearing import clear_all, clear_workspace
from vizsla.services.feedback import FILE_NAME, OpenedHit, forget_opened, note_opened, opened_hit
from vizsla.services.resources import Resources
from vizsla.services.upkeep import Upkeep
from vizsla.services.workspace import Workspace
from vizsla_trainer import records
from vizsla_trainer.data.feedback import read_log


@pytest.fixture
def own(tmp_path: Path, resources: Resources) -> BorrowedResources:
    return borrow(resources, tmp_path / "cache")


def hit_in(workspace: str, query: str = "where are uploads retried") -> OpenedHit:
    return OpenedHit(
        time=1.5, workspace=workspace, query=query, path="a.py", qualified_name="f", content_hash="00" * 16
    )


def test_the_trainer_reads_what_the_server_writes(tmp_path: Path) -> None:
    ours = {field.name: field.type for field in dataclasses.fields(OpenedHit)}
    assert ours == {field.name: field.type for field in dataclasses.fields(records.OpenedHit)}
    hits = [hit_in("/home/me/shop"), hit_in("/home/me/\udcff", "snö")]
    for hit in hits:
        note_opened(tmp_path / "cache", hit)
    read = list(read_log(tmp_path / "cache" / FILE_NAME))
    assert [dataclasses.asdict(one) for one in read] == [dataclasses.asdict(one) for one in hits]


def test_nobody_else_can_read_it(tmp_path: Path) -> None:
    note_opened(tmp_path / "cache", hit_in("/home/me/shop"))
    path = tmp_path / "cache" / FILE_NAME
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    path.chmod(0o644)
    note_opened(tmp_path / "cache", hit_in("/home/me/shop"))
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_it_is_not_written_through_a_link(tmp_path: Path) -> None:
    note_opened(tmp_path / "cache", hit_in("/home/me/shop"))
    path = tmp_path / "cache" / FILE_NAME
    path.unlink()
    (tmp_path / "other").touch()
    path.symlink_to(tmp_path / "other")
    with pytest.raises(CacheError, match="cannot be written"):
        note_opened(tmp_path / "cache", hit_in("/home/me/shop"))


def test_a_workspace_can_be_forgotten_and_all(tmp_path: Path) -> None:
    for name in ("shop", "bank", "shop"):
        note_opened(tmp_path / "cache", hit_in(f"/home/me/{name}"))
    path = tmp_path / "cache" / FILE_NAME
    with path.open("ab") as file:
        file.write(b'{"torn')
    assert forget_opened(tmp_path / "cache", Path("/home/me/shop")) > 0
    assert [one.workspace for one in read_log(path)] == ["/home/me/bank"]
    assert b"torn" not in path.read_bytes()
    assert forget_opened(tmp_path / "cache") > 0
    assert not path.exists()
    assert forget_opened(tmp_path / "cache") == 0


def test_clearing_deletes_it(own: BorrowedResources, shop: Path) -> None:
    with own:
        for folder in (shop, Path("/home/me/bank")):
            note_opened(own.cache_directory, hit_in(str(folder)))
        clear_workspace(shop, own)
        assert [one.workspace for one in read_log(own.cache_directory / FILE_NAME)] == ["/home/me/bank"]
        clear_all(own)
        assert not (own.cache_directory / FILE_NAME).exists()


def test_a_hit_is_noted_by_the_function_at_its_place(own: BorrowedResources, shop: Path) -> None:
    with own, Workspace(shop, own) as workspace:
        Upkeep(workspace).indexing.reconcile()
        function = workspace.store.functions_of("shop/uploads.py")[0]
        start = function.range.start
        hit = opened_hit(workspace, "retry", "shop/uploads.py", start.line, start.character)
        assert hit is not None
        assert (hit.workspace, hit.path, hit.qualified_name) == (str(shop), "shop/uploads.py", function.qualified_name)
        assert hit.content_hash == function.content_hash.hex()
        assert opened_hit(workspace, " ", "shop/uploads.py", start.line, start.character) is None
        assert opened_hit(workspace, "retry", "shop/nothing.py", 0, 0) is None
