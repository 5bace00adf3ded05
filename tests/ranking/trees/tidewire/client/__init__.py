"""Tidewire keeps a folder equal to the one on the server."""

from client.cli import main, sync_once
from client.config import Config, load
from client.conflict import pick_winner
from client.pending import Pending
from client.transfer import Transfer, TransferError, push, resume
from client.watch import watch

__all__ = [
    "Config",
    "Pending",
    "Transfer",
    "TransferError",
    "load",
    "main",
    "pick_winner",
    "push",
    "resume",
    "sync_once",
    "watch",
]
