"""The stages of a run, from files to files, and their order."""
