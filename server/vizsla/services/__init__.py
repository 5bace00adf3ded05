"""What the language server and the command line do: discover, index, search, report."""
