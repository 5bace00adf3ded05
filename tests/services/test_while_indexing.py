"""While an index is being built: questions are answered, what dies is replaced, what is full is told."""

from __future__ import annotations

import asyncio
import os
import signal
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from services.trees import borrow, missing
from shop import write_tree
from vizsla.core.errors import CacheError
from vizsla.services.answers import Answer, SearchRequest
from vizsla.services.progress import Progress, Stage
from vizsla.services.resources import Resources
from vizsla.services.searching import SearchService
from vizsla.services.status import status_of
from vizsla.services.upkeep import Upkeep, Upkept
from vizsla.services.workspace import Workspace


@pytest.fixture
def many(shop: Path) -> Path:
    """The shop among hundreds of other functions, which come before it and after it."""
    for letter in "az":
        write_tree(
            shop,
            {
                f"{letter}{n}/m.py": "".join(
                    f"def {letter}{n}_{k}(value):\n    return compute_{letter}(value) * {k} + {n}\n\n" for k in range(3)
                )
                for n in range(60)
            },
        )
    return shop


class Running:
    """A run in a thread of its own that waits at a point until it is told to go on."""

    def __init__(self, upkeep: Upkeep, stop_at: Callable[[Progress], bool]) -> None:
        self.reached, self.go_on = threading.Event(), threading.Event()
        self.done: Upkept | None = None

        def report(progress: Progress) -> None:
            if not self.reached.is_set() and stop_at(progress):
                self.reached.set()
                self.go_on.wait(60)

        def run() -> None:
            self.done = upkeep.run(report=report)

        self.thread = threading.Thread(target=run)
        self.thread.start()
        assert self.reached.wait(60)

    def finish(self) -> Upkept:
        self.go_on.set()
        self.thread.join(120)
        assert self.done is not None
        return self.done


def ask(workspace: Workspace, query: str, upkeep: Upkeep) -> Answer:
    service = SearchService(workspace, hurry=upkeep.embedding.hurry)
    try:
        return asyncio.run(service.search(SearchRequest(query=query)))
    finally:
        service.close()


def test_a_question_during_the_first_parsing_is_answered_from_words_at_once(
    many: Path, fresh_resources: Resources
) -> None:
    with Workspace(many, fresh_resources) as workspace:
        upkeep = Upkeep(workspace)
        running = Running(upkeep, lambda progress: progress.stage is Stage.PARSE and progress.done >= 64)
        answer = ask(workspace, "compute_a value", upkeep)
        assert answer.hits and answer.is_partial and not answer.is_semantic
        assert "from words alone" in answer.notes[0]
        found = status_of(workspace)
        assert found.unread > 0 and found.pending > 0
        assert running.finish().is_complete
        assert not missing(workspace)
        assert not ask(workspace, "compute_a value", upkeep).is_partial


def test_functions_that_a_question_finds_are_embedded_before_all_others(many: Path, fresh_resources: Resources) -> None:
    with Workspace(many, fresh_resources) as workspace:
        upkeep = Upkeep(workspace)
        running = Running(upkeep, lambda progress: progress.stage is Stage.EMBED)
        before = workspace.store.pending_hashes()
        answer = ask(workspace, "retry upload", upkeep)
        assert answer.hits[0].name == "retry_upload" and answer.is_partial
        (wanted,) = [
            one.content_hash for one in workspace.store.functions_of("shop/uploads.py") if one.name == "retry_upload"
        ]
        assert wanted in before
        running.go_on.set()
        while wanted in workspace.store.pending_hashes():
            time.sleep(0.005)
        # The requests that the worker had already may come before it, two of 256 texts at most.
        assert running.finish().is_complete
        assert not missing(workspace)


def test_questions_from_many_threads_all_get_answers_while_all_is_made(many: Path, fresh_resources: Resources) -> None:
    with Workspace(many, fresh_resources) as workspace:
        upkeep, stop = Upkeep(workspace), threading.Event()
        answers: list[Answer] = []
        problems: list[Exception] = []

        def keep_asking() -> None:
            while not stop.is_set():
                try:
                    answers.append(ask(workspace, "compute value", upkeep))
                except Exception as error:
                    problems.append(error)

        threads = [threading.Thread(target=keep_asking) for _ in range(3)]
        for thread in threads:
            thread.start()
        done = upkeep.run()
        stop.set()
        for thread in threads:
            thread.join()
        assert done.is_complete and problems == []
        assert any(answer.is_partial for answer in answers)
        assert ask(workspace, "compute value", upkeep).is_semantic


def test_children_killed_in_the_middle_of_a_run_do_not_keep_it_from_its_end(
    many: Path, fresh_resources: Resources
) -> None:
    with Workspace(many, fresh_resources) as workspace:
        killed: set[Stage] = set()

        def kill(progress: Progress) -> None:
            if progress.stage not in killed and progress.done:
                killed.add(progress.stage)
                models = fresh_resources.models
                assert models is not None
                pids = [
                    *fresh_resources.pool.children,
                    *([models.status().pid] if progress.stage is Stage.EMBED else []),
                ]
                for pid in pids:
                    if pid is not None:
                        os.kill(pid, signal.SIGKILL)

        assert Upkeep(workspace).run(report=kill).is_complete
        assert {Stage.PARSE, Stage.EMBED} <= killed
        assert not missing(workspace)
        assert status_of(workspace).failed == {}
        assert len(workspace.store.functions_of("z59/m.py")) >= 3


def test_a_full_disk_under_the_store_is_told_in_one_sentence_and_nothing_is_lost(
    many: Path, tmp_path: Path, resources: Resources
) -> None:
    own = borrow(resources, tmp_path / "cache")
    with own, Workspace(many, own) as workspace:
        limit_pages(workspace.store._connections._writer, 2)
        with pytest.raises(CacheError, match="the disk is full; free some space and try again") as caught:
            Upkeep(workspace).run()
        assert "\n" not in str(caught.value)
        limit_pages(workspace.store._connections._writer, 10**6)
        assert Upkeep(workspace).run().is_complete
        assert not missing(workspace)


def test_a_full_disk_under_the_cache_of_vectors_leaves_the_texts_pending(
    many: Path, tmp_path: Path, resources: Resources
) -> None:
    own = borrow(resources, tmp_path / "cache")
    with own, Workspace(many, own) as workspace:
        limit_pages(own.embeddings._connection, 2)
        done = Upkeep(workspace).run()
        assert not done.is_complete and "the disk is full" in done.embedded.problem
        assert workspace.store.pending_count > 0
        encoded = done.embedded.encoded
        limit_pages(own.embeddings._connection, 10**6)
        again = Upkeep(workspace).run()
        assert again.is_complete and not missing(workspace)
        assert encoded + again.embedded.encoded + again.embedded.cached == len(
            set(workspace.store.all_keys_and_hashes()[1])
        )


def limit_pages(connection: object, more: int) -> None:
    """Let a database be as if there were room for so many more pages on the disk."""
    (count,) = connection.execute("PRAGMA page_count").fetchone()  # type: ignore[attr-defined]
    connection.execute(f"PRAGMA max_page_count = {count + more}")  # type: ignore[attr-defined]
