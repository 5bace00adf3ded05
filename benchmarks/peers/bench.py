"""One run: where it works, what it measures with, what it has found so far."""

from __future__ import annotations

import functools
import hashlib
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.peers.environments import PINS, environment, version_of
from benchmarks.peers.peer import Models, Peer, Site
from benchmarks.peers.refusals import Refusals
from benchmarks.peers.results import Results
from benchmarks.peers.running import Runner

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True, slots=True, kw_only=True)
class Bench:
    """What every measurement of a run shares.

    Attributes:
        work: keeps environments, distilled models and trees.
        run: id of the run, of which the first row of the run says machine and command.
        seconds: the most that one command of a peer may take.
        only: so many questions of each set; 0 for all.
    """

    work: Path
    models: Models
    results: Results
    refusals: Refusals
    run: str
    seconds: float
    only: int = 0

    @contextmanager
    def site(self, peer: type[Peer]) -> Iterator[Site]:
        """A place where nothing has been indexed; it is deleted afterwards, and what still runs there is ended.

        It lies in the system's folder for temporary files: some peers leave out what lies below a hidden folder.
        """
        bin = environment(peer.pins, self.work)
        kept = self.work / "kept"
        kept.mkdir(parents=True, exist_ok=True)
        place = Path(tempfile.mkdtemp(prefix="vizsla-peers-"))
        runner = Runner(place / "state", self.refusals, bin=bin, seconds=self.seconds)
        workspace = place / "workspace"
        workspace.mkdir()
        try:
            yield Site(
                workspace=workspace, state=place / "state", kept=kept, bin=bin, runner=runner, models=self.models
            )
        finally:
            runner.stop_all()
            shutil.rmtree(place, ignore_errors=True)


def named(bench: Bench, peer: type[Peer]) -> dict[str, Any]:
    """Which peer, of what version, with which models and questions, in which run: the head of each row."""
    head = {"peer": peer.name, "version": _version(peer), "models": _models(bench.models)}
    return {**head, "only": bench.only, "run": bench.run}


def _version(peer: type[Peer]) -> str:
    if peer.pins:
        digest = hashlib.sha256((PINS / f"{peer.pins}.txt").read_bytes()).hexdigest()[:8]
        return f"{version_of(peer.pins)} ({digest})"
    # The tree of the server alone: a commit that changes a page of the documentation is no other server.
    ended = subprocess.run(
        ["git", "-C", str(ROOT), "rev-parse", "--short=12", "HEAD:server"], capture_output=True, text=True, check=False
    )
    return f"vizsla {ended.stdout.strip() or 'unknown'}"


def _models(models: Models) -> str:
    given: dict[str, str | Path | None] = {
        "transformer": models.transformer,
        "retriever": models.retriever,
        "reranker": models.reranker,
        "cross-encoder": models.cross_encoder,
    }
    return ", ".join(f"{name} {_model(str(value))}" for name, value in given.items() if value)


@functools.cache
def _model(model: str) -> str:
    """A name as it is; a folder by its name and what lies in it, so that one that was trained anew is another."""
    folder = Path(model)
    if not folder.is_dir():
        return model
    files = sorted((path.name, path.stat().st_size, path.stat().st_mtime_ns) for path in folder.rglob("*"))
    return f"{folder.name} ({hashlib.sha256(repr(files).encode()).hexdigest()[:8]})"
