"""How long one question takes with given models, on this machine, as it is now."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from vizsla_trainer.evaluation.results import Latency
from vizsla_trainer.evaluation.retrieval import candidate_text
from vizsla_trainer.records import Code, Pair

_WARM_UP = 2  # questions whose time is not counted: the first ones fill caches


def measure_latency(
    retriever: Path,
    reranker: Path | None,
    pairs: Sequence[Pair],
    candidates: Sequence[npt.NDArray[np.int64]],
    codes: Sequence[Code],
    *,
    depth: int,
    device: str,
    threads: int,
) -> Latency | None:
    """Embed each query and, with a reranker, score its first candidates; None without queries.

    Args:
        retriever: folder of the bi-encoder.
        reranker: folder of what reads again; None without one.
        pairs: whose queries are asked, one after another.
        candidates: of each, as indices into ``codes``, -1 where there are no more.
        codes: that the candidates are.
        depth: how many of them are scored.
        device: "cpu", "cuda" or "mps".
        threads: of a forward pass on a CPU.
    """
    from vizsla.models.bi_encoder import load_bi_encoder
    from vizsla.models.reranker import load_reranker

    if not pairs:
        return None
    encoder = load_bi_encoder(retriever, device=device, threads=threads)
    scorer = load_reranker(reranker, device=device, threads=threads) if reranker and depth else None
    embedding, scoring = [], []
    asked = list(zip(pairs, candidates, strict=True))
    for pair, found in (*asked[:_WARM_UP], *asked):
        texts = [candidate_text(pair, codes[code]) for code in found[:depth] if code >= 0]
        start = time.perf_counter()
        encoder.encode([pair.query], is_query=True)
        embedded = time.perf_counter()
        if scorer is not None:
            scorer.score(pair.query, texts)
        embedding.append(embedded - start)
        scoring.append(time.perf_counter() - embedded)
    counted = slice(min(_WARM_UP, len(pairs)), None)
    return Latency(
        device=device,
        depth=depth if scorer is not None else 0,
        embed_median=float(np.median(embedding[counted])),
        rerank_median=float(np.median(scoring[counted])) if scorer is not None else 0.0,
        rerank_worst=float(np.max(scoring[counted])) if scorer is not None else 0.0,
    )
