"""``vizsla serve``: the language server."""

from __future__ import annotations

from typing import Annotated, Never

import typer

from vizsla.lsp.logs import LogLevel


def serve(
    tcp: Annotated[
        str | None,
        typer.Option(
            metavar="[ADDRESS:]PORT",
            help="Listen on this machine instead, for one client that shows the token: $VIZSLA_TOKEN, or one that is"
            " made and printed. Port 0 is any that is free.",
        ),
    ] = None,
    log_level: Annotated[LogLevel, typer.Option(help="What to say on stderr.")] = "warning",
    stdio: Annotated[bool, typer.Option("--stdio", hidden=True)] = False,  # what many editors add unasked
) -> Never:
    """Serve one editor over the Language Server Protocol, on stdin and stdout, until it goes."""
    from vizsla.lsp.serving import serve

    del stdio
    serve(log_level=log_level, tcp=tcp)
