"""Which licences a package may have to be learned from, what it says of its own, and what a file's head says.

Nothing here is legal advice: it finds what is written, in the usual words, where it usually stands.
"""

from __future__ import annotations

import email.parser
import json
import re
from collections.abc import Mapping
from pathlib import PurePosixPath

_PERMISSIVE = frozenset(
    {
        *("MIT", "MIT-0", "MIT-CMU", "ISC", "0BSD", "BSD", "BSD-2-Clause", "BSD-3-Clause", "Apache-2.0", "Zlib"),
        *("PSF-2.0", "Python-2.0", "BSL-1.0", "Unlicense", "CC0-1.0", "PostgreSQL", "curl", "Libpng", "blessing"),
        *("TCL", "OLDAP-2.8", "FTL", "PHP-3.01", "Biopython", "NCSA", "HPND", "X11"),
    }
)
_EXPRESSION = re.compile(r"\s+(?:AND|OR|WITH)\s+|[()]|;|,|/")

# Abbreviations in capitals only: many a program imports something as mpl.
_COPYLEFT = re.compile(
    r"\b[AL]?GPL(?:v?\d|-\d|\b)|\bMPL\b|\bEPL\b|\bCDDL\b|\bEUPL\b|\bSSPL\b|\bCC[- ]BY"
    r"|(?i:general\s+public\s+licen[sc]e|mozilla\s+public\s+licen[sc]e|eclipse\s+public\s+licen[sc]e"
    r"|common\s+development\s+and\s+distribution|server\s+side\s+public|business\s+source\s+licen[sc]e"
    r"|commons\s+clause\b)"
)
_PROPRIETARY = re.compile(r"\bproprietary\s+and\s+confidential|\bconfidential\s+and\s+proprietary", re.IGNORECASE)
_PERMISSION = re.compile(
    r"apache\s+licen[sc]e|permission\s+is\s+hereby\s+granted|redistribution\s+and\s+use\s+in\s+source|\bMIT\b"
    r"|\bBSD\b|SPDX-License-Identifier:[^\n]*\b(?:MIT|Apache|BSD|ISC|Zlib)",
    re.IGNORECASE,
)
_TEXTS = (
    ("Apache-2.0", re.compile(r"apache license\s+version 2\.0")),
    ("MIT", re.compile(r"permission is hereby granted, free of charge")),
    ("BSD-3-Clause", re.compile(r"redistribution and use in source and binary forms.*(?:endorse|promote)")),
    ("BSD-2-Clause", re.compile(r"redistribution and use in source and binary forms")),
    ("ISC", re.compile(r"permission to use, copy, modify, and(?:/or)? distribute this software for any purpose")),
    ("BSL-1.0", re.compile(r"boost software license")),
    ("Zlib", re.compile(r"provided 'as-is', without any express or implied")),
    ("PSF-2.0", re.compile(r"psf license agreement")),
    ("Unlicense", re.compile(r"free and unencumbered software released into the public domain")),
    ("AGPL", re.compile(r"gnu affero general public license")),
    ("LGPL", re.compile(r"gnu (?:lesser|library) general public license")),
    ("GPL", re.compile(r"gnu general public license")),
    ("MPL", re.compile(r"mozilla public license")),
    ("EPL", re.compile(r"eclipse public license")),
)
_LICENCE_FILE = re.compile(r"^(?:licen[sc]e|copying|copyright|notice|unlicen[sc]e)(?:[-_.].*)?$", re.IGNORECASE)
_HEAD_BYTES = 4_000
_MOST_DEPTH = 3  # folders above a file that speaks for the whole package


def is_permissive(expression: str) -> bool:
    """Whether every licence that an SPDX expression names lets its text be used freely, credit given."""
    names = [name.strip() for name in _EXPRESSION.split(expression) if name.strip()]
    return bool(names) and all(name in _PERMISSIVE for name in names)


def is_licence_file(path: str) -> bool:
    """Whether a file of a package states the licence of all of it, by its name and place."""
    parts = PurePosixPath(path).parts
    return len(parts) <= _MOST_DEPTH and _LICENCE_FILE.match(parts[-1]) is not None


def licence_of_text(text: str) -> str:
    """The short name of a licence by its text, "" when it is none that we know; of several the first named above."""
    flat = " ".join(text.casefold().split())
    return next((name for name, words in _TEXTS if words.search(flat)), "")


def forbids_use(head: bytes) -> bool:
    """Whether the head of a source file puts it under a licence that is not permissive, whatever the package says.

    A file that may be used under either of two licences, one of them permissive, may be used.
    """
    text = head[:_HEAD_BYTES].decode("utf-8", "replace")
    if _PROPRIETARY.search(text):
        return True
    return _COPYLEFT.search(text) is not None and _PERMISSION.search(text) is None


def declared_licence(path: str, content: bytes) -> str | None:
    """What a file with facts about a package says of its licence: METADATA of a wheel, package.json of npm.

    Returns:
        The words as they stand there, "" where it says nothing; None when it is no such file.
    """
    parts = PurePosixPath(path).parts
    if len(parts) == 2 and parts[0].endswith(".dist-info") and parts[1] == "METADATA":
        return _of_metadata(content.decode("utf-8", "replace"))
    if parts == ("package.json",):
        return _of_package_json(content)
    return None


def contradicts(declared: str) -> bool:
    """Whether a package's own words name a licence that is not permissive, and none that is."""
    return _COPYLEFT.search(declared) is not None and not re.search(
        r"\b(?:MIT|BSD|Apache|ISC|PSF|Zlib)\b", declared, re.IGNORECASE
    )


def _of_metadata(text: str) -> str:
    facts = email.parser.HeaderParser().parsestr(text)
    expression = facts.get("License-Expression")
    if expression:
        return str(expression).strip()
    found = [str(line).rsplit("::", 1)[-1].strip() for line in facts.get_all("Classifier", []) if "License ::" in line]
    licence = str(facts.get("License", "")).strip()
    if licence and "\n" not in licence and len(licence) < 100:
        found.append(licence)
    return "; ".join(dict.fromkeys(found))


def _of_package_json(content: bytes) -> str:
    try:
        facts = json.loads(content)
    except ValueError:
        return ""
    licence = facts.get("license", facts.get("licenses", "")) if isinstance(facts, Mapping) else ""
    if isinstance(licence, list):
        return "; ".join(str(one.get("type", one)) if isinstance(one, Mapping) else str(one) for one in licence)
    return str(licence.get("type", "")) if isinstance(licence, Mapping) else str(licence)
