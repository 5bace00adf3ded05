"""Upload of one file in pieces."""

import hashlib
import random
import time

CHUNK = 4 * 1024 * 1024


class TransferError(Exception):
    """The server refused a piece for good."""


class Transfer:
    """One upload that may be interrupted and resumed."""

    def __init__(self, api, path, ticket=None):
        self.api = api
        self.path = path
        self.ticket = ticket
        self.offset = 0
        self.stream = open(path, "rb")

    def negotiate(self):
        """Ask the server how much of the upload it already holds."""
        answer = self.api.post("/uploads", {"name": self.path.name, "ticket": self.ticket})
        self.ticket = answer["ticket"]
        self.offset = answer["received"]
        self.stream.seek(self.offset)
        return self.offset

    def step(self):
        """Upload the next chunk. False when there is none."""
        piece = self.stream.read(CHUNK)
        if not piece:
            return False
        again(lambda: self.api.put(f"/uploads/{self.ticket}", piece, offset=self.offset))
        self.offset += len(piece)
        return True

    def seal(self):
        digest = fingerprint(self.path)
        answer = self.api.post(f"/uploads/{self.ticket}/done", {"sha256": digest})
        if answer["sha256"] != digest:
            raise TransferError(f"{self.path} arrived as {answer['sha256']}, not {digest}")
        return answer["version"]

    def abort(self):
        """Tell the server to throw away what was uploaded so far."""
        if self.ticket is not None:
            self.api.delete(f"/uploads/{self.ticket}")
            self.ticket = None
        self.close()

    def close(self):
        self.stream.close()


def push(api, path):
    """Upload a whole file and return its new version."""
    transfer = Transfer(api, path)
    try:
        transfer.negotiate()
        while transfer.step():
            pass
        return transfer.seal()
    finally:
        transfer.close()


def resume(api, path, ticket):
    """Continue an upload that was interrupted, from the last byte that the server confirmed."""
    transfer = Transfer(api, path, ticket)
    try:
        if transfer.negotiate() > path.stat().st_size:
            # The file shrank since: what the server holds is of an older one.
            transfer.abort()
            return push(api, path)
        while transfer.step():
            pass
        return transfer.seal()
    finally:
        transfer.close()


def again(call, attempts=6, first=0.5, most=30.0):
    wait = first
    for left in reversed(range(attempts)):
        try:
            return call()
        except (ConnectionError, TimeoutError):
            if not left:
                raise
            time.sleep(wait * random.uniform(0.5, 1.5))
            wait = min(wait * 2, most)


def fingerprint(path):
    sha = hashlib.sha256()
    with path.open("rb") as stream:
        while block := stream.read(1 << 20):
            sha.update(block)
    return sha.hexdigest()
