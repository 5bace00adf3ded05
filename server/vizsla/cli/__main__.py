"""Entry point of the command ``vizsla``. Imports next to nothing, so that ``--version`` answers at once."""

from __future__ import annotations

import sys


def main() -> None:
    """Run the command line and exit with its status."""
    if sys.argv[1:] in (["--version"], ["-V"]):
        from vizsla import __version__

        print(f"vizsla {__version__}")
        raise SystemExit(0)
    from vizsla.cli.app import run

    raise SystemExit(run())


if __name__ == "__main__":
    main()
