"""The order of the stages, and the way through it: what is done is passed over, what was cut off goes on."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from vizsla.core.errors import VizslaError
from vizsla_trainer.corpus import kept
from vizsla_trainer.errors import StoppedError, TrainingError
from vizsla_trainer.evaluation.results import Change, Comparison, changes_by_source
from vizsla_trainer.export.gate import Decision, refused
from vizsla_trainer.progress import Progress
from vizsla_trainer.run_folder import told
from vizsla_trainer.stages import data, judging, training
from vizsla_trainer.stages.judging import COMPARISON_NAME
from vizsla_trainer.stages.reporting import write_report
from vizsla_trainer.stages.stage import Context, Stage, is_wanted
from vizsla_trainer.stored import read_json
from vizsla_trainer.training.checkpoints import CHECKPOINTS
from vizsla_trainer.training.machine import ran_out_of_memory
from vizsla_trainer.training.vectors import fingerprint_of

_DATA = ("mine", "split", "filter")
"""Stages whose files every training reads."""


def _base(role: str) -> Callable[[Context], object]:
    return lambda context: fingerprint_of(Path(context.facts.base[role]))


def _chosen_parts(context: Context) -> object:
    return [name for name in ("retriever", "retriever2", "reranker") if is_wanted(name, context.recipe)]


def _nothing(_: Context) -> object:
    return None


def _training(
    name: str,
    does: str,
    run: Callable[[Context], None],
    *,
    part: str = "retriever",
    reads: tuple[str, ...],
    also: Callable[[Context], object] = _nothing,
) -> Stage:
    """A stage that trains a model by a part of the recipe; ``reads`` beside the data."""
    return Stage(
        name=name,
        does=does,
        run=run,
        parts=(part, "augment"),
        needs=(*_DATA, *reads),
        makes=(f"{name}/model", f"{name}/result.json"),
        sheds=(f"{name}/{CHECKPOINTS}",),
        also=also,
    )


def _sampling(
    name: str,
    does: str,
    run: Callable[[Context], None],
    *,
    reads: tuple[str, ...],
    also: Callable[[Context], object] = _nothing,
) -> Stage:
    """A stage that samples wrong codes by a model; ``reads`` beside the data."""
    return Stage(name=name, does=does, run=run, parts=("negatives",), needs=(*_DATA, *reads), makes=(name,), also=also)


STAGES: tuple[Stage, ...] = (
    Stage(
        name="mine",
        does="look for functions and questions",
        run=data.mine_pairs,
        parts=("mine",),
        needs=(),
        makes=("mine",),
        sheds=(f"{data.PACKAGES}/*{kept.SUFFIX}",),
        also=data.workspace_stamp,
    ),
    Stage(
        name="clean",
        does="drop what teaches nothing",
        run=data.clean_pairs,
        parts=("clean",),
        needs=("mine",),
        makes=("clean",),
    ),
    Stage(
        name="split",
        does="hold files out to measure by",
        run=data.split_pairs,
        parts=("split",),
        needs=("mine", "clean"),
        makes=("split",),
    ),
    Stage(
        name="filter",
        does="leave out what the base model finds far-fetched",
        run=data.filter_pairs,
        parts=("clean",),
        needs=("mine", "split"),
        makes=("filter",),
        also=_base("retriever"),
    ),
    _training(
        "retriever",
        "train the retriever",
        training.train_first_round,
        reads=(),
        also=_base("retriever"),
    ),
    _sampling(
        "negatives",
        "find wrong codes for the second round",
        training.find_hard_negatives,
        reads=("retriever",),
    ),
    _training(
        "retriever2",
        "train the retriever with hard negatives",
        training.train_second_round,
        reads=("retriever", "negatives"),
    ),
    _sampling(
        "negatives2",
        "find wrong codes for the reranker",
        training.find_negatives,
        reads=("retriever", "retriever2"),
        also=lambda context: [
            _base("retriever")(context),
            context.recipe.reranker.epochs,
            context.recipe.reranker.documented_share,
        ],
    ),
    _training(
        "reranker",
        "train the reranker",
        training.train_the_reranker,
        part="reranker",
        reads=("retriever", "retriever2", "negatives2"),
        also=_base("reranker"),
    ),
    Stage(
        name="export",
        does="convert the models",
        run=judging.convert,
        parts=(),
        needs=("retriever", "retriever2", "reranker"),
        makes=("converted",),
        also=_chosen_parts,
    ),
    Stage(
        name="evaluate",
        does="measure before and after",
        run=judging.evaluate,
        parts=("evaluate",),
        needs=("mine", "split", "export"),
        makes=("evaluation",),
        also=judging.contestants,
    ),
    Stage(
        name="gate",
        does="judge, and describe the models",
        run=judging.gate,
        parts=("gate",),
        needs=("filter", "export", "evaluate"),
        makes=("export", "gate.json"),
    ),
)

NAMES = tuple(stage.name for stage in STAGES)


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What a run came to.

    Attributes:
        decision: of the gate; None where it was not reached by choice.
        report: the page; None likewise.
        done: stages that had something to do.
        sources: what became of the held-out queries of each source; empty where nothing could be measured.
    """

    decision: Decision | None
    report: Path | None
    done: tuple[str, ...]
    sources: dict[str, Change] = dataclasses.field(default_factory=dict)


