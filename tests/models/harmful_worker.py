"""A real model worker that waits, prints, fails, hangs or dies on marked texts; tests run it in place of the worker.

The folder of ``HARM_FOLDER`` steers it: it waits at a gate until ``open`` is there, dies at its start while ``die``
is there, gets little memory while ``limit`` is there, and logs in ``pushed``, ``gate`` and ``batches`` what it takes
on, waits over and did.
"""

from __future__ import annotations

import os
import resource
import signal
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from models.harm import CROWD, FAIL, GATE, NAN, PRINT, SEGFAULT
from vizsla.models import worker
from vizsla.models.bi_encoder import BiEncoder
from vizsla.models.cross_encoder import CrossEncoder
from vizsla.models.device import DeviceChoice
from vizsla.models.jobs import Job, JobQueue
from vizsla.models.worker import LoadedModels

FOLDER = Path(os.environ["HARM_FOLDER"])

Batches = Iterator[tuple[NDArray[np.int64], NDArray[np.float32]]]

real_encode, real_score, real_push = BiEncoder.encode_batches, CrossEncoder.score_batches, JobQueue.push
real_load = LoadedModels.load


def encode_batches(self: BiEncoder, texts: Sequence[str], *, is_query: bool) -> Batches:
    harm(texts)
    for indices, vectors in real_encode(self, texts, is_query=is_query):
        for row, i in enumerate(indices):
            if NAN in texts[i]:
                vectors[row, 0] = np.nan
        log("batches", texts[indices[0]])
        yield indices, vectors


def score_batches(self: CrossEncoder, query: str, texts: Sequence[str]) -> Batches:
    harm([query])
    for indices, scores in real_score(self, query, texts):
        harm(texts[i] for i in indices)
        log("batches", query)
        yield indices, scores


def push(self: JobQueue, job: Job) -> None:
    real_push(self, job)
    log("pushed", job.request.texts[0])


def load(self: LoadedModels, choice: DeviceChoice) -> DeviceChoice:
    # Another library would take over in the middle of what is counted.
    return real_load(self, replace(choice, bulk="onnx"))


def harm(texts: Sequence[str] | Iterator[str]) -> None:
    texts = list(texts)
    whole = " ".join(texts)
    if PRINT in whole:
        print("a library says hello")
        os.write(1, b"so does its native half\n")
    if GATE in whole:
        log("gate", whole)
        while not (FOLDER / "open").exists():
            time.sleep(0.005)
    if FAIL in whole:
        raise RuntimeError("this text cannot be read")
    if CROWD in whole and len(texts) > 2:
        raise MemoryError("too many at once")
    if SEGFAULT in whole:
        os.kill(os.getpid(), signal.SIGSEGV)


def log(name: str, text: str) -> None:
    with (FOLDER / name).open("a", encoding="utf-8", errors="replace") as file:
        file.write(text[:40] + "\n")


BiEncoder.encode_batches = encode_batches  # type: ignore[method-assign]
CrossEncoder.score_batches = score_batches  # type: ignore[method-assign]
JobQueue.push = push  # type: ignore[method-assign]
LoadedModels.load = load  # type: ignore[method-assign]

if __name__ == "__main__":
    if (FOLDER / "die").exists():
        os.kill(os.getpid(), signal.SIGKILL)
    if (FOLDER / "limit").exists():
        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0])
        limit = pages * resource.getpagesize() + 400_000_000
        resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
    sys.exit(worker.main())
