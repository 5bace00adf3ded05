"""Noticing that files changed. Everything told is a hint: what counts is what the schedule then finds on the disk."""

from vizsla.services.watching.watcher import WatchBy, Watcher, WatchMode, watch

__all__ = ["WatchBy", "WatchMode", "Watcher", "watch"]
