"""Puts the models that a training run made into the package: what is served, without what only torch reads.

    vizsla train ~/corpus --recipe shipped --out RUN --no-use
    python tools/ship_models.py RUN [--roles retriever] [--measures QUALITY.json]

Afterwards ``benchmarks/fit_fusion.py --write`` fits fusion to the new retriever, ``benchmarks/fit_reading.py --write``
says how the new reranker is used, and ``benchmarks/quality.py --json QUALITY.json`` measures both; with that file this
is run once more for the cards. docs/corpus.md tells it in full.
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
import tempfile
from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from vizsla.models.library import DEFAULT_RERANKER, DEFAULT_RETRIEVER
from vizsla.models.manifest import CARD_NAME, TOKENIZER_NAME, Manifest, hash_file, read_manifest, write_manifest
from vizsla_trainer.corpus.building import read_corpus
from vizsla_trainer.export.card import counts_of
from vizsla_trainer.records import read_pairs
from vizsla_trainer.stored import read_json

PLACES = {"retriever": DEFAULT_RETRIEVER, "reranker": DEFAULT_RERANKER}
BASE = "sentence-transformers/all-MiniLM-L6-v2"
NAMES = {"retriever": "vizsla-retriever", "reranker": "vizsla-reranker"}
DOES = {
    "retriever": "Embeds questions and functions in {dimension} numbers, so that a function stands near the questions "
    "that it answers. It reads {max_tokens} tokens.",
    "reranker": "Reads a question and a function, {max_tokens} tokens of each, and says how well they fit: it matches "
    "each word of the question with the word of the function that means the same there (late interaction).",
}
_STAGES = ("lexical", "dense", "fused", "reranked")
_LICENCE = Path(__file__).parents[1] / "LICENSE"


def main() -> int:
    """Copy, describe, tell sizes."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("run", type=Path, help="the folder of a run of 'vizsla train' that has ended")
    parser.add_argument("--roles", default="retriever,reranker", help="only these models, with a comma between")
    parser.add_argument("--measures", type=Path, help="what benchmarks/quality.py --json wrote, for the cards")
    arguments = parser.parse_args()
    facts = facts_of(arguments.run)
    licences = licences_of(Path(read_json(arguments.run / "run.json", dict)["workspaces"][0]))
    measures = json.loads(arguments.measures.read_text(encoding="utf-8")) if arguments.measures else {}
    for role in arguments.roles.split(","):
        if role not in PLACES:
            parser.error(f"--roles must name retriever or reranker, got {role!r}")
        place, source = PLACES[role], arguments.run / "converted" / role
        if not source.is_dir():
            parser.error(f"{source} is missing; let the run go on to the stage export first")
        size = ship(source, place, role, facts, licences, measures)
        print(f"{place}: {read_manifest(place).fingerprint}, {size / 1e6:.1f} MB")
    return 0


def ship(
    source: Path,
    place: Path,
    role: str,
    facts: Mapping[str, Any],
    licences: Mapping[str, int],
    measures: Mapping[str, Mapping[str, Any]],
) -> int:
    """One model of a run to its place in the package; the bytes that it takes there."""
    manifest = replace(read_manifest(source), name=NAMES[role], base=BASE, licence="Apache-2.0", facts=facts)
    if calibration := _reading_of(place, manifest):
        manifest = replace(manifest, facts={**facts, "calibration": calibration})
    with tempfile.TemporaryDirectory(dir=place.parent, prefix=".shipping-") as temporary:
        made = Path(temporary) / "made"
        made.mkdir()
        for name in ("config.json", TOKENIZER_NAME, manifest.onnx_name or ""):
            shutil.copyfile(source / name, made / name)
        shutil.copyfile(_LICENCE, made / "LICENSE")
        (made / CARD_NAME).write_text(card(role, manifest, licences, measures), encoding="utf-8")
        files = {
            path.name: hash_file(path) for path in sorted(made.iterdir()) if path.name not in ("LICENSE", CARD_NAME)
        }
        write_manifest(made, replace(manifest, files=files))
        shutil.rmtree(place, ignore_errors=True)
        made.rename(place)
    return sum(path.stat().st_size for path in place.iterdir())


