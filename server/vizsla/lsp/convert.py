"""What clients ask becomes requests of the services, and what these answer becomes plain data."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from lsprotocol import types

from vizsla.core.types import Kind
from vizsla.lsp.encoding import Encoding, hit_range, shown, uri_of
from vizsla.lsp.fields import Fields
from vizsla.lsp.messages import SCHEMA, Hit, IndexStatus, Location, RootActivity, RootStatus, SearchResult, Token, Why
from vizsla.services.answers import SearchRequest
from vizsla.services.filters import Filters, parse_kind

if TYPE_CHECKING:
    from vizsla.services import answers, root_status
    from vizsla.services.scheduling import ScheduleState
    from vizsla.services.status import Status

Folders = Mapping[Path, Path]
"""Real paths of workspace folders to those under which the client knows them: it may have come by a link."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchParams:
    """What ``vizsla/search`` asks, and how it wants to be told.

    Attributes:
        request: the question.
        session: questions of one session give way to the newest of them.
        partial: where each answer goes as soon as it is there.
        work: where beginning and end are reported.
    """

    request: SearchRequest
    session: str | None = None
    partial: Token | None = None
    work: Token | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SimilarParams:
    """What ``vizsla/similar`` asks.

    Attributes:
        character: in units of the negotiated encoding.
    """

    uri: str
    path: Path
    line: int
    character: int
    limit: int | None = None


def search_params(data: object) -> SearchParams:
    """Check the parameters of ``vizsla/search``.

    Raises:
        RefusedError: a field is not what it must be.
        QueryError: a kind is not known.
    """
    fields = Fields(data)
    rerank, seconds = _rerank(fields)
    filters = fields.child("filters")
    return SearchParams(
        request=SearchRequest(
            query=fields.required_text("query"),
            limit=fields.whole("limit", least=1),
            filters=_filters(filters),
            rerank=rerank,
            rerank_seconds=seconds,
            roots=filters.files("roots"),
        ),
        session=fields.text("session"),
        partial=fields.token("partialResultToken"),
        work=fields.token("workDoneToken"),
    )


def similar_params(data: object) -> SimilarParams:
    """Check the parameters of ``vizsla/similar``.

    Raises:
        RefusedError: a field is not what it must be.
    """
    fields = Fields(data)
    document, position = fields.child("textDocument"), fields.child("position")
    return SimilarParams(
        uri=document.required_text("uri"),
        path=document.file("uri"),
        line=position.required_whole("line"),
        character=position.required_whole("character"),
        limit=fields.whole("limit", least=1),
    )


def search_result(answer: answers.Answer, encoding: Encoding, folders: Folders) -> SearchResult:
    """An answer as plain data, with columns in ``encoding``."""
    return {
        "schema": SCHEMA,
        "hits": [_hit(hit, encoding, folders) for hit in answer.hits],
        "isPartial": answer.is_partial,
        "isReranked": answer.is_reranked,
        "isSemantic": answer.is_semantic,
        "notes": list(answer.notes),
        "milliseconds": answer.milliseconds,
    }


def workspace_symbols(
    answer: answers.Answer, encoding: Encoding, folders: Folders, known: frozenset[int]
) -> Sequence[types.WorkspaceSymbol]:
    """An answer as ``workspace/symbol`` gives it, best first.

    Args:
        answer: what was found.
        encoding: of the columns.
        folders: as the client names them.
        known: the kinds of symbol that the client can show.
    """
    return [
        types.WorkspaceSymbol(
            name=hit.name,
            kind=_symbol_kind(hit.kind, known),
            container_name=hit.container or shown(hit.path),
            location=types.Location(uri=_uri(hit, hit.path, folders), range=_typed_range(hit, encoding)),
        )
        for hit in answer.hits
    ]


def root_activity(folder: Path, state: ScheduleState | None, problem: str = "") -> RootActivity:
    """What is going on in one workspace folder. A folder that cannot be opened has no state."""
    return {
        "uri": uri_of(folder),
        "activity": state.activity if state else "failed",
        "done": state.done if state else 0,
        "total": state.total if state else 0,
        "problem": problem or (state.problem if state else ""),
    }


def root_result(status: root_status.RootStatus, folders: Folders, *, with_files: bool) -> RootStatus:
    """The truth about one workspace folder; with the name of every file that is left out, if wanted."""
    return {
        **root_activity(folders.get(status.root, status.root), status.schedule, status.problem),
        "watcher": status.watcher,
        "watcherProblem": status.watcher_problem,
        "lastDoubt": status.schedule.last_doubt if status.schedule else "",
        "openBuffers": status.open_buffers,
        "index": _index(status.index, with_files=with_files) if status.index else None,
    }


