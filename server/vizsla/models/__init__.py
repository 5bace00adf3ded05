"""Model folders, back ends and the model worker. Only this layer imports onnxruntime, tokenizers or torch."""

import os

# ONNX Runtime would send usage data from the process that loads a model; its own switch comes too late to stop it.
os.environ["ORT_DISABLE_TELEMETRY"] = "1"
