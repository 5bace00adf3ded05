"""The commands of ``vizsla`` put together, and how errors leave it.

Exit status, as with grep: 0 done or found, 1 nothing found, 2 wrong usage or an error to mend, 130 interrupted.
"""

from __future__ import annotations

import logging
import os
import sys
from typing import Annotated

import typer

from vizsla import __version__
from vizsla.cli import doctor, index, models, search
from vizsla.core.errors import VizslaError

FOUND, NOTHING, FAILED, INTERRUPTED = 0, 1, 2, 130

app = typer.Typer(
    name="vizsla",
    help="Find functions by what they do, on your own machine.",
    no_args_is_help=True,
    add_completion=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command("search")(search.search)
app.command("similar")(search.similar)
app.command("index")(index.index)
app.command("status")(index.status)
app.command("clear")(index.clear)
app.command("doctor")(doctor.doctor)
app.add_typer(models.app, name="models")


@app.callback()
def _common(
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="Say on stderr what is being done.")] = False,
    version: Annotated[bool, typer.Option("--version", "-V", help="Print the version and exit.")] = False,
) -> None:
    if version:
        typer.echo(f"vizsla {__version__}")
        raise typer.Exit
    logging.basicConfig(
        stream=sys.stderr,
        level=logging.INFO if verbose else logging.ERROR,
        format="%(levelname)s %(name)s: %(message)s",
    )


def run() -> int:
    """Run one command; the exit status."""
    try:
        result = app(standalone_mode=False)
    except VizslaError as error:
        print(f"vizsla: {error}", file=sys.stderr)
        return FAILED
    except KeyboardInterrupt:
        print("vizsla: interrupted; what was done so far is kept", file=sys.stderr)
        return INTERRUPTED
    except BrokenPipeError:
        # The reader of our output is gone (``vizsla … | head``): that is no error of ours.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return FOUND
    except Exception as error:
        return _usage_status(error)
    return result if isinstance(result, int) else FOUND


def _usage_status(error: Exception) -> int:
    """The status of an error that the argument parser knows how to show; anything else is a fault and goes on."""
    show, status = getattr(error, "show", None), getattr(error, "exit_code", None)
    if status is None:
        raise error
    if show is not None:
        show()
    elif type(error).__name__ == "Abort":
        return INTERRUPTED
    return int(status)
