"""What is known of the model worker, for people to read."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from vizsla.core.types import ContentHash
from vizsla.models.device import DeviceChoice

State = Literal["idle", "loading", "ready", "restarting", "resting", "closed"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelStatus:
    """The model worker at one moment.

    Attributes:
        state: "idle" before anybody asked; "resting" when it died too often and requests are refused for seconds.
        device: where the models run and why; None until they are loaded.
        load_seconds: that loading the retriever took; None until it is loaded.
        tokens_per_second: of late, padding left out; None before anything was computed.
        pending_texts: asked for and not answered.
        failed_texts: answered with NaN since the client was made, poison left out.
        restarts: deaths of the worker since the client was made.
        last_error: the last thing that went wrong; empty when nothing did.
        quarantined: content hashes of texts that killed the worker twice, oldest first.
        pid: of the worker; None while there is none.
        resident_bytes: memory of the worker; None while there is none.
    """

    state: State
    device: DeviceChoice | None
    load_seconds: float | None
    tokens_per_second: float | None
    pending_texts: int
    failed_texts: int
    restarts: int
    last_error: str
    quarantined: tuple[ContentHash, ...]
    pid: int | None
    resident_bytes: int | None


def resident_bytes(pid: int) -> int | None:
    """Memory that a process holds; None when it is gone or cannot be asked."""
    try:
        for line in Path(f"/proc/{pid}/status").read_text(encoding="utf-8").splitlines():
            if line.startswith("VmRSS:"):
                return int(line.split()[1]) * 1024
    except OSError:
        pass
    try:
        shown = subprocess.run(
            ["ps", "-o", "rss=", "-p", str(pid)], capture_output=True, text=True, timeout=2.0, check=False
        )
        return int(shown.stdout) * 1024
    except (OSError, ValueError, subprocess.SubprocessError):
        return None
