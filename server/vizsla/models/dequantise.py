"""An eight-bit ONNX model turned back: the same numbers, with plain products in place of eight-bit ones.

Needs the ``onnx`` package. The opposite of ``quantise``, but for tables, which are looked up in eight bits as before.
"""

from __future__ import annotations

from typing import Any

import numpy as np


def dequantise(model: Any) -> None:
    """Rewrite a model in place; one that ``quantise`` has not made stays as it is.

    Args:
        model: an ``onnx.ModelProto``.
    """
    from onnx import helper, numpy_helper

    graph = model.graph
    stored = {tensor.name: tensor for tensor in graph.initializer}
    nodes, weights = [], []
    products: dict[str, tuple[str, str]] = {}  # what a product gave before its scale, to its input and its result
    for node in graph.node:
        if node.op_type == "MatMulIntegerToFloat":
            source, out = node.input[0].removesuffix("_q8"), node.input[1].removesuffix("_w8")
            steps = numpy_helper.to_array(stored[f"{out}_steps"])  # (outputs,)
            matrix = numpy_helper.to_array(stored[f"{out}_w8"]).astype(np.float32) * steps  # (inputs, outputs)
            if f"{source}_inverse" in stored:  # smoothed: the product's own input was scaled by this
                matrix *= numpy_helper.to_array(stored[f"{source}_inverse"])[:, None]
            weights.append(numpy_helper.from_array(matrix, f"{out}_weights"))
            products[node.output[0]] = source, out
        elif node.input and node.input[0] in products:
            source, out = products[node.input[0]]
            nodes.append(helper.make_node("MatMul", [source, f"{out}_weights"], [out]))
        else:
            nodes.append(node)
    kept = _needed(nodes, {output.name for output in graph.output})
    used = {name for node in kept for name in node.input}
    initializers = [tensor for tensor in (*graph.initializer, *weights) if tensor.name in used]
    del graph.node[:], graph.initializer[:]
    graph.node.extend(kept)
    graph.initializer.extend(initializers)


def _needed(nodes: list[Any], wanted: set[str]) -> list[Any]:
    """Without those whose results nobody reads any more, such as the scales of tokens."""
    kept = []
    for node in reversed(nodes):
        if wanted.intersection(node.output):
            wanted = wanted.union(node.input)
            kept.append(node)
    return kept[::-1]
