"""What every layer knows: the types, texts, settings and errors. Imports nothing of ours."""
