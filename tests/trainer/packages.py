"""Packages made on the spot, as the corpus fetches and unpacks them."""

from __future__ import annotations

import base64
import hashlib
import io
import tarfile
import zipfile
from pathlib import Path

from vizsla_trainer.corpus.listing import Package

SOURCE = '''def area_of_circle(radius):
    """Compute the area of a circle of a given radius."""
    scale = 3.14159
    return scale * radius * radius
'''
MIT = "Permission is hereby granted, free of charge, to any person obtaining a copy of this software"
GPL = "# This program is free software under the terms of the GNU General Public License.\n"


def make_wheel(folder: Path, name: str, files: dict[str, str], *, licence: str = "MIT") -> Package:
    """A wheel that pip takes, and its place in a list."""
    info = f"{name}-1.0.dist-info"
    content = {
        **files,
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\nLicense: {licence}\n",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        f"{info}/LICENSE": MIT,
    }
    record = ""
    for path, text in content.items():
        digest = base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b"=").decode()
        record += f"{path},sha256={digest},{len(text.encode())}\n"
    folder.mkdir(exist_ok=True)
    wheel = folder / f"{name}-1.0-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w") as packed:
        for path, text in {**content, f"{info}/RECORD": f"{record}{info}/RECORD,,\n"}.items():
            packed.writestr(path, text)
    sha256 = hashlib.sha256(wheel.read_bytes()).hexdigest()
    return Package(
        origin="pypi", name=name, version="1.0", file=wheel.name, sha256=sha256, licence="MIT", language="python"
    )


def make_tar(path: Path, files: dict[str, str], *, links: dict[str, str] | None = None) -> Path:
    with tarfile.open(path, "w:gz") as tar:
        for name, text in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(text.encode())
            tar.addfile(member, io.BytesIO(text.encode()))
        for name, target in (links or {}).items():
            member = tarfile.TarInfo(name)
            member.type, member.linkname = tarfile.SYMTYPE, target
            tar.addfile(member)
    return path
