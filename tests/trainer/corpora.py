"""Corpus folders and sets of codes as mining reads them, made on the spot."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterable, Mapping
from pathlib import Path

from vizsla_trainer.corpus.building import CorpusRecord, Kept
from vizsla_trainer.corpus.unpacking import Unpacked
from vizsla_trainer.recipe import MineRecipe
from vizsla_trainer.stored import write_json

RECIPE = MineRecipe(most_codes_per_package=1_000, most_codes=10_000)


def write_set(folder: Path, **files: Iterable[Mapping[str, object]]) -> Path:
    folder.mkdir(parents=True)
    for name, lines in files.items():
        with gzip.open(folder / f"{name}.jsonl.gz", "wt") as file:
            file.writelines(json.dumps(line) + "\n" for line in lines)
    return folder


def make_corpus(
    root: Path,
    packages: Mapping[str, Mapping[str, str]],
    *,
    exclude: tuple[str, ...] = (),
    questions: tuple[str, ...] = (),
) -> Path:
    kept = {}
    for name, files in packages.items():
        for path, text in files.items():
            place = root / "sources" / name / path
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_text(text)
        kept[name] = Kept(
            origin="pypi",
            name=name,
            version="1",
            file="",
            sha256="",
            licence="MIT",
            only=(),
            folder=f"sources/{name}",
            unpacked=Unpacked(),
        )
    (root / "sources").mkdir(parents=True, exist_ok=True)
    write_json(root / "packages.json", CorpusRecord(packages=kept, exclude=exclude, questions=questions))
    return root


def functions(name: str, count: int) -> str:
    return "\n\n".join(
        f'def {name}_{number}(value):\n    """Compute the {name} of number {number} for a value."""\n'
        f"    {name} = value * {number}\n    return {name} + {number * number}\n"
        for number in range(count)
    )
