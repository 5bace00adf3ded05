"""Measures the Neovim plug-in, in a terminal as a user has it: from a key press to hits on the screen."""

from __future__ import annotations

import json
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
_SECONDS_PER_QUESTION = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class NeovimCosts:
    """Milliseconds for each question, in its order.

    Attributes:
        first: from the last key of the question to its first hits on the screen, with the plug-in's own wait for a
            rest in typing.
        last: likewise to its last hits.
        server_first: of ``first``, what the server took by its own clock.
        server_last: of ``last``, likewise.
        is_reranked: whether a cross-encoder has read the last hits.
    """

    first: Sequence[float]
    last: Sequence[float]
    server_first: Sequence[float]
    server_last: Sequence[float]
    is_reranked: Sequence[bool]


def measure(folder: Path, questions: Sequence[str], *, cache: Path, config: Path, version: str) -> NeovimCosts:
    """Open a folder in Neovim and ask, one question after the other.

    Args:
        folder: what is searched.
        questions: at least two letters each.
        cache: the server's cache directory; what is not indexed yet is indexed before anything is asked.
        config: the server's settings.
        version: of the Neovims that ``.ci/install-neovim`` unpacks, such as "newest".

    Raises:
        SystemExit: a question was not answered.
    """
    from editors.conftest import EDITORS, home_environment
    from editors.terminal import in_terminal

    with tempfile.TemporaryDirectory() as temporary:
        home = Path(temporary) / "neovim"
        environment = {
            **home_environment(home, cache),
            "VIZSLA_CONFIG": str(config),
            "VIZSLA_PLUGIN": str(ROOT / "editors" / "nvim"),
            "QUESTIONS": str(home / "questions"),
            "TOOK": str(home / "took"),
        }
        (home / "questions").write_text("\n".join(questions), encoding="utf-8")
        command = [str(EDITORS / "neovim" / version / "nvim"), "-u", str(Path(__file__).with_suffix(".lua"))]
        deadline = time.monotonic() + _SECONDS_PER_QUESTION * (10 + len(questions))
        with in_terminal(["sh", "-c", '"$@"; sleep 9999', "sh", *command], folder, environment) as terminal:
            while not (home / "took").exists():
                if time.monotonic() > deadline:
                    raise SystemExit(
                        f"Neovim did not come to an end; its screen:\n{terminal.run('capture-pane', '-p')}"
                    )
                time.sleep(0.2)
        said = json.loads((home / "took").read_text(encoding="utf-8"))
    if said.get("problem"):
        raise SystemExit(f"a question was not answered: {said['problem']}")
    took = said["took"]
    return NeovimCosts(
        first=[one["first"] for one in took],
        last=[one["last"] for one in took],
        server_first=[one["server_first"] for one in took],
        server_last=[one["server_last"] for one in took],
        is_reranked=[one["is_reranked"] for one in took],
    )
