"""ONNX models in eight bits: weights by output channel, activations by token, word tables by row.

Needs the ``train`` extra. An activation's scale comes from its own token only, so a vector does not depend on what
else is in its batch; ONNX Runtime's own dynamic quantisation takes one scale for the whole batch.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

Feeds = Mapping[str, NDArray[np.int64]]

_LEAST_WEIGHTS = 4_096  # smaller matrices cost more to quantise than they save
_LEAST_TABLE = 1_000_000
_SMOOTHING = 0.5
"""How much of an outlying channel is moved from activations to weights.

Source: Xiao et al., SmoothQuant, https://arxiv.org/abs/2211.10438, equation 4.
"""


def quantise(source: Path, destination: Path, samples: Iterable[Feeds]) -> None:
    """Write an eight-bit copy of a float32 ONNX model.

    Args:
        source: the model, opset 17, made by ``export``.
        destination: the file to write.
        samples: a few dozen real inputs, from which outlying channels are learned.
    """
    import onnx

    model = onnx.load(str(source))
    smoothing = _channel_maxima(model, samples)
    _Rewriter(model.graph, smoothing).rewrite()
    if not any(entry.domain == "com.microsoft" for entry in model.opset_import):
        model.opset_import.append(onnx.helper.make_opsetid("com.microsoft", 1))
    onnx.save(model, str(destination))


def _channel_maxima(model: Any, samples: Iterable[Feeds]) -> dict[str, NDArray[np.float32]]:
    """Largest magnitude of each channel of each matrix input that comes out of a layer normalisation."""
    import onnx
    import onnxruntime

    normalised = {node.output[0] for node in model.graph.node if node.op_type == "LayerNormalization"}
    weights = {initializer.name for initializer in model.graph.initializer}
    names = sorted(
        {n.input[0] for n in model.graph.node if n.op_type == "MatMul" and n.input[1] in weights} & normalised
    )
    watched = onnx.ModelProto()
    watched.CopyFrom(model)
    watched.graph.output.extend(
        onnx.helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, None) for name in names
    )
    session = onnxruntime.InferenceSession(watched.SerializeToString(), providers=["CPUExecutionProvider"])
    taken = [value.name for value in session.get_inputs()]
    maxima: dict[str, NDArray[np.float32]] = {}
    for feeds in samples:
        is_token = feeds["attention_mask"].astype(bool)
        for name, value in zip(names, session.run(names, {key: feeds[key] for key in taken}), strict=True):
            largest = np.abs(value[is_token]).max(axis=0)
            maxima[name] = np.maximum(maxima.get(name, largest), largest)
    return maxima


class _Rewriter:
    """Rewrites one graph in place."""

    def __init__(self, graph: Any, maxima: Mapping[str, NDArray[np.float32]]) -> None:
        self._graph = graph
        self._maxima = maxima
        self._initializers = {initializer.name: initializer for initializer in graph.initializer}
        self._nodes: list[Any] = []
        self._quantised: dict[str, tuple[str, str, NDArray[np.float32] | None]] = {}

    def rewrite(self) -> None:
        """Replace matrix products with weights, and look-ups in large tables."""
        from onnx import numpy_helper

        self._constants()
        for node in self._graph.node:
            weights = self._initializers.get(node.input[1]) if node.op_type == "MatMul" else None
            table = self._initializers.get(node.input[0]) if node.op_type == "Gather" else None
            if weights is not None and len(weights.dims) == 2 and np.prod(weights.dims) >= _LEAST_WEIGHTS:
                self._product(node, numpy_helper.to_array(weights))
            elif table is not None and len(table.dims) == 2 and np.prod(table.dims) >= _LEAST_TABLE:
                self._look_up(node, numpy_helper.to_array(table))
            else:
                self._nodes.append(node)
        used = {name for node in self._nodes for name in node.input}
        kept = [initializer for name, initializer in self._initializers.items() if name in used]
        del self._graph.node[:], self._graph.initializer[:]
        self._graph.node.extend(self._nodes)
        self._graph.initializer.extend(kept)

    def _constants(self) -> None:
        self._add("q8_one", np.array(1, dtype=np.float32))
        self._add("q8_step", np.array(1 / 127, dtype=np.float32))
        self._add("q8_least", np.array(1e-6, dtype=np.float32))  # a token of zeros has no scale of its own
        self._add("q8_middle", np.array(128, dtype=np.uint8))
        self._add("q8_zero", np.array(0, dtype=np.int8))

    def _product(self, node: Any, weights: NDArray[np.float32]) -> None:
        source, out = node.input[0], node.output[0]
        if source not in self._quantised:
            self._quantised[source] = self._activations(source)
        numbers, scale, smooth = self._quantised[source]
        if smooth is not None:
            weights = weights * smooth[:, None]
        steps = np.maximum(np.abs(weights).max(axis=0), 1e-12) / 127  # (outputs,)
        self._add(f"{out}_w8", np.round(weights / steps).astype(np.int8))
        self._add(f"{out}_steps", steps.astype(np.float32))
        self._node(
            "MatMulIntegerToFloat",
            [numbers, f"{out}_w8", "q8_one", f"{out}_steps", "q8_middle", "q8_zero"],
            f"{out}_scaled",
            domain="com.microsoft",
        )
        self._node("Mul", [f"{out}_scaled", scale], out)

    def _activations(self, source: str) -> tuple[str, str, NDArray[np.float32] | None]:
        """Unsigned numbers around 128 and the scale of each token; and the smoothing that weights must undo."""
        smooth, value = self._smooth(source), source
        if smooth is not None:
            self._add(f"{source}_inverse", (1 / smooth).astype(np.float32))
            value = self._node("Mul", [source, f"{source}_inverse"], f"{source}_smooth")
        magnitudes = self._node("Abs", [value], f"{source}_abs")
        largest = self._node("ReduceMax", [magnitudes], f"{source}_max", axes=[-1], keepdims=1)
        safe = self._node("Max", [largest, "q8_least"], f"{source}_safe")
        scale = self._node("Mul", [safe, "q8_step"], f"{source}_scale")
        steps = self._node("Div", [value, scale], f"{source}_in_steps")
        return self._node("QuantizeLinear", [steps, "q8_one", "q8_middle"], f"{source}_q8"), scale, smooth

    def _smooth(self, source: str) -> NDArray[np.float32] | None:
        from onnx import numpy_helper

        if source not in self._maxima:
            return None
        readers = [
            numpy_helper.to_array(self._initializers[node.input[1]])
            for node in self._graph.node
            if node.op_type == "MatMul" and node.input[0] == source and node.input[1] in self._initializers
        ]
        weights = np.max([np.abs(reader).max(axis=1) for reader in readers], axis=0)  # (inputs,)
        smooth = np.maximum(self._maxima[source], 1e-3) ** _SMOOTHING / np.maximum(weights, 1e-5) ** (1 - _SMOOTHING)
        result: NDArray[np.float32] = smooth.astype(np.float32)
        return result

    def _look_up(self, node: Any, table: NDArray[np.float32]) -> None:
        import onnx

        name, rows, out = node.input[0], node.input[1], node.output[0]
        steps = np.maximum(np.abs(table).max(axis=1, keepdims=True), 1e-12) / 127  # (rows, 1)
        self._add(f"{name}_w8", np.round(table / steps).astype(np.int8))
        self._add(f"{name}_steps", steps.astype(np.float32))
        self._node("Gather", [f"{name}_w8", rows], f"{out}_w8", axis=0)
        self._node("Gather", [f"{name}_steps", rows], f"{out}_steps", axis=0)
        self._node("Cast", [f"{out}_w8"], f"{out}_wide", to=onnx.TensorProto.FLOAT)
        self._node("Mul", [f"{out}_wide", f"{out}_steps"], out)

    def _add(self, name: str, value: NDArray[Any]) -> None:
        from onnx import numpy_helper

        self._initializers[name] = numpy_helper.from_array(value, name)

    def _node(self, operator: str, inputs: list[str], output: str, **attributes: object) -> str:
        from onnx import helper

        self._nodes.append(helper.make_node(operator, inputs, [output], **attributes))
        return output
