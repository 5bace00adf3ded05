"""What one would write in an afternoon: sentence-transformers and exact search, with and without a cross-encoder."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from benchmarks.peers.peer import ScriptPeer, UnusableError


class Transformer(ScriptPeer):
    name = "sentence-transformers"
    what = "windows of 40 lines, `encode`, exact search, by a script of ours"
    pins = "transformer"

    def script(self) -> Sequence[str | Path]:
        folder = self.site.state / "index"
        folder.mkdir(exist_ok=True)
        return ["transformer_index", self.site.workspace, folder, self.site.models.transformer]


class TransformerReranked(Transformer):
    name = "sentence-transformers, reranked"
    what = "the same, the first 50 read by a cross-encoder"

    def prepare(self) -> None:
        if self.site.models.cross_encoder is None:
            raise UnusableError("no cross-encoder was given; name its folder with --cross-encoder")

    def script(self) -> Sequence[str | Path]:
        return [*super().script(), str(self.site.models.cross_encoder)]
