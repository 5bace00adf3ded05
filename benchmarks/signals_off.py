"""The weights of fusion without one signal each: what a signal is worth is what is lost without it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from vizsla.retrieval.weights import WEIGHTS, Weights

_SIGNALS: Mapping[str, tuple[str, ...]] = {
    "meaning": ("cosine", "expected_cosine", "expected_cosine_per_match"),
    "words": ("match", "lead", "lead_documented", "lead_nameless", "change_lead", "change_documented"),
    "names": ("name", "file_name", "defines"),
    "paths": ("path",),
    "kinds of files": ("is_test", "is_example", "is_generated", "is_vendored", "is_lobby"),
    "outlines": ("is_outline",),
    "sizes": ("size", "change_size"),
    "questions of a change": ("change_lead", "change_documented", "change_size"),
    "files' other candidates": ("support",),
}


def each_off() -> dict[str, Weights]:
    """Weights by the stage that they make; what remains is not fitted anew."""
    return {
        f"fused without {signal}": replace(WEIGHTS, **dict.fromkeys(names, 0.0)) for signal, names in _SIGNALS.items()
    }
