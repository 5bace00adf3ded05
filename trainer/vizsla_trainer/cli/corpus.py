"""``vizsla train corpus``: fetch the packages that the models of the package are trained on."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperCommand

from vizsla_trainer.cli.stopping import stoppable
from vizsla_trainer.cli.telling import telling
from vizsla_trainer.errors import StoppedError

if TYPE_CHECKING:
    from vizsla_trainer.corpus.building import CorpusRecord

DONE, INCOMPLETE, INTERRUPTED = 0, 1, 130

NAME = "corpus"

app = typer.Typer(rich_markup_mode=None, pretty_exceptions_enable=False, add_completion=False)


class BesideCorpus(TyperCommand):
    """A command whose first argument may be the word ``corpus``, which is then a command of its own.

    A workspace of that name is given as ``./corpus``.
    """

    # Any: which library's contexts these are is typer's own affair.
    def make_context(self, info_name: str | None, args: list[str], parent: Any = None, **extra: Any) -> Any:
        """As of any command, or of the other one."""
        if args[:1] != [NAME]:
            return super().make_context(info_name, args, parent, **extra)
        return typer.main.get_command(app).make_context(f"{info_name} {NAME}", args[1:], parent, **extra)

    def invoke(self, ctx: Any) -> Any:
        """Run whichever it is."""
        return super().invoke(ctx) if ctx.command is self else ctx.command.invoke(ctx)


@app.command(NAME)
def corpus(
    out: Annotated[Path, typer.Option("--out", metavar="DIR", help="The corpus folder; what is there is passed over.")],
    packages: Annotated[
        Path | None, typer.Option("--list", metavar="L", help="A TOML file of packages instead of the trainer's own.")
    ] = None,
    only: Annotated[str, typer.Option("--only", metavar="LANGUAGES", help="Such as python,go; all otherwise.")] = "",
    limit: Annotated[
        int | None, typer.Option("--limit", metavar="N", min=1, help="Packages of each language, at most.")
    ] = None,
    exclude: Annotated[
        list[Path] | None,
        typer.Option("--exclude", metavar="DIR", help="Sets of codes of which no copy is mined; may be repeated."),
    ] = None,
    questions: Annotated[
        list[Path] | None,
        typer.Option("--questions", metavar="DIR", help="Sets of questions to learn from; may be repeated."),
    ] = None,
    pin: Annotated[
        Path | None,
        typer.Option("--pin", metavar="L", help="Fetch what --list names as of today, and write that list here."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print progress and outcome as JSON lines.")] = False,
) -> int:
    """Fetch the source packages that the models of the package are trained on, with their licences.

    They come from where pip, npm and apt of this machine are set up to look. Ctrl-C keeps what was done. Then train on
    the folder: 'vizsla train DIR --recipe shipped'.
    """
    from vizsla_trainer.corpus.building import build_corpus, chosen, counted
    from vizsla_trainer.corpus.building import pin as pin_packages
    from vizsla_trainer.corpus.listing import list_text, load_list
    from vizsla_trainer.data.code_sets import set_folders
    from vizsla_trainer.data.questions import question_sets
    from vizsla_trainer.records import published

    listed = load_list(packages)
    set_folders(exclude or ())
    question_sets(questions or ())
    with telling(as_json=as_json) as report, stoppable() as cancelled:
        try:
            if pin is not None:
                pinned, failed = pin_packages(listed, out, report=report, cancelled=cancelled)
                with published(pin.absolute()) as temporary:
                    temporary.write_text(list_text(pinned), encoding="utf-8")
            else:
                wanted = chosen(listed, {name.strip() for name in only.split(",") if name.strip()}, limit)
                record = build_corpus(
                    wanted, out, exclude=exclude or (), questions=questions or (), report=report, cancelled=cancelled
                )
                failed = {
                    package.slug: record.failed[package.slug] for package in wanted if package.slug in record.failed
                }
        except StoppedError as stopped:
            print(f"vizsla: {stopped}", file=sys.stderr)
            raise typer.Exit(INTERRUPTED) from None
    for sentence in failed.values():
        print(f"vizsla: {sentence}", file=sys.stderr)
    if pin is not None:
        print(f"{len(pinned)} packages are pinned in {pin}, {len(failed)} are not.")
    else:
        _tell(record, *counted(record))
    return INCOMPLETE if failed else DONE


def _tell(record: CorpusRecord, languages: dict[str, int], left_out: dict[str, int]) -> None:
    print(f"{len(record.packages)} packages, {sum(languages.values()) / 1e6:,.0f} MB of source:")
    for language, size in languages.items():
        print(f"  {language:<12} {size / 1e6:>8,.1f} MB")
    if left_out:
        print("Files left out: " + ", ".join(f"{count:,} {reason}" for reason, count in left_out.items()) + ".")
