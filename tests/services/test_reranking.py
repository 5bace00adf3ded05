"""A question with a reranker: the fused answer first, the reranked one after it, within the budget."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from models.tiny_models import make_tiny_model
from vizsla.core.settings import CacheSettings, ModelSettings, Settings
from vizsla.models.manifest import ModelKind, read_manifest, write_manifest
from vizsla.retrieval.fusion import logit_of
from vizsla.services.answers import Answer, SearchRequest
from vizsla.services.resources import Resources
from vizsla.services.searching import SearchService
from vizsla.services.upkeep import Upkeep
from vizsla.services.workspace import Workspace


@pytest.fixture
def facts() -> dict[str, object]:
    """What the manifest of the reranker tells."""
    return {}


@pytest.fixture
def measured(facts: dict[str, object]) -> None:
    """A reranker that was best with two candidates."""
    line = {"slope": 0.5, "intercept": -1.0}
    facts["calibration"] = {"reranker": line, "setting": {"depth": 2, "weight": 3.0}}


@pytest.fixture(params=["cross-encoder", "late-interaction"])
def kind(request: pytest.FixtureRequest) -> ModelKind:
    """How the reranker reads."""
    found: ModelKind = request.param
    return found


@pytest.fixture
def reranking(shop: Path, tmp_path: Path, facts: dict[str, object], kind: ModelKind) -> Iterator[Workspace]:
    """The small shop, indexed, with a tiny reranker that knows nothing."""
    folder = make_tiny_model(tmp_path / "reranker", kind)
    write_manifest(folder, replace(read_manifest(folder), facts=facts))
    settings = Settings(cache=CacheSettings(directory=tmp_path / "cache"), models=ModelSettings(reranker=str(folder)))
    settings = replace(settings, search=replace(settings.search, rerank_seconds=60.0))
    with Resources(settings) as resources, Workspace(shop, resources) as workspace:
        Upkeep(workspace).run()
        yield workspace


async def answers_of(workspace: Workspace, request: SearchRequest) -> list[Answer]:
    """All answers to a question, in their order."""
    service = SearchService(workspace)
    try:
        return [answer async for answer in service.answers(request)]
    finally:
        service.close()


async def test_the_fused_answer_comes_first_and_the_reranked_one_has_the_same_hits(reranking: Workspace) -> None:
    fused, reranked = await answers_of(reranking, SearchRequest(query="retry failed uploads"))
    assert (fused.is_reranked, reranked.is_reranked) == (False, True)
    assert {hit.qualified_name for hit in fused.hits} == {hit.qualified_name for hit in reranked.hits}
    assert all(hit.why.as_dict()["rerank"] is None for hit in fused.hits)
    read = [hit for hit in reranked.hits if hit.why.rerank is not None]
    score_of = {hit.qualified_name: hit.score for hit in fused.hits}
    assert len(read) >= 2, "what the reranker could not lift to the top is left out"
    assert all(hit.score == score_of[hit.qualified_name] for hit in reranked.hits if hit not in read)
    scores = [hit.score for hit in reranked.hits]
    assert scores == sorted(scores, reverse=True)


async def test_a_user_can_do_without_the_reranker(reranking: Workspace) -> None:
    (only,) = await answers_of(reranking, SearchRequest(query="retry failed uploads", rerank="off"))
    assert not only.is_reranked


async def test_without_time_the_fused_order_stays(reranking: Workspace) -> None:
    fused, last = await answers_of(reranking, SearchRequest(query="retry failed uploads", rerank_seconds=0.0))
    assert not last.is_reranked
    assert [hit.qualified_name for hit in last.hits] == [hit.qualified_name for hit in fused.hits]


async def test_a_question_asked_again_needs_no_time(reranking: Workspace) -> None:
    _, first = await answers_of(reranking, SearchRequest(query="retry failed uploads"))
    _, again = await answers_of(reranking, SearchRequest(query="retry failed uploads", rerank_seconds=0.0))
    assert again.is_reranked
    assert [(hit.qualified_name, hit.why) for hit in again.hits] == [
        (hit.qualified_name, hit.why) for hit in first.hits
    ]


async def test_a_filter_added_to_a_question_needs_no_time(reranking: Workspace) -> None:
    _, first = await answers_of(reranking, SearchRequest(query="retry failed uploads"))
    _, narrowed = await answers_of(
        reranking, SearchRequest(query="retry failed uploads path:shop/**", rerank_seconds=0.0)
    )
    said = {hit.qualified_name: hit.why.rerank for hit in first.hits}
    read = [hit for hit in narrowed.hits if hit.why.rerank is not None]
    assert read
    assert all(hit.why.rerank == said[hit.qualified_name] for hit in read)


async def test_a_function_that_was_edited_is_read_anew(reranking: Workspace) -> None:
    _, first = await answers_of(reranking, SearchRequest(query="retry failed uploads"))
    file = reranking.root / "shop/uploads.py"
    file.write_text(file.read_text().replace("gave up", "no answer came"))
    request = SearchRequest(query="retry failed uploads")
    _, hurried = await answers_of(reranking, replace(request, rerank_seconds=0.0))
    known = {hit.qualified_name for hit in hurried.hits if hit.why.rerank is not None}
    assert known == {hit.qualified_name for hit in first.hits if hit.why.rerank is not None} - {"retry_upload"}
    _, last = await answers_of(reranking, request)
    assert all(hit.why.rerank is not None for hit in last.hits if hit.qualified_name == "retry_upload")


async def test_another_reranker_knows_nothing_of_what_the_first_one_said(
    reranking: Workspace, kind: ModelKind, shop: Path, tmp_path: Path
) -> None:
    request = SearchRequest(query="retry failed uploads")
    _, first = await answers_of(reranking, request)
    folder = make_tiny_model(tmp_path / "other", kind, seed=1)
    settings = replace(reranking.resources.settings, models=ModelSettings(reranker=str(folder)))
    with Resources(settings) as resources, Workspace(shop, resources) as workspace:
        _, hurried = await answers_of(workspace, replace(request, rerank_seconds=0.0))
        assert not hurried.is_reranked
        _, other = await answers_of(workspace, request)
    said = {hit.qualified_name: hit.why.rerank for hit in first.hits}
    assert any(hit.why.rerank != said.get(hit.qualified_name) for hit in other.hits)


@pytest.mark.parametrize("kind", ["cross-encoder"], indirect=True)
async def test_a_slow_machine_reads_fewer_within_the_same_time(reranking: Workspace) -> None:
    models = reranking.resources.models
    assert models is not None
    for _ in range(20):
        models.pace.took(1_000, 1e9)
    fused, first = await answers_of(reranking, SearchRequest(query="retry failed uploads"))
    read = {hit.qualified_name for hit in first.hits if hit.why.rerank is not None}
    assert read == {hit.qualified_name for hit in fused.hits[:2]}
    _, again = await answers_of(reranking, SearchRequest(query="retry failed uploads"))
    assert read < {hit.qualified_name for hit in again.hits if hit.why.rerank is not None}, "asked again, it reads on"


@pytest.mark.parametrize("kind", ["late-interaction"], indirect=True)
async def test_functions_that_were_read_need_no_time_of_a_slow_machine(reranking: Workspace) -> None:
    await answers_of(reranking, SearchRequest(query="retry failed uploads"))
    models = reranking.resources.models
    assert models is not None
    for _ in range(20):
        models.pace.took(1_000, 1e9)
    _, other = await answers_of(reranking, SearchRequest(query="try uploads again that failed"))
    assert sum(hit.why.rerank is not None for hit in other.hits) > 2


@pytest.mark.usefixtures("measured")
async def test_a_measured_reranker_reads_as_many_and_counts_as_much_as_was_best(reranking: Workspace) -> None:
    fused, last = await answers_of(reranking, SearchRequest(query="retry failed uploads"))
    read = [hit for hit in last.hits if hit.why.rerank is not None]
    assert {hit.qualified_name for hit in read} == {hit.qualified_name for hit in fused.hits[:2]}
    one, other = read
    assert one.why.rerank is not None
    assert other.why.rerank is not None
    lifts = [logit_of(hit.score) - logit_of(hit.why.fused) for hit in read]
    assert lifts[0] - lifts[1] == pytest.approx(3.0 * 0.5 * (one.why.rerank - other.why.rerank), abs=1e-4)


@pytest.mark.usefixtures("measured")
async def test_how_many_a_reranker_reads_is_for_the_user_to_say(reranking: Workspace) -> None:
    resources = reranking.resources
    resources.settings = replace(resources.settings, search=replace(resources.settings.search, rerank_depth=4))
    _, last = await answers_of(reranking, SearchRequest(query="retry failed uploads"))
    assert sum(hit.why.rerank is not None for hit in last.hits) == 4
