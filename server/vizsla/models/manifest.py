"""Model folders: their manifest, what is refused in them, their hashes and their fingerprint.

It does not know how a model is run, nor where folders live.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Literal, TypeVar, get_args

from blake3 import blake3

from vizsla.core.errors import ModelError
from vizsla.core.types import Fingerprint

ModelKind = Literal["bi-encoder", "cross-encoder", "late-interaction"]
Role = Literal["retriever", "reranker"]
Pooling = Literal["mean", "cls", "max", "lasttoken", "maxsim", "tokens", "none"]

ROLES: tuple[Role, ...] = get_args(Role)

MANIFEST_NAME = "manifest.json"
ONNX_NAMES = ("model_int8.onnx", "model.onnx")
"""The files that the CPU back end runs, best first."""
SAFETENSORS_NAME = "model.safetensors"
TOKENIZER_NAME = "tokenizer.json"
CARD_NAME = "README.md"
"""What people read of a model; it may be in the manifest, but shapes no vector."""
SCHEMA = 1

T = TypeVar("T")

_PICKLES = frozenset({".bin", ".pt", ".pth", ".pkl", ".pickle", ".ckpt", ".joblib", ".npy", ".npz"})
_CODE = frozenset({".py", ".so", ".pyd", ".dll", ".dylib"})
_MANIFEST_BYTES = 1_000_000
_MAX_DIMENSION = 16_384
_MAX_TOKENS = 32_768


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelFile:
    """One file of a model folder as it was when the folder was made."""

    sha256: str  # 64 hexadecimal digits
    size: int  # bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """What a model folder says of itself.

    Attributes:
        name: what users call the model.
        kind: whether it embeds one text, scores a pair that it reads together, or matches tokens of texts read apart.
        dimension: of the vectors; 1 for a cross-encoder.
        max_tokens: longest input with its special tokens; the rest of a text is cut off.
        pooling: how token vectors become one; of a cross-encoder, how they become a score: "maxsim", or "none" where it
            has a head of transformers; "tokens" of late interaction, where each token keeps its own.
        normalise: whether vectors have length 1.
        query_prompt: put before a question.
        document_prompt: put before a function.
        files: what the model is made of, by path relative to the folder, with "/".
        base: the model that it was made from, for people.
        licence: SPDX name of the weights' licence, or what the maker said; may be empty.
        facts: how it was trained and measured, for people and for calibration; JSON values. They shape no vector.
    """

    name: str
    kind: ModelKind
    dimension: int
    max_tokens: int
    pooling: Pooling
    normalise: bool
    query_prompt: str = ""
    document_prompt: str = ""
    files: Mapping[str, ModelFile] = field(default_factory=dict)
    base: str = ""
    licence: str = ""
    facts: Mapping[str, object] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.kind not in get_args(ModelKind):
            raise ValueError(f"kind must be one of {', '.join(get_args(ModelKind))}, got {self.kind!r}")
        if self.pooling not in get_args(Pooling):
            raise ValueError(f"pooling must be one of {', '.join(get_args(Pooling))}, got {self.pooling!r}")
        if (self.pooling == "tokens") != (self.kind == "late-interaction"):
            raise ValueError(f"a {self.kind} cannot have pooling {self.pooling!r}")
        if not 1 <= self.dimension <= _MAX_DIMENSION:
            raise ValueError(f"dimension must be 1 to {_MAX_DIMENSION}, got {self.dimension}")
        if not 4 <= self.max_tokens <= _MAX_TOKENS:
            raise ValueError(f"max_tokens must be 4 to {_MAX_TOKENS}, got {self.max_tokens}")

    @property
    def role(self) -> Role:
        """What it can be used for."""
        return "retriever" if self.kind == "bi-encoder" else "reranker"

    @property
    def fingerprint(self) -> Fingerprint:
        """Names the model by everything that shapes its vectors: 32 hexadecimal digits."""
        shaping = {
            "kind": self.kind,
            "dimension": self.dimension,
            "max_tokens": self.max_tokens,
            "pooling": self.pooling,
            "normalise": self.normalise,
            "prompts": [self.query_prompt, self.document_prompt],
            "files": {name: file.sha256 for name, file in sorted(self.files.items()) if name != CARD_NAME},
        }
        return Fingerprint(blake3(json.dumps(shaping, sort_keys=True).encode()).hexdigest(16))

    @property
    def onnx_name(self) -> str | None:
        """The file that the CPU back end runs."""
        return next((name for name in ONNX_NAMES if name in self.files), None)

    @property
    def has_safetensors(self) -> bool:
        """Whether torch can run it."""
        return SAFETENSORS_NAME in self.files


def read_manifest(folder: Path, *, role: Role | None = None) -> Manifest:
    """Read a folder's manifest and check everything that can be checked without reading the weights.

    Args:
        folder: the model folder.
        role: what the caller wants it for; None takes any.

    Raises:
        ModelError: one sentence for whatever is missing, damaged, refused or of another kind.
    """
    if not folder.is_dir():
        raise ModelError(f"no model folder at {folder}; give a folder made by 'vizsla models add'")
    raw = _read_json(folder / MANIFEST_NAME, required=True)
    _refuse_unsafe(folder)
    manifest = _parse(raw, folder)
    if role and manifest.role != role:
        raise ModelError(f"the model in {folder} is a {manifest.role}, but a {role} is wanted here; choose another")
    for name, file in manifest.files.items():
        path = folder / name
        try:
            size = path.stat().st_size
        except (OSError, ValueError):
            raise ModelError(f"the model in {folder} lacks its file {name}; add the model again") from None
        if not path.resolve().is_relative_to(folder.resolve()):
            raise ModelError(f"{path} is a link that leads out of its folder; copy the file itself there")
        if size != file.size:
            raise ModelError(
                f"{name} of the model in {folder} has {size} bytes instead of {file.size}; add the model again"
            )
    return manifest


def verify(folder: Path, manifest: Manifest) -> None:
    """Check every file of the model against its hash; about 30 ms for the default model.

    Raises:
        ModelError: a file was changed or damaged since the folder was made.
    """
    for name, file in manifest.files.items():
        if hash_file(folder / name).sha256 != file.sha256:
            raise ModelError(f"{name} of the model in {folder} was changed or damaged; add the model again")


def hash_file(path: Path) -> ModelFile:
    """Hash and size of a file.

    Raises:
        ModelError: the file cannot be read.
    """
    try:
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256")
            return ModelFile(sha256=digest.hexdigest(), size=file.tell())
    except OSError as error:
        raise ModelError(f"cannot read the model file {path} ({error.strerror}); add the model again") from None


def write_manifest(folder: Path, manifest: Manifest) -> None:
    """Write a folder's manifest; the folder is not published yet, so nobody reads it meanwhile."""
    text = json.dumps(
        {
            "schema": SCHEMA,
            "name": manifest.name,
            "kind": manifest.kind,
            "dimension": manifest.dimension,
            "max_tokens": manifest.max_tokens,
            "pooling": manifest.pooling,
            "normalise": manifest.normalise,
            "prompts": {"query": manifest.query_prompt, "document": manifest.document_prompt},
            "base": manifest.base,
            "licence": manifest.licence,
            "files": {
                name: {"sha256": file.sha256, "size": file.size} for name, file in sorted(manifest.files.items())
            },
            **({"facts": manifest.facts} if manifest.facts else {}),
        },
        indent=2,
        ensure_ascii=False,
    )
    (folder / MANIFEST_NAME).write_text(text + "\n", encoding="utf-8")