def card(role: str, manifest: Manifest, licences: Mapping[str, int], measures: Mapping[str, Mapping[str, Any]]) -> str:
    """What people should know of a model before they use it, as Markdown."""
    facts: Mapping[str, Any] = manifest.facts
    counts = facts.get("data", {})
    does = DOES[role].format(dimension=manifest.dimension, max_tokens=manifest.max_tokens)
    lines = [
        "---",
        "license: apache-2.0",
        f"base_model: {manifest.base}",
        "---",
        "",
        f"# {NAMES[role]}",
        "",
        f"{does} It comes with Vizsla and runs on the user's own machine.",
        "",
        f"Trained from [{manifest.base}](https://huggingface.co/{manifest.base}) (Apache-2.0) by `vizsla train` with "
        f"the recipe `{facts.get('recipe', '')}`; its weights here are numbers of eight bits. "
        "`docs/corpus.md` says how to make it again.",
        "",
        "## Learned from",
        "",
        "Functions of open source packages, with their documentation, comments, names and the subjects of commits that "
        "changed them as questions, and titles of Stack Overflow (CC BY-SA) with their answers. The packages are under "
        + ", ".join(f"{name} ({count})" for name, count in licences.items())
        + ".",
        "",
        "| | pairs |",
        "|---|---|",
        *(f"| {group} | {count:,} |" for part in counts.values() for group, count in part.items()),
        "",
    ]
    if measures:
        lines += [
            "## Measured",
            "",
            "On repositories of others, none of whose code was learned from (`benchmarks/quality.py`): mean reciprocal "
            "rank, for `workspaces` NDCG@10 over files. `dense` is the retriever alone, `fused` with words and "
            "signals, `reranked` with both models.",
            "",
            "| questions | words alone | dense | fused | reranked |",
            "|---|---|---|---|---|",
        ]
        for name, stages in measures.items():
            wanted = "ndcg10" if name == "workspaces" else "mrr"
            shown = [f"{stages[one][wanted]:.3f}" if one in stages else "–" for one in _STAGES]
            lines.append(f"| `{name}` | {' | '.join(shown)} |")
        lines.append("")
    lines += [
        "## Good and bad at",
        "",
        "English questions about what a function does. It has seen little Swift and Bash, no Julia and no Zig, and "
        "hardly any question in another language than English. It reads the beginning of a long function only. Names "
        "that only one code base uses mean nothing to it: word search and training on your own code (`vizsla train`) "
        "do that.",
        "",
    ]
    return "\n".join(lines)


def facts_of(run: Path) -> dict[str, object]:
    """Which recipe a run had, and how many pairs of what it learned from."""
    train = list(read_pairs(run / "filter/train.jsonl.gz"))
    return {"recipe": read_json(run / "run.json", dict)["recipe"]["name"], "data": counts_of(train)}


def licences_of(corpus: Path) -> dict[str, int]:
    """How many packages of a corpus have which licence, the most frequent first."""
    return dict(Counter(sorted(package.licence for package in read_corpus(corpus).packages.values())).most_common())


def _reading_of(place: Path, manifest: Manifest) -> dict[str, object]:
    """How a reranker is read, where the very same one lies there already and that was fitted."""
    if not place.is_dir():
        return {}
    there, name = read_manifest(place), manifest.onnx_name or ""
    told = there.facts.get("calibration", {})
    if there.files.get(name) != manifest.files[name] or not isinstance(told, Mapping):
        return {}
    return {part: told[part] for part in ("reranker", "setting") if part in told}


if __name__ == "__main__":
    sys.exit(main())
