"""One question: candidates, fusion, signals and reranking."""
