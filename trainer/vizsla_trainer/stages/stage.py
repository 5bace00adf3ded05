"""What a stage is, and what it is given. It does not know which stages there are."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path

from vizsla_trainer.progress import Cancelled, Report
from vizsla_trainer.recipe import Recipe
from vizsla_trainer.records import Code, Pair, read_codes, read_pairs
from vizsla_trainer.run_folder import RunFacts, RunFolder, key_of
from vizsla_trainer.stored import read_json
from vizsla_trainer.training.examples import Corpus


@dataclass(frozen=True)
class Context:
    """Everything that a stage may read.

    Attributes:
        folder: where it reads and writes.
        recipe: all of it; a stage minds its own part and the seed.
        facts: what the run was asked for.
        device: that models train on, None for the best there is.
        report: told how far a stage is.
        cancelled: asked at each safe point.
        feedback_log: where the server notes which hits were opened; it may be missing.
        mines_again: whether the workspaces may have changed since they were mined.
    """

    folder: RunFolder
    recipe: Recipe
    facts: RunFacts
    device: str | None
    report: Report
    cancelled: Cancelled
    feedback_log: Path
    mines_again: bool = True

    @property
    def codes(self) -> list[Code]:
        """Every code that was mined."""
        return list(read_codes(self.folder / "mine/codes.jsonl.gz"))

    def pairs(self, part: str) -> list[Pair]:
        """The pairs of "train", "dev" or "test"."""
        folder = "filter" if part == "train" else "split"
        return list(read_pairs(self.folder / f"{folder}/{part}.jsonl.gz"))

    @cached_property
    def corpus(self) -> Corpus:
        """All codes: what held-out queries are asked of."""
        return Corpus(tuple(self.codes))

    @cached_property
    def training_corpus(self) -> Corpus:
        """The codes that training may see, be it as wrong answers: none of a held-out file, none nearly like one."""
        closed = frozenset(read_json(self.folder / "split/closed.json", dict)["codes"])
        return Corpus(tuple(code for code in self.corpus.codes if code.id not in closed))

    @property
    def retriever(self) -> Path:
        """The best trained retriever so far, else the one that training begins with."""
        for name in ("retriever2/model", "retriever/model"):
            if is_wanted(name.partition("/")[0], self.recipe):
                return self.folder / name
        return Path(self.facts.base["retriever"])


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """One step from files to files.

    Attributes:
        name: for ``--stage``, notes and progress.
        does: what it does, in a few words.
        run: does it.
        parts: names of the parts of the recipe that decide what it makes.
        needs: stages whose files it reads.
        makes: files and folders that it makes, relative to the run folder.
        sheds: patterns of files that nothing needs once it is done, and not a moment earlier.
        also: what else decides what it makes, as JSON values.
    """

    name: str
    does: str
    run: Callable[[Context], None]
    parts: tuple[str, ...]
    needs: tuple[str, ...]
    makes: tuple[str, ...]
    sheds: tuple[str, ...] = ()
    also: Callable[[Context], object] = lambda _: None

    def key(self, context: Context) -> str:
        """Names everything that decides what the stage makes."""
        parts = [asdict(getattr(context.recipe, name)) for name in self.parts]
        notes = [note.files if (note := context.folder.note(name)) else None for name in self.needs]
        return key_of(self.name, context.recipe.seed, parts, notes, self.also(context))


def is_wanted(stage: str, recipe: Recipe) -> bool:
    """Whether a recipe has a stage at all."""
    if stage == "retriever":
        return recipe.retriever.enabled
    if stage in ("negatives", "retriever2"):
        return recipe.retriever.enabled and recipe.retriever.hard_negatives > 0 and recipe.retriever.second_steps > 0
    if stage in ("negatives2", "reranker"):
        return recipe.reranker.enabled
    return True
