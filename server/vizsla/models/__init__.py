"""Model folders, back ends and the model worker. Only this layer imports libraries that run models."""

import os
import sys

# ONNX Runtime would send usage data from the process that loads a model; its own switch comes too late to stop it.
os.environ["ORT_DISABLE_TELEMETRY"] = "1"
# OpenVINO would send that it was imported; without this package of its own it has nothing to send it with.
sys.modules["openvino_telemetry"] = None  # type: ignore[assignment]
