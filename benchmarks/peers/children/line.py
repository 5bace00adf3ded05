"""The line between a child and the harness: each request is a line of JSON, and so is each answer."""

from __future__ import annotations

import json
import os
import sys
import traceback
from collections.abc import Callable, Mapping
from typing import Any

Handler = Callable[[dict[str, Any]], object]


def serve(handlers: Mapping[str, Handler]) -> None:
    """Answer requests until stdin ends. What a library prints goes to stderr.

    Args:
        handlers: by the value of ``do`` in a request; what they return must be plain data.
    """
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    for line in sys.stdin:
        request = json.loads(line)
        try:
            answer = handlers[request["do"]](request)
        except Exception:  # whatever a peer raises is its result, and the harness tells of it
            answer = {"failed": traceback.format_exc()}
        answers.write(json.dumps(answer) + "\n")
        answers.flush()
