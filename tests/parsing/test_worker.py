"""The child that parses answers every job in frames, and bounds its memory."""

from __future__ import annotations

import io
import pickle
import subprocess
import sys

import pytest

from vizsla.core.child import Parent
from vizsla.parsing.worker import Answer, Job, answer


def answered(language_id: str, text: bytes, *, deadline_seconds: float = 30) -> Answer:
    outgoing = io.BytesIO()
    parent = Parent(io.BytesIO(), outgoing)
    answer(
        parent,
        Job(id=7, language_id=language_id, module_name="m", text=text, deadline_seconds=deadline_seconds),
    )
    found = pickle.loads(outgoing.getvalue())
    assert isinstance(found, Answer)
    assert found.id == 7
    return found


def test_answer_holds_the_entries() -> None:
    found = answered("python", b"def f(): pass\n")
    assert [entry.function.name for entry in found.entries] == ["f"]
    assert not found.problem


def test_passed_deadline_is_told() -> None:
    assert answered("python", b"x = 1\n" * 100_000, deadline_seconds=1e-9).is_late


def test_any_other_problem_is_told_by_name() -> None:
    assert answered("klingon", b"nuqneH").problem == "KeyError: 'klingon'"


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux bounds the address space")
def test_memory_is_bounded() -> None:
    program = "from vizsla.parsing.worker import limit_memory; limit_memory(); bytearray(3_000_000_000)"
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert ended.returncode == 1
    assert "MemoryError" in ended.stderr
