"""The model that a training begins with, out of any folder that holds one; and the folder that it ends in."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from vizsla.core.errors import ModelError
from vizsla.models.manifest import (
    MANIFEST_NAME,
    TOKENIZER_NAME,
    Manifest,
    ModelKind,
    Pooling,
    read_manifest,
    verify,
)
from vizsla.models.sources import LATE_INTERACTION, MAXSIM, kind_of, needs_extra, read_source
from vizsla.models.tokenising import TextTokenizer, separator_of
from vizsla.models.weights import load_network
from vizsla_trainer.errors import TrainingError

if TYPE_CHECKING:
    import torch

_LIBRARY = "sentence_transformers.models"
_ABOVE: Mapping[Pooling, tuple[str, str]] = {
    "maxsim": ("1_MaxSim", MAXSIM),
    "tokens": ("1_LateInteraction", LATE_INTERACTION),
}
"""What our rerankers have above the encoder; without it, the library would put a part of its own there."""
_TYPES: Mapping[ModelKind, str] = {"cross-encoder": "CrossEncoder", "late-interaction": "LateInteraction"}
_POOLINGS = {"mean": "mean_tokens", "cls": "cls_token", "max": "max_tokens", "lasttoken": "lasttoken"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Base:
    """A loaded model and how it reads its texts.

    Attributes:
        network: in float32 on the CPU, without dropout: a transformers encoder, or what scores pairs by one.
        tokenizer: content of its ``tokenizer.json``.
        kind: what it does.
        pooling: as a manifest says it.
        max_tokens: longest input with its special tokens.
    """

    network: torch.nn.Module
    tokenizer: str
    kind: ModelKind
    pooling: Pooling
    max_tokens: int
    query_prompt: str = ""
    document_prompt: str = ""

    def reads(self, tokens: int) -> TextTokenizer:
        """Its tokenizer, cutting texts at ``tokens`` or at the model's length."""
        manifest = Manifest(
            name="base",
            kind=self.kind,
            dimension=1,
            max_tokens=min(tokens, self.max_tokens),
            pooling=self.pooling,
            normalise=True,
        )
        with tempfile.TemporaryDirectory() as temporary:
            (Path(temporary) / TOKENIZER_NAME).write_text(self.tokenizer, encoding="utf-8")
            return TextTokenizer(Path(temporary), manifest)


def load_base(folder: Path, *, kind: ModelKind, seed: int) -> Base:
    """Load a model to train on: a model folder of ours, of sentence-transformers or of transformers.

    Args:
        folder: where it lies.
        kind: what is to be trained. Late interaction is made of a bi-encoder as it is; a cross-encoder made of
            either matches tokens, see ``MaxSimScorer``.
        seed: of weights that the folder lacks.

    Raises:
        ModelError: one sentence for whatever is missing, damaged or refused.
    """
    try:
        import torch
        import transformers
    except ImportError:
        raise ModelError(needs_extra("to train models")) from None
    transformers.utils.logging.set_verbosity_error()
    transformers.utils.logging.disable_progress_bar()
    torch.manual_seed(seed)
    base = _ours(folder) if (folder / MANIFEST_NAME).is_file() else _published(folder)
    if base.kind == kind:
        return base
    if kind == "bi-encoder" or base.kind == "cross-encoder":
        wanted = "retriever" if kind == "bi-encoder" else "late interaction"
        raise ModelError(f"the model in {folder} is a {base.kind} model, no {wanted} begins with it; give a bi-encoder")
    if kind == "late-interaction":
        return replace(base, kind=kind, pooling="tokens")
    from vizsla.models.maxsim import MaxSimScorer

    network = MaxSimScorer(base.network, separator_of(base.tokenizer)).eval()
    return replace(base, network=network, kind=kind, pooling="maxsim")


def save_model(base: Base, destination: Path, *, max_tokens: int) -> None:
    """Write the network as sentence-transformers and transformers read it; what lay there before goes last.

    Args:
        base: its network as it is now.
        destination: the folder, published whole.
        max_tokens: longest input that it learned from.

    Raises:
        TrainingError: the disk is full, or the folder cannot be written.
    """
    from safetensors import SafetensorError

    destination.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=destination.parent, prefix=f".{destination.name}.") as temporary:
        made = Path(temporary) / "made"
        network: Any = base.network
        try:
            network.save_pretrained(made, max_shard_size="1TB")
        except (OSError, SafetensorError) as error:  # the second one hides what the system said in its words
            raise TrainingError(
                f"the trained model cannot be written to {destination} ({error}); make room there and run it again"
            ) from None
        (made / TOKENIZER_NAME).write_text(base.tokenizer, encoding="utf-8")
        _write_json(
            made / "tokenizer_config.json",
            {
                "tokenizer_class": "PreTrainedTokenizerFast",
                "model_max_length": max_tokens,
                # Left to itself the class gives no token types, without which a pair's texts run into one.
                "model_input_names": ["input_ids", "token_type_ids", "attention_mask"],
                **_special_tokens(base),
            },
        )
        if base.pooling != "none":
            _write_parts(base, made, max_tokens)
        if destination.exists():
            destination.rename(Path(temporary) / "before")
        made.rename(destination)


