"""Commands that other packages bring, found by their entry points when they are called: the trainer's."""

from __future__ import annotations

from collections.abc import Callable

import typer

from vizsla.core.errors import VizslaError

GROUP = "vizsla.commands"
"""The entry-point group; each entry is a typer app named as the command."""

PASS_ON = {"allow_extra_args": True, "ignore_unknown_options": True, "help_option_names": []}
"""For the context of such a command: all arguments are its own, ``--help`` too."""


def plugged(name: str) -> Callable[[typer.Context], int | None]:
    """The command of that name, as this command line calls it."""

    def call(context: typer.Context) -> int | None:
        from importlib.metadata import entry_points

        found = list(entry_points(group=GROUP, name=name))
        if not found:
            raise VizslaError(f"'vizsla {name}' is not installed; run: pip install 'vizsla[train]'")
        command = typer.main.get_command(found[0].load())
        path = f"{context.parent.info_name if context.parent else 'vizsla'} {name}"
        with command.make_context(path, list(context.args), help_option_names=["-h", "--help"]) as inner:
            result: int | None = command.invoke(inner)
            return result

    call.__doc__ = None
    return call
