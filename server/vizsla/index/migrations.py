"""The tables of a workspace's database, and what is done with databases of other versions.

The database is rebuilt from the workspace in seconds to minutes, and vectors come from the machine-wide cache, so a
database of another version is moved aside, never converted.
"""

from __future__ import annotations

import secrets
import sqlite3

from vizsla.index import segments

APPLICATION_ID = 0x565A4C41  # "VZLA"

SCHEMA_VERSION = 1
"""Counts up with every change of the tables, or of what is written into them."""

_TABLES = """
CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;

-- Paths are bytes as the file system has them: they need not be UTF-8.
CREATE TABLE files (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    path BLOB NOT NULL UNIQUE,
    path_terms TEXT NOT NULL,
    size INTEGER NOT NULL,
    mtime_ns INTEGER NOT NULL,
    inode INTEGER NOT NULL,
    content_hash BLOB NOT NULL,
    language TEXT NOT NULL,
    state TEXT NOT NULL,
    reason TEXT NOT NULL
);

-- AUTOINCREMENT: a key is never used again, so a vector left behind can never stand for another function.
CREATE TABLE functions (
    key INTEGER PRIMARY KEY AUTOINCREMENT,
    file INTEGER NOT NULL,
    content_hash BLOB NOT NULL,
    words_hash INTEGER NOT NULL,
    name TEXT NOT NULL,
    qualified_name TEXT NOT NULL,
    kind TEXT NOT NULL,
    language TEXT NOT NULL,
    signature TEXT NOT NULL,
    doc TEXT NOT NULL,
    start INTEGER NOT NULL,
    end INTEGER NOT NULL,
    start_line INTEGER NOT NULL,
    start_character INTEGER NOT NULL,
    end_line INTEGER NOT NULL,
    end_character INTEGER NOT NULL
);
CREATE INDEX functions_by_file ON functions (file);
CREATE INDEX functions_by_hash ON functions (content_hash);

-- Model texts that have no vector yet, compressed.
CREATE TABLE pending (
    id INTEGER PRIMARY KEY,
    content_hash BLOB NOT NULL UNIQUE,
    model_text BLOB NOT NULL
);
"""


def create_tables(connection: sqlite3.Connection) -> None:
    """Make the tables in an empty database, inside the caller's transaction."""
    for statement in (*_TABLES.split(";\n"), *segments.TABLES):
        if statement.strip():
            connection.execute(statement)
    # Generations begin at a number of their own in each database, and each database has a name: vectors that were
    # saved beside an earlier one never seem to belong to this one.
    connection.execute("INSERT INTO meta VALUES ('generation', ?)", (str(secrets.randbits(40) << 20),))
    connection.execute("INSERT INTO meta VALUES ('text_version', '0'), ('paths_version', '0')")
    connection.execute("INSERT INTO meta VALUES ('identity', ?)", (secrets.token_hex(16),))
