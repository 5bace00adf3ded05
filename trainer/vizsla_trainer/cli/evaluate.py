"""``vizsla eval``: measurements that are no training of anybody's models."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from vizsla.core.options import load_settings
from vizsla_trainer.cli.stopping import stoppable
from vizsla_trainer.cli.telling import telling
from vizsla_trainer.cli.train import INTERRUPTED, be_nice, check_device, check_installed
from vizsla_trainer.errors import StoppedError

app = typer.Typer(
    help="Measure models and ways to train them.",
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    add_completion=False,
    no_args_is_help=True,
)


@app.callback()
def _group() -> None:
    """Measure models and ways to train them."""


@app.command("r2ps")
def r2ps(
    data: Annotated[list[Path], typer.Option("--data", metavar="DIR", help="A folder with code; may be repeated.")],
    recipe: Annotated[str, typer.Option("--recipe", metavar="R", help="A TOML file, or a recipe's name.")] = "r2ps",
    out: Annotated[
        Path | None, typer.Option("--out", metavar="DIR", help="The run's folder; one in the cache when not given.")
    ] = None,
    device: Annotated[str | None, typer.Option("--device", metavar="D", help="cpu, cuda or mps.")] = None,
    only: Annotated[
        list[str] | None,
        typer.Option("--only", metavar="V", help="random, window-0, window-0.0005, window-0.004 or softmax."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print progress as JSON lines.")] = False,
) -> int:
    """Compare ways to choose a reranker's wrong codes: random, by rank window, by softmax; at several depths.

    Nothing is put to use. What was done is passed over, so it can be stopped and run again.
    """
    check_installed("to train models")
    check_device(device)
    settings, refused = load_settings(None)
    for sentence in refused:
        print(f"vizsla: {sentence}", file=sys.stderr)
    from vizsla_trainer.ablation import FOLDER, run_ablation
    from vizsla_trainer.recipe_files import load_recipe
    from vizsla_trainer.run_folder import opened_run
    from vizsla_trainer.stages.opening import check_workspaces, default_folder, new_run

    asked = check_workspaces(data)
    wanted = load_recipe(recipe)
    place = out or default_folder(settings, asked).with_name(f"r2ps-{default_folder(settings, asked).name}")
    be_nice()
    with telling(as_json=as_json) as report, stoppable() as cancelled, opened_run(place) as folder:
        context = new_run(folder, asked, wanted, settings, device=device, report=report, cancelled=cancelled)
        try:
            run_ablation(context, only or ())
        except StoppedError as stopped:
            print(f"vizsla: {stopped}", file=sys.stderr)
            raise typer.Exit(INTERRUPTED) from None
        print((folder / FOLDER / "table.md").read_text(encoding="utf-8"))
        print(f"Kept in {folder / FOLDER}")
    return 0
