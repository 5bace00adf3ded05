"""The streams of the protocol, taken away from everybody else: what a library prints goes to stderr."""

from __future__ import annotations

import os


def take_over_streams() -> tuple[int, int]:
    """Make stdin and stdout ours alone; call once, first thing, before a child or a library can use them.

    From here on descriptor 0 is empty and descriptor 1 is stderr, for this process and its children.

    Returns:
        Descriptors to read the client from and to write to it; no child inherits them.
    """
    incoming, outgoing = os.dup(0), os.dup(1)
    null = os.open(os.devnull, os.O_RDONLY)
    os.dup2(null, 0)
    os.close(null)
    os.dup2(2, 1)
    return incoming, outgoing
