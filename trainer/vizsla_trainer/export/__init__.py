"""From trained weights to a model in use: folders, cards, and the gate before it all."""
