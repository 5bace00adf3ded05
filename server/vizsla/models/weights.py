"""Weights for torch out of a model folder: its safetensors or, where it has none, its ONNX file turned back.

The model that ships with the package has only the ONNX file, eight bits wide; a GPU runs the same numbers.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from vizsla.core.errors import ModelError
from vizsla.models.dequantise import dequantise
from vizsla.models.manifest import TOKENIZER_NAME, Manifest
from vizsla.models.tokenising import separator_of

if TYPE_CHECKING:
    import torch

Arrays = dict[str, NDArray[np.float32]]

_UNUSED = ("pooler.", "encoder.pooler.")
"""Weights that an encoder has and pooling does not need."""


def load_network(folder: Path, manifest: Manifest) -> torch.nn.Module:
    """The network of a model folder, in float32 on the CPU. Code that a folder may name is never run.

    Raises:
        ModelError: weights or configuration are missing or do not fit each other.
    """
    import transformers

    transformers.utils.logging.set_verbosity_error()
    transformers.utils.logging.disable_progress_bar()
    is_matching, is_plain_pair = manifest.pooling == "maxsim", manifest.pooling == "none"
    if manifest.kind == "cross-encoder" and not (is_matching or is_plain_pair):
        raise ModelError(
            f"the reranker in {folder} scores by {manifest.pooling!r}, for which torch finds no weights; "
            "train it or add it again"
        )
    family = transformers.AutoModelForSequenceClassification if is_plain_pair else transformers.AutoModel
    safe: dict[str, Any] = {"trust_remote_code": False, "attn_implementation": "sdpa"}
    try:
        if manifest.has_safetensors:
            network = family.from_pretrained(folder, use_safetensors=True, local_files_only=True, **safe)
        else:
            config = transformers.AutoConfig.from_pretrained(folder, trust_remote_code=False, local_files_only=True)
            network = family.from_config(config, **safe)
            _fill(network, _arrays(folder / (manifest.onnx_name or "")), folder, may_lack=not is_plain_pair)
    except (ImportError, OSError, ValueError, RuntimeError) as error:
        raise ModelError(
            f"the weights in {folder} cannot be loaded into torch ({error}); add the model again"
        ) from None
    if is_matching:
        from vizsla.models.maxsim import MaxSimScorer

        network = MaxSimScorer(network, separator_of((folder / TOKENIZER_NAME).read_text(encoding="utf-8")))
    loaded: torch.nn.Module = network.float().eval()
    return loaded


def _fill(network: torch.nn.Module, arrays: Arrays, folder: Path, *, may_lack: bool) -> None:
    import torch

    found = {}
    for name, wanted in network.state_dict().items():
        # The exporter puts the name of its wrapper before the network's own names.
        matching = [key for key in arrays if f".{key}".endswith(f".{name}")]
        if not matching and may_lack and name.startswith(_UNUSED):
            found[name] = wanted
        elif len(matching) == 1 and arrays[matching[0]].shape == tuple(wanted.shape):
            found[name] = torch.from_numpy(arrays[matching[0]].copy())
        else:
            raise ModelError(f"the ONNX file in {folder} does not hold {name} as torch needs it; add the model again")
    network.load_state_dict(found)


def _arrays(path: Path) -> Arrays:
    """Weights of an ONNX file that we made, by the names they had before it was made."""
    import onnx
    from onnx import numpy_helper

    model = onnx.load(str(path))
    dequantise(model)
    graph = model.graph
    stored = {tensor.name: numpy_helper.to_array(tensor) for tensor in graph.initializer}
    arrays: Arrays = {name: array for name, array in stored.items() if array.dtype == np.float32}
    for name in stored:
        table = name.removesuffix("_w8")
        if table != name and f"{table}_steps" in stored:
            arrays[table] = stored[name].astype(np.float32) * stored[f"{table}_steps"]
    for node in graph.node:
        if node.op_type == "MatMul" and node.input[1] in arrays:
            arrays[_weight(node.output[0])] = arrays[node.input[1]].T
        elif node.op_type == "Identity" and node.input[0] in arrays:
            # Of equal weights the exporter keeps one.
            arrays[node.output[0]] = arrays[node.input[0]]
    return arrays


def _weight(output: str) -> str:
    """``/net/encoder/layer.0/output/dense/MatMul_output_0`` gives ``net.encoder.layer.0.output.dense.weight``."""
    return ".".join([*output.strip("/").split("/")[:-1], "weight"])
