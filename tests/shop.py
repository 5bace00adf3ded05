"""A small workspace in two languages, as files by their paths."""

from __future__ import annotations

from pathlib import Path

SHOP = {
    "shop/uploads.py": '''"""Sending files to the store."""

import time


def retry_upload(path, attempts=3):
    """Send a file again until the server takes it."""
    for attempt in range(attempts):
        try:
            return send(path)
        except ConnectionError:
            time.sleep(2**attempt)
    raise RuntimeError("gave up")


def send(path):
    with open(path, "rb") as stream:
        return stream.read()
''',
    "shop/cart.py": '''class Cart:
    """What a customer is about to buy."""

    def __init__(self):
        self.items = []

    def total_price(self, tax_rate):
        """Sum of all prices with value added tax."""
        return sum(item.price for item in self.items) * (1 + tax_rate)

    def remove_item(self, name):
        self.items = [item for item in self.items if item.name != name]
''',
    "web/session.js": """// Sign a session cookie with the secret key.
export function signCookie(value, secret) {
  return value + "." + hmac(secret, value);
}

const parseQuery = (text) => Object.fromEntries(new URLSearchParams(text));
""",
    "tests/test_cart.py": """def test_total_price_includes_tax():
    assert Cart().total_price(0.2) == 0
""",
}


def write_tree(root: Path, files: dict[str, str]) -> Path:
    """Write files below ``root``."""
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return root
