"""What is done when, for one index: edits go first, wishes are heard, troubles pass, and the end comes at once."""

from __future__ import annotations

import shutil
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from services.live import PATIENCE, Live, live, until
from services.trees import borrow, missing
from shop import SHOP, write_tree
from vizsla.core.errors import CacheError
from vizsla.retrieval.query import Question
from vizsla.services.progress import Progress, Stage
from vizsla.services.resources import Resources
from vizsla.services.scheduling import Schedule, clocks
from vizsla.services.workspace import Workspace

FILES = 150


@pytest.fixture
def many(shop: Path) -> Path:
    """The shop and a hundred files besides, which come first by name."""
    return write_tree(
        shop,
        {
            f"a{n}/m.py": "".join(f"def a{n}_{k}(value):\n    return compute(value) * {k} + {n}\n\n" for k in range(2))
            for n in range(FILES)
        },
    )


@pytest.fixture
def kept(shop: Path, resources: Resources, tmp_path: Path) -> Iterator[Live]:
    """The small shop, kept up and watched."""
    with live(shop, resources, tmp_path) as one:
        yield one


class Halted:
    """A schedule that has halted at a point of its work until it is told to go on."""

    def __init__(self, workspace: Workspace, stage: Stage) -> None:
        self.stage, self.reached, self.may_go_on = stage, threading.Event(), threading.Event()
        self.reports: list[Progress] = []
        self.schedule = Schedule(workspace, on_progress=self.report)
        self.schedule.start()
        assert self.reached.wait(PATIENCE)

    def report(self, progress: Progress) -> None:
        self.reports.append(progress)
        is_there = progress.stage is self.stage and (progress.done > 0 or progress.stage is Stage.EMBED)
        if is_there and not self.reached.is_set():
            self.reached.set()
            self.may_go_on.wait(PATIENCE)


@contextmanager
def halted(root: Path, lender: Resources, elsewhere: Path, stage: Stage) -> Iterator[tuple[Workspace, Halted]]:
    """A workspace whose first indexing has halted in a stage."""
    with borrow(lender, elsewhere / "cache") as resources, Workspace(root, resources) as workspace:
        one = Halted(workspace, stage)
        try:
            yield workspace, one
        finally:
            one.may_go_on.set()
            one.schedule.close(PATIENCE)


def names(workspace: Workspace, path: str) -> list[str]:
    return [one.name for one in workspace.store.functions_of(path)]


@pytest.mark.parametrize("stage", [Stage.PARSE, Stage.EMBED])
def test_an_edit_goes_before_the_first_indexing(
    many: Path, fresh_resources: Resources, tmp_path: Path, stage: Stage
) -> None:
    with halted(many, fresh_resources, tmp_path, stage) as (workspace, one):
        write_tree(many, {"zz/new.py": "def urgent(value):\n    return value\n"})
        (many / "a149/m.py").unlink()
        (many / "a148").rename(many / "z148")
        one.schedule.changed(["zz/new.py", "a149/m.py", "a148", "z148"])
        until(one.schedule._wishes.are_paths_due)  # more may have been written at the same moment
        one.may_go_on.set()
        assert one.schedule.wait_quiet(PATIENCE)
        (urgent,) = workspace.store.functions_of("zz/new.py")
        embedded = [report.done for report in one.reports if report.stage is Stage.EMBED and report.done]
        if stage is Stage.PARSE:
            last = max(int(key) for key in workspace.store.all_keys_and_hashes()[0])
            assert urgent.key < last, "keys grow as files come in: the edit was not taken in before the rest"
        else:
            assert embedded[0] == 1 < embedded[-1], "the edit was not embedded before the rest"
        assert not missing(workspace)
        assert names(workspace, "a149/m.py") == names(workspace, "a148/m.py") == []
        assert len(names(workspace, "z148/m.py")) == 2
        assert len(workspace.store.files()) == FILES - 1 + len(SHOP) + 1


