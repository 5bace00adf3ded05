"""Hits that the user opened after a search, as pairs. The format of the log is ``records.OpenedHit``."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterator, Sequence
from pathlib import Path

from vizsla.core.text import content_hash
from vizsla_trainer.records import Code, OpenedHit, Pair, make_pair

_FIELDS = {field.name: float if field.name == "time" else str for field in dataclasses.fields(OpenedHit)}
_MOST_BYTES = 64 * 1024 * 1024


def read_log(path: Path) -> Iterator[OpenedHit]:
    """The hits of a log, oldest first; lines that are torn or of another format are passed over, a log that is not
    there is empty.
    """
    try:
        if path.stat().st_size > _MOST_BYTES:
            return
        text = path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return
    for line in text.splitlines():
        try:
            fields = json.loads(line)
        except ValueError:
            continue
        if isinstance(fields, dict) and all(
            isinstance(fields.get(name), (int, float) if kind is float else kind) for name, kind in _FIELDS.items()
        ):
            yield OpenedHit(**{name: fields[name] for name in _FIELDS})


def feedback_pairs(log: Path, folder: Path, codes: Sequence[Code]) -> list[Pair]:
    """Pairs of the hits in one workspace that are still there.

    A function is known again by its text wherever it is now, else by its place.

    Args:
        log: file of the log.
        folder: of the workspace.
        codes: of that workspace.
    """
    by_hash = {content_hash(code.text).hex(): code for code in codes}
    by_place = {(code.path, code.qualified_name): code for code in codes}
    here = str(folder.resolve())
    pairs: list[Pair] = []
    for hit in read_log(log):
        if hit.workspace != here:
            continue
        code = by_hash.get(hit.content_hash) or by_place.get((hit.path, hit.qualified_name))
        query = " ".join(hit.query.split())
        if code is not None and query:
            pairs.append(make_pair(code, query, "feedback", time=hit.time))
    return pairs
