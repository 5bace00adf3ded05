"""Torch models to ONNX files with pooling inside. Needs the ``train`` extra."""

from __future__ import annotations

import contextlib
import io
import logging
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from vizsla.core.errors import ModelError
from vizsla.models.backend import INPUT_NAMES
from vizsla.models.manifest import Pooling
from vizsla.models.pooling import pooled

if TYPE_CHECKING:
    import torch

OPSET = 17


def export(network: torch.nn.Module, destination: Path, *, pooling: Pooling, normalise: bool) -> None:
    """Write a float32 ONNX file that takes token numbers and gives vectors, or logits where nothing is pooled.

    Args:
        network: a transformers model with eager attention, in float32, or a head above one.
        destination: the file to write.
        pooling: how token vectors become one; "none" exports the one logit of a cross-encoder, whatever its head.
        normalise: whether vectors are brought to length 1.

    Raises:
        ModelError: the architecture cannot be exported.
    """
    import torch

    name = type(network).__name__
    wrapper = _wrapped(network, pooling=pooling, normalise=normalise)
    ids = torch.full((2, 8), 7, dtype=torch.int64)
    mask = torch.ones_like(ids)
    mask[1, 6:] = 0
    inputs = (ids, mask, torch.zeros_like(ids))
    axes = {name: {0: "batch", 1: "length"} for name in INPUT_NAMES} | {"output": {0: "batch"}}
    if pooling == "tokens":
        axes["output"] = {0: "batch", 1: "length"}
    try:
        with _quiet():
            # The older exporter: the newer one's graphs of encoders have shapes that ONNX Runtime cannot fuse.
            torch.onnx.export(
                wrapper,
                inputs,
                str(destination),
                input_names=list(INPUT_NAMES),
                output_names=["output"],
                dynamic_axes=axes,
                opset_version=OPSET,
                dynamo=False,
            )
    except Exception as error:  # whatever a foreign architecture may do while it is traced
        raise ModelError(
            f"the architecture {name} cannot be exported ({type(error).__name__}: {str(error)[:200]}); "
            "use another model"
        ) from None


def _wrapped(network: torch.nn.Module, *, pooling: Pooling, normalise: bool) -> torch.nn.Module:
    import inspect

    import torch

    taken = set(inspect.signature(network.forward).parameters)

    class Pooled(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.network = network

        def forward(
            self, input_ids: torch.Tensor, attention_mask: torch.Tensor, token_type_ids: torch.Tensor
        ) -> torch.Tensor:
            inputs = dict(zip(INPUT_NAMES, (input_ids, attention_mask, token_type_ids), strict=True))
            output = self.network(**{name: value for name, value in inputs.items() if name in taken})
            if pooling == "none":
                logits: torch.Tensor = output.logits
                return logits[:, 0]
            vectors = pooled(output.last_hidden_state, attention_mask, pooling)
            return torch.nn.functional.normalize(vectors, dim=-1) if normalise else vectors

    return Pooled().eval()


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """The exporter warns of what we chose on purpose."""
    disabled = logging.root.manager.disable
    logging.disable(logging.WARNING)
    try:
        with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.disable(disabled)