def refuse_remote_code(config: Mapping[str, object], source: Path) -> None:
    """Refuse a model configuration that names code to be run.

    Raises:
        ModelError: the configuration has an ``auto_map`` or custom pipelines.
    """
    for key in ("auto_map", "custom_pipelines"):
        if config.get(key):
            raise ModelError(f"{source} asks to run code of its own ({key}), which is never done; use another model")


def _refuse_unsafe(folder: Path) -> None:
    for path in folder.rglob("*"):
        suffix = path.suffix.lower()
        if suffix in _PICKLES:
            raise ModelError(f"{path} may hold a pickle, which can run code; convert the model to safetensors")
        if suffix in _CODE:
            raise ModelError(f"{path} is code, which a model folder must not hold; use another model")
    for path in folder.rglob("*config.json"):
        refuse_remote_code(_read_json(path), path)


def _read_json(path: Path, *, required: bool = False) -> Mapping[str, object]:
    try:
        if path.stat().st_size > _MANIFEST_BYTES:
            raise ValueError(f"more than {_MANIFEST_BYTES} bytes")
        value = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        if required:
            raise ModelError(
                f"{path.parent} has no {path.name}; convert the model with 'vizsla models add {path.parent}'"
            ) from None
        return {}
    except (OSError, ValueError, RecursionError) as error:
        raise ModelError(f"{path} cannot be read as JSON ({error}); add the model again") from None
    if not isinstance(value, dict):
        raise ModelError(f"{path} holds a {type(value).__name__} instead of an object; add the model again")
    return value


