"""Other models take over from a running server's: no answer is empty, lexical only or mixed, whatever happens."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import Future
from dataclasses import replace
from pathlib import Path
from typing import Any

import onnx
import pytest
from onnx import numpy_helper

from models.tiny_models import make_tiny_model
from services.roots_at import eventually, roots_at, settle
from shop import write_tree
from vizsla.core.settings import CacheSettings, IndexSettings, ModelSettings, Settings
from vizsla.core.types import Fingerprint
from vizsla.models.client import ModelClient, Priority
from vizsla.models.in_use import put_to_use, take_back
from vizsla.models.library import add_model
from vizsla.models.manifest import hash_file, read_manifest, write_manifest
from vizsla.services.answers import Answer, SearchRequest
from vizsla.services.model_choice import choose_models, models_that_answered
from vizsla.services.resources import Resources
from vizsla.services.roots import Roots

QUERIES = ["where is the cookie parsed", "sort a list of names", "write json to a path", "close the session of a user"]
VERBS = ["parse", "read", "write", "sort", "find", "open", "close", "sign"]
NOUNS = ["file", "json", "list", "tree", "date", "user", "cookie", "session", "request", "node"]
THINGS = ["path", "text", "line"]

Shown = tuple[tuple[str, str, float], ...]


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folders of two pairs of models: r1, r2, c1, c2."""
    folder = tmp_path_factory.mktemp("models")
    for seed in (1, 2):
        make_tiny_model(folder / f"r{seed}", "bi-encoder", seed=seed)
        make_tiny_model(folder / f"c{seed}", "cross-encoder", seed=seed)
    return folder


@pytest.fixture
def settings(tmp_path: Path, models: Path) -> Settings:
    """A cache in which both pairs are added and the first is in use."""
    cache = tmp_path / "cache"
    cache.mkdir(mode=0o700)
    for seed in (1, 2):
        add_model(str(models / f"r{seed}"), cache, role="retriever")
        add_model(str(models / f"c{seed}"), cache, role="reranker")
    put_to_use(cache, retriever="r1", reranker="c1")
    return Settings(cache=CacheSettings(directory=cache), index=IndexSettings(parse_workers=1))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A workspace of 240 functions in 80 files."""
    files = {
        f"{verb}/{noun}.py": "".join(
            f"def {verb}_{noun}_{thing}({noun}, {thing}):\n    return {verb}({noun}).{thing}({thing})\n\n"
            for thing in THINGS
        )
        for verb in VERBS
        for noun in NOUNS
    }
    return write_tree(tmp_path / "work", files)


@pytest.fixture
def roots(settings: Settings, folder: Path) -> Iterator[Roots]:
    """The workspace, indexed by the first pair."""
    with roots_at(Resources(settings), folder) as opened:
        yield opened


@pytest.fixture
def encoded(monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """Counts the texts of functions that were given to a worker, by the model's fingerprint."""
    counts: Counter[str] = Counter()
    encode = ModelClient.encode

    def counted(self: ModelClient, texts: Sequence[str], *, is_query: bool, priority: Priority) -> Future[Any]:
        if not is_query:
            counts[self.fingerprint] += len(texts)
        return encode(self, texts, is_query=is_query, priority=priority)

    monkeypatch.setattr(ModelClient, "encode", counted)
    return counts


def model_of(roots: Roots) -> str | None:
    """The fingerprint of the retriever that answers."""
    index = roots.statuses()[0].index
    assert index is not None
    return index.fingerprint


def fingerprint_of(settings: Settings, name: str) -> str:
    return read_manifest(settings.cache.directory / "models" / name).fingerprint


def shown(answer: Answer) -> Shown:
    return tuple((hit.path, hit.name, round(hit.score, 4)) for hit in answer.hits)


async def asked(roots: Roots, query: str) -> list[Answer]:
    """Every answer to a question, the fused one and the reranked one."""
    return [answer async for answer in roots.answers(SearchRequest(query=query, rerank_seconds=30.0))]


