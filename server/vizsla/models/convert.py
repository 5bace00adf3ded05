"""Published models to model folders of ours, each checked against what the original answers.

Needs the ``train`` extra; nothing here runs while serving.
"""

from __future__ import annotations

import logging
import shutil
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vizsla.core.errors import ModelError
from vizsla.models.backend import INPUT_NAMES
from vizsla.models.batching import padded
from vizsla.models.bi_encoder import load_bi_encoder
from vizsla.models.manifest import (
    ONNX_NAMES,
    SAFETENSORS_NAME,
    TOKENIZER_NAME,
    Manifest,
    ModelKind,
    Role,
    hash_file,
    write_manifest,
)
from vizsla.models.reranker import load_reranker, reranker_of
from vizsla.models.samples import sample_functions, sample_queries
from vizsla.models.sources import ModelSource, find_source, kind_for, needs_extra, read_source
from vizsla.models.tokenising import TextTokenizer, separator_of

LEAST_COSINE = 0.98
"""Of every sample's vector to the original's; of all scores to the original's for a cross-encoder."""
LEAST_RANK_AGREEMENT = 0.8
"""Mean share of a question's first ten functions that both find."""

_INT8, _FLOAT = ONNX_NAMES

logger = logging.getLogger(__name__)


def convert_model(
    source: str, destination: Path, *, role: Role, name: str | None = None, keeps_safetensors: bool = True
) -> Manifest:
    """Make a model folder: eight bits where answers stay the same, else float32; and the weights as they were.

    Args:
        source: a folder of sentence-transformers or transformers, or the name of a model on the hub.
        destination: the folder to make; it is not there yet.
        role: what the model is for.
        name: what to call it; the source's own name when None.
        keeps_safetensors: whether the folder can be trained further, and run on a GPU in full precision.

    Raises:
        ModelError: one sentence for each reason not to take the model.
    """
    folder = find_source(source)
    kind = kind_for(folder, role)
    origin = read_source(folder, kind=kind, name=name or (source if folder != Path(source) else folder.name))
    try:
        import onnx  # noqa: F401
        import sentence_transformers  # noqa: F401
    except ImportError:
        raise ModelError(needs_extra("to convert models")) from None
    network = _load(origin, kind)
    is_ours = origin.pooling in ("maxsim", "tokens")  # which nobody else can run
    theirs = None if is_ours else _their_answers(folder, origin, kind)
    from vizsla.models.export import export

    destination.mkdir(parents=True)
    _write_tokenizer(origin, destination)
    if origin.pooling == "maxsim":
        from vizsla.models.maxsim import MaxSimScorer

        network = MaxSimScorer(network, separator_of((destination / TOKENIZER_NAME).read_text(encoding="utf-8")))
    pooling = "none" if kind == "cross-encoder" else origin.pooling  # a pair's network gives logits itself
    export(network, destination / _FLOAT, pooling=pooling, normalise=origin.normalise)
    manifest = Manifest(
        name=origin.name,
        kind=kind,
        dimension=1 if kind == "cross-encoder" else int(network.config.hidden_size),
        max_tokens=origin.max_tokens,
        pooling=origin.pooling,
        normalise=origin.normalise,
        query_prompt=origin.query_prompt,
        document_prompt=origin.document_prompt,
        base=origin.name,
        licence=origin.licence,
    )
    if theirs is None:
        theirs = _network_scores(network, manifest, destination)
    manifest = _smallest_that_agrees(manifest, destination, theirs)
    network.config.save_pretrained(destination)
    kept = [*manifest.files, "config.json"]
    if keeps_safetensors:
        # In one file, without the generation settings and the like that save_pretrained adds.
        with tempfile.TemporaryDirectory(dir=destination) as temporary:
            network.save_pretrained(Path(temporary), max_shard_size="1TB")
            (Path(temporary) / SAFETENSORS_NAME).rename(destination / SAFETENSORS_NAME)
        kept.append(SAFETENSORS_NAME)
    manifest = _with_files(manifest, destination, kept)
    write_manifest(destination, manifest)
    return manifest


