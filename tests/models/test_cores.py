"""A forward pass gets as many threads as there are cores for it."""

from __future__ import annotations

import os
from pathlib import Path

from vizsla.models.cores import usable_cores


def test_two_threads_of_one_core_count_once(tmp_path: Path) -> None:
    for cpu in os.sched_getaffinity(0):
        (tmp_path / f"cpu{cpu}" / "topology").mkdir(parents=True)
        (tmp_path / f"cpu{cpu}" / "topology" / "thread_siblings_list").write_text("0-99\n")
    assert usable_cores(cpus=tmp_path, quota=tmp_path / "none") == 1


def test_without_a_description_every_processor_counts(tmp_path: Path) -> None:
    assert usable_cores(cpus=tmp_path, quota=tmp_path / "none") == len(os.sched_getaffinity(0))


def test_a_container_share_is_respected(tmp_path: Path) -> None:
    quota = tmp_path / "cpu.max"
    quota.write_text("100000 100000\n")
    assert usable_cores(cpus=tmp_path, quota=quota) == 1
    quota.write_text("5000 100000\n")
    assert usable_cores(cpus=tmp_path, quota=quota) == 1
    quota.write_text("max 100000\n")
    assert usable_cores(cpus=tmp_path, quota=quota) == len(os.sched_getaffinity(0))
