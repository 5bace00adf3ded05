"""Uploads against a server that breaks the connection."""

import pytest

from client.transfer import Transfer, again, push, resume


class BrokenServer:
    def __init__(self, breaks):
        self.breaks = breaks
        self.received = b""

    def put(self, url, piece, offset):
        if self.breaks:
            self.breaks -= 1
            raise ConnectionError("connection reset")
        self.received = self.received[:offset] + piece

    def post(self, url, body):
        return {"ticket": "t1", "received": len(self.received), "sha256": body.get("sha256"), "version": 1}


def test_upload_is_retried_after_connection_error(tmp_path):
    path = tmp_path / "a.bin"
    path.write_bytes(b"x" * 10)
    server = BrokenServer(breaks=2)
    assert push(server, path) == 1
    assert server.received == b"x" * 10


def test_resume_continues_interrupted_upload(tmp_path):
    path = tmp_path / "a.bin"
    path.write_bytes(b"abcdef")
    server = BrokenServer(breaks=0)
    server.received = b"abc"
    resume(server, path, "t1")
    assert server.received == b"abcdef"


def test_retry_gives_up_after_last_attempt():
    def fail():
        raise TimeoutError

    with pytest.raises(TimeoutError):
        again(fail, attempts=2, first=0)


def test_abort_deletes_partial_upload(tmp_path):
    path = tmp_path / "a.bin"
    path.write_bytes(b"abc")
    Transfer(BrokenServer(0), path).abort()
