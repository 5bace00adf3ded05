"""Questions about a small workspace: the right function first, and the truth about it."""

from __future__ import annotations

import os
import signal
from dataclasses import replace
from pathlib import Path

import pytest

from vizsla.core.errors import QueryError
from vizsla.core.types import Kind
from vizsla.services.answers import Answer, SearchRequest
from vizsla.services.filters import Filters
from vizsla.services.resources import Resources
from vizsla.services.searching import SearchService
from vizsla.services.upkeep import Upkeep
from vizsla.services.workspace import Workspace


@pytest.fixture
def indexed(workspace: Workspace) -> Workspace:
    """The small shop, indexed."""
    Upkeep(workspace).run()
    return workspace


async def ask(workspace: Workspace, query: str, **options: object) -> Answer:
    """One question, answered to the end."""
    service = SearchService(workspace)
    try:
        return await service.search(SearchRequest(query=query, **options))  # type: ignore[arg-type]
    finally:
        service.close()


@pytest.mark.parametrize(
    ("question", "name"),
    [
        ("where do we retry failed uploads", "retry_upload"),
        ("compute the price with taxes", "Cart.total_price"),
        ("sign cookies with a secret", "signCookie"),
        ("signCookie", "signCookie"),
        ("parse_query", "parseQuery"),
    ],
)
async def test_the_right_function_comes_first(indexed: Workspace, question: str, name: str) -> None:
    answer = await ask(indexed, question)
    assert answer.hits[0].qualified_name == name
    assert answer.is_semantic
    assert not answer.is_partial


async def test_a_hit_tells_where_it_is_and_why(indexed: Workspace) -> None:
    hit = (await ask(indexed, "retry failed uploads")).hits[0]
    assert (hit.path, hit.kind, hit.language) == ("shop/uploads.py", Kind.FUNCTION, "python")
    assert hit.range.start.line == 5
    assert hit.signature == "def retry_upload(path, attempts=3)"
    assert hit.doc_line == "Send a file again until the server takes it."
    assert hit.uri == (indexed.root / "shop/uploads.py").as_uri()
    assert 0 <= hit.score <= 1
    assert hit.source.startswith("def retry_upload")
    assert hit.why.as_dict()["dense_rank"] is not None


async def test_scores_fall_from_hit_to_hit(indexed: Workspace) -> None:
    scores = [hit.score for hit in (await ask(indexed, "price of all items")).hits]
    assert scores == sorted(scores, reverse=True)


async def test_as_many_hits_as_are_wanted_however_few_candidates_are_set(indexed: Workspace) -> None:
    resources = indexed.resources
    few = replace(resources.settings, search=replace(resources.settings.search, candidates=1))
    resources.settings = few
    assert len((await ask(indexed, "price of all items", limit=4)).hits) == 4
    service = SearchService(indexed)
    assert len((await service.similar("shop/uploads.py", 5, 4, limit=4)).hits) == 4
    service.close()


async def test_filters_hold_whether_they_are_options_or_written_into_the_question(indexed: Workspace) -> None:
    by_option = await ask(indexed, "cookie", filters=Filters(languages=("python",)))
    inline = await ask(indexed, "cookie lang:python")
    assert {hit.language for hit in (*by_option.hits, *inline.hits)} == {"python"}
    only_tests = await ask(indexed, "total price path:tests/**")
    assert {hit.path for hit in only_tests.hits} == {"tests/test_cart.py"}
    no_tests = await ask(indexed, "total price -path:tests/**")
    assert "tests/test_cart.py" not in {hit.path for hit in no_tests.hits}
    methods = await ask(indexed, "total price kind:method")
    assert {hit.kind for hit in methods.hits} == {Kind.METHOD}


async def test_a_language_may_be_called_by_its_other_names(indexed: Workspace) -> None:
    (indexed.root / "view.tsx").write_text("export const Cookie = () => <b>cookie</b>;\n")
    Upkeep(indexed).run()
    assert {hit.path for hit in (await ask(indexed, "cookie lang:ts")).hits} == {"view.tsx"}
    with pytest.raises(QueryError, match="there is no language 'pyton'; use one of bash, c, "):
        await ask(indexed, "cookie lang:pyton")


