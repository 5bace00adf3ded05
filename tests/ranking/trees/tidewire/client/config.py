"""Settings of the client, from a file and the environment."""

import os
import tomllib
from dataclasses import dataclass, field


@dataclass
class Config:
    server: str = ""
    token: str = ""
    root: str = "~/Tidewire"
    upload_limit: int = 0
    exclude: list = field(default_factory=list)

    def get(self, key, default=None):
        return getattr(self, key.replace("-", "_"), default)

    def check(self):
        """Refuse settings that cannot work, each with a sentence that says what to do."""
        if not self.server.startswith("https://"):
            raise ValueError(f"server must begin with https://, got {self.server!r}")
        if self.upload_limit < 0:
            raise ValueError("upload_limit must not be negative; use 0 for no limit")


def load(path):
    """Read the file of settings, then let variables of the environment win."""
    values = parse(path.read_text()) if path.exists() else {}
    values.update(from_environment(os.environ))
    config = Config(**values)
    config.check()
    return config


def parse(text):
    values = tomllib.loads(text).get("tidewire", {})
    if "upload_limit" in values:
        values["upload_limit"] = size(values["upload_limit"])
    return values


def from_environment(environ):
    prefix = "TIDEWIRE_"
    return {name[len(prefix) :].lower(): value for name, value in environ.items() if name.startswith(prefix)}


def size(text):
    """Turn ``10M`` into 10485760."""
    units = {"K": 10, "M": 20, "G": 30}
    text = str(text).strip().upper().removesuffix("B")
    if text and text[-1] in units:
        return int(float(text[:-1]) * (1 << units[text[-1]]))
    return int(text or 0)