def test_a_doubt_during_the_first_embedding_is_looked_into_at_once(
    many: Path, fresh_resources: Resources, tmp_path: Path
) -> None:
    with halted(many, fresh_resources, tmp_path, Stage.EMBED) as (workspace, one):
        write_tree(many, {"zz/new.py": "def unheard(value):\n    return value\n"})
        one.schedule.doubt("events were lost")
        one.may_go_on.set()
        until(lambda: names(workspace, "zz/new.py") == ["unheard"])
        assert one.schedule.state.last_doubt == "events were lost"
        assert one.schedule.wait_quiet(PATIENCE) and not missing(workspace)


def test_files_that_look_right_for_a_question_are_parsed_first(
    many: Path, fresh_resources: Resources, tmp_path: Path
) -> None:
    with halted(many, fresh_resources, tmp_path, Stage.PARSE) as (workspace, one):
        assert names(workspace, "shop/uploads.py") == []
        one.schedule.prefer(Question.from_text("where are uploads retried"))
        assert not one.schedule.wait_first(0.0)
        one.may_go_on.set()
        assert one.schedule.wait_first(PATIENCE)
        assert "retry_upload" in names(workspace, "shop/uploads.py")
        assert one.schedule.wait_quiet(PATIENCE)
        (wanted,) = [one.key for one in workspace.store.functions_of("shop/uploads.py") if one.name == "retry_upload"]
        assert wanted < min(one.key for one in workspace.store.functions_of("a99/m.py")), "keys grow as files come in"


def test_a_known_index_can_answer_before_it_is_compared(many: Path, resources: Resources, tmp_path: Path) -> None:
    with live(many, resources, tmp_path) as one:
        assert one.schedule.wait_first(0.0)
    with halted(many, resources, tmp_path, Stage.SCAN) as (_, again):
        assert again.schedule.wait_first(0.0) and again.schedule.state.activity == "scanning"


@pytest.mark.parametrize("stage", [Stage.PARSE, Stage.EMBED])
def test_work_that_is_cancelled_goes_on_when_something_changes_or_it_is_asked_to(
    many: Path, fresh_resources: Resources, tmp_path: Path, stage: Stage
) -> None:
    with halted(many, fresh_resources, tmp_path, stage) as (workspace, one):
        one.schedule.cancel()
        one.may_go_on.set()
        until(lambda: one.schedule.state.activity == "cancelled")
        files, pending = len(workspace.store.files()), workspace.store.pending_count
        assert files < FILES if stage is Stage.PARSE else pending > 0
        assert not one.schedule.wait_quiet(0.2)
        assert (len(workspace.store.files()), workspace.store.pending_count) == (files, pending)
        if stage is Stage.PARSE:
            one.schedule.resume()
        else:
            write_tree(many, {"zz/new.py": "def late(value):\n    return value\n"})
            one.schedule.changed(["zz/new.py"])
        assert one.schedule.wait_quiet(PATIENCE) and not missing(workspace)
        assert one.schedule.state.activity == "ready"


def test_nothing_is_done_during_a_pause_and_nothing_is_missed(kept: Live) -> None:
    kept.schedule.pause()
    until(lambda: kept.schedule.state.activity == "paused")
    write_tree(kept.root, {"new/a.py": "def during_the_pause():\n    return 1\n"})
    assert not kept.schedule.wait_quiet(0.5)
    assert kept.names("new/a.py") == []
    kept.schedule.resume()
    kept.check()
    assert kept.names("new/a.py") == ["during_the_pause"] and kept.schedule.state.activity == "ready"


def test_an_index_that_was_deleted_is_begun_anew(kept: Live) -> None:
    before = kept.workspace.store
    shutil.rmtree(kept.workspace.directory)
    (kept.root / "shop/cart.py").write_text("def after_the_clearing():\n    return 1\n")
    until(lambda: kept.workspace.store is not before)
    until(lambda: kept.names("shop/cart.py") == ["after_the_clearing"])
    kept.check()


