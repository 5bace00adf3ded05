"""Part (a): how fast functions become vectors, against the machine's matrices and against sentence-transformers."""

from __future__ import annotations

import importlib.util
import json
import random
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from benchmarks.commands import fresh_cache, settings
from benchmarks.figures import Figure, median
from benchmarks.machine import matmul_rate
from benchmarks.sources import Parsed, is_callable
from benchmarks.trees import model_folder

from vizsla.models.client import ModelClient, Priority
from vizsla.models.manifest import Manifest, read_manifest
from vizsla.models.tokenising import TextTokenizer
from vizsla.services.resources import Resources

TEXTS, QUICK_TEXTS = 384, 128
ROUNDS, QUICK_ROUNDS = 3, 2


def measure(files: Sequence[Parsed], *, quick: bool) -> list[Figure]:
    """Embed the same functions by our worker and by ``encode``, in turns, with the ceiling measured in between."""
    texts = _chosen(files, QUICK_TEXTS if quick else TEXTS)
    rounds = QUICK_ROUNDS if quick else ROUNDS
    with Resources(settings(fresh_cache("embedding"))) as resources:
        models = resources.models
        if models is None:
            raise SystemExit(f"nothing can be embedded: {'; '.join(resources.problems)}")
        folder = _folder_of(resources)
        manifest = read_manifest(folder)
        lengths = token_counts(folder, manifest, texts)
        work, tokens = sum(operations(length) for length in lengths), sum(lengths)
        encode = _theirs(manifest.max_tokens)
        _ours(models, texts[:64])
        if encode is not None:
            encode(texts[:64])
        shares, ours, theirs, ratios, rates = [], [], [], [], []
        precision = ""
        for _ in range(rounds):
            before, precision = matmul_rate()
            seconds = _timed(lambda: _ours(models, texts))
            after, _ = matmul_rate()
            ours.append(tokens / seconds)
            rates.append((before + after) / 2)
            shares.append(100 * work / seconds / rates[-1])
            if encode is not None:
                theirs.append(tokens / _timed(lambda: encode(texts)))
                ratios.append(ours[-1] / theirs[-1])
    mean = tokens / len(texts)
    made = f"{len(texts)} functions of {mean:.0f} tokens on average, {manifest.name} on {_device(models)}"
    figures = [
        Figure(part="a", name="matrix product rate", measured=median(rates) / 1e9, unit="GFLOP/s", note=precision),
        Figure(part="a", name="bulk embedding", measured=median(ours), unit="tokens/s", note=made, samples=ours),
        Figure(part="a", name="bulk embedding", measured=median(ours) / mean, unit="functions/s"),
        Figure(
            part="a",
            name="share of the matrix product rate",
            measured=median(shares),
            unit="%",
            at_least=25,
            note="FLOPs of real tokens, padding not counted as work",
            samples=shares,
        ),
    ]
    if ratios:
        figures += [
            Figure(part="a", name="SentenceTransformer.encode, defaults", measured=median(theirs), unit="tokens/s"),
            Figure(
                part="a",
                name="against SentenceTransformer.encode",
                measured=median(ratios),
                unit="x",
                at_least=3,
                note="same texts, same weights in fp32, in turns",
                samples=ratios,
            ),
        ]
    return figures


def operations(length: int) -> float:
    """Floating-point operations of one forward pass over ``length`` tokens: twice the multiplications.

    Of each layer: four projections and two feed-forward products for every token, and the two products of
    attention for every pair of tokens.
    """
    config = json.loads((model_folder() / "config.json").read_text(encoding="utf-8"))
    width, inner, layers = config["hidden_size"], config["intermediate_size"], config["num_hidden_layers"]
    return float(layers * (2 * length * (4 * width**2 + 2 * width * inner) + 4 * length**2 * width))


def token_counts(folder: Path, manifest: Manifest, texts: Sequence[str]) -> list[int]:
    """Tokens of each text that go into the model, special ones included."""
    return [len(tokens) for tokens in TextTokenizer(folder, manifest).encode(list(texts))]


def _chosen(files: Sequence[Parsed], count: int) -> list[str]:
    """Model texts of functions picked from the whole tree, always the same ones, none twice."""
    texts = {entry.model_text for file in files for entry in file.change.entries if is_callable(entry)}
    return random.Random(0).sample(sorted(texts), min(count, len(texts)))


def _ours(models: ModelClient, texts: Sequence[str]) -> object:
    return models.encode(texts, is_query=False, priority=Priority.BULK).result()


def _theirs(max_tokens: int) -> Callable[[Sequence[str]], object] | None:
    """``SentenceTransformer.encode`` with its defaults on the CPU; None where it is not installed."""
    if importlib.util.find_spec("sentence_transformers") is None:
        print("sentence-transformers is not installed: no comparison", file=sys.stderr)
        return None
    from sentence_transformers import SentenceTransformer

    model = SentenceTransformer(str(model_folder()), device="cpu")
    if model.max_seq_length != max_tokens:
        raise SystemExit(f"the peer reads {model.max_seq_length} tokens, we {max_tokens}: not the same work")
    return lambda texts: model.encode(list(texts))


def _folder_of(resources: Resources) -> Path:
    from vizsla.models.library import resolve

    folder = resolve(resources.settings.models.retriever, "retriever", resources.cache_directory)
    assert folder is not None  # the client was made from it
    return folder


def _device(models: ModelClient) -> str:
    device = models.status().device
    return f"{device.kind}, {device.precision}" if device else "an unknown device"


def _timed(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start
