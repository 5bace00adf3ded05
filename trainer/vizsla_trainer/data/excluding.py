"""Which mined codes are copies of what models are measured on, whatever package they lie in: by what they hold."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from pathlib import Path

from vizsla.core.text import humps
from vizsla_trainer.data.code_sets import codes_of, set_folders
from vizsla_trainer.data.files import as_source
from vizsla_trainer.data.mining import Mined, mine_file
from vizsla_trainer.data.near_duplicates import KnownCodes
from vizsla_trainer.recipe import MineRecipe
from vizsla_trainer.records import Code

_ALIKE = 0.6
"""Jaccard similarity of shingles of four words from which a code is a copy; copies that were edited are among them."""

_SUFFIXES = {
    "c": ".c",
    "cpp": ".cpp",
    "csharp": ".cs",
    "go": ".go",
    "java": ".java",
    "javascript": ".js",
    "php": ".php",
    "python": ".py",
    "ruby": ".rb",
    "rust": ".rs",
    "typescript": ".ts",
}
"""Of sets whose codes have no path."""

_AT_ONCE = 20_000


class Excluded:
    """Codes of sets that must not be learned from."""

    def __init__(self, folders: Sequence[Path]) -> None:
        """Read sets.

        Args:
            folders: of sets, or with folders of sets in them; see ``code_sets``.

        Raises:
            TrainingError: one cannot be read.
        """
        texts: dict[str, None] = {}
        for folder in set_folders(folders):
            for entry in codes_of(folder):
                texts.update(dict.fromkeys(_texts_of(entry)))
        self._known = KnownCodes(list(texts), _ALIKE)
        self.count = len(texts)

    def copies(self, codes: Sequence[Code]) -> set[str]:
        """Ids of the codes that are nearly the same as one of a set, documentation not looked at."""
        found: set[str] = set()
        for start in range(0, len(codes), _AT_ONCE):
            part = codes[start : start + _AT_ONCE]
            like = self._known.like([code.bare for code in part])
            found.update(code.id for code, is_like in zip(part, like.tolist(), strict=True) if is_like)
        return found


def without_copies(mined: Mined, excluded: Excluded) -> Mined:
    """What was mined without copies and their pairs; ``counts`` tells how many as "excluded codes" and "… pairs"."""
    copies = excluded.copies(mined.codes)
    codes = [code for code in mined.codes if code.id not in copies]
    pairs = [pair for pair in mined.pairs if pair.code not in copies]
    counts = dict(mined.counts)
    counts["excluded codes"] = counts.get("excluded codes", 0) + len(mined.codes) - len(codes)
    counts["excluded pairs"] = counts.get("excluded pairs", 0) + len(mined.pairs) - len(pairs)
    return dataclasses.replace(mined, codes=codes, pairs=pairs, counts=counts)


def _texts_of(entry: dict[str, object]) -> list[str]:
    """A code of a set as it would have been mined: its functions, where it is a whole file; and as it stands."""
    language = str(entry["language"])
    path = str(entry.get("path") or f"code{_SUFFIXES.get(language, '')}")
    name = str(entry.get("name") or "")
    found = []
    for text in dict.fromkeys(str(entry[key]) for key in ("code", "code_nodoc") if entry.get(key)):
        source = as_source(path, text.encode("utf-8", "surrogatepass"))
        if source is not None:
            found += [code.bare for code in mine_file(source, "", MineRecipe(sources=())).codes]
        found.append("\n".join(part for part in (" ".join(humps(name)), text) if part))
    return found
