"""A tiny cross-encoder made of a bi-encoder, as others publish it: random weights, head and all."""

from __future__ import annotations

from pathlib import Path

from models.published import publish
from vizsla_trainer.training.base import load_base, save_model


def publish_pair(folder: Path, architecture: str = "bert", **options: object) -> Path:
    """Write a folder of sentence-transformers; options are those of ``publish``."""
    import torch

    source = publish(folder.with_name(f"{folder.name}-encoder"), architecture, **options)  # type: ignore[arg-type]
    base = load_base(source, kind="cross-encoder", seed=1)
    torch.manual_seed(2)
    with torch.no_grad():
        for name, value in base.network.named_parameters():
            if name.startswith("head."):
                value.add_(torch.randn_like(value) * 0.3)
    save_model(base, folder, max_tokens=base.max_tokens)
    return folder
