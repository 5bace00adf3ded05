"""Vectors that are remembered: embedded once, kept for later stages, never those of another model."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from models.tiny_models import make_tiny_model
from vizsla_trainer.training.encoding import open_encoder
from vizsla_trainer.training.machine import Machine
from vizsla_trainer.training.vectors import RememberingEncoder, fingerprint_of, kept_vectors

TEXTS = ["def retry(upload): ...", "def close(): ...", "def retry(upload): ...", "lone \ud800 surrogate"]


class Counting:
    """A real encoder that notes what it is asked to embed."""

    def __init__(self, model: Path) -> None:
        self._encoder = open_encoder(model, Machine(threads=1), threads=1)
        self.asked: list[str] = []

    def encode(self, texts: Sequence[str], *, is_query: bool) -> NDArray[np.float32]:
        self.asked += texts
        return self._encoder.encode(texts, is_query=is_query)


def test_a_text_is_embedded_once_and_its_vector_is_the_models(tmp_path: Path) -> None:
    encoder = Counting(make_tiny_model(tmp_path / "tiny", "bi-encoder"))
    remembering = RememberingEncoder(encoder)
    first = remembering.encode(TEXTS[:3], is_query=False)
    again = remembering.encode(TEXTS[1:2], is_query=False)
    assert encoder.asked == TEXTS[:2]
    assert np.array_equal(first[0], first[2]) and np.array_equal(first[1], again[0])
    assert np.allclose(first[:2], Counting(tmp_path / "tiny").encode(TEXTS[:2], is_query=False), atol=1e-5)


def test_queries_are_asked_anew_as_their_prompt_differs(tmp_path: Path) -> None:
    encoder = Counting(make_tiny_model(tmp_path / "tiny", "bi-encoder"))
    remembering = RememberingEncoder(encoder)
    remembering.encode(TEXTS[:1], is_query=False)
    remembering.encode(TEXTS[:1], is_query=True)
    assert encoder.asked == [TEXTS[0], TEXTS[0]]


def test_what_is_kept_is_known_to_the_next_process(tmp_path: Path) -> None:
    model = make_tiny_model(tmp_path / "tiny", "bi-encoder")
    place = kept_vectors(tmp_path / "vectors", model, "cpu")
    first = RememberingEncoder(Counting(model), place)
    vectors = first.encode(TEXTS, is_query=False)
    first.keep()
    encoder = Counting(model)
    assert np.array_equal(RememberingEncoder(encoder, place).encode(TEXTS, is_query=False), vectors)
    assert encoder.asked == []


def test_another_model_or_setting_has_another_file_and_the_old_one_goes(tmp_path: Path) -> None:
    models = [make_tiny_model(tmp_path / f"tiny{seed}", "bi-encoder", seed=seed) for seed in (1, 2)]
    assert fingerprint_of(models[0]) != fingerprint_of(models[1])
    folder = tmp_path / "vectors"
    places = [kept_vectors(folder, models[0], 256), kept_vectors(folder, models[1], 256)]
    assert kept_vectors(folder, models[0], 128) not in places and places[0] != places[1]
    for model, place in zip(models, places, strict=True):
        remembering = RememberingEncoder(Counting(model), place)
        remembering.encode(TEXTS, is_query=False)
        remembering.keep()
    assert list(folder.iterdir()) == [places[1]]


def test_a_damaged_file_is_written_anew(tmp_path: Path) -> None:
    model = make_tiny_model(tmp_path / "tiny", "bi-encoder")
    place = kept_vectors(tmp_path / "vectors", model)
    place.parent.mkdir()
    place.write_bytes(b"PK\x03\x04 cut off")
    encoder = Counting(model)
    remembering = RememberingEncoder(encoder, place)
    remembering.encode(TEXTS[:1], is_query=False)
    remembering.keep()
    assert encoder.asked == TEXTS[:1]
    other = Counting(model)
    RememberingEncoder(other, place).encode(TEXTS[:1], is_query=False)
    assert other.asked == []