def run_stages(context: Context, only: Sequence[str] = ()) -> Outcome:
    """Do every stage that is not done yet, or the named ones, in their order.

    Where there is too little to learn from, or a training cannot be finished, the models in use stay and the
    report says why.

    Raises:
        StoppedError: it was cancelled; another call goes on.
        TrainingError: a named stage lacks what it needs, or the disk is full.
    """
    done: list[str] = []
    problem = ""
    try:
        for stage in STAGES:
            if (only and stage.name not in only) or not is_wanted(stage.name, context.recipe):
                continue
            if only:
                _check_needs(stage, context)
            if do_stage(stage, context):
                done.append(stage.name)
    except StoppedError:
        raise
    except VizslaError as error:
        if only:
            raise
        problem = str(error)
        # What follows was made of something else, by an earlier run; the report must not tell of it.
        for later in STAGES[STAGES.index(stage) :]:
            context.folder.forget(later.name)
    except OSError as error:
        raise told(error, context.folder.path) from None
    if only and "gate" not in only:
        return Outcome(decision=None, report=None, done=tuple(done))
    decision = refused(problem) if problem else read_json(context.folder / "gate.json", Decision)
    try:
        report = write_report(context, decision)
    except OSError as error:
        raise told(error, context.folder.path) from None
    sources = {} if problem else changes_by_source(read_json(context.folder / COMPARISON_NAME, Comparison))
    return Outcome(decision=decision, report=report, done=tuple(done), sources=sources)


def do_stage(stage: Stage, context: Context) -> bool:
    """Do a stage unless it is done. Returns whether there was something to do.

    Raises:
        StoppedError: there is, and the user asked to stop.
        TrainingError: it cannot be done, or memory does not suffice.
    """
    note = context.folder.note(stage.name)
    is_kept = stage.name == "mine" and not context.mines_again
    key = note.key if note and is_kept else stage.key(context)
    if context.folder.is_done(stage.name, key):
        context.report(Progress(stage=stage.name, done=1, total=1, unit="", message="done before"))
        return False
    if context.cancelled():
        raise StoppedError(f"stopped before it could {stage.does}; run it again to go on")
    context.folder.forget(stage.name)
    context.report(Progress(stage=stage.name, done=0, total=0, unit="", message=stage.does))
    context.folder.log({"stage": stage.name, "event": "begun", "time": time.time()})
    began = time.monotonic()
    try:
        stage.run(context)
    except Exception as error:
        if isinstance(error, VizslaError) or not ran_out_of_memory(error):
            raise
        raise TrainingError(
            f"memory did not suffice to {stage.does}; end other programs, or lower {_eager(stage)} in the recipe, and "
            "run it again: what was done before is kept"
        ) from None
    seconds = time.monotonic() - began
    context.folder.finish(stage.name, key, stage.makes, seconds)
    for pattern in stage.sheds:
        for path in context.folder.path.glob(pattern):
            path.unlink(missing_ok=True)
    context.folder.log({"stage": stage.name, "event": "done", "time": time.time(), "seconds": seconds})
    context.report(Progress(stage=stage.name, done=1, total=1, unit="", message="done"))
    return True


def _eager(stage: Stage) -> str:
    """The numbers of a recipe that decide how much memory a stage takes."""
    for part in ("retriever", "reranker"):
        if part in stage.parts:
            return f"{part}.chunk_tokens or {part}.batch"
    return "retriever.chunk_tokens" if stage.name == "filter" or "negatives" in stage.parts else "mine.most_codes"


def _check_needs(stage: Stage, context: Context) -> None:
    for name in stage.needs:
        if is_wanted(name, context.recipe) and context.folder.note(name) is None:
            raise TrainingError(
                f"the stage {stage.name} needs what {name} makes, which is not there; run --stage {name} first"
            )
