"""The commands ``vizsla train`` and ``vizsla eval``, which the server's command line finds by their entry points."""
