"""The device that models run on: chosen without torch where there is no GPU, and honest about its reasons."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from vizsla.models.device import choose_device


def test_a_machine_without_gpu_is_served_by_the_cpu_without_importing_torch(tmp_path: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from vizsla.models.device import choose_device\n"
        f"choice = choose_device('auto', nodes=Path({str(tmp_path)!r}))\n"
        "assert (choice.kind, choice.backend, choice.is_fallback) == ('cpu', 'onnx', False), choice\n"
        "assert 'torch' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_cuda_where_there_is_none_falls_back_and_says_so(tmp_path: Path) -> None:
    choice = choose_device("cuda", nodes=tmp_path)
    assert choice.kind == "cpu"
    assert choice.is_fallback
    assert choice.reason == "cuda is wanted, but this machine shows no NVIDIA GPU; running on the CPU"


def test_a_gpu_that_torch_cannot_use_falls_back_and_says_so(tmp_path: Path) -> None:
    import torch

    (tmp_path / "nvidia0").touch()
    choice = choose_device("auto", nodes=tmp_path)
    if torch.cuda.is_available():
        assert choice.kind == "cuda"
    else:
        assert choice.is_fallback
        assert "finds no cuda device" in choice.reason


def test_the_cpu_is_taken_when_the_settings_say_so(tmp_path: Path) -> None:
    (tmp_path / "nvidia0").touch()
    choice = choose_device("cpu", nodes=tmp_path)
    assert (choice.kind, choice.precision, choice.is_fallback) == ("cpu", "int8", False)
