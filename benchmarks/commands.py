"""Owns running the command ``vizsla`` as a user does, with settings and a cache of its own, and timing it."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from benchmarks.trees import BENCH

from vizsla.core.options import settings_from
from vizsla.core.settings import CacheSettings, Settings

CONFIG = BENCH / "config.toml"
_SECONDS = 3_600.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Ran:
    """A command that ended. ``seconds`` are from before its process was made until it was gone."""

    seconds: float
    status: int
    output: str
    errors: str

    @property
    def data(self) -> Any:
        """What it printed, as JSON.

        Raises:
            SystemExit: it printed something else.
        """
        try:
            return json.loads(self.output)
        except ValueError:
            raise SystemExit(f"vizsla failed with status {self.status}: {self.errors[-500:]}") from None


def vizsla(arguments: Sequence[str | Path], cache: Path) -> Ran:
    """Run the installed command with nothing of the user's own settings and caches."""
    environment = {**os.environ, "VIZSLA_CACHE_DIR": str(cache), "VIZSLA_CONFIG": str(CONFIG)}
    script = Path(sys.executable).with_name("vizsla")
    command = [str(script)] if script.exists() else [sys.executable, "-m", "vizsla.cli"]
    start = time.perf_counter()
    ended = subprocess.run(
        [*command, *map(str, arguments)],
        env=environment,
        capture_output=True,
        text=True,
        timeout=_SECONDS,
        check=False,
        stdin=subprocess.DEVNULL,
    )
    seconds = time.perf_counter() - start
    return Ran(seconds=seconds, status=ended.returncode, output=ended.stdout, errors=ended.stderr)


def configure(model: str, reranker: str | None = None) -> None:
    """Write the settings of everything that is measured: the defaults, but for names or folders of the models."""
    BENCH.mkdir(exist_ok=True)
    lines = ["[models]", f"retriever = {json.dumps(model)}"]
    if reranker is not None:
        lines.append(f"reranker = {json.dumps(reranker)}")
    CONFIG.write_text("\n".join(lines) + "\n", encoding="utf-8")


def settings(cache: Path) -> Settings:
    """The same settings for what is measured in this process."""
    found, refused = settings_from(tomllib.loads(CONFIG.read_text(encoding="utf-8")))
    assert not refused
    return replace(found, cache=CacheSettings(directory=cache))


def fresh_cache(name: str) -> Path:
    """A cache directory below ``.bench`` in which nothing is."""
    cache = BENCH / name
    shutil.rmtree(cache, ignore_errors=True)
    cache.mkdir(parents=True, mode=0o700)
    return cache


def bytes_below(folder: Path) -> int:
    """What the files of a folder take."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
