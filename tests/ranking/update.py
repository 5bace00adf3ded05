"""Write ``ranks.csv`` anew, and print what changed: ``python tests/ranking/update.py [--dry-run] [--first]``."""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parents[1]))

from ranking.asking import Asked, Case, ask, read_cases, write_cases
from ranking.comparing import by_category, difference


def main() -> None:
    """Ask, tell, write."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--dry-run", action="store_true", help="change nothing")
    parser.add_argument("--first", action="store_true", help="print what came first instead of the right function")
    arguments = parser.parse_args()
    before = read_cases()
    with tempfile.TemporaryDirectory(prefix="vizsla-ranks-") as place:
        asked = ask(before, Path(place))
    _report(before, asked, with_first=arguments.first)
    if not arguments.dry_run:
        write_cases(asked.cases)


def _report(before: list[Case], asked: Asked, *, with_first: bool) -> None:
    print(*difference(before, asked.cases), sep="\n")
    if with_first:
        for case, by_words, first in zip(asked.cases, asked.by_words, asked.first, strict=True):
            if case.rank != 1:
                ranks = f"{case.rank or '-'} (words alone {by_words or '-'})"
                print(f"{ranks}: {case.question!r} is {case.function}, first {first}")
    old = by_category(before, [case.rank for case in before])
    new = by_category(before, [case.rank for case in asked.cases])
    words = by_category(before, asked.by_words)
    print(f"{'MRR':16}{'questions':>10}{'before':>10}{'now':>10}{'BM25':>10}")
    for category in old:
        count = sum(1 for case in before if category in (case.category, "all"))
        print(f"{category:16}{count:10}{old[category]:10.3f}{new[category]:10.3f}{words[category]:10.3f}")


if __name__ == "__main__":
    main()
