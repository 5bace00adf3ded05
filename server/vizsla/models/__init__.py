"""Model folders, back ends and the model worker. Only this layer imports onnxruntime, tokenizers or torch."""
