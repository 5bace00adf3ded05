"""Paths that wait for their upload, kept across restarts."""

import json
import threading


class Pending:
    """A queue without duplicates: a path that is put twice keeps its first place."""

    def __init__(self, journal):
        self._journal = journal
        self._paths = {}
        self._changed = threading.Condition()
        self._is_closed = False

    def put(self, path):
        """Enqueue a path for upload."""
        with self._changed:
            self._paths.setdefault(str(path), 0)
            self._write()
            self._changed.notify()

    def take(self, timeout=None):
        """The oldest path, or None when nothing comes in time or the queue was closed."""
        with self._changed:
            self._changed.wait_for(lambda: self._paths or self._is_closed, timeout)
            if not self._paths:
                return None
            path = next(iter(self._paths))
            del self._paths[path]
            return path

    def give_back(self, path, failures):
        with self._changed:
            if failures >= 5:
                self._journal.with_suffix(".dead").open("a").write(path + "\n")
                return
            self._paths[path] = failures
            self._write()

    def close(self):
        """Wake everybody who waits; nothing is taken any more."""
        with self._changed:
            self._is_closed = True
            self._changed.notify_all()

    def restore(self):
        """Read back what was waiting when the program ended."""
        try:
            self._paths = {path: 0 for path in json.loads(self._journal.read_text())}
        except (FileNotFoundError, ValueError):
            self._paths = {}

    def _write(self):
        temporary = self._journal.with_suffix(".tmp")
        temporary.write_text(json.dumps(list(self._paths)))
        temporary.replace(self._journal)
