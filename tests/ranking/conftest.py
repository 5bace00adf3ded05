"""The trees are what is searched, not tests of ours, whatever their files are called."""

from __future__ import annotations

collect_ignore = ["trees"]