async def all_asked(roots: Roots) -> dict[str, tuple[Shown, ...]]:
    return {query: tuple(map(shown, await asked(roots, query))) for query in QUERIES}


def use(settings: Settings, number: int) -> None:
    put_to_use(settings.cache.directory, retriever=f"r{number}", reranker=f"c{number}")


async def test_every_answer_during_a_switch_is_wholly_of_one_pair(roots: Roots, settings: Settings) -> None:
    old = await all_asked(roots)
    use(settings, 2)
    roots.models.look()
    heard: list[tuple[str, tuple[Shown, ...]]] = []
    progress: set[int] = set()
    for turn in range(100_000):
        query = QUERIES[turn % len(QUERIES)]
        answers = await asked(roots, query)
        assert all(answer.hits and answer.is_semantic and not answer.notes for answer in answers), answers
        assert answers[-1].is_reranked
        heard.append((query, tuple(map(shown, answers))))
        if (state := roots.models.preparing) is not None:
            progress.add(state.done)
        if model_of(roots) != fingerprint_of(settings, "r1"):
            break
    heard += [(query, tuple(map(shown, await asked(roots, query)))) for query in QUERIES * 3]
    settle(roots)
    new = await all_asked(roots)
    assert all(old[query] != new[query] for query in QUERIES)
    is_new = [answers == new[query] for query, answers in heard]
    assert all(fresh or answers == old[query] for fresh, (query, answers) in zip(is_new, heard, strict=True))
    assert is_new == sorted(is_new)
    assert (is_new[0], is_new[-1]) == (False, True)
    assert len(progress) > 2
    (status,) = roots.statuses()
    assert status.index is not None
    assert (status.index.pending, status.index.is_writer, status.problem) == (0, True, "")


async def test_going_back_encodes_nothing(roots: Roots, settings: Settings, encoded: Counter[str]) -> None:
    old = await all_asked(roots)
    use(settings, 2)
    roots.models.look()
    assert eventually(lambda: model_of(roots) == fingerprint_of(settings, "r2"))
    settle(roots)
    encoded.clear()
    take_back(settings.cache.directory)
    roots.models.look()
    assert eventually(lambda: model_of(roots) == fingerprint_of(settings, "r1"))
    settle(roots)
    assert await all_asked(roots) == old
    assert encoded == {}


async def test_the_watch_notices_other_models_by_itself(roots: Roots, settings: Settings) -> None:
    use(settings, 2)
    assert eventually(lambda: model_of(roots) == fingerprint_of(settings, "r2"))


async def test_edits_during_a_switch_are_found_by_meaning_after_it(
    roots: Roots, settings: Settings, folder: Path
) -> None:
    roots.open_buffer(folder / "fresh.py", "def juggle_oranges(node):\n    return node.oranges\n", 1)
    use(settings, 2)
    roots.models.look()
    written = folder / "sort" / "late.py"
    written.write_text("def peel_bananas(request):\n    return request.bananas\n")
    roots.changed([written])
    assert eventually(lambda: model_of(roots) == fingerprint_of(settings, "r2"))
    settle(roots)
    assert roots.statuses()[0].index.pending == 0  # type: ignore[union-attr]
    for query, path in (("juggle oranges", "fresh.py"), ("peel bananas", "sort/late.py")):
        answers = await asked(roots, query)
        assert answers[0].hits[0].path == path
        assert answers[0].hits[0].why.cosine is not None


