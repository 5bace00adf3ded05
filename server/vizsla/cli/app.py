"""The commands of ``vizsla`` put together, and how errors leave it.

Exit status, as with grep: 0 done or found, 1 nothing found, 2 wrong usage or an error to mend, 130 interrupted.
"""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Sequence
from typing import Annotated

import typer

from vizsla import __version__
from vizsla.cli import doctor, index, models, search, serve
from vizsla.cli.opening import warn
from vizsla.cli.plugged import PASS_ON, plugged
from vizsla.core.errors import VizslaError

FOUND, NOTHING, FAILED, INTERRUPTED = 0, 1, 2, 130

_PROGRAM = "vizsla"
_COMPLETION = "_VIZSLA_COMPLETE"  # set by the shell when it asks for completions

_EXAMPLES = """\b
Examples:
  vizsla search "where are uploads retried" ~/src/shop
  vizsla search "retry lang:go kind:method -path:*_test.go"
  vizsla similar src/uploads.py:120

The exit status is 0 when something was found or done, 1 when nothing was found, 2 on an error."""

# Plain help rather than boxes: half as long, and nothing has to be imported that draws them.
app = typer.Typer(
    name=_PROGRAM,
    help="Find functions by what they do, on your own machine.",
    epilog=_EXAMPLES,
    no_args_is_help=True,
    add_completion=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110},
)
app.command("search", short_help="Answer a question about the code below a folder.")(search.search)
app.command("similar", short_help="Find functions like the one at a place.")(search.similar)
app.command("index", short_help="Bring the index of a folder up to date.")(index.index)
app.command("status", short_help="Say what is indexed, what is left out, and why.")(index.status)
app.command("clear", short_help="Delete the index of a folder, or all of them.")(index.clear)
app.command("doctor", short_help="Say what was found on this machine, and what to mend.")(doctor.doctor)
app.command("serve", short_help="Serve an editor: a language server on stdin and stdout.")(serve.serve)
app.add_typer(models.app, name="models", short_help="List, add, use and remove models.")
app.command("train", short_help="Train models on your own code.", context_settings=PASS_ON)(plugged("train"))
app.command("eval", short_help="Measure models and ways to train them.", context_settings=PASS_ON)(plugged("eval"))


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


def run(arguments: Sequence[str] | None = None) -> int:
    """Run one command.

    Args:
        arguments: of the command line, without the program's name; None for this process's own.

    Returns:
        The exit status.
    """
    if _COMPLETION in os.environ:
        app(prog_name=_PROGRAM)
    try:
        status = _status(list(sys.argv[1:] if arguments is None else arguments))
        sys.stdout.flush()  # here, where a reader that is gone and a full disk can still be told apart
        return status
    except BrokenPipeError:
        # The reader of our output is gone (``vizsla … | head``): that is no error of ours.
        _discard_output()
        return FOUND
    except OSError as error:
        _discard_output()
        where = f" ({error.filename})" if error.filename else ""
        warn(f"the operating system refused: {error.strerror or error}{where}; mend that and run it again")
        return FAILED


def _status(arguments: list[str]) -> int:
    try:
        command = typer.main.get_command(app)
        with command.make_context(_PROGRAM, arguments) as context:
            result = command.invoke(context)
    except VizslaError as error:
        warn(str(error))
        return FAILED
    except typer.Exit as exit_:
        return exit_.exit_code
    except (KeyboardInterrupt, typer.Abort):
        warn("interrupted; what was done so far is kept")
        return INTERRUPTED
    except Exception as error:
        return _misused(error)
    return result if isinstance(result, int) else FOUND


def _misused(error: Exception) -> int:
    """The status of what the argument parser refused, told in one sentence; anything else is a fault and goes on."""
    message, context = getattr(error, "format_message", None), getattr(error, "ctx", None)
    if message is None:
        raise error
    text = str(message())
    if context is None:
        warn(text)
    elif "\n" in text:  # a command that needs another one and got none: its help
        print(text, file=sys.stderr)
    else:
        warn(f"{text[:1].lower()}{text[1:].rstrip('. ')}; see '{context.command_path} --help'")
    return FAILED


def _discard_output() -> None:
    """Let what is still to be printed go nowhere, so that Python does not fail on it at its end."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
