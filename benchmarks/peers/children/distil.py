"""A Model2Vec model distilled from a folder of sentence-transformers, by the public function of model2vec."""

from __future__ import annotations

import sys

from model2vec.distill import distill

if __name__ == "__main__":
    distill(model_name=sys.argv[1], pca_dims=256).save_pretrained(sys.argv[2])
