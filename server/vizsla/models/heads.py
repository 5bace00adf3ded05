"""A cross-encoder made of a bi-encoder: its pooled token vectors and two small layers above them.

Its folder is the one of sentence-transformers, whose ``CrossEncoder`` loads it: the encoder at the top, each layer in a
folder of its own. Importing this module imports torch.
"""

from __future__ import annotations

import inspect
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch

from vizsla.core.errors import ModelError
from vizsla.models.manifest import HEAD_FOLDERS, SAFETENSORS_NAME, Pooling
from vizsla.models.pooling import pooled

_ACTIVATIONS = ("torch.nn.modules.activation.Tanh", "torch.nn.modules.linear.Identity")
_NAMES = ("linear.weight", "linear.bias")  # of a layer's weights, as sentence-transformers calls them


class PooledScorer(torch.nn.Module):
    """Encoder, pooling, a layer with tanh, a layer to one number; called like a network of transformers.

    The head stays in float32, also where the encoder is narrower: in bf16 many scores would be the same number.
    """

    def __init__(self, encoder: torch.nn.Module, pooling: Pooling) -> None:
        """Begin with a head that scores everything 0 and hands gradients on as they come.

        Args:
            encoder: a transformers encoder.
            pooling: how its token vectors become one.
        """
        super().__init__()
        self.encoder = encoder
        self.pooling: Pooling = pooling
        self._takes_types = "token_type_ids" in inspect.signature(encoder.forward).parameters
        width = self.config.hidden_size
        self.head = torch.nn.ModuleDict({"dense": torch.nn.Linear(width, width), "score": torch.nn.Linear(width, 1)})
        with torch.no_grad():
            torch.nn.init.eye_(self._layers[0].weight)
            for value in (self._layers[0].bias, self._layers[1].weight, self._layers[1].bias):
                value.zero_()

    @property
    def config(self) -> Any:
        """Of the encoder."""
        return self.encoder.config

    @property
    def _layers(self) -> tuple[Any, Any]:
        return self.head["dense"], self.head["score"]

    def get_input_embeddings(self) -> torch.nn.Module:
        """Word vectors of the encoder."""
        encoder: Any = self.encoder
        embeddings: torch.nn.Module = encoder.get_input_embeddings()
        return embeddings

    def save_pretrained(self, folder: Path, *, max_shard_size: str) -> None:
        """Write the encoder as transformers does, and the layers of the head beside it.

        Raises:
            SafetensorError: the disk is full.
        """
        from safetensors.torch import save_file

        encoder: Any = self.encoder
        encoder.save_pretrained(folder, max_shard_size=max_shard_size)
        for place, layer, activation, output in zip(
            HEAD_FOLDERS, self._layers, _ACTIVATIONS, ("sentence_embedding", "scores"), strict=True
        ):
            (folder / place).mkdir(exist_ok=True)
            weights = (layer.weight, layer.bias)
            save_file(
                {name: value.detach().cpu().contiguous() for name, value in zip(_NAMES, weights, strict=True)},
                folder / place / SAFETENSORS_NAME,
            )
            config = {
                "in_features": layer.in_features,
                "out_features": layer.out_features,
                "bias": True,
                "activation_function": activation,
                "module_input_name": "sentence_embedding",
                "module_output_name": output,
            }
            (folder / place / "config.json").write_text(json.dumps(config, indent=2) + "\n", encoding="utf-8")

    def load_head(self, folders: Sequence[Path]) -> None:
        """Take the layers out of their folders.

        Args:
            folders: of the first and of the second layer.

        Raises:
            ModelError: weights are missing, damaged or of another shape.
        """
        from safetensors import SafetensorError
        from safetensors.torch import load_file

        for folder, layer in zip(folders, self._layers, strict=True):
            try:
                found = load_file(folder / SAFETENSORS_NAME)
                layer.load_state_dict({name.removeprefix("linear."): found[name] for name in _NAMES})
            except (OSError, SafetensorError, KeyError, RuntimeError) as error:
                raise ModelError(
                    f"the layer in {folder} cannot be loaded ({str(error)[:200]}); get the model anew"
                ) from None

    def forward(
        self,
        input_ids: torch.Tensor,
        attention_mask: torch.Tensor,
        token_type_ids: torch.Tensor | None = None,
    ) -> Any:
        """One logit for each pair, in ``logits``. (batch, 1)"""
        from transformers.modeling_outputs import SequenceClassifierOutput

        types = {} if token_type_ids is None or not self._takes_types else {"token_type_ids": token_type_ids}
        states = self.encoder(input_ids=input_ids, attention_mask=attention_mask, **types).last_hidden_state
        dense, score = self._layers
        with torch.autocast(states.device.type, enabled=False):
            vectors = pooled(states.float(), attention_mask, self.pooling)
            return SequenceClassifierOutput(logits=score(torch.tanh(dense(vectors))))
