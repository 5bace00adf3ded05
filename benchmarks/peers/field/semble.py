"""semble by its Python API, with a Model2Vec model distilled from the transformer of the run.

Its own published model is not in a package registry; the figures are not those of its makers.
"""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Sequence
from pathlib import Path

from benchmarks.peers.environments import environment
from benchmarks.peers.peer import ScriptPeer


class Semble(ScriptPeer):
    name = "semble"
    what = "with a Model2Vec model distilled from the run's transformer, as its own is in no package registry"
    pins = "semble"

    def prepare(self) -> None:
        self.site.runner.environment["SEMBLE_INDEX_WORKERS"] = "4"  # as its own command sets it
        if not self._model.is_dir():
            # Distilled in another environment: it needs torch, which semble does not.
            python = environment("transformer", self.site.kept.parent) / "python"
            new = self._model.with_name(f"{self._model.name}.new")
            shutil.rmtree(new, ignore_errors=True)
            script = Path(__file__).parents[1] / "children" / "distil.py"
            self.site.runner.run([python, script, self.site.models.transformer, new])
            new.rename(self._model)

    def script(self) -> Sequence[str | Path]:
        return ["semble_index", self.site.workspace, self._model]

    @property
    def _model(self) -> Path:
        source = self.site.models.transformer.resolve()
        return self.site.kept / f"model2vec-{source.name}-{hashlib.sha256(bytes(source)).hexdigest()[:8]}"


class SembleLexical(Semble):
    name = "semble, BM25 only"
    what = "semble with alpha 0: its BM25 and its rules; it embeds all the same"

    def script(self) -> Sequence[str | Path]:
        return [*super().script(), "0"]
