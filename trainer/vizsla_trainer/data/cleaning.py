"""Which mined pairs are good enough to learn from: rules, folding of what is alike, consistency."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from vizsla_trainer.data.near_duplicates import code_clusters, query_clusters
from vizsla_trainer.data.rules import mended, rules
from vizsla_trainer.recipe import CleanRecipe
from vizsla_trainer.records import SOURCES, Code, Pair, make_pair

_MOST_ANSWERS = 3  # different codes that one query may have: as many as a commit may change

Ranks = Callable[[Sequence[Pair]], Sequence[int]]
"""For each pair the rank of its code, best is 1, among the codes that its query is compared with."""


@dataclass(slots=True, kw_only=True)
class Drops:
    """What one rule dropped: how many pairs, and the first queries of them."""

    count: int = 0
    examples: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True, kw_only=True)
class Cleaned:
    """Pairs that stayed, in the order in which they came, and by rule what was dropped."""

    pairs: list[Pair]
    drops: dict[str, Drops]


def clean(pairs: Sequence[Pair], codes: Sequence[Code], recipe: CleanRecipe, *, ranks: Ranks | None = None) -> Cleaned:
    """Drop pairs whose query says nothing of the code, and fold those that are alike.

    Args:
        pairs: as mined.
        codes: all codes of the run.
        recipe: the rules.
        ranks: for the consistency filter, see ``keep_consistent``; None leaves it out. What is held out for
            measuring should not be filtered so: only what the model finds easy would be left.

    Returns:
        Pairs whose queries may have been mended, and so have other ids.
    """
    drops: dict[str, Drops] = defaultdict(Drops)
    known = {code.id: code for code in codes}
    stayed = _fold(_by_rules(pairs, known, recipe, drops), known, recipe, drops)
    if ranks is not None and recipe.consistency and len(codes) >= recipe.consistency_least_codes:
        stayed = _by_ranks(stayed, ranks, recipe, drops)
    return Cleaned(pairs=stayed, drops=dict(drops))


def keep_consistent(pairs: Sequence[Pair], ranks: Ranks, recipe: CleanRecipe) -> Cleaned:
    """The pairs whose code the model ranks among its first ``consistency_k``, and those that it does not.

    What a person opened after a search stays, whatever the model says.

    Source: Suresh et al., "CoRNStack", ICLR 2025, for consistency.
    """
    drops: dict[str, Drops] = defaultdict(Drops)
    return Cleaned(pairs=_by_ranks(pairs, ranks, recipe, drops), drops=dict(drops))


def _by_rules(
    pairs: Iterable[Pair], codes: dict[str, Code], recipe: CleanRecipe, drops: dict[str, Drops]
) -> list[Pair]:
    chosen = rules(recipe)
    stayed: list[Pair] = []
    for pair in pairs:
        asked = [rule for rule in chosen if pair.source != "feedback" and rule.only in (None, pair.source)]
        # What a person typed is as it should be.
        query = pair.query if pair.source in ("feedback", "question", "name") else mended(pair.query)
        broken = next((rule.name for rule in asked if rule.drops(pair.query if rule.is_early else query)), "")
        if broken:
            _drop(drops, broken, pair, recipe)
        elif query == pair.query:
            stayed.append(pair)
        else:
            code = codes[pair.code]
            stayed.append(make_pair(code, query, pair.source, text=pair.text, custom=pair.custom, time=pair.time))
    return stayed


def _fold(pairs: Sequence[Pair], codes: dict[str, Code], recipe: CleanRecipe, drops: dict[str, Drops]) -> list[Pair]:
    """One pair of those with like queries and like codes; none of a query that many codes answer."""
    if not pairs:
        return []
    places = {id: place for place, id in enumerate(dict.fromkeys(pair.code for pair in pairs))}
    of_code = code_clusters([codes[id].bare for id in places], recipe.near_duplicate)
    queries = list(dict.fromkeys(pair.query for pair in pairs))
    of_query = dict(zip(queries, query_clusters(queries, recipe.near_duplicate), strict=True))
    # The more telling sources first, of one source the newest.
    order = sorted(pairs, key=lambda pair: (SOURCES.index(pair.source), -(pair.time or 0)))
    seen: set[tuple[int, int]] = set()
    kept: set[str] = set()
    for pair in order:
        key = (int(of_query[pair.query]), int(of_code[places[pair.code]]))
        if key in seen:
            _drop(drops, "like another", pair, recipe)
        else:
            seen.add(key)
            kept.add(pair.id)
    answers = Counter(query for query, _ in seen)
    stayed: list[Pair] = []
    for pair in pairs:
        if pair.id not in kept:
            continue
        kept.discard(pair.id)
        if pair.source != "feedback" and answers[int(of_query[pair.query])] > _MOST_ANSWERS:
            _drop(drops, "too many answers", pair, recipe)
        else:
            stayed.append(pair)
    return stayed


def _by_ranks(pairs: Sequence[Pair], ranks: Ranks, recipe: CleanRecipe, drops: dict[str, Drops]) -> list[Pair]:
    stayed: list[Pair] = []
    for pair, rank in zip(pairs, ranks(pairs), strict=True):
        if rank <= recipe.consistency_k or pair.source == "feedback":
            stayed.append(pair)
        else:
            _drop(drops, "inconsistent", pair, recipe)
    return stayed


def _drop(drops: dict[str, Drops], rule: str, pair: Pair, recipe: CleanRecipe) -> None:
    dropped = drops[rule]
    dropped.count += 1
    if len(dropped.examples) < recipe.examples_per_rule:
        dropped.examples.append(pair.query)
