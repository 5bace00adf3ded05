"""How fast a retriever learns on this machine's CPU, with attention in plain products and in torch's fused kernel.

    python benchmarks/training_speed.py [--threads N]

Forward and back, in turns, through the package's retriever, in the precision that training chooses; tokens in a second,
padding counted, best of the rounds.
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import torch
from benchmarks.machine import matmul_rate
from rich.console import Console
from rich.table import Table

from vizsla.models.library import DEFAULT_RETRIEVER
from vizsla_trainer.training.attention import use_plain_attention
from vizsla_trainer.training.base import load_base
from vizsla_trainer.training.encoding import freeze_embeddings
from vizsla_trainer.training.machine import Machine

SHAPES = ((128, 32), (32, 128), (16, 256))  # texts and tokens of one chunk, as a batch is cut into
ROUNDS = 5


def main() -> int:
    """Measure both ways, print a table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--threads", type=int, default=2)
    arguments = parser.parse_args()
    machine = Machine(device="cpu", threads=arguments.threads)
    fused, plain = _network(), _network()
    use_plain_attention(plain)
    rate, precision = matmul_rate()
    table = Table("texts x tokens", "fused, tokens/s", "plain, tokens/s", "ratio")
    for texts, tokens in SHAPES:
        seconds = {True: float("inf"), False: float("inf")}
        for _ in range(ROUNDS):
            for is_plain, network in ((False, fused), (True, plain)):
                seconds[is_plain] = min(seconds[is_plain], _step(network, machine, texts, tokens))
        rates = [texts * tokens / seconds[is_plain] for is_plain in (False, True)]
        table.add_row(f"{texts} x {tokens}", *(f"{one:,.0f}" for one in rates), f"{rates[1] / rates[0]:.2f}")
    Console().print(table)
    print(f"{machine.precision}, {arguments.threads} threads; matrix products: {rate / 1e9:,.0f} GFLOP/s ({precision})")
    return 0


def _network() -> torch.nn.Module:
    network = load_base(DEFAULT_RETRIEVER, kind="bi-encoder", seed=0).network
    freeze_embeddings(network)
    return network


def _step(network: torch.nn.Module, machine: Machine, texts: int, tokens: int) -> float:
    """Seconds of one chunk, forward and back; some of its texts are shorter than the longest."""
    numbers = torch.randint(1_000, 20_000, (texts, tokens))
    lengths = torch.linspace(tokens * 3 // 4, tokens, texts).long()
    mask = (torch.arange(tokens) < lengths[:, None]).long()
    network.zero_grad()
    began = time.perf_counter()
    with machine.autocast():
        states = network(input_ids=numbers, attention_mask=mask).last_hidden_state
    states.float().mean(1).pow(2).sum().backward()
    return time.perf_counter() - began


if __name__ == "__main__":
    sys.exit(main())
