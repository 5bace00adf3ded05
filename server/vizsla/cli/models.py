"""``vizsla models``: list the model folders, add one, remove one."""

from __future__ import annotations

from typing import Annotated

import typer

from vizsla.cli.json_output import dump
from vizsla.cli.opening import open_resources
from vizsla.cli.plain import inert_line
from vizsla.core.errors import ModelError

app = typer.Typer(help="Model folders: which there are, add one, remove one.", no_args_is_help=True)


@app.command("list")
def list_() -> int:
    """List the models that can be used, and say which are in use."""
    from vizsla.models.library import list_models

    with open_resources() as resources:
        models = list_models(resources.cache_directory)
        wanted = resources.settings.models
    used = {"bi-encoder": wanted.retriever, "cross-encoder": wanted.reranker}
    rows = [("name", "kind", "made from", "dimension", "tokens", "fingerprint", "")]
    for model in models:
        manifest = model.manifest
        is_used = model.name.partition(" ")[0] == used[manifest.kind]
        rows.append(
            (
                model.name,
                manifest.kind,
                manifest.base,
                str(manifest.dimension),
                str(manifest.max_tokens),
                manifest.fingerprint,
                "in use" if is_used else "",
            )
        )
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    for row in rows:
        typer.echo("  ".join(inert_line(cell).ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())
    return 0


@app.command("add")
def add(
    source: Annotated[str, typer.Argument(metavar="MODEL", help="A model folder, or the name of a model on the hub.")],
    name: Annotated[str | None, typer.Option("--name", metavar="NAME", help="What to call it here.")] = None,
    reranker: Annotated[bool, typer.Option("--reranker", help="It is a reranker (a cross-encoder).")] = False,
) -> int:
    """Add a sentence-transformers model or a cross-encoder, converted, and checked to give the same answers."""
    from vizsla.models.library import add_model

    with open_resources() as resources:
        added = add_model(
            source, resources.cache_directory, kind="cross-encoder" if reranker else "bi-encoder", name=name
        )
    role = "reranker" if reranker else "retriever"
    typer.echo(f'Added {added.name} ({added.manifest.fingerprint}). To use it, set models.{role} = "{added.name}".')
    return 0


@app.command("remove")
def remove(
    name: Annotated[str, typer.Argument(metavar="NAME", help="The name, as 'vizsla models list' prints it.")],
) -> int:
    """Delete an added model."""
    from vizsla.models.library import remove_model

    with open_resources() as resources:
        remove_model(name, resources.cache_directory)
    typer.echo(f"Removed {name}.")
    return 0


@app.command("show")
def show(
    name: Annotated[
        str, typer.Argument(metavar="NAME", help="The name, as 'vizsla models list' prints it.")
    ] = "default",
) -> int:
    """Print what is known of a model, as JSON."""
    from dataclasses import asdict

    from vizsla.models.library import list_models

    with open_resources() as resources:
        for model in list_models(resources.cache_directory):
            if model.name == name:
                print(dump(asdict(model.manifest), indent=2))
                return 0
    raise ModelError(f"there is no model named {name!r}; 'vizsla models list' names them")
