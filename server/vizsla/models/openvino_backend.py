"""The back end for many texts on processors with matrix units (AMX): a model folder's ONNX file in OpenVINO, in bf16.

Needs the ``amx`` extra. It is about twice as fast there as eight bits in ONNX Runtime, and slower everywhere else.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from vizsla.core.errors import ModelError
from vizsla.models.backend import OnnxFile
from vizsla.models.cores import usable_cores
from vizsla.models.dequantise import dequantise
from vizsla.models.manifest import ONNX_NAMES, Manifest


class OpenVinoBackend:
    """One compiled model on the CPU."""

    # As fast as larger batches, and a question or an edit waits for one batch at most: some 20 ms on two cores.
    tokens_per_batch = 768

    def __init__(self, folder: Path, manifest: Manifest, *, threads: int) -> None:
        """Load and compile the folder's ONNX file; takes half a second or more.

        Args:
            folder: the model folder, verified by the caller.
            manifest: its manifest.
            threads: of a forward pass; 0 is one per physical core.

        Raises:
            ModelError: there is no ONNX file, or OpenVINO cannot use it.
        """
        import openvino

        self._file = OnnxFile(folder, manifest)
        path = self._file.path
        options = {
            "INFERENCE_PRECISION_HINT": "bf16",
            "PERFORMANCE_HINT": "LATENCY",  # all threads for one batch
            "INFERENCE_NUM_THREADS": threads or usable_cores(),
            "ENABLE_CPU_PINNING": False,  # the editor wants its cores too
        }
        try:
            core = openvino.Core()
            given = _without_bytes(path) if manifest.onnx_name == ONNX_NAMES[0] else str(path)
            self._compiled = core.compile_model(core.read_model(given), "CPU", options)
        except Exception as error:  # the library raises nothing narrower
            raise ModelError(f"OpenVINO cannot use {path} ({error}); add the model again") from None
        names = [value.get_any_name() for value in self._compiled.inputs]
        self._file.check(names, outputs=len(self._compiled.outputs))
        self._request = self._compiled.create_infer_request()

    def run(
        self, input_ids: NDArray[np.int64], attention_mask: NDArray[np.int64], token_type_ids: NDArray[np.int64]
    ) -> NDArray[np.float32]:
        """See ``Backend.run``."""
        answers = self._request.infer(self._file.feeds(input_ids, attention_mask, token_type_ids), share_inputs=True)
        return np.array(answers[0], dtype=np.float32)


def _without_bytes(path: Path) -> bytes:
    import onnx

    model = onnx.load(str(path))
    dequantise(model)
    serialised: bytes = model.SerializeToString()
    return serialised
