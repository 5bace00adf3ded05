"""Models as others publish them: which folder, what it says of itself, what of it is refused."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from vizsla.core.errors import ModelError
from vizsla.models.manifest import ModelKind, Pooling, Role, refuse_remote_code

_POOLING_FLAGS: Mapping[str, Pooling] = {
    "pooling_mode_cls_token": "cls",
    "pooling_mode_mean_tokens": "mean",
    "pooling_mode_max_tokens": "max",
    "pooling_mode_lasttoken": "lasttoken",
}
MAXSIM = "vizsla.models.maxsim.MaxSimScorer"
"""What ``modules.json`` calls the way in which our cross-encoders score."""
LATE_INTERACTION = "vizsla.models.late_interaction.LateInteraction"
"""Likewise of models whose texts are read apart."""

_OURS: Mapping[str, tuple[ModelKind, Pooling]] = {
    MAXSIM: ("cross-encoder", "maxsim"),
    LATE_INTERACTION: ("late-interaction", "tokens"),
}

_OTHER_FLAGS = ("pooling_mode_mean_sqrt_len_tokens", "pooling_mode_weightedmean_tokens")
_UNSET_LENGTH = 100_000  # tokenizers without a limit write a huge number


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelSource:
    """A model folder of sentence-transformers or transformers, checked.

    Attributes:
        name: for people: the hub name or the folder's.
        folder: where ``config.json`` stands.
        max_tokens: longest input with its special tokens.
        pooling: as a manifest says it.
        normalise: whether vectors are brought to length 1.
        query_prompt: put before a question.
        document_prompt: put before a text.
        licence: what its card says; may be empty.
    """

    name: str
    folder: Path
    max_tokens: int
    pooling: Pooling
    normalise: bool
    query_prompt: str
    document_prompt: str
    licence: str


def find_source(source: str) -> Path:
    """The local folder of a model: a path as it is, a hub name after a download without weights to unpickle.

    Raises:
        ModelError: there is neither such a folder nor such a model, or no network.
    """
    folder = Path(source).expanduser()
    if source.strip() and folder.is_dir():
        return folder
    if source.startswith(("/", ".", "~")) or source.count("/") > 1 or not source.strip():
        raise ModelError(f"there is no model folder at {source!r}; give a folder or the name of a model on the hub")
    try:
        from huggingface_hub import snapshot_download
    except ImportError:
        raise ModelError(needs_extra(f"{source!r} is no folder; to fetch it from the hub")) from None
    try:
        return Path(
            snapshot_download(
                source,
                allow_patterns=["*.json", "*.safetensors", "*.txt", "*.model", "README.md"],
                ignore_patterns=["onnx/*", "openvino/*", "*.py"],
            )
        )
    except Exception as error:  # the library has a dozen kinds, of which none is narrower than OSError
        reason = "there is no such model" if type(error).__name__ == "RepositoryNotFoundError" else "no network"
        raise ModelError(
            f"{source!r} is no folder and cannot be fetched from the hub ({reason}: {type(error).__name__}); "
            "download the model elsewhere and give its folder"
        ) from None


def read_source(folder: Path, *, kind: ModelKind, name: str) -> ModelSource:
    """Read what a published model says of itself.

    Raises:
        ModelError: it has no safetensors, wants to run code, or is built of parts that we do not serve.
    """
    parts = _parts(folder)
    ours = _ours(parts)
    is_matching = ours is not None and ours[0] == kind
    modules = _modules(folder, parts[:1] if is_matching else parts)
    inner = folder / modules.get("Transformer", "")
    config = _json(inner / "config.json")
    if not config:
        raise ModelError(f"{folder} holds no config.json of a model; give the folder of a model")
    for path in (*folder.glob("*.json"), inner / "config.json"):
        refuse_remote_code(_json(path), path)
    _refuse_pickles(inner)
    labels = config.get("id2label")
    if kind == "cross-encoder" and not is_matching and isinstance(labels, dict) and len(labels) != 1:
        raise ModelError(f"{name} has {len(labels)} outputs, but a reranker must have one; use another model")
    pooling: Pooling = ours[1] if ours is not None and is_matching else "none"
    has_prompt_in_pooling = True
    if kind == "bi-encoder":
        pooling, has_prompt_in_pooling = _pooling(folder, modules, name)
    prompts = _json(folder / "config_sentence_transformers.json")
    query, document = _prompts(prompts)
    if (query or document) and not has_prompt_in_pooling:
        raise ModelError(f"{name} leaves its prompts out of pooling, which is not supported; use another model")
    return ModelSource(
        name=name,
        folder=inner,
        max_tokens=_max_tokens(inner, config),
        pooling=pooling,
        normalise="Normalize" in modules or pooling == "tokens",
        query_prompt=query,
        document_prompt=document,
        licence=_licence(folder / "README.md"),
    )


def kind_of(folder: Path) -> ModelKind:
    """What a published model is, by what its folder says.

    Raises:
        ModelError: a file that says so cannot be read.
    """
    ours = _ours(_parts(folder))
    if ours is not None:
        return ours[0]
    if _json(folder / "config_sentence_transformers.json").get("model_type") == "CrossEncoder":
        return "cross-encoder"
    architectures = _json(folder / "config.json").get("architectures")
    names = architectures if isinstance(architectures, list) else []
    return "cross-encoder" if any("SequenceClassification" in str(name) for name in names) else "bi-encoder"


def kind_for(folder: Path, role: Role) -> ModelKind:
    """What a published model is taken for when it is to be used so.

    Raises:
        ModelError: a file that says so cannot be read.
    """
    if role == "retriever":
        return "bi-encoder"
    return "late-interaction" if kind_of(folder) == "late-interaction" else "cross-encoder"


def needs_extra(what: str) -> str:
    """The sentence for a library of the ``train`` extra that is not installed."""
    return f"{what}, install the extra: pip install 'vizsla[train]'"


def _parts(folder: Path) -> tuple[tuple[str, str], ...]:
    """Class name and folder of each part of a sentence-transformers model, in order; empty for a plain one."""
    path = folder / "modules.json"
    if not path.is_file():
        return ()
    try:
        parts = [(str(part["type"]), str(part["path"])) for part in json.loads(path.read_text(encoding="utf-8"))]
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise ModelError(f"{path} cannot be read ({error}); get the model anew") from None
    for kind, place in parts:
        if not kind.startswith("sentence_transformers.") and kind not in _OURS:
            raise ModelError(f"{path} asks to run code of its own ({kind}), which is never done")
        if not (folder / place).resolve().is_relative_to(folder.resolve()):
            raise ModelError(f"{path} leads out of its folder ({place!r}); use another model")
    return tuple((kind.rpartition(".")[2], place) for kind, place in parts)


def _ours(parts: Sequence[tuple[str, str]]) -> tuple[ModelKind, Pooling] | None:
    """Kind and pooling of a transformer with a part of ours above it."""
    names = [name for name, _ in parts]
    return next((ours for part, ours in _OURS.items() if names == ["Transformer", part.rpartition(".")[2]]), None)


def _modules(folder: Path, parts: Sequence[tuple[str, str]]) -> Mapping[str, str]:
    """Class name to folder of the parts up to the vector."""
    for kind, _ in parts:
        if kind not in ("Transformer", "Pooling", "Normalize"):
            raise ModelError(
                f"{folder} has a part {kind}, which is not supported; use a model of transformer and pooling"
            )
    return dict(parts)


def _refuse_pickles(folder: Path) -> None:
    if any(folder.glob("*.safetensors")):
        return
    pickles = [path.name for path in (*folder.glob("*.bin"), *folder.glob("*.pt"), *folder.glob("*.pkl"))]
    if pickles:
        raise ModelError(
            f"{folder} has its weights only as a pickle ({pickles[0]}), which can run code; "
            "use a revision with safetensors"
        )
    raise ModelError(f"{folder} has no weights in safetensors; use another model")


def _pooling(folder: Path, modules: Mapping[str, str], name: str) -> tuple[Pooling, bool]:
    if "Pooling" not in modules:
        return "mean", True  # what sentence-transformers does with a plain model
    config = _json(folder / modules["Pooling"] / "config.json")
    flags = [flag for flag in (*_POOLING_FLAGS, *_OTHER_FLAGS) if config.get(flag)]
    named = config.get("pooling_mode")  # how sentence-transformers writes it since version 5
    if isinstance(named, str):
        flags = [next((flag for flag, pooling in _POOLING_FLAGS.items() if pooling == named), named)]
    if len(flags) != 1 or flags[0] not in _POOLING_FLAGS:
        raise ModelError(f"{name} pools by {' and '.join(flags) or 'nothing'}, which is not supported; use another")
    return _POOLING_FLAGS[flags[0]], bool(config.get("include_prompt", True))


def _prompts(config: Mapping[str, object]) -> tuple[str, str]:
    prompts = config.get("prompts")
    if not isinstance(prompts, dict):
        return "", ""
    fallback = prompts.get(config.get("default_prompt_name"), "")
    document = next((prompts[key] for key in ("document", "passage", "corpus") if prompts.get(key)), fallback)
    return str(prompts.get("query") or fallback), str(document)


def _max_tokens(folder: Path, config: Mapping[str, object]) -> int:
    positions = config.get("max_position_embeddings")
    limits = [_json(folder / "sentence_bert_config.json").get("max_seq_length")]
    limits.append(_json(folder / "tokenizer_config.json").get("model_max_length"))
    if isinstance(positions, int):
        # RoBERTa and its kin number positions from pad_token_id + 1.
        is_shifted = config.get("model_type") in ("roberta", "xlm-roberta", "camembert", "mpnet")
        limits.append(positions - 2 if is_shifted else positions)
    known = [limit for limit in limits if isinstance(limit, int) and 0 < limit < _UNSET_LENGTH]
    return min(known, default=512)


def _licence(card: Path) -> str:
    try:
        head = card.read_text(encoding="utf-8").split("---")[1]
    except (OSError, UnicodeDecodeError, IndexError):
        return ""
    lines = [line.partition(":")[2].strip() for line in head.splitlines() if line.startswith("license:")]
    return lines[0][:100] if lines else ""


def _json(path: Path) -> Mapping[str, object]:
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, RecursionError) as error:
        raise ModelError(f"{path} cannot be read as JSON ({error}); get the model anew") from None
    return value if isinstance(value, dict) else {}
