"""No process of ours lets ONNX Runtime send usage data."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest


@pytest.mark.parametrize("module", ["worker", "onnx_backend", "quantise", "convert"])
def test_the_switch_is_set_before_the_library_is_there(module: str) -> None:
    code = (
        f"import vizsla.models.{module}, os, sys; "
        "print('onnxruntime' in sys.modules, os.environ.get('ORT_DISABLE_TELEMETRY'))"
    )
    environment = {name: value for name, value in os.environ.items() if name != "ORT_DISABLE_TELEMETRY"}
    found = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
    assert found.stdout.split() == ["False", "1"]
