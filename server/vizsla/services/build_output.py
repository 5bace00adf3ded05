"""Folders of installed, downloaded or built files, known by their names and by what lies beside or in them.

Used where no repository says what is ignored. A name that people also give to their own sources (``build``,
``target``, ``vendor`` …) counts only beside the project file of a tool that writes such a folder.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable

_ALWAYS = frozenset(
    {
        b".hg", b".svn", b".bzr", b".jj", b"CVS", b"node_modules", b"bower_components", b"jspm_packages",
        b"__pycache__", b"__pypackages__", b".venv", b".tox", b".nox", b".eggs", b".mypy_cache", b".pytest_cache",
        b".ruff_cache", b".hypothesis", b".ipynb_checkpoints", b".gradle", b".next", b".nuxt", b".svelte-kit",
        b".parcel-cache", b".turbo", b".yarn", b".pnpm-store", b".terraform", b".serverless", b".direnv", b".cache",
        b".stack-work", b"dist-newstyle", b"elm-stuff", b".dart_tool", b".bundle", b".zig-cache", b"zig-cache",
        b"zig-out", b".build", b"DerivedData", b".metals", b".bloop", b".bsp", b".elixir_ls", b"_opam", b".vs",
    }
)  # fmt: skip

_ENDINGS = (b".egg-info", b".dist-info", b".xcodeproj", b".xcworkspace")

_PYTHON = (b"pyproject.toml", b"setup.py", b"setup.cfg")
_NODE = (b"package.json",)
_JVM = (b"pom.xml", b"build.gradle", b"build.gradle.kts", b"build.sbt", b"settings.gradle", b"settings.gradle.kts")
_BESIDE: dict[bytes, tuple[bytes, ...]] = {
    b"target": (b"Cargo.toml", *_JVM),
    b"build": (*_PYTHON, *_NODE, *_JVM, b"CMakeLists.txt", b"meson.build", b"pubspec.yaml"),
    b"dist": (*_PYTHON, *_NODE),
    b"out": (*_NODE, *_JVM),
    b"coverage": _NODE,
    b"htmlcov": _PYTHON,
    b"vendor": (b"go.mod", b"composer.json", b"Gemfile"),
    b"Pods": (b"Podfile",),
    b"Carthage": (b"Cartfile",),
    b"_build": (b"mix.exs", b"dune-project", b"rebar.config"),
    b"deps": (b"mix.exs", b"rebar.config"),
    b"bin": (b"*.csproj", b"*.fsproj", b"*.vbproj"),
    b"obj": (b"*.csproj", b"*.fsproj", b"*.vbproj"),
}

_CACHE_TAG = b"Signature: 8a477f597d28d172789f06886806bc55"
MARKERS: tuple[bytes, ...] = (b"pyvenv.cfg", b"conda-meta", b"CACHEDIR.TAG")
"""Names whose presence in a folder may show it to be installed or built."""


def is_build_output(name: bytes, beside: Iterable[bytes]) -> bool:
    """Whether a folder is installed or built, by its name and the names of its neighbours."""
    if name in _ALWAYS or name.endswith(_ENDINGS) or name.startswith(b"cmake-build-"):
        return True
    tools = _BESIDE.get(name)
    if tools is None:
        return False
    if tools[0].startswith(b"*"):
        return any(neighbour.endswith(tuple(tool[1:] for tool in tools)) for neighbour in beside)
    return not set(tools).isdisjoint(beside)


def is_marked_as_output(directory: bytes, names: Collection[bytes]) -> bool:
    """Whether a folder says itself that it is an environment or a cache.

    Args:
        directory: path of the folder, ending in a slash.
        names: of what lies in it; those that are no markers do not matter.
    """
    if b"pyvenv.cfg" in names or b"conda-meta" in names:
        return True
    if b"CACHEDIR.TAG" not in names:
        return False
    try:
        descriptor = os.open(directory + b"CACHEDIR.TAG", os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        return os.read(descriptor, len(_CACHE_TAG)) == _CACHE_TAG
    except OSError:
        return False
    finally:
        os.close(descriptor)
