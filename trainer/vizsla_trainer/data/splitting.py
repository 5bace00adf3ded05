"""Which pairs are held out, so that nothing of a test pair's file, or nearly the same, is learnt from."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Hashable, Sequence
from dataclasses import dataclass, field

from vizsla.core.text import content_hash
from vizsla_trainer.data.near_duplicates import UnionFind, code_clusters
from vizsla_trainer.errors import TrainingError
from vizsla_trainer.recipe import SplitRecipe
from vizsla_trainer.records import Code, Pair

_PARTS = ("test", "dev", "train")
_LARGEST = 0.25  # of what a part may hold: a larger group would be most of it


@dataclass(frozen=True, slots=True, kw_only=True)
class Split:
    """Pairs by part, each in the order in which it came.

    Attributes:
        closed: codes that training may not read at all, not even as negatives: those of held-out files, and those
            that are nearly the same as a held-out answer.
        dropped: how many pairs fit no part, by reason.
    """

    train: list[Pair]
    dev: list[Pair]
    test: list[Pair]
    closed: frozenset[str]
    dropped: dict[str, int] = field(default_factory=dict)


class LeakError(TrainingError):
    """Something of the held-out parts is in training."""


def split(pairs: Sequence[Pair], codes: Sequence[Code], recipe: SplitRecipe, seed: int) -> Split:
    """Hold out whole files and whole clusters of near-duplicates, and of commits the newest.

    Pairs are grouped by file, cluster and query. Test takes the groups of the newest commits for half of its room and
    random ones for the rest, then dev likewise. A group that is too large for a part, as boilerplate makes one of
    half a repository, is taken apart into its files, and what is then on both sides of the cut is left out of
    training. A commit pair stays only where its time fits: all that are held out are younger than any in training.

    Args:
        pairs: cleaned.
        codes: all codes of the run.
        recipe: sizes, and what is nearly the same.
        seed: of what is random; the same gives the same.
    """
    clusters = _clusters(codes, recipe)
    sizes = {
        "test": min(recipe.most_test, round(recipe.test_share * len(pairs))),
        "dev": min(recipe.most_dev, round(recipe.dev_share * len(pairs))),
    }
    groups = _groups(pairs, clusters, most=max(1, int(_LARGEST * max(sizes["test"], 1))))
    borders = _borders(pairs, recipe)
    part_of = _assign(pairs, groups, sizes, borders, seed)
    parts: dict[str, list[Pair]] = {part: [] for part in _PARTS}
    dropped: Counter[str] = Counter()
    held = _Held()
    for part in _PARTS:  # what test has, dev may not have; what either has, train may not
        taken: list[Pair] = []
        for pair, its_part in zip(pairs, part_of, strict=True):
            if its_part != part:
                continue
            if held.touches(pair, clusters):
                dropped["nearly the same as what is held out"] += 1
            elif pair.source == "commit" and _is_young(pair, borders) != (part != "train"):
                dropped["commit of another time"] += 1
            else:
                taken.append(pair)
        parts[part] = taken
        for pair in taken:
            held.add(pair, clusters)
        if part == "dev":
            closed = frozenset(code.id for code in codes if held.touches_code(code, clusters))
    found = Split(train=parts["train"], dev=parts["dev"], test=parts["test"], closed=closed, dropped=dict(dropped))
    _assert_apart(found, clusters)
    return found


def assert_no_leak(split: Split, codes: Sequence[Code], recipe: SplitRecipe | None = None) -> None:
    """Look again whether the parts are apart.

    Raises:
        LeakError: a file, a cluster of near-duplicates, a query or the time of commits is on both sides.
    """
    _assert_apart(split, _clusters(codes, recipe or SplitRecipe()))


def _clusters(codes: Sequence[Code], recipe: SplitRecipe) -> dict[str, int]:
    found = code_clusters([code.bare for code in codes], recipe.near_duplicate)
    return {code.id: int(cluster) for code, cluster in zip(codes, found, strict=True)}


def _normal(query: str) -> str:
    return " ".join(query.casefold().split()).rstrip(".!?")


def _groups(pairs: Sequence[Pair], clusters: dict[str, int], *, most: int) -> list[Hashable]:
    """For each pair the name of its group."""
    union = UnionFind(len(pairs))
    firsts: dict[Hashable, int] = {}
    for place, pair in enumerate(pairs):
        for key in ((pair.workspace, pair.path), clusters[pair.code], _normal(pair.query)):
            union.join(place, firsts.setdefault(key, place))
    roots = [union.find(place) for place in range(len(pairs))]
    sizes = Counter(roots)
    return [
        root if sizes[root] <= most else (pair.workspace, pair.path) for root, pair in zip(roots, pairs, strict=True)
    ]


def _borders(pairs: Sequence[Pair], recipe: SplitRecipe) -> dict[str, float]:
    """By workspace: from when on commits are held out."""
    times: dict[str, list[float]] = defaultdict(list)
    for pair in pairs:
        if pair.source == "commit" and pair.time is not None:
            times[pair.workspace].append(pair.time)
    borders = {}
    for workspace, found in times.items():
        found.sort()
        borders[workspace] = found[min(len(found) - 1, int(len(found) * (1 - recipe.dev_share - recipe.test_share)))]
    return borders


def _is_young(pair: Pair, borders: dict[str, float]) -> bool:
    """Whether it is of a commit that may be held out; False for all that are no commits."""
    return pair.source == "commit" and pair.time is not None and pair.time >= borders[pair.workspace]


def _assign(
    pairs: Sequence[Pair],
    groups: Sequence[Hashable],
    sizes: dict[str, int],
    borders: dict[str, float],
    seed: int,
) -> list[str]:
    """For each pair its part; whole groups."""
    members: dict[Hashable, list[int]] = defaultdict(list)
    for place, group in enumerate(groups):
        members[group].append(place)
    part_of: dict[Hashable, str] = {}
    for part, size in sizes.items():
        # How much of a group is of young commits.
        fitting = {
            group: sum(_is_young(pairs[place], borders) for place in of) / len(of) for group, of in members.items()
        }
        at_random = sorted(members, key=lambda group: _lot(pairs, members[group], f"{seed}/{part}"))
        by_time = sorted((group for group in at_random if fitting[group]), key=lambda group: -fitting[group])
        count = 0
        for order, room in ((by_time, size / 2), (at_random, size)):
            for group in order:
                if group not in part_of and count + len(members[group]) <= room:
                    part_of[group] = part
                    count += len(members[group])
    return [part_of.get(group, "train") for group in groups]


def _lot(pairs: Sequence[Pair], members: Sequence[int], drawing: str) -> bytes:
    """What orders groups at random, by their first file alone: other files that come and go change nothing for it.

    Else most of what is held out in one training of a workspace would have been learned from in the one before.
    """
    workspace, path = min((pairs[place].workspace, pairs[place].path) for place in members)
    return content_hash(f"{drawing}/{workspace}/{path}")


class _Held:
    """Files, clusters and queries of parts that are taken."""

    def __init__(self) -> None:
        self._files: set[tuple[str, str]] = set()
        self._clusters: set[int] = set()
        self._queries: set[str] = set()

    def add(self, pair: Pair, clusters: dict[str, int]) -> None:
        self._files.add((pair.workspace, pair.path))
        self._clusters.add(clusters[pair.code])
        self._queries.add(_normal(pair.query))

    def touches(self, pair: Pair, clusters: dict[str, int]) -> bool:
        return (
            (pair.workspace, pair.path) in self._files
            or clusters[pair.code] in self._clusters
            or _normal(pair.query) in self._queries
        )

    def touches_code(self, code: Code, clusters: dict[str, int]) -> bool:
        return (code.workspace, code.path) in self._files or clusters[code.id] in self._clusters


def _assert_apart(split: Split, clusters: dict[str, int]) -> None:
    held = _Held()
    oldest: dict[str, float] = {}
    for name, part in (("test", split.test), ("dev", split.dev), ("train", split.train)):
        for pair in part:
            if held.touches(pair, clusters):
                raise LeakError(
                    f"{pair.path} of {name} is in a held-out part too, by file, likeness or query; report this fault"
                )
            time = pair.time if pair.source == "commit" else None
            if name == "train" and time is not None and time >= oldest.get(pair.workspace, math.inf):
                raise LeakError(f"a commit of train at {pair.path} is younger than what is held out; report this fault")
        for pair in part:
            held.add(pair, clusters)
            if pair.source == "commit" and pair.time is not None:
                oldest[pair.workspace] = min(oldest.get(pair.workspace, math.inf), pair.time)
    leaked = next((pair for pair in split.train if pair.code in split.closed), None)
    if leaked is not None:
        raise LeakError(f"{leaked.path} of train is closed to training; report this fault")