def _load(origin: ModelSource, kind: ModelKind) -> Any:
    import torch
    import transformers

    transformers.utils.logging.disable_progress_bar()
    is_plain_pair = origin.pooling == "none"
    family = transformers.AutoModelForSequenceClassification if is_plain_pair else transformers.AutoModel
    try:
        network, report = family.from_pretrained(
            origin.folder,
            trust_remote_code=False,
            use_safetensors=True,
            local_files_only=True,
            attn_implementation="eager",
            output_loading_info=True,
            dtype=torch.float32,
        )
    except Exception as error:  # the library passes on whatever its parts raise
        raise ModelError(f"{origin.name} cannot be loaded ({str(error)[:200]}); use another model") from None
    wrong = [str(key) for key in report["mismatched_keys"]]
    # A pooler is not used for pooling: many checkpoints leave it out.
    wrong += [key for key in report["missing_keys"] if is_plain_pair or "pooler" not in key]
    if wrong:
        raise ModelError(
            f"the weights of {origin.name} do not fit its configuration as a {kind} (such as {sorted(wrong)[0]}); "
            "use another model"
        )
    return network.eval()


def _write_tokenizer(origin: ModelSource, destination: Path) -> None:
    if (origin.folder / TOKENIZER_NAME).is_file():
        shutil.copyfile(origin.folder / TOKENIZER_NAME, destination / TOKENIZER_NAME)
        return
    import transformers

    try:
        tokenizer = transformers.AutoTokenizer.from_pretrained(
            origin.folder, trust_remote_code=False, local_files_only=True
        )
        tokenizer.backend_tokenizer.save(str(destination / TOKENIZER_NAME))
    except Exception as error:
        raise ModelError(f"{origin.name} has no tokenizer.json and none can be made ({str(error)[:200]})") from None


def _their_answers(folder: Path, origin: ModelSource, kind: ModelKind) -> NDArray[np.float32]:
    """What the original gives for the samples: vectors of functions, then of questions; or scores. On the CPU."""
    import sentence_transformers
    import torch

    answers: Any
    try:
        if kind == "cross-encoder":
            pairs = [
                (origin.query_prompt + query, origin.document_prompt + text)
                for query in sample_queries()[:2]
                for text in sample_functions()
            ]
            reranker = sentence_transformers.CrossEncoder(
                str(folder), device="cpu", local_files_only=True, max_length=origin.max_tokens
            )
            answers = reranker.predict(pairs, activation_fn=torch.nn.Identity(), show_progress_bar=False)
        else:
            retriever = sentence_transformers.SentenceTransformer(str(folder), device="cpu", local_files_only=True)
            retriever.max_seq_length = origin.max_tokens
            answers = np.concatenate(
                [
                    retriever.encode(list(texts), prompt=prompt or None, show_progress_bar=False)
                    for texts, prompt in (
                        (sample_functions(), origin.document_prompt),
                        (sample_queries(), origin.query_prompt),
                    )
                ]
            )
    except Exception as error:
        raise ModelError(
            f"{origin.name} does not run in sentence-transformers ({str(error)[:200]}); use another model"
        ) from None
    return np.asarray(answers, dtype=np.float32)


class _Network:
    """The back end of a reranker's network as it was loaded."""

    tokens_per_batch = 4_096

    def __init__(self, network: Any) -> None:
        self._network = network

    def run(
        self, input_ids: NDArray[np.int64], attention_mask: NDArray[np.int64], token_type_ids: NDArray[np.int64]
    ) -> NDArray[np.float32]:
        """See ``Backend.run``."""
        import torch

        with torch.inference_mode():
            output = self._network(*(torch.from_numpy(array) for array in (input_ids, attention_mask, token_type_ids)))
            states = getattr(output, "last_hidden_state", None)
            values = output.logits[:, 0] if states is None else torch.nn.functional.normalize(states, dim=-1)
            found: NDArray[np.float32] = values.numpy()
        return found


