"""Parsing everything again: all of it once, whatever comes between."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from services.live import PATIENCE, Live, live, until
from services.trees import borrow
from shop import write_tree
from vizsla.services import intake
from vizsla.services.progress import Progress, Stage
from vizsla.services.reading import SourceText, read_source
from vizsla.services.resources import Resources
from vizsla.services.scheduling import Schedule
from vizsla.services.upkeep import Upkeep
from vizsla.services.workspace import Workspace

FILES = 150


@pytest.fixture
def kept(shop: Path, resources: Resources, tmp_path: Path) -> Iterator[Live]:
    """The small shop, kept up and watched."""
    with live(shop, resources, tmp_path) as one:
        yield one


def test_a_rebuild_parses_everything_again(kept: Live) -> None:
    keys = kept.workspace.store.all_keys_and_hashes()[0].tolist()
    with kept.workspace.store._write() as connection:  # as if an earlier edition had stored them wrongly
        connection.execute("UPDATE functions SET signature = 'wrong'")
    kept.schedule.rebuild()
    kept.check()
    found = kept.workspace.store.functions(kept.workspace.store.all_keys_and_hashes()[0].tolist())
    assert len(found) == len(keys) and all(one.signature != "wrong" for one in found.values())


def test_a_rebuild_that_was_paused_goes_on_where_it_was(resources: Resources, tmp_path: Path) -> None:
    root = write_tree(
        tmp_path / "many", {f"a{n}.py": f"def a{n}(value):\n    return value + {n}\n" for n in range(FILES)}
    )
    for path in root.iterdir():  # what was written this moment is looked at again in any case
        os.utime(path, (1_700_000_000, 1_700_000_000))
    reports: list[Progress] = []
    reached, may_go_on = threading.Event(), threading.Event()

    def halt(progress: Progress) -> None:
        reports.append(progress)
        if progress.stage is Stage.PARSE and progress.done:
            reached.set()
            may_go_on.wait(PATIENCE)

    with borrow(resources, tmp_path / "cache") as borrowed, Workspace(root, borrowed) as workspace:
        assert Upkeep(workspace).run().is_complete
        schedule = Schedule(workspace, on_progress=halt)
        schedule.rebuild()
        schedule.start()
        try:
            assert reached.wait(PATIENCE)
            schedule.pause()
            may_go_on.set()
            until(lambda: schedule.state.activity == "paused")
            schedule.resume()
            assert schedule.wait_quiet(PATIENCE)
        finally:
            may_go_on.set()
            schedule.close(PATIENCE)
    totals = [report.total for report in reports if report.stage is Stage.PARSE]
    assert totals[0] == FILES > totals[-1] > 0


def test_a_rebuild_while_a_file_keeps_changing_ends(kept: Live, monkeypatch: pytest.MonkeyPatch) -> None:
    reconcile, begun = kept.schedule._work.upkeep.indexing.reconcile, [0]

    def always_changing(*given: Any) -> Any:
        outcome = read_source(*given)
        if given[1] == "shop/cart.py" and isinstance(outcome, SourceText):
            return replace(outcome, is_stable=False)
        return outcome

    def counted(**given: Any) -> Any:
        begun[0] += 1
        return reconcile(**given)

    with monkeypatch.context() as patch:
        patch.setattr(intake, "read_source", always_changing)
        patch.setattr(kept.schedule._work.upkeep.indexing, "reconcile", counted)
        kept.schedule.rebuild()
        until(lambda: begun[0])
        until(lambda: kept.schedule._work._unstable.is_failing)
        time.sleep(0.3)  # of the second until it is tried again
        assert begun[0] == 1
    kept.check()
