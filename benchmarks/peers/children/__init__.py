"""Scripts that run inside the environment of a peer and call its public API; they import nothing of ours."""
