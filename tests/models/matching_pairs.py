"""A tiny cross-encoder that matches tokens, as the trainer leaves one: random weights."""

from __future__ import annotations

from pathlib import Path

from models.published import publish
from vizsla_trainer.training.base import load_base, save_model


def publish_pair(folder: Path, architecture: str = "bert", **options: object) -> Path:
    """Write a folder; options are those of ``publish``."""
    source = publish(folder.with_name(f"{folder.name}-encoder"), architecture, **options)  # type: ignore[arg-type]
    base = load_base(source, kind="cross-encoder", seed=1)
    save_model(base, folder, max_tokens=base.max_tokens)
    return folder