def _network_scores(network: Any, manifest: Manifest, folder: Path) -> NDArray[np.float32]:
    """What a network that only we run gives for the samples, before it is exported."""
    scorer = reranker_of(folder, manifest, _Network(network))
    return np.concatenate([scorer.score(query, sample_functions()) for query in sample_queries()[:2]])


def _smallest_that_agrees(manifest: Manifest, folder: Path, theirs: NDArray[np.float32]) -> Manifest:
    """Keep the eight-bit file when it answers like the original, else the float32 one; and say so in the manifest."""
    from vizsla.models.quantise import quantise

    plain = _with_files(manifest, folder, (TOKENIZER_NAME, _FLOAT))
    write_manifest(folder, plain)
    difference = _difference(plain, folder, theirs)
    if difference:
        raise ModelError(f"{manifest.name} answers otherwise after conversion ({difference}); use another model")
    quantise(folder / _FLOAT, folder / _INT8, sample_inputs(plain, folder))
    small = _with_files(manifest, folder, (TOKENIZER_NAME, _INT8))
    write_manifest(folder, small)
    difference = _difference(small, folder, theirs)
    dropped = _INT8 if difference else _FLOAT
    (folder / dropped).unlink()
    if difference:
        logger.info("%s stays in float32, in eight bits it answers otherwise: %s", manifest.name, difference)
    return plain if difference else small


def _with_files(manifest: Manifest, folder: Path, names: Sequence[str]) -> Manifest:
    return replace(manifest, files={name: hash_file(folder / name) for name in names})


def sample_inputs(manifest: Manifest, folder: Path) -> Iterator[Mapping[str, NDArray[np.int64]]]:
    """What the model reads of the samples, one at a time: from these, scales are learned."""
    tokenizer = TextTokenizer(folder, manifest)
    functions, queries = sample_functions(), sample_queries()
    if manifest.kind == "cross-encoder":
        encoded = [
            pair
            for query in queries[:8]
            for pair in tokenizer.encode_pairs(
                manifest.query_prompt + query,
                [manifest.document_prompt + text for text in functions[:: len(functions) // 12]],
            )
        ]
    else:
        encoded = tokenizer.encode([manifest.document_prompt + text for text in functions])
        encoded += tokenizer.encode([manifest.query_prompt + text for text in queries])
    for tokens in encoded:
        yield dict(zip(INPUT_NAMES, padded([tokens], length=len(tokens), pad_id=tokenizer.pad_id), strict=True))


def _difference(manifest: Manifest, folder: Path, theirs: NDArray[np.float32]) -> str:
    """In what the folder's answers differ from the original's, "" when they agree."""
    functions, queries = sample_functions(), sample_queries()
    if manifest.role == "reranker":
        reranker = load_reranker(folder, device="cpu", threads=0)
        ours = np.concatenate([reranker.score(query, functions) for query in queries[:2]])
        correlation = float(np.corrcoef(ours, theirs.reshape(-1))[0, 1])
        return "" if correlation >= LEAST_COSINE else f"correlation of scores {correlation:.3f}"
    retriever = load_bi_encoder(folder, device="cpu", threads=0)
    ours = np.concatenate([retriever.encode(functions, is_query=False), retriever.encode(queries, is_query=True)])
    ours /= np.maximum(np.linalg.norm(ours, axis=1, keepdims=True), 1e-9)
    theirs = theirs / np.maximum(np.linalg.norm(theirs, axis=1, keepdims=True), 1e-9)
    cosine = float((ours * theirs).sum(axis=1).min())
    if not cosine >= LEAST_COSINE:
        return f"lowest cosine {cosine:.3f}"
    agreement = _rank_agreement(ours, theirs, len(functions))
    return "" if agreement >= LEAST_RANK_AGREEMENT else f"{agreement:.0%} of first hits in common"


def _rank_agreement(ours: NDArray[np.float32], theirs: NDArray[np.float32], functions: int) -> float:
    first = [np.argsort(-(v[functions:] @ v[:functions].T), axis=1, kind="stable")[:, :10] for v in (ours, theirs)]
    return float(np.mean([len(set(a) & set(b)) / 10 for a, b in zip(*first, strict=True)]))
