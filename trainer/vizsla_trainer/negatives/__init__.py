"""Ranked hard negatives: the corpus ranked for each query, and a sample of its ranks."""
