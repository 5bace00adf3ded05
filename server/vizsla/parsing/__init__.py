"""Source text to index entries. The only layer that imports tree_sitter."""
