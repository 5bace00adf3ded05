"""Which repositories are never learned from, by name: those that models are measured on.

Copies of them lie in other packages too; ``data.excluding`` finds those by what they hold.
"""

from __future__ import annotations

import re

REPOSITORIES = (
    *("requests", "flask", "express", "zod", "gin", "gson", "axum", "sinatra", "libuv", "guzzle", "dapper", "fmt"),
    *("trpc", "nushell", "seaborn", "xarray", "sympy", "astropy", "sphinx", "pytest", "pylint"),
    # Personal models are tested on these.
    *("scrapy", "caddy"),
)
"""Names of the repositories, folded."""

# What forks, bindings and packages of one are called besides its own name: flask-sqlalchemy, uvloop, gin-gonic/gin.
_PACKAGE = re.compile(
    rf"^(?:@?(?:{'|'.join(REPOSITORIES)})(?:$|[-_./@0-9])|.*[-_./@](?:{'|'.join(REPOSITORIES)})(?:$|[-_.0-9])"
    r"|.*gin-gonic|.*fmtlib|.*guzzlehttp|.*uvloop|.*pyuv|.*caddyserver|nu-[a-z]+$|.*google-gson|.*gopher-lua-libs)",
    re.IGNORECASE,
)
# A folder of that name, or one that is called after it, as cmlibuv, libuv-1.44, gin-gonic, fmt-9.1.
_FOLDER = re.compile(
    rf"(?:^|/)(?:_?(?:{'|'.join(REPOSITORIES)})(?:[-_.]?v?\d[\w.]*)?|[a-z]*libuv[\w.-]*|gin-gonic|fmtlib|guzzlehttp"
    r"|caddyserver|google-gson|uv)/",
    re.IGNORECASE,
)
# Spdlog and others carry fmt in a folder of another name.
_FILE = re.compile(
    r"(?:^|/)(?:bundled|fmt)/(?:core|format|chrono|ranges|printf|os|ostream|color|args|xchar)[\w-]*\.\w+$"
)
# A file alone: of another package, called as one of them is.
_WHOLE_FILE = re.compile(r"(?:^|/)(?:gson|libuv|zod|trpc|axum|dapper|guzzle)\.[a-z]+$", re.IGNORECASE)


def is_excluded_package(name: str) -> bool:
    """Whether a package is one of them, a fork of one, or made for one."""
    return _PACKAGE.search(name) is not None


def is_excluded_path(path: str) -> bool:
    """Whether a file within another package lies in a copy of one of them, by its path with ``/``."""
    return any(pattern.search(path) for pattern in (_FOLDER, _FILE, _WHOLE_FILE))
