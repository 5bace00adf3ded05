"""Windows of lines under bm25s, identifiers split into their words as well."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from typing import Any

import bm25s
from benchmarks.peers.children.line import serve
from benchmarks.peers.children.windows import Window, source_files, windows_of

_IDENTIFIER = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_HUMPS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+")


class Index:
    """Built anew on every change: bm25s has no way to change one document."""

    def __init__(self, root: Path, folder: Path) -> None:
        self._root, self._folder = root, folder
        self._windows: list[Window] = []
        self._index: Any = None

    def build(self, _: dict[str, Any]) -> object:
        self._windows = [window for path, _ in source_files(self._root) for window in windows_of(self._root, path)]
        texts = [words_of(f"{path}\n{text}") for path, _, _, text in self._windows]
        self._index = bm25s.BM25()
        self._index.index(bm25s.tokenize(texts, stopwords="en", show_progress=False), show_progress=False)
        self._index.save(str(self._folder))
        places = [window[:3] for window in self._windows]
        (self._folder / "places.json").write_text(json.dumps(places), encoding="utf-8")
        return len(places)

    def ask(self, request: dict[str, Any]) -> object:
        tokens = bm25s.tokenize(words_of(request["question"]), stopwords="en", show_progress=False)
        count = min(int(request["limit"]), len(self._windows))
        found, scores = self._index.retrieve(tokens, k=count, show_progress=False)
        return [self._windows[int(place)][:3] for place, score in zip(found[0], scores[0], strict=True) if score > 0]


def words_of(text: str) -> str:
    """A text with the words of its identifiers after each."""
    return _IDENTIFIER.sub(lambda match: " ".join([match.group(), *_HUMPS.findall(match.group())]), text)


if __name__ == "__main__":
    index = Index(Path(sys.argv[1]), Path(sys.argv[2]))
    serve({"index": index.build, "ask": index.ask})
