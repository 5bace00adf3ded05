"""SQLite, full text and vectors of one workspace. The only layer that imports sqlite3 and usearch."""
