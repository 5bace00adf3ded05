"""What was mined of one package, as a file of a run's folder: mining that was killed goes on where it was."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from vizsla_trainer.data.mining import Mined
from vizsla_trainer.records import Code, Pair, RecordsError, fields_of, read_lines, record_of, write_lines
from vizsla_trainer.run_folder import key_of

SUFFIX = ".jsonl.gz"


def kept_path(folder: Path, *decides: object) -> Path:
    """The file of a package, named by everything that decides what is mined of it: JSON values."""
    return folder / f"{key_of(*decides)}{SUFFIX}"


def write_mined(path: Path, mined: Mined) -> None:
    """Publish it; its folder is there. A file of that name is whole."""
    write_lines(path, _lines(mined))


def read_mined(path: Path) -> Mined | None:
    """What ``write_mined`` wrote; None where nothing was, or the file is damaged."""
    codes: list[Code] = []
    pairs: list[Pair] = []
    try:
        lines = read_lines(path)
        head = next(lines, {})
        for fields in lines:
            if "query" in fields:
                pairs.append(record_of(Pair, fields, path))
            else:
                codes.append(record_of(Code, fields, path))
        return Mined(codes=codes, pairs=pairs, counts=head["counts"], lost=tuple(head["lost"]))
    except (RecordsError, KeyError):
        return None


def _lines(mined: Mined) -> Iterator[dict[str, Any]]:
    yield {"counts": mined.counts, "lost": mined.lost}
    yield from map(fields_of, mined.codes)
    yield from map(fields_of, mined.pairs)
