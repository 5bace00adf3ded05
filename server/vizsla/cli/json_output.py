"""Answers as JSON. The shape is documented in docs/configuration.md and stable: fields are added, never changed."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from vizsla.services.answers import Answer, Hit


def answer_json(answer: Answer) -> dict[str, object]:
    """One answer as plain data. Lines count from 1 and include the last."""
    return {
        "query": answer.query,
        "hits": [_hit_json(hit) for hit in answer.hits],
        "partial": answer.is_partial,
        "reranked": answer.is_reranked,
        "semantic": answer.is_semantic,
        "notes": list(answer.notes),
        "milliseconds": answer.milliseconds,
    }


def dump(data: object, *, indent: int | None = None) -> str:
    """JSON in ASCII, so that names of files that are no UTF-8 survive every pipe."""
    return json.dumps(data, indent=indent)


def _hit_json(hit: Hit) -> dict[str, object]:
    start, end = hit.range.start, hit.range.end
    # A range that ends at the start of a line does not hold that line.
    last = end.line + 1 if end.character or end.line == start.line else end.line
    return {
        "path": hit.path,
        "uri": hit.uri,
        "start_line": start.line + 1,
        "end_line": last,
        "name": hit.name,
        "qualified_name": hit.qualified_name,
        "container": hit.container,
        "kind": hit.kind.value,
        "language": hit.language,
        "signature": hit.signature,
        "doc": hit.doc_line,
        "score": round(hit.score, 4),
        "stale": hit.is_stale,
        "why": hit.why.as_dict(),
    }
