"""semble by its Python API; the index is kept in its own cache, as its command does."""

from __future__ import annotations

import sys
from typing import Any

from benchmarks.peers.children.line import serve
from semble import SembleIndex
from semble.cache import save_index_to_cache


class Index:
    def __init__(self, root: str, model: str, alpha: float | None) -> None:
        self._root, self._model, self._alpha = root, model, alpha
        self._index: Any = None

    def build(self, _: dict[str, Any]) -> object:
        self._index = SembleIndex.from_path(self._root, model_path=self._model)
        if not self._index.loaded_from_disk:
            save_index_to_cache(self._index, self._root)
        return len(self._index.chunks)

    def ask(self, request: dict[str, Any]) -> object:
        found = self._index.search(request["question"], top_k=int(request["limit"]), alpha=self._alpha)
        return [(one.chunk.file_path, one.chunk.start_line, one.chunk.end_line) for one in found]


if __name__ == "__main__":
    index = Index(sys.argv[1], sys.argv[2], float(sys.argv[3]) if len(sys.argv) > 3 else None)
    serve({"index": index.build, "ask": index.ask})
