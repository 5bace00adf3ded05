"""ripgrep with the words of the question: the floor. It does not rank; files with more of the words come first."""

from __future__ import annotations

import re
import time
from collections import Counter
from collections.abc import Sequence

from benchmarks.peers.peer import Answer, Hit, Peer

_WORD = re.compile(r"\w{2,}")
_STOPS = frozenset(
    ("a", "an", "and", "are", "as", "at", "be", "by", "can", "do", "does", "for", "from", "get", "how", "i", "if", "in",
     "into", "is", "it", "its", "my", "not", "of", "on", "or", "that", "the", "then", "this", "to", "use", "using",
     "was", "what", "when", "where", "which", "with", "you", "your")
)  # fmt: skip
_REACH = 5  # lines on each side of a line that still count to it


class Ripgrep(Peer):
    name = "ripgrep"
    what = "`rg` with the question's words, files by how many different words and then how many matches they have"
    pins = "ripgrep"
    asked = "command"

    def index(self) -> None:
        """There is no index."""

    def ask(self, questions: Sequence[str], limit: int) -> list[Answer]:
        return [self._ask(question, limit) for question in questions]

    def _ask(self, question: str, limit: int) -> Answer:
        start = time.perf_counter()
        words = words_of(question)
        if not words:
            return Answer(hits=[], seconds=0.0)
        command = [self.site.bin / "rg", "--only-matching", "--line-number", "--no-heading", "--null", "--ignore-case"]
        command += ["--fixed-strings", *(part for word in words for part in ("-e", word)), "."]
        ran = self.site.runner.run(command, cwd=self.site.workspace, statuses=(0, 1))
        hits = ranked(ran.output)[:limit]
        return Answer(hits=hits, seconds=time.perf_counter() - start)


def words_of(question: str) -> list[str]:
    """Its words, each once, without those that say nothing; all of them where nothing would be left."""
    words = list(dict.fromkeys(_WORD.findall(question.lower())))
    return [word for word in words if word not in _STOPS] or words


def ranked(output: str) -> list[Hit]:
    """Files by the number of different words, then of matches, each with the lines around its best line.

    Args:
        output: lines ``PATH NUL LINE:MATCH``.
    """
    matches: dict[str, list[tuple[int, str]]] = {}
    for row in output.splitlines():
        path, _, rest = row.partition("\0")
        line, _, match = rest.partition(":")
        if line.isdigit():
            matches.setdefault(path.removeprefix("./"), []).append((int(line), match.lower()))
    order = sorted(matches, key=lambda path: (-len({word for _, word in matches[path]}), -len(matches[path]), path))
    return [_around(path, matches[path]) for path in order]


def _around(path: str, found: Sequence[tuple[int, str]]) -> Hit:
    words_on: dict[int, set[str]] = {}
    for line, word in found:
        words_on.setdefault(line, set()).add(word)
    weight = Counter({line: len(words) for line, words in words_on.items()})
    best = max(sorted(weight), key=lambda line: weight[line])
    return Hit(path=path, start_line=max(1, best - _REACH), end_line=best + _REACH)
