"""Questions that are cancelled, that come many at a time, and whose model worker dies: the others are answered."""

from __future__ import annotations

import asyncio
import os
import signal
import threading
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from vizsla.services.answers import Answer, SearchRequest
from vizsla.services.resources import Resources
from vizsla.services.searching import SearchService
from vizsla.services.upkeep import Upkeep
from vizsla.services.workspace import Workspace

QUESTION = SearchRequest(query="retry failed uploads")


@pytest.fixture
async def service(workspace: Workspace) -> AsyncIterator[SearchService]:
    """Answers questions about the small shop, which is indexed."""
    Upkeep(workspace).run()
    made = SearchService(workspace)
    yield made
    made.close()


async def first_of(service: SearchService, request: SearchRequest = QUESTION) -> Answer:
    async for answer in service.answers(request):
        return answer
    raise AssertionError("no answer")


async def is_given_up(task: asyncio.Task[Answer]) -> bool:
    """Whether a cancelled question ends although nothing that it waits for does."""
    task.cancel()
    done, _ = await asyncio.wait((task,), timeout=20)
    return bool(done) and task.cancelled()


class Held:
    """Holds the store of a workspace, so that no stage of a question comes to its end."""

    def __init__(self, workspace: Workspace) -> None:
        self._release = threading.Event()
        self._is_held = threading.Event()
        self._thread = threading.Thread(target=self._hold, args=(workspace,))

    def __enter__(self) -> None:
        self._thread.start()
        self._is_held.wait()

    def __exit__(self, *_: object) -> None:
        self._release.set()
        self._thread.join()

    def _hold(self, workspace: Workspace) -> None:
        with workspace.store.snapshot():
            self._is_held.set()
            self._release.wait(60)


async def test_a_cancelled_question_does_not_wait_for_its_stage(service: SearchService, workspace: Workspace) -> None:
    await first_of(service)
    with Held(workspace):
        task = asyncio.create_task(first_of(service))
        await asyncio.sleep(0.1)  # so that it may have come to a stage; what follows holds anyway
        assert await is_given_up(task)
    assert (await first_of(service)).hits


async def test_questions_that_were_given_up_do_not_keep_others_from_an_answer(
    service: SearchService, workspace: Workspace
) -> None:
    with Held(workspace):
        tasks = [asyncio.create_task(first_of(service)) for _ in range(20)]
        await asyncio.sleep(0.1)
        assert all([await is_given_up(task) for task in tasks])
    assert (await first_of(service)).hits


async def test_twenty_questions_at_once_are_all_answered(service: SearchService) -> None:
    requests = [SearchRequest(query=f"retry failed uploads {number}") for number in range(20)]
    answers = await asyncio.gather(*(service.search(request) for request in requests))
    assert [answer.hits[0].qualified_name for answer in answers] == ["retry_upload"] * 20


async def test_a_cancelled_question_does_not_wait_for_the_model_worker(shop: Path, fresh_resources: Resources) -> None:
    with Workspace(shop, fresh_resources) as workspace:
        Upkeep(workspace).run()
        service = SearchService(workspace)
        assert fresh_resources.models is not None
        pid = fresh_resources.models.status().pid
        assert pid is not None
        os.kill(pid, signal.SIGSTOP)
        task = asyncio.create_task(first_of(service))
        await asyncio.sleep(0.1)
        assert await is_given_up(task)
        assert fresh_resources.models.status().pending_texts == 0, "what nobody waits for is not computed"
        os.kill(pid, signal.SIGCONT)
        assert (await first_of(service)).is_semantic
        service.close()


async def test_a_worker_that_dies_during_a_question_leaves_it_to_words(shop: Path, fresh_resources: Resources) -> None:
    with Workspace(shop, fresh_resources) as workspace:
        Upkeep(workspace).run()
        service = SearchService(workspace)
        models = fresh_resources.models
        assert models is not None
        pid = models.status().pid
        assert pid is not None
        os.kill(pid, signal.SIGSTOP)  # it has not answered when it dies
        task = asyncio.create_task(first_of(service))
        while not models.status().pending_texts:
            await asyncio.sleep(0.001)
        os.kill(pid, signal.SIGKILL)
        answer = await task
        if not answer.is_semantic:  # else the new worker was there before anybody looked
            assert "answered from words alone: the model worker ended and is started again" in answer.notes[0]
        assert answer.hits[0].qualified_name == "retry_upload"
        deadline = time.monotonic() + 60
        while not (await first_of(service)).is_semantic:
            assert time.monotonic() < deadline, "it is started again although nobody waited for it"
            await asyncio.sleep(0.05)
        service.close()


async def test_a_copy_is_shown_when_the_best_of_them_is_gone(workspace: Workspace) -> None:
    text = (workspace.root / "shop/uploads.py").read_text()
    (workspace.root / "z_copy.py").write_text(text)
    Upkeep(workspace).run()
    service = SearchService(workspace)
    before = (await first_of(service)).hits[0]
    assert [copy.qualified_name for copy in before.copies] == ["retry_upload"]
    (workspace.root / before.path).unlink()
    after = (await first_of(service)).hits[0]
    service.close()
    assert (after.qualified_name, after.path) == ("retry_upload", before.copies[0].path)