async def test_cancelling_keeps_the_old_pair_until_it_is_asked_for_again(
    roots: Roots, settings: Settings, encoded: Counter[str]
) -> None:
    use(settings, 2)
    roots.models.look()
    while roots.models.preparing is None or not roots.models.preparing.done:
        await asked(roots, QUERIES[0])
        await asyncio.sleep(0.01)
    roots.models.cancel()
    assert eventually(lambda: roots.models.is_settled)
    assert "cancelled" in roots.statuses()[0].problem
    assert model_of(roots) == fingerprint_of(settings, "r1")
    with Resources(settings) as other:
        kept = other.embeddings.count(Fingerprint(fingerprint_of(settings, "r2")))
    assert 0 < kept < 240
    encoded.clear()
    roots.models.look(again=True)
    assert eventually(lambda: model_of(roots) == fingerprint_of(settings, "r2"))
    assert encoded[fingerprint_of(settings, "r2")] == 240 - kept
    assert roots.statuses()[0].problem == ""


@pytest.mark.parametrize("harm", ["missing", "damaged", "nan"])
async def test_a_pair_that_does_not_work_leaves_the_old_one(
    roots: Roots, settings: Settings, models: Path, harm: str
) -> None:
    target = settings.cache.directory / "models" / "r2"
    if harm == "damaged":
        (target / "model.onnx").write_bytes(b"no model at all")
    elif harm == "nan":
        poison(target)
    put_to_use(settings.cache.directory, retriever="nowhere" if harm == "missing" else "r2", reranker="c2")
    roots.models.look()
    assert eventually(lambda: bool(roots.statuses()[0].problem))
    assert "stays in use" in roots.statuses()[0].problem
    assert model_of(roots) == fingerprint_of(settings, "r1")
    answers = await asked(roots, QUERIES[0])
    assert all(answer.hits and answer.is_semantic for answer in answers)
    assert answers[-1].is_reranked


def test_after_an_end_in_the_middle_the_next_start_has_the_old_pair(settings: Settings, folder: Path) -> None:
    with roots_at(Resources(settings), folder):
        pass
    use(settings, 2)
    choice = models_that_answered(settings.models, settings.cache.directory, [folder])
    assert choice is not None
    assert choice.fingerprints[0] == fingerprint_of(settings, "r1")
    with roots_at(Resources(settings, choice), folder) as roots:
        assert model_of(roots) == fingerprint_of(settings, "r1")
        assert eventually(lambda: model_of(roots) == fingerprint_of(settings, "r2"))
        settle(roots)
    assert models_that_answered(settings.models, settings.cache.directory, [folder]) is None
    assert choose_models(settings.models, settings.cache.directory).fingerprints[0] == fingerprint_of(settings, "r2")


async def test_a_reader_changes_over_when_the_writer_has_made_the_vectors(
    settings: Settings, folder: Path, encoded: Counter[str]
) -> None:
    fixed = replace(settings, models=ModelSettings(retriever="r1", reranker="c1"))
    with roots_at(Resources(fixed), folder) as roots, roots_at(Resources(settings), folder) as reading:
        assert model_of(reading) == fingerprint_of(settings, "r1")
        use(settings, 2)
        assert eventually(lambda: (state := reading.models.preparing) is not None and state.waits)
        assert model_of(reading) == fingerprint_of(settings, "r1")
        roots.apply_settings(settings)
        assert eventually(lambda: model_of(roots) == fingerprint_of(settings, "r2"))
        assert eventually(lambda: model_of(reading) == fingerprint_of(settings, "r2"))
        answers = await asked(reading, QUERIES[0])
        assert all(answer.hits and answer.is_semantic for answer in answers)
        assert encoded[fingerprint_of(settings, "r2")] == 240  # by the writer, and nothing twice


def poison(folder: Path) -> None:
    """Make a model answer with no numbers, its hashes being right."""
    model = onnx.load(folder / "model.onnx")
    weights = next(one for one in model.graph.initializer if len(one.dims) == 2)
    values = numpy_helper.to_array(weights).copy()
    values[:] = float("nan")
    weights.CopyFrom(numpy_helper.from_array(values, weights.name))
    onnx.save(model, folder / "model.onnx")
    manifest = read_manifest(folder)
    manifest.files["model.onnx"] = hash_file(folder / "model.onnx")  # type: ignore[index]
    write_manifest(folder, manifest)