def test_trouble_is_told_once_tried_again_and_passes(
    kept: Live, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    tries: list[float] = []

    def fail(*_: object, **__: object) -> None:
        tries.append(time.monotonic())
        raise CacheError("the disk is full; free some space and try again") if len(tries) % 2 else ValueError("odd")

    with monkeypatch.context() as patch:
        patch.setattr(kept.schedule._work.upkeep.indexing, "update", fail)
        patch.setattr(kept.schedule._work.upkeep.indexing, "reconcile", fail)
        (kept.root / "shop/cart.py").write_text("def after_the_trouble():\n    return 1\n")
        until(lambda: len(tries) >= 3)
        state = kept.schedule.state
        assert state.activity == "failed" and ("the disk is full" in state.problem or "odd" in state.problem)
        assert tries[2] - tries[1] > 0.8, "a second failure waits longer than the first"
    kept.check()
    assert kept.names("shop/cart.py") == ["after_the_trouble"]
    assert (kept.schedule.state.activity, kept.schedule.state.problem) == ("ready", "")


def test_listeners_that_fail_stop_nothing(many: Path, resources: Resources, tmp_path: Path) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError("a listener's fault")

    with borrow(resources, tmp_path / "cache") as own, Workspace(many, own) as workspace:
        schedule = Schedule(workspace, on_progress=fail, on_state=fail)
        schedule.start()
        assert schedule.wait_quiet(PATIENCE) and schedule.state.activity == "ready"
        schedule.close()


def test_after_sleep_everything_is_compared(kept: Live, monkeypatch: pytest.MonkeyPatch) -> None:
    source, kept.watcher._source = kept.watcher._source, None
    assert source is not None
    source.close()
    (kept.root / "shop/cart.py").write_text("def while_asleep():\n    return 1\n")
    asleep = clocks._asleep_seconds()
    monkeypatch.setattr(clocks, "_asleep_seconds", lambda: asleep + 3_600.0)
    until(lambda: kept.names("shop/cart.py") == ["while_asleep"])
    assert "slept" in kept.schedule.state.last_doubt


def test_now_and_then_everything_is_compared_though_nothing_was_heard(
    shop: Path, resources: Resources, tmp_path: Path
) -> None:
    with borrow(resources, tmp_path / "cache") as own, Workspace(shop, own) as workspace:
        shown: list[str] = []
        schedule = Schedule(workspace, period_seconds=0.2, on_state=lambda: shown.append(schedule.state.activity))
        schedule.start()
        assert schedule.wait_quiet(PATIENCE)
        (shop / "shop/cart.py").write_text("def unheard():\n    return 1\n")
        until(lambda: names(workspace, "shop/cart.py") == ["unheard"])
        schedule.close()
        assert shown == ["scanning", "ready"], "work that nobody needs to know of was shown"


def test_an_idle_schedule_takes_no_processor_time(kept: Live) -> None:
    kept.settle()
    before = time.process_time()
    time.sleep(1.0)
    assert time.process_time() - before < 0.1


@pytest.mark.parametrize("stage", list(Stage))
def test_it_ends_at_once_whatever_runs_and_the_index_is_whole(
    many: Path, fresh_resources: Resources, tmp_path: Path, stage: Stage
) -> None:
    with borrow(fresh_resources, tmp_path / "cache") as own, Workspace(many, own) as workspace:
        reached = threading.Event()
        schedule = Schedule(workspace, on_progress=lambda progress: reached.set() if progress.stage is stage else None)
        schedule.start()
        assert reached.wait(PATIENCE)
        started = time.monotonic()
        schedule.close(PATIENCE)
        workspace.close()
        assert time.monotonic() - started < 4.0  # a tenth of a second where nothing else runs
    with live(many, fresh_resources, tmp_path) as one:
        one.check()


def test_it_ends_at_once_during_a_pause_and_before_it_began(kept: Live, tmp_path: Path) -> None:
    kept.schedule.pause()
    until(lambda: kept.schedule.state.activity == "paused")
    started = time.monotonic()
    kept.schedule.close()
    kept.schedule.close()
    Schedule(kept.workspace).close()
    assert time.monotonic() - started < 1.0
