"""Vizsla: a language server that finds functions by what they do."""

__version__ = "0.1.0"
