"""``vizsla models``: list the model folders, add one, put one to use, go back, remove one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from vizsla.cli.json_output import dump
from vizsla.cli.opening import open_resources
from vizsla.cli.plain import inert_line
from vizsla.core.errors import ModelError
from vizsla.core.settings import ModelSettings

if TYPE_CHECKING:
    from vizsla.models.manifest import Role

app = typer.Typer(help="Model folders: which there are, which are in use, add one, remove one.", no_args_is_help=True)


@app.command("list")
def list_(json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False) -> int:
    """List the models that can be used, and say which are in use."""
    from vizsla.models.in_use import DEFAULT, models_in_use
    from vizsla.models.library import list_models

    with open_resources() as resources:
        models = list_models(resources.cache_directory)
        wanted = resources.settings.models
        default = models_in_use(resources.cache_directory)
    used = {
        "retriever": default.retriever if wanted.retriever == DEFAULT else wanted.retriever,
        "reranker": default.reranker if wanted.reranker == DEFAULT else wanted.reranker,
    }
    listed = [
        {
            "name": model.name,
            "kind": model.manifest.kind,
            "base": model.manifest.base,
            "dimension": model.manifest.dimension,
            "max_tokens": model.manifest.max_tokens,
            "fingerprint": model.manifest.fingerprint,
            "is_used": model.name.partition(" ")[0] == used[model.manifest.role],
        }
        for model in models
    ]
    if json:
        print(dump(listed, indent=2))
        return 0
    rows: list[tuple[str, ...]] = [("name", "kind", "made from", "dimension", "tokens", "fingerprint", "")]
    for each in listed:
        *facts, is_used = each.values()
        rows.append((*map(str, facts), "in use" if is_used else ""))
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    for row in rows:
        typer.echo("  ".join(inert_line(cell).ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())
    return 0


@app.command("add")
def add(
    source: Annotated[str, typer.Argument(metavar="MODEL", help="A model folder, or the name of a model on the hub.")],
    name: Annotated[str | None, typer.Option("--name", metavar="NAME", help="What to call it here.")] = None,
    reranker: Annotated[bool, typer.Option("--reranker", help="It is a reranker: a cross-encoder, say.")] = False,
) -> int:
    """Add a sentence-transformers model or a cross-encoder, converted, and checked to give the same answers."""
    from vizsla.models.library import add_model

    with open_resources() as resources:
        added = add_model(source, resources.cache_directory, role="reranker" if reranker else "retriever", name=name)
    typer.echo(f"Added {added.name} ({added.manifest.fingerprint}). To use it: vizsla models use {added.name}")
    return 0


@app.command("use")
def use(
    names: Annotated[
        list[str],
        typer.Argument(
            metavar="NAME...",
            help="Added models, at most a retriever and a reranker; 'default' for those of the package; 'none' for no "
            "reranker.",
        ),
    ],
) -> int:
    """Answer with other models from now on; a running server switches by itself."""
    from vizsla.models.in_use import DEFAULT
    from vizsla.models.library import NONE, list_models, use_models

    with open_resources() as resources:
        roles_of = {model.name: model.manifest.role for model in list_models(resources.cache_directory)}
        chosen: dict[Role, str] = {}
        roles: list[Role]
        for name in names:
            if name == DEFAULT:
                roles = ["retriever", "reranker"]
            elif name == NONE:
                roles = ["reranker"]
            elif name in roles_of:
                roles = [roles_of[name]]
            else:
                raise ModelError(f"there is no model named {name!r}; 'vizsla models list' names them")
            for role in roles:
                if role in chosen and DEFAULT not in (name, chosen[role]):
                    raise ModelError(f"{chosen[role]} and {name} would both be the {role}; name one of them")
                chosen[role] = chosen[role] if name == DEFAULT and role in chosen else name
        now = use_models(resources.cache_directory, **chosen)
        overruled = _overruled(resources.settings.models)
    typer.echo(f"In use: retriever {now.retriever}, reranker {now.reranker}.{overruled}")
    return 0


@app.command("rollback")
def rollback() -> int:
    """Answer again with the models that were in use before the last change."""
    from vizsla.models.library import roll_back

    with open_resources() as resources:
        now = roll_back(resources.cache_directory)
        overruled = _overruled(resources.settings.models)
    typer.echo(f"In use: retriever {now.retriever}, reranker {now.reranker}.{overruled}")
    return 0


@app.command("rm", short_help="Delete an added model.")
@app.command("remove", hidden=True)
def remove(
    name: Annotated[str, typer.Argument(metavar="NAME", help="The name, as 'vizsla models list' prints it.")],
) -> int:
    """Delete an added model that is not in use."""
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


def _overruled(wanted: ModelSettings) -> str:
    """What to say where the settings name a model, so that what is in use does not matter."""
    named = [f"models.{role}" for role in ("retriever", "reranker") if getattr(wanted, role) != "default"]
    return f" The settings name others: {' and '.join(named)}." if named else ""
