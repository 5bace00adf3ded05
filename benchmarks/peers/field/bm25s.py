"""bm25s over windows of lines: keyword search without any model."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from benchmarks.peers.peer import ScriptPeer


class Bm25s(ScriptPeer):
    name = "bm25s"
    what = "windows of 40 lines, identifiers split, by a script of ours; every edit builds the index anew"
    pins = "bm25s"

    def script(self) -> Sequence[str | Path]:
        folder = self.site.state / "index"
        folder.mkdir(exist_ok=True)
        return ["bm25s_index", self.site.workspace, folder]