def _parse(raw: Mapping[str, object], folder: Path) -> Manifest:
    where = folder / MANIFEST_NAME
    if raw.get("schema") != SCHEMA:
        raise ModelError(f"{where} has schema {raw.get('schema')!r}, this program reads {SCHEMA}; add the model again")
    try:
        prompts = _typed(raw, "prompts", dict)
        manifest = Manifest(
            name=_typed(raw, "name", str),
            kind=_typed(raw, "kind", str),  # type: ignore[arg-type]  # Manifest checks the word
            dimension=_typed(raw, "dimension", int),
            max_tokens=_typed(raw, "max_tokens", int),
            pooling=_typed(raw, "pooling", str),  # type: ignore[arg-type]
            normalise=_typed(raw, "normalise", bool),
            query_prompt=_typed(prompts, "query", str),
            document_prompt=_typed(prompts, "document", str),
            files={name: _file(name, value) for name, value in _typed(raw, "files", dict).items()},
            base=_typed(raw, "base", str),
            licence=_typed(raw, "licence", str),
            facts=_typed(raw, "facts", dict) if "facts" in raw else {},
        )
    except ValueError as error:
        raise ModelError(f"{where} is wrong: {error}; add the model again") from None
    for needed, is_named in (
        (TOKENIZER_NAME, TOKENIZER_NAME in manifest.files),
        (ONNX_NAMES[0], manifest.onnx_name or manifest.has_safetensors),
    ):
        if not is_named:
            raise ModelError(f"{where} names no {needed}; add the model again")
    return manifest


def _typed(raw: Mapping[str, object], key: str, wanted: type[T]) -> T:
    value = raw.get(key)
    # A bool is an int to Python, not to us.
    if not isinstance(value, wanted) or (isinstance(value, bool) and wanted is not bool):
        raise ValueError(f"{key} must be of type {wanted.__name__}, got {value!r:.60}")
    return value


def _file(name: str, value: object) -> ModelFile:
    path = PurePosixPath(name)
    if not name or path.is_absolute() or ".." in path.parts or "\\" in name or "\0" in name or ":" in name:
        raise ValueError(f"the file name {name!r:.60} leads out of the folder")
    if not isinstance(value, dict):
        raise ValueError(f"the entry of {name} must be an object")
    sha256, size = _typed(value, "sha256", str), _typed(value, "size", int)
    if len(sha256) != 64 or size < 0:
        raise ValueError(f"the entry of {name} has no whole hash or size")
    return ModelFile(sha256=sha256, size=size)
