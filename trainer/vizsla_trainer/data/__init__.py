"""From workspaces to pairs that models learn from: mined, cleaned, split, augmented."""
