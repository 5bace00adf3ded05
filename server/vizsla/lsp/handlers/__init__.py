"""One file per group of messages: each handler converts, calls one service, converts."""
