"""Measuring models on what was held out: metrics, intervals, pictures, the report."""
