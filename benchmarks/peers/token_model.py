"""The run's transformer as ONNX that gives vectors of tokens, for peers that pool them themselves.

It is put where those peers look before they would download a model of the same kind.
"""

from __future__ import annotations

import hashlib
import sys
from pathlib import Path

from benchmarks.peers.peer import Site

FILES = ("config.json", "special_tokens_map.json", "tokenizer_config.json", "tokenizer.json", "vocab.txt")


def place_token_model(site: Site, target: Path) -> None:
    """Link ``model.onnx`` and the tokenizer's files into a new folder; exported once for all sites.

    Raises:
        UnusableError: it cannot be exported, for which the ``train`` extra is needed.
    """
    source = site.models.transformer.resolve()
    made = site.kept / f"tokens-{source.name}-{hashlib.sha256(bytes(source)).hexdigest()[:8]}"
    if not (made / "model.onnx").exists():
        made.mkdir(parents=True, exist_ok=True)
        script = Path(__file__).parent / "children" / "export_tokens.py"
        site.runner.run([sys.executable, script, source, made])
    target.mkdir(parents=True)
    (target / "model.onnx").symlink_to(made / "model.onnx")
    for name in FILES:
        if (source / name).exists():
            (target / name).symlink_to(source / name)
        else:
            (target / name).write_text("{}", encoding="utf-8")  # must be there, and is not read
