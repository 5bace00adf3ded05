"""Model folders, back ends and the model worker. The only layer that imports onnxruntime, tokenizers, torch or transformers."""
