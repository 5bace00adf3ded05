"""Entry point of the command ``vizsla``. Imports next to nothing, so that ``--version`` answers at once."""

from __future__ import annotations

import os
import sys


def main() -> None:
    """Run the command line and exit with its status."""
    _open_closed_streams()
    if sys.argv[1:] in (["--version"], ["-V"]):
        from vizsla import __version__

        print(f"vizsla {__version__}")
        raise SystemExit(0)
    if sys.argv[1:] in (["serve"], ["serve", "--stdio"]):  # an editor waits: no argument is left to parse
        from vizsla.lsp.serving import serve

        serve()
    from vizsla.cli.app import run

    raise SystemExit(run())


def _open_closed_streams() -> None:
    """Have something behind stdin, stdout and stderr, whatever our caller closed.

    Otherwise the next file that is opened takes their number, and a child would read or write there.
    """
    if None not in (sys.stdin, sys.stdout, sys.stderr):
        return
    while (number := os.open(os.devnull, os.O_RDWR)) <= 2:
        os.set_inheritable(number, True)
    os.close(number)
    sys.stdin = sys.stdin or os.fdopen(0, closefd=False)
    sys.stdout = sys.stdout or os.fdopen(1, "w", closefd=False)
    sys.stderr = sys.stderr or os.fdopen(2, "w", closefd=False)


if __name__ == "__main__":
    main()