def _rerank(fields: Fields) -> tuple[Literal["auto", "off"], float | None]:
    value = fields.raw("rerank")
    if value is None or value == "auto":
        return "auto", None
    if value == "off":
        return "off", None
    if isinstance(value, str) or not fields.child("rerank").has("budgetMs"):
        raise fields.wrong("rerank", '"auto", "off" or {"budgetMs": number}')
    return "auto", fields.child("rerank").number("budgetMs") / 1000


def _filters(fields: Fields) -> Filters:
    return Filters(
        languages=tuple(name.lower() for name in fields.texts("languages")),
        kinds=tuple(parse_kind(name) for name in fields.texts("kinds")),
        paths=fields.texts("paths"),
        not_paths=fields.texts("notPaths"),
        folder=(fields.text("folder") or "").strip("/"),
        only_open=fields.flag("open"),
        only_changed=fields.flag("changed"),
    )


def _hit(hit: answers.Hit, encoding: Encoding, folders: Folders) -> Hit:
    location: Location = {"uri": _uri(hit, hit.path, folders), "range": hit_range(hit, encoding)}
    return {
        "location": location,
        "root": uri_of(folders.get(hit.root, hit.root)),
        "path": shown(hit.path),
        "name": hit.name,
        "qualifiedName": hit.qualified_name,
        "container": hit.container,
        "kind": hit.kind.value,
        "language": hit.language,
        "signature": hit.signature,
        "doc": hit.doc_line,
        "score": round(hit.score, 4),
        "isStale": hit.is_stale,
        "why": _why(hit),
        "copies": [
            {
                "uri": _uri(hit, copy.path, folders),
                "path": shown(copy.path),
                "qualifiedName": copy.qualified_name,
                "line": copy.range.start.line,
            }
            for copy in hit.copies
        ],
    }


def _uri(hit: answers.Hit, path: str, folders: Folders) -> str:
    return uri_of(folders.get(hit.root, hit.root) / path)


def _why(hit: answers.Hit) -> Why:
    why = hit.why
    return {
        "denseRank": why.dense_rank,
        "lexicalRank": why.lexical_rank,
        "cosine": _rounded(why.cosine),
        "match": round(why.match, 4),
        "fused": round(why.fused, 4),
        "rerank": _rounded(why.rerank),
        "signals": list(why.signals),
    }


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 4)


def _index(status: Status, *, with_files: bool) -> IndexStatus:
    said: IndexStatus = {
        "files": status.files,
        "functions": status.functions,
        "byLanguage": status.by_language,
        "unread": status.unread,
        "pending": status.pending,
        "unembeddable": status.unembeddable,
        "skipped": dict(Counter(status.skipped.values())),
        "failed": len(status.failed),
        "reconciledAt": status.reconciled_at,
        "bytes": status.index_bytes,
        "directory": shown(str(status.directory)) if status.directory else None,
        "model": status.model,
        "fingerprint": status.fingerprint,
        "hasReranker": status.has_reranker,
        "device": status.device,
        "isWriter": status.is_writer,
        "degraded": [shown(sentence) for sentence in status.degraded],
    }
    if with_files:
        said["skippedFiles"] = {shown(path): reason for path, reason in status.skipped.items()}
        said["failedFiles"] = {shown(path): reason for path, reason in status.failed.items()}
    return said


_SYMBOL_KINDS = {
    Kind.FUNCTION: types.SymbolKind.Function,
    Kind.METHOD: types.SymbolKind.Method,
    Kind.CONSTRUCTOR: types.SymbolKind.Constructor,
    Kind.CLASS: types.SymbolKind.Class,
    Kind.STRUCT: types.SymbolKind.Struct,
    Kind.INTERFACE: types.SymbolKind.Interface,
    Kind.TRAIT: types.SymbolKind.Interface,
    Kind.ENUM: types.SymbolKind.Enum,
    Kind.MODULE: types.SymbolKind.Module,
    Kind.WINDOW: types.SymbolKind.File,
}


def _symbol_kind(kind: Kind, known: frozenset[int]) -> types.SymbolKind:
    wanted = _SYMBOL_KINDS[kind]
    return wanted if wanted.value in known else types.SymbolKind.Class  # only structs are newer than the first clients


def _typed_range(hit: answers.Hit, encoding: Encoding) -> types.Range:
    place = hit_range(hit, encoding)
    return types.Range(start=types.Position(**place["start"]), end=types.Position(**place["end"]))
