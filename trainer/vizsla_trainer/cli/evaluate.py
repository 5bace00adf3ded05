"""``vizsla eval``: measurements that are no training of anybody's models."""

from __future__ import annotations

import typer

app = typer.Typer(
    help="Measure models and ways to train them.",
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    add_completion=False,
    no_args_is_help=True,
)


@app.callback()
def _group() -> None:
    """Keep ``r2ps`` a name that must be given."""
