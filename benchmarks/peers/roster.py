"""Every peer that is measured, in the order of the tables."""

from __future__ import annotations

from benchmarks.peers.field.bm25s import Bm25s
from benchmarks.peers.field.cocoindex import CocoIndex
from benchmarks.peers.field.ripgrep import Ripgrep
from benchmarks.peers.field.seagoat import SeaGoat
from benchmarks.peers.field.semble import Semble, SembleLexical
from benchmarks.peers.field.semcode import Semcode
from benchmarks.peers.field.transformer import Transformer, TransformerReranked
from benchmarks.peers.field.vectorcode import VectorCode
from benchmarks.peers.field.vizsla import Vizsla, VizslaFused
from benchmarks.peers.peer import Peer

ROSTER: tuple[type[Peer], ...] = (
    Vizsla,
    VizslaFused,
    Semble,
    SembleLexical,
    VectorCode,
    SeaGoat,
    CocoIndex,
    Semcode,
    Transformer,
    TransformerReranked,
    Bm25s,
    Ripgrep,
)
