"""The CPU back end: a model folder's ONNX file in ONNX Runtime."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from vizsla.core.errors import ModelError
from vizsla.models.backend import OnnxFile
from vizsla.models.cores import usable_cores
from vizsla.models.manifest import Manifest


class OnnxBackend:
    """One ONNX Runtime session on the CPU."""

    # As fast as larger batches, and a question or an edit waits for one batch at most: some 50 ms on two cores.
    tokens_per_batch = 384

    def __init__(self, folder: Path, manifest: Manifest, *, threads: int) -> None:
        """Load the folder's ONNX file.

        Args:
            folder: the model folder, verified by the caller.
            manifest: its manifest.
            threads: of a forward pass; 0 is one per physical core.

        Raises:
            ModelError: there is no ONNX file, or it is not a model of the manifest's shape.
        """
        import onnxruntime

        self._file = OnnxFile(folder, manifest)
        path = self._file.path
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads or usable_cores()
        options.inter_op_num_threads = 1
        options.log_severity_level = 3
        # An idle server must not burn a core waiting for the next query.
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        # Shapes vary from batch to batch: plans for each shape would be kept for ever.
        options.enable_mem_pattern = False
        try:
            self._session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
        except Exception as error:  # the library raises nothing narrower
            raise ModelError(f"{path} cannot be loaded as an ONNX model ({error}); add the model again") from None
        names = [value.name for value in self._session.get_inputs()]
        self._file.check(names, outputs=len(self._session.get_outputs()))
        self._axes = {"bi-encoder": 2, "cross-encoder": 1, "late-interaction": 3}[manifest.kind]
        self._dimension = manifest.dimension

    def run(
        self, input_ids: NDArray[np.int64], attention_mask: NDArray[np.int64], token_type_ids: NDArray[np.int64]
    ) -> NDArray[np.float32]:
        """See ``Backend.run``."""
        (output,) = self._session.run(None, self._file.feeds(input_ids, attention_mask, token_type_ids))
        if output.ndim != self._axes or (output.ndim > 1 and output.shape[-1] != self._dimension):
            raise ModelError(
                f"{self._file.path} gives numbers of shape {output.shape} instead of {self._axes} axes, the last of "
                f"{self._dimension}; add the model again"
            )
        result: NDArray[np.float32] = output
        return result
