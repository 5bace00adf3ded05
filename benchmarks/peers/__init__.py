"""Vizsla beside the programs that people would pick instead, on the same trees, questions and machine in one run."""
