"""Stands for ``vizsla train`` where only its child's life is tested: counts until it is stopped, as a real child."""

from __future__ import annotations

import json
import signal
import sys
import time
from pathlib import Path


def main() -> None:
    """Do what the recipe says: "count" until SIGTERM, "offer", "refuse" or "fail" at once."""
    recipe = sys.argv[sys.argv.index("--recipe") + 1]
    folder = Path(sys.argv[2])
    print("a library says hello")
    if recipe == "fail":
        print("a warning\nvizsla: there is nothing to learn from", file=sys.stderr)
        raise SystemExit(2)
    if recipe == "arguments":
        raise SystemExit("vizsla: " + " ".join(sys.argv[3:]))
    if recipe in ("offer", "refuse"):
        told = {"event": "done", "is_offered": recipe == "offer", "reasons": ["MRR went up"], "report": "r.html"}
        print(json.dumps(told))
        raise SystemExit(0 if recipe == "offer" else 1)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(130))
    for step in range(1_000_000):
        (folder / "steps").write_text(str(step))
        print(json.dumps({"stage": "mine", "done": step, "total": 0, "message": ""}), flush=True)
        time.sleep(0.01)


main()
