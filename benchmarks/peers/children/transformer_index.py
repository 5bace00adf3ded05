"""What one writes in an afternoon: windows of lines, sentence-transformers, exact search, perhaps a cross-encoder."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
from benchmarks.peers.children.line import serve
from benchmarks.peers.children.windows import Window, source_files, windows_of
from sentence_transformers import CrossEncoder, SentenceTransformer

RERANKED = 50


class Index:
    """Windows with their vectors; a file whose size and time are the same is not read again."""

    def __init__(self, root: Path, folder: Path, model: str, cross_encoder: str) -> None:
        self._root, self._folder = root, folder
        self._model = SentenceTransformer(model)
        self._cross_encoder = CrossEncoder(cross_encoder) if cross_encoder else None
        self._files: dict[str, tuple[list[int], list[Window], Any]] = {}
        self._windows: list[Window] = []
        self._vectors: Any = None

    def build(self, _: dict[str, Any]) -> object:
        files: dict[str, tuple[list[int], list[Window], Any]] = {}
        new: list[str] = []
        for path, found in source_files(self._root):
            stamp = [found.st_size, found.st_mtime_ns]
            if path in self._files and self._files[path][0] == stamp:
                files[path] = self._files[path]
            else:
                files[path] = (stamp, windows_of(self._root, path), None)
                new.append(path)
        texts = [f"{path}\n{text}" for name in new for path, _, _, text in files[name][1]]
        rows = self._model.encode(texts, normalize_embeddings=True) if texts else np.zeros((0, 1), np.float32)
        row = 0
        for name in new:
            stamp, windows, _ = files[name]
            files[name] = (stamp, windows, rows[row : row + len(windows)])
            row += len(windows)
        self._files = files
        self._windows = [window for _, windows, _ in files.values() for window in windows]
        self._vectors = np.concatenate([vectors for _, windows, vectors in files.values() if windows])
        np.save(self._folder / "vectors.npy", self._vectors)
        (self._folder / "windows.json").write_text(json.dumps(self._windows), encoding="utf-8")
        return len(self._windows)

    def ask(self, request: dict[str, Any]) -> object:
        vector = self._model.encode([request["question"]], normalize_embeddings=True)[0]
        scores = self._vectors @ vector
        places = np.argsort(-scores, kind="stable")[: max(int(request["limit"]), RERANKED)]
        if self._cross_encoder is not None:
            head = places[:RERANKED]
            read = self._cross_encoder.predict([(request["question"], self._windows[place][3]) for place in head])
            places = np.concatenate([head[np.argsort(-read, kind="stable")], places[RERANKED:]])
        return [self._windows[place][:3] for place in places[: int(request["limit"])]]


if __name__ == "__main__":
    index = Index(Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3], sys.argv[4] if len(sys.argv) > 4 else "")
    serve({"index": index.build, "ask": index.ask})