async def test_a_folder_that_is_not_there_is_told(indexed: Workspace) -> None:
    with pytest.raises(QueryError, match="there is no folder nowhere in"):
        await ask(indexed, "cookie in:nowhere")


async def test_a_function_that_moved_since_is_shown_where_it_is_now(indexed: Workspace) -> None:
    path = indexed.root / "shop/uploads.py"
    path.write_text("# a\n# b\n# c\n" + path.read_text())
    hit = (await ask(indexed, "retry failed uploads")).hits[0]
    assert (hit.qualified_name, hit.range.start.line, hit.is_stale) == ("retry_upload", 8, False)


async def test_a_function_that_changed_since_is_marked(indexed: Workspace) -> None:
    path = indexed.root / "shop/uploads.py"
    path.write_text(path.read_text().replace("2**attempt", "3**attempt"))
    hit = (await ask(indexed, "retry failed uploads")).hits[0]
    assert (hit.qualified_name, hit.is_stale) == ("retry_upload", True)
    assert "3**attempt" in hit.source


async def test_a_function_that_is_gone_is_not_shown(indexed: Workspace) -> None:
    (indexed.root / "shop/uploads.py").unlink()
    answer = await ask(indexed, "retry failed uploads")
    assert all(hit.path != "shop/uploads.py" for hit in answer.hits)


async def test_before_there_are_vectors_words_answer_and_the_answer_is_partial(workspace: Workspace) -> None:
    Upkeep(workspace).indexing.reconcile()
    answer = await ask(workspace, "retry upload")
    assert answer.hits[0].qualified_name == "retry_upload"
    assert answer.is_partial


async def test_without_a_usable_model_words_answer_and_the_answer_says_so(shop: Path, tmp_path: Path) -> None:
    from dataclasses import replace

    from vizsla.core.settings import CacheSettings, ModelSettings, Settings

    settings = Settings(cache=CacheSettings(directory=tmp_path / "cache"))
    settings = replace(settings, models=ModelSettings(retriever=str(tmp_path / "no-such-model")))
    with Resources(settings) as resources, Workspace(shop, resources) as workspace:
        Upkeep(workspace).run()
        answer = await ask(workspace, "retry upload")
    assert answer.hits[0].qualified_name == "retry_upload"
    assert not answer.is_semantic
    assert "no-such-model" in answer.notes[0]


async def test_a_killed_model_worker_does_not_keep_a_question_from_its_answer(
    shop: Path, fresh_resources: Resources
) -> None:
    with Workspace(shop, fresh_resources) as workspace:
        Upkeep(workspace).run()
        assert fresh_resources.models is not None
        pid = fresh_resources.models.status().pid
        assert pid is not None
        os.kill(pid, signal.SIGKILL)
        answer = await ask(workspace, "retry failed uploads")
        assert answer.hits[0].qualified_name == "retry_upload"


@pytest.mark.parametrize("question", ["", "   ", "lang:go", "?!…"])
async def test_a_question_without_words_is_refused_in_one_sentence(indexed: Workspace, question: str) -> None:
    with pytest.raises(QueryError, match="; ask for what the code does"):
        await ask(indexed, question)


@pytest.mark.parametrize(
    "question", ["word " * 2_000, "価格を計算する", "où signe-t-on les cookies", "'\"\\(*)^ NEAR OR"]
)
async def test_strange_questions_are_answered(indexed: Workspace, question: str) -> None:
    assert (await ask(indexed, question)).hits


async def test_similar_functions_leave_the_function_itself_out(indexed: Workspace) -> None:
    service = SearchService(indexed)
    try:
        answer = await service.similar("shop/cart.py", 6, 8)
        with pytest.raises(QueryError, match="no function is indexed at"):
            await service.similar("nowhere.py", 0, 0)
    finally:
        service.close()
    assert answer.query == "Cart.total_price"
    assert answer.hits
    assert "Cart.total_price" not in {hit.qualified_name for hit in answer.hits}
