"""Names and shapes of all that we say beyond the standard protocol.

It imports nothing heavy: the answer to ``initialize`` names these before anything else is loaded. Every message has
its section in docs/lsp.md, and tests compare the two. Fields are added, never changed; ``SCHEMA`` counts up otherwise.
"""

from __future__ import annotations

from typing import Final, NotRequired, TypedDict

SCHEMA: Final = 1

SEARCH: Final = "vizsla/search"
SIMILAR: Final = "vizsla/similar"
STATUS: Final = "vizsla/status"
STATUS_CHANGED: Final = "vizsla/statusChanged"
OPENED: Final = "vizsla/opened"

COMMAND_SEARCH: Final = "vizsla.search"
COMMAND_REBUILD: Final = "vizsla.rebuild"
COMMAND_PAUSE: Final = "vizsla.pause"
COMMAND_RESUME: Final = "vizsla.resume"
COMMAND_CLEAR: Final = "vizsla.clear"
COMMAND_STATUS: Final = "vizsla.status"
COMMAND_USE_MODELS: Final = "vizsla.useModels"
COMMAND_TRAIN: Final = "vizsla.train"
COMMAND_STOP_TRAINING: Final = "vizsla.stopTraining"

REQUESTS: Final = (SEARCH, SIMILAR, STATUS)
NOTIFICATIONS: Final = (STATUS_CHANGED, OPENED)
COMMANDS: Final = (
    COMMAND_SEARCH,
    COMMAND_REBUILD,
    COMMAND_PAUSE,
    COMMAND_RESUME,
    COMMAND_CLEAR,
    COMMAND_STATUS,
    COMMAND_USE_MODELS,
    COMMAND_TRAIN,
    COMMAND_STOP_TRAINING,
)

SECTION: Final = "vizsla"
"""The section of a client's configuration that holds our settings, and our name among experimental capabilities."""

Token = int | str
"""Names a progress: chosen by whoever asked for it."""


def experimental() -> dict[str, object]:
    """What ``capabilities.experimental`` of the answer to ``initialize`` says of us."""
    said = {
        "schema": SCHEMA,
        "requests": list(REQUESTS),
        "notifications": list(NOTIFICATIONS),
        "commands": list(COMMANDS),
    }
    return {SECTION: said}


class Position(TypedDict):
    """A place: line from 0, character from 0 in units of the negotiated encoding."""

    line: int
    character: int


class Range(TypedDict):
    """A half-open stretch of a file."""

    start: Position
    end: Position


class Location(TypedDict):
    """A stretch of one file."""

    uri: str
    range: Range


class Why(TypedDict):
    """What led to a score, see ``retrieval.fusion.Why``."""

    denseRank: int | None
    lexicalRank: int | None
    cosine: float | None
    match: float
    fused: float
    rerank: float | None
    signals: list[str]


class Copy(TypedDict):
    """A function that says the same as a hit, where it stood when it was indexed."""

    uri: str
    path: str
    qualifiedName: str
    line: int


class Hit(TypedDict):
    """One function that answers, see ``services.answers.Hit``."""

    location: Location
    root: str
    path: str
    name: str
    qualifiedName: str
    container: str
    kind: str
    language: str
    signature: str
    doc: str
    score: float
    isStale: bool
    why: Why
    copies: list[Copy]


class SearchResult(TypedDict):
    """The answer to ``vizsla/search`` and ``vizsla/similar``, see ``services.answers.Answer``."""

    schema: int
    hits: list[Hit]
    isPartial: bool
    isReranked: bool
    isSemantic: bool
    notes: list[str]
    milliseconds: dict[str, float]


class RootActivity(TypedDict):
    """What is going on in one workspace folder at this moment."""

    uri: str
    activity: str
    done: int
    total: int
    problem: str


class StatusChanged(TypedDict):
    """The parameters of ``vizsla/statusChanged``."""

    schema: int
    roots: list[RootActivity]


class IndexStatus(TypedDict):
    """The truth about one index, see ``services.status.Status``."""

    files: int
    functions: int
    byLanguage: dict[str, int]
    unread: int
    pending: int
    unembeddable: int
    skipped: dict[str, int]
    failed: int
    skippedFiles: NotRequired[dict[str, str]]
    failedFiles: NotRequired[dict[str, str]]
    reconciledAt: float | None
    bytes: int
    directory: str | None
    model: str | None
    fingerprint: str | None
    hasReranker: bool
    device: str
    isWriter: bool
    degraded: list[str]


class RootStatus(RootActivity):
    """The truth about one workspace folder, see ``services.root_status.RootStatus``."""

    watcher: str
    watcherProblem: str
    lastDoubt: str
    openBuffers: int
    index: IndexStatus | None


class Preparing(TypedDict):
    """How far models have come that are to take over, see ``services.succession.Preparing``."""

    model: str
    done: int
    total: int
    waits: bool


class Training(TypedDict):
    """How far a training has come, see ``services.training.TrainingState``."""

    activity: str
    stage: str
    done: int
    total: int
    message: str


class TrainingEnd(TypedDict):
    """How the last training of this server ended, see ``services.training.TrainingEnd``."""

    isOffered: bool
    sentence: str
    report: str


class StatusResult(TypedDict):
    """The answer to ``vizsla/status``."""

    schema: int
    version: str
    processId: int
    positionEncoding: str
    refusedSettings: list[str]
    preparing: Preparing | None
    training: Training | None
    lastTraining: TrainingEnd | None
    roots: list[RootStatus]
