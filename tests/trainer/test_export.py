"""Exported folders serve, load elsewhere and tell what they are; only what passed the gate is ever put to use."""

from __future__ import annotations

import dataclasses
import json
import resource
import shutil
import signal
from pathlib import Path

import pytest

from models.tiny_models import make_tiny_model
from trainer.comparisons import a_comparison, as_served
from vizsla.core.errors import ModelError
from vizsla.models.bi_encoder import load_bi_encoder
from vizsla.models.calibration import Calibration, Line, Reading, calibration_of
from vizsla.models.in_use import models_in_use
from vizsla.models.library import list_models, remove_model, resolve, roll_back
from vizsla.models.manifest import Manifest, ModelKind, Role, read_manifest, verify
from vizsla_trainer.evaluation.calibration import Calibration as Slope
from vizsla_trainer.evaluation.results import Comparison
from vizsla_trainer.export import folders
from vizsla_trainer.export.card import model_card
from vizsla_trainer.export.folders import (
    Trained,
    added_names,
    describe_model,
    export_model,
    facts_of,
    offer,
    remove_earlier,
)
from vizsla_trainer.export.gate import Decision, refused
from vizsla_trainer.training.base import load_base, save_model

YES = Decision(is_offered=True, retriever=True, reranker=True, reasons=("better",))


@pytest.fixture(scope="session")
def exported(tmp_path_factory: pytest.TempPathFactory) -> Trained:
    """Tiny models as a run leaves them."""
    root = tmp_path_factory.mktemp("exported")
    made = {}
    for role, kind in (("retriever", "bi-encoder"), ("reranker", "cross-encoder")):
        tiny = make_tiny_model(root / f"tiny-{role}", kind)  # type: ignore[arg-type]
        save_model(load_base(tiny, kind=kind, seed=1), root / f"weights-{role}", max_tokens=64)  # type: ignore[arg-type]
        export_model(
            root / f"weights-{role}",
            root / "export" / role,
            role=role,  # type: ignore[arg-type]
            name=f"shop-{role}",
            licence="Apache-2.0",
            base="tiny",
        )
        made[role] = root / "export" / role
    return Trained(retriever=made["retriever"], reranker=made["reranker"])


def test_an_exported_folder_serves_and_has_a_hash_of_every_file(exported: Trained) -> None:
    for folder in (exported.retriever, exported.reranker):
        assert folder is not None
        manifest = read_manifest(folder)
        verify(folder, manifest)
        files = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
        assert files == {*manifest.files, "manifest.json"}
        assert {"model.safetensors", "tokenizer.json", "config.json"} <= files
        assert manifest.onnx_name is not None
        assert (manifest.licence, manifest.base) == ("Apache-2.0", "tiny")


def test_an_exported_retriever_gives_the_same_vectors_in_sentence_transformers(exported: Trained) -> None:
    import numpy as np
    from sentence_transformers import SentenceTransformer

    assert exported.retriever is not None
    texts = ["parse the json file", "sort a list of dates", "where is the session cookie"]
    ours = load_bi_encoder(exported.retriever, device="cpu", threads=1).encode(texts, is_query=False)
    theirs = SentenceTransformer(str(exported.retriever), device="cpu", local_files_only=True).encode(texts)
    assert np.sum(ours * theirs, axis=1).min() > 0.98


def test_a_card_and_facts_leave_the_fingerprint_as_it_was(exported: Trained, tmp_path: Path) -> None:
    assert exported.retriever is not None
    folder = Path(shutil.copytree(exported.retriever, tmp_path / "model"))
    before = read_manifest(folder).fingerprint
    found = a_comparison([2, 3], [1, 1])
    card = model_card(
        name="shop",
        kind="bi-encoder",
        base="tiny",
        licence="MIT",
        recipe="quick",
        counts={"language": {"python": 7}, "source": {"commit": 7}},
        found=found,
    )
    facts = facts_of(found, "retriever", before=Line(), counts={"python": 7}, metrics={"mrr_after": 1.0})
    describe_model(folder, card=card, facts=facts)
    manifest = read_manifest(folder)
    verify(folder, manifest)
    assert manifest.fingerprint == before
    assert manifest.facts["calibration"]["retriever"] == {"slope": 2.0, "intercept": -1.0}  # type: ignore[index]
    text = (folder / "README.md").read_text()
    assert "license: MIT" in text
    assert "| python | 7 |" in text
    assert "MRR 0.417 before, 1.000 after" in text


def told_of(found: Comparison, role: Role, before: Line = Line()) -> Calibration:  # noqa: B008
    """What a server reads of the facts of a model."""
    kind: ModelKind = "bi-encoder" if role == "retriever" else "cross-encoder"
    manifest = a_manifest(kind, facts_of(found, role, before=before, counts={}, metrics={}))
    return calibration_of(manifest, manifest)


