"""How early each peer names the right code, on sets of questions."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
from typing import Any

from benchmarks.metrics import ndcg, recall, reciprocal_rank
from benchmarks.peers.answers import codes_of
from benchmarks.peers.bench import Bench, named
from benchmarks.peers.peer import Peer
from benchmarks.peers.results import Row
from benchmarks.peers.workspaces import write_codes
from benchmarks.question_sets import QuestionSet

LIMIT = 100  # hits asked for: enough for ten files


def missing(bench: Bench, peer: type[Peer], one: QuestionSet, *, only: str = "", again: bool = False) -> list[str]:
    """The groups of a set for which there is no result of this peer.

    Args:
        bench: the run.
        peer: the peer.
        one: the set.
        only: names of groups, commas between; all when empty.
        again: also those that have a result.
    """
    wanted = [name for name in only.split(",") if name] or one.groups
    return [
        group
        for group in one.groups
        if group in wanted
        and (again or not bench.results.has({**named(bench, peer), "kind": "quality", "set": one.name, "group": group}))
    ]


def measure(bench: Bench, peer: type[Peer], one: QuestionSet, groups: Sequence[str]) -> Iterator[Row]:
    """Ask every question of some groups of a set; a row for each group.

    Raises:
        UnusableError: the peer cannot be measured.
    """
    for group in groups:
        codes, queries = one.codes_of(group), one.queries_of(group)
        with bench.site(peer) as site:
            space = write_codes(codes, site.workspace, has_files=one.has_files)
            running = peer(site)
            try:
                running.prepare()
                running.index()
                answers = running.ask([" ".join(query["query"].split()) for query in queries], LIMIT)
            finally:
                running.close()
            questions: list[dict[str, Any]] = []
            for query, answer in zip(queries, answers, strict=True):
                ranking, right = codes_of(answer.hits, space.places), one.answers[query["qid"]]
                questions.append(
                    {
                        "qid": query["qid"],
                        "category": query.get("category", ""),
                        "mrr": round(reciprocal_rank(ranking, right), 5),
                        "ndcg10": round(ndcg(ranking, right), 5),
                        "recall20": round(recall(ranking, right), 5),
                    }
                )
            yield {
                "kind": "quality",
                **named(bench, peer),
                "set": one.name,
                "group": group,
                "codes": len(codes),
                "over_groups": one.has_files,
                "questions": questions,
                "commands": site.runner.commands,
            }
            shutil.rmtree(site.workspace, ignore_errors=True)
