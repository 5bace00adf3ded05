"""Training of the reranker: a cross-encoder, or late interaction."""
