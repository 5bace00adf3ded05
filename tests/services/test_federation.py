"""Several roots asked as one: merged by score, one reranking over all, a failure of one told and survived."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from models.tiny_models import make_tiny_model
from services.roots_at import asked, eventually, places, roots_at, settle
from services.trees import borrow
from shop import write_tree
from vizsla.core.errors import QueryError
from vizsla.core.settings import CacheSettings, ModelSettings, Settings
from vizsla.services.answers import SearchRequest
from vizsla.services.resources import Resources
from vizsla.services.roots import Roots


@pytest.fixture
def farm(tmp_path: Path) -> Path:
    """A folder of code about other things than the shop."""
    files = {
        f"animals/{name}.py": f"def feed_{name}(amount):\n    '''Give the {name} its food.'''\n    return amount\n"
        for name in ("cow", "goat", "hen", "pig", "sheep")
    }
    return write_tree(tmp_path / "farm", files)


@pytest.fixture
def both(resources: Resources, shop: Path, farm: Path, tmp_path: Path) -> Iterator[Roots]:
    """The shop and the farm, indexed."""
    with roots_at(borrow(resources, tmp_path / "cache"), shop, farm) as opened:
        yield opened


async def test_hits_of_all_roots_stand_in_the_order_of_their_scores(both: Roots) -> None:
    answer = await asked(both, "feed the goat with what is in the cart", 8)
    scores = [hit.score for hit in answer.hits]
    assert scores == sorted(scores, reverse=True)
    assert {name for name, _ in places(answer)} == {"shop", "farm"}
    assert places(answer)[0] == ("farm", "animals/goat.py")
    assert len(answer.hits) == 8
    assert {"roots", "total"} <= answer.milliseconds.keys()


async def test_the_same_question_has_the_same_answer_again(both: Roots) -> None:
    first, second = [await asked(both, "remove an item", 10) for _ in range(2)]
    assert places(first) == places(second)


async def test_what_cannot_be_asked_of_one_root_is_a_note_and_of_all_is_an_error(both: Roots) -> None:
    answer = await asked(both, "feed in:animals")
    assert {name for name, _ in places(answer)} == {"farm"}
    assert any(note.startswith("shop: there is no folder animals") for note in answer.notes)
    with pytest.raises(QueryError, match="no folder nowhere"):
        await asked(both, "feed in:nowhere")
    with pytest.raises(QueryError, match="empty"):
        await asked(both, "  ")


async def test_a_root_that_fails_adds_a_note_and_the_others_answer(both: Roots) -> None:
    broken = both.all()[0].engine
    assert broken is not None
    broken.searching.close()
    answer = await asked(both, "feed the goat")
    assert places(answer)[0] == ("farm", "animals/goat.py")
    assert answer.is_partial
    assert any(note.startswith("shop: could not be searched") for note in answer.notes)


async def test_what_all_roots_say_is_said_once(shop: Path, farm: Path, tmp_path: Path) -> None:
    settings = Settings(cache=CacheSettings(directory=tmp_path / "cache"), models=ModelSettings(retriever="missing"))
    with roots_at(Resources(settings), shop, farm) as roots:
        answer = await asked(roots, "feed the goat")
        assert places(answer)[0] == ("farm", "animals/goat.py")
        assert not answer.is_semantic
        assert len(answer.notes) == 1
        assert "missing" in answer.notes[0]


async def test_an_empty_root_says_nothing_about_the_others(both: Roots, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    both.add(tmp_path / "empty")
    settle(both)
    answer = await asked(both, "feed the goat")
    assert answer.is_semantic
    assert not answer.is_partial
    assert all(note.startswith("empty: ") for note in answer.notes)


async def test_one_reranking_reads_the_first_of_all_roots(shop: Path, farm: Path, tmp_path: Path) -> None:
    folder = make_tiny_model(tmp_path / "reranker", "cross-encoder")
    settings = Settings(cache=CacheSettings(directory=tmp_path / "cache"), models=ModelSettings(reranker=str(folder)))
    settings = replace(settings, search=replace(settings.search, rerank_seconds=60.0, rerank_depth=6))
    with roots_at(Resources(settings), shop, farm) as roots:
        request = SearchRequest(query="feed the goat what is in the cart", limit=10)
        fused, reranked = [answer async for answer in roots.answers(request)]
        assert (fused.is_reranked, reranked.is_reranked) == (False, True)
        assert {(hit.root, hit.path, hit.name) for hit in fused.hits[:6]} == {
            (hit.root, hit.path, hit.name) for hit in reranked.hits[:6]
        }
        assert {hit.root.name for hit in reranked.hits[:6]} == {"shop", "farm"}
        read = [hit.why.rerank is not None for hit in reranked.hits]
        assert read == [True] * 6 + [False] * (len(read) - 6)
        for hit in reranked.hits:  # each still says what stands in its own file
            assert hit.source in (hit.root / hit.path).read_text()


async def test_a_question_that_is_given_up_leaves_nothing_behind(both: Roots) -> None:
    for after in (0.0, 0.001, 0.005, 0.02):
        task = asyncio.create_task(asked(both, "feed the goat"))
        await asyncio.sleep(after)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
    generator = both.answers(SearchRequest(query="feed the goat"))
    await anext(generator)
    await generator.aclose()  # type: ignore[attr-defined]
    engine = both.all()[0].engine
    assert engine is not None
    models = engine.resources.models
    assert models is not None
    assert eventually(lambda: models.status().pending_texts == 0)
    assert (await asked(both, "feed the goat")).hits


async def test_a_root_that_goes_while_it_is_asked_is_left_out(both: Roots, farm: Path) -> None:
    loop = asyncio.get_running_loop()
    questions = [asyncio.create_task(asked(both, f"feed the goat {number}")) for number in range(20)]
    await loop.run_in_executor(None, both.remove, farm)
    answers = await asyncio.gather(*questions)
    assert all(not any("log" in note for note in answer.notes) for answer in answers)
    assert {name for name, _ in places(await asked(both, "feed the goat"))} == {"shop"}
