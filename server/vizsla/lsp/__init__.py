"""The language server: protocol messages over the services."""
