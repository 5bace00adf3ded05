"""Noticing that files changed. Everything told is a hint: what counts is what the schedule then finds on the disk."""

from vizsla.services.watching.watcher import Watcher, WatchMode, watch

__all__ = ["WatchMode", "Watcher", "watch"]
