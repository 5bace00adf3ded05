"""What the trainings of retriever and reranker share: examples, batches, the loop, checkpoints."""