def _ours(folder: Path) -> Base:
    manifest = read_manifest(folder)
    verify(folder, manifest)
    return Base(
        network=load_network(folder, manifest),
        tokenizer=(folder / TOKENIZER_NAME).read_text(encoding="utf-8"),
        kind=manifest.kind,
        pooling=manifest.pooling,
        max_tokens=manifest.max_tokens,
        query_prompt=manifest.query_prompt,
        document_prompt=manifest.document_prompt,
    )


def _published(folder: Path) -> Base:
    import transformers

    from vizsla.models.maxsim import MaxSimScorer

    kind = kind_of(folder)
    source = read_source(folder, kind=kind, name=folder.name)
    is_plain_pair = kind == "cross-encoder" and source.pooling == "none"
    family = transformers.AutoModelForSequenceClassification if is_plain_pair else transformers.AutoModel
    try:
        network = family.from_pretrained(
            source.folder, trust_remote_code=False, use_safetensors=True, local_files_only=True
        )
        path = source.folder / TOKENIZER_NAME
        if path.is_file():
            tokenizer = path.read_text(encoding="utf-8")
        else:
            tokenizer = transformers.AutoTokenizer.from_pretrained(
                source.folder, trust_remote_code=False, local_files_only=True
            ).backend_tokenizer.to_str()
    except Exception as error:  # the library passes on whatever its parts raise
        raise ModelError(f"{folder} cannot be loaded ({str(error)[:200]}); use another model") from None
    if source.pooling == "maxsim":
        network = MaxSimScorer(network, separator_of(tokenizer))
    return Base(
        network=network.float().eval(),
        tokenizer=tokenizer,
        kind=kind,
        pooling=source.pooling,
        max_tokens=source.max_tokens,
        query_prompt=source.query_prompt,
        document_prompt=source.document_prompt,
    )


def _write_parts(base: Base, folder: Path, max_tokens: int) -> None:
    """What sentence-transformers builds the model by: its parts, and where they lie."""
    config: Any = base.network.config
    parts: list[tuple[str, str]] = [("", f"{_LIBRARY}.Transformer")]
    if base.pooling in _ABOVE:
        parts.append(_ABOVE[base.pooling])
    else:
        parts += [("1_Pooling", f"{_LIBRARY}.Pooling"), ("2_Normalize", f"{_LIBRARY}.Normalize")]
        (folder / "1_Pooling").mkdir()
        (folder / "2_Normalize").mkdir()
        flags = {f"pooling_mode_{flag}": pooling == base.pooling for pooling, flag in _POOLINGS.items()}
        _write_json(folder / "1_Pooling" / "config.json", {"word_embedding_dimension": config.hidden_size, **flags})
    _write_json(
        folder / "modules.json",
        [{"idx": i, "name": str(i), "path": path, "type": kind} for i, (path, kind) in enumerate(parts)],
    )
    _write_json(folder / "sentence_bert_config.json", {"max_seq_length": max_tokens, "do_lower_case": False})
    model = {"model_type": _TYPES[base.kind]} if base.kind in _TYPES else {}
    _write_json(
        folder / "config_sentence_transformers.json",
        {
            "prompts": {"query": base.query_prompt, "document": base.document_prompt},
            "default_prompt_name": None,
            **model,
        },
    )


def _special_tokens(base: Base) -> dict[str, str]:
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_str(base.tokenizer)
    wanted = {
        "pad_token": ("[PAD]", "<pad>"),
        "unk_token": ("[UNK]", "<unk>"),
        "cls_token": ("[CLS]", "<s>"),
        "sep_token": ("[SEP]", "</s>"),
        "mask_token": ("[MASK]", "<mask>"),
    }
    found = {
        name: next((token for token in tokens if tokenizer.token_to_id(token) is not None), None)
        for name, tokens in wanted.items()
    }
    return {name: token for name, token in found.items() if token is not None}


def _write_json(path: Path, value: object) -> None:
    path.write_text(json.dumps(value, indent=2) + "\n", encoding="utf-8")