def a_manifest(kind: ModelKind, facts: dict[str, object]) -> Manifest:
    """Of a model of which nothing matters but what is told of it."""
    return Manifest(
        name="m",
        kind=kind,
        dimension=1,
        max_tokens=64,
        pooling="mean",
        normalise=True,
        facts=json.loads(json.dumps(facts)),
    )


def with_lines(found: Comparison, before: Line, after: Line) -> Comparison:
    """The same with lines of the cosines of both retrievers."""
    old, new = (Slope(slope=line.slope, intercept=line.intercept) for line in (before, after))
    return dataclasses.replace(
        found,
        before=dataclasses.replace(found.before, order=old),
        chosen=dataclasses.replace(found.chosen, order=new),
    )


def test_a_server_reads_the_cosines_of_a_trained_retriever_on_the_scale_of_the_one_before() -> None:
    old, new = Line(slope=20.0, intercept=-10.0), Line(slope=80.0, intercept=-72.0)
    found = with_lines(a_comparison([2, 3], [1, 1]), old, new)
    read = told_of(found, "retriever").cosine
    for cosine in (0.8, 0.9, 0.95):
        assert old(read(cosine)) == pytest.approx(new(cosine))
    # the one before was read on another scale itself
    before = Line(slope=0.5, intercept=0.1)
    assert told_of(found, "retriever", before).cosine(0.9) == pytest.approx(before(read(0.9)))


def test_a_server_reads_a_trained_reranker_as_it_was_best_when_it_was_measured() -> None:
    found = a_comparison([2, 3], [1, 1])
    assert told_of(found, "reranker").reading == Reading(log_odds=Line(slope=2.0, intercept=-1.0), weight=0.5, depth=10)
    assert told_of(found, "retriever") == Calibration(), "nobody looked at the order of its cosines"


def test_a_retriever_that_won_alone_tells_how_the_reranker_that_stays_is_read_beside_it() -> None:
    found = a_comparison([2, 3], [1, 1], reranker="before")
    facts = facts_of(found, "retriever", before=Line(), counts={}, metrics={}, beside="f1")
    line, setting = {"slope": 2.0, "intercept": -1.0}, {"depth": 10, "weight": 0.5}
    told = facts["calibration"]
    assert isinstance(told, dict)
    assert told["beside"] == {"f1": {"reranker": line, "setting": setting}}
    both = facts_of(a_comparison([2, 3], [1, 1]), "retriever", before=Line(), counts={}, metrics={}, beside="f1")
    assert "beside" not in both["calibration"]  # type: ignore[operator]


def test_a_server_uses_a_reranker_as_was_best_for_what_is_answered(exported: Trained) -> None:
    found = as_served(a_comparison([2, 3], [1, 1]), [2], [1], weight=0.25)
    line = Line(slope=2.0, intercept=-1.0)
    assert told_of(found, "reranker").reading == Reading(log_odds=line, weight=0.25, depth=20)
    far = dataclasses.replace(found, chosen=dataclasses.replace(found.chosen, reach=31.5))
    assert told_of(far, "reranker").reading == Reading(log_odds=line, weight=0.25, depth=20, reach=31.5)
    card = model_card(
        name="shop", kind="bi-encoder", base="tiny", licence="MIT", recipe="quick", counts={}, found=found
    )
    assert "As a server answers, words and all signals fused in: MRR 0.500 before, 1.000 after" in card
    assert "Reranker: the trained one, which reads the first 20." in card


def test_a_reranker_that_does_not_pay_beside_the_trained_retriever_is_told_not_to_read() -> None:
    found = as_served(a_comparison([2, 3], [1, 1], reranker="before"), [2], [1], weight=0.0)
    silent = dataclasses.replace(found, chosen=dataclasses.replace(found.chosen, cross=Slope(slope=0.0, intercept=0.0)))
    reranker = a_manifest("cross-encoder", {})
    for one in (found, silent):  # that its scores say nothing changes nothing of it
        facts = facts_of(one, "retriever", before=Line(), counts={}, metrics={}, beside=reranker.fingerprint)
        read = calibration_of(a_manifest("bi-encoder", facts), reranker).reading
        assert read is not None
        assert read.weight == 0.0


def test_of_a_model_that_did_not_win_nothing_is_told() -> None:
    line = Line(slope=2.0)
    found = with_lines(a_comparison([2, 3], [1, 1], reranker="none"), line, line)
    lost = dataclasses.replace(found, chosen=dataclasses.replace(found.chosen, retriever="before"))
    assert told_of(lost, "retriever") == told_of(lost, "reranker") == Calibration()


def test_what_passed_the_gate_is_used_and_the_way_back_is_there(exported: Trained, tmp_path: Path) -> None:
    used = offer(exported, YES, cache_directory=tmp_path, name="shop", uses=True)
    assert used.retriever.startswith("shop-retriever-")
    assert resolve("default", "retriever", tmp_path) == tmp_path / "models" / used.retriever
    assert resolve("default", "reranker", tmp_path) == tmp_path / "models" / used.reranker
    assert roll_back(tmp_path).retriever == "default"


def test_what_did_not_pass_is_not_even_added(exported: Trained, tmp_path: Path) -> None:
    offer(exported, refused("worse"), cache_directory=tmp_path, name="shop", uses=True)
    assert models_in_use(tmp_path).retriever == "default"
    assert [model.name for model in list_models(tmp_path) if model.name.startswith("shop")] == []


def test_a_part_that_is_no_better_stays_out(exported: Trained, tmp_path: Path) -> None:
    used = offer(exported, dataclasses.replace(YES, reranker=False), cache_directory=tmp_path, name="shop", uses=True)
    assert used.reranker == "default"


def test_models_can_be_added_without_using_them(exported: Trained, tmp_path: Path) -> None:
    assert offer(exported, YES, cache_directory=tmp_path, name="shop", uses=False).retriever == "default"
    assert len([model for model in list_models(tmp_path) if model.name.startswith("shop")]) == 2


def test_offering_twice_leaves_the_folder_that_answers_alone(exported: Trained, tmp_path: Path) -> None:
    first = offer(exported, YES, cache_directory=tmp_path, name="shop", uses=True)
    inode = (tmp_path / "models" / first.retriever).stat().st_ino
    second = offer(exported, YES, cache_directory=tmp_path, name="shop", uses=True)
    assert second == first
    assert (tmp_path / "models" / first.retriever).stat().st_ino == inode


def test_a_damaged_export_is_not_put_to_use(exported: Trained, tmp_path: Path) -> None:
    assert exported.retriever is not None
    folder = Path(shutil.copytree(exported.retriever, tmp_path / "model"))
    with (folder / "model.safetensors").open("r+b") as file:
        file.seek(2_000)
        file.write(b"damage")
    with pytest.raises(ModelError, match="damaged"):
        offer(Trained(retriever=folder, reranker=None), YES, cache_directory=tmp_path, name="shop", uses=True)
    assert models_in_use(tmp_path).retriever == "default"


def test_a_full_disk_while_offering_leaves_the_old_model_in_use(exported: Trained, tmp_path: Path) -> None:
    offer(exported, YES, cache_directory=tmp_path, name="first", uses=True)
    before, heard = resource.getrlimit(resource.RLIMIT_FSIZE), signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, before[1]))
    try:
        with pytest.raises((OSError, ModelError)):
            offer(exported, YES, cache_directory=tmp_path, name="second", uses=True)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, heard)
    assert models_in_use(tmp_path).retriever.startswith("first-")
    assert [path.name for path in (tmp_path / "models").iterdir() if path.name.startswith("second")] == []


def test_only_the_last_few_models_of_a_workspace_are_kept_and_those_in_use(
    exported: Trained, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(folders, "_KEPT_RUNS", 1)
    used = offer(exported, YES, cache_directory=tmp_path, name="shop", uses=True).retriever
    names = [f"shop-retriever-{name}" for name in ("old", "named", "mine", "last")]
    for name in names:
        shutil.copytree(tmp_path / "models" / used, tmp_path / "models" / name)
    old, named, mine, last = names
    offers = [[used], [old, "gone"], [named], [last]]  # "mine" is a user's own, or of another workspace of that name
    assert remove_earlier(tmp_path, offers, named=[named, "default"]) == [[used], [named], [last]]
    left = {path.name for path in (tmp_path / "models").glob("shop-retriever-*")}
    assert left == {used, named, mine, last}


def test_all_models_that_a_rollback_leads_to_are_kept(
    exported: Trained, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(folders, "_KEPT_RUNS", 1)
    used = [offer(exported, YES, cache_directory=tmp_path, name=f"v{n}", uses=True).retriever for n in range(4)]
    assert remove_earlier(tmp_path, [[name] for name in used]) == [[name] for name in used]


def test_a_model_that_cannot_be_deleted_is_passed_over(
    exported: Trained, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(folders, "_KEPT_RUNS", 1)
    offers = []
    for name in ("first", "second", "third"):
        offer(exported, YES, cache_directory=tmp_path, name=name, uses=False)
        offers.append(list(added_names(exported, YES, name)))

    def held(name: str, cache_directory: Path) -> None:
        if name in offers[0]:
            raise PermissionError(13, "Permission denied")
        remove_model(name, cache_directory)

    monkeypatch.setattr(folders, "remove_model", held)
    assert remove_earlier(tmp_path, offers) == [offers[0], offers[2]]


def test_the_manifest_is_plain_json(exported: Trained) -> None:
    assert exported.reranker is not None
    assert json.loads((exported.reranker / "manifest.json").read_text())["kind"] == "cross-encoder"
