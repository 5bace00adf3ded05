"""What a server comes to with each system: settings chosen on dev by what is answered, then measured on test."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from vizsla.models.calibration import Reading
from vizsla.retrieval.rerank import PLAIN
from vizsla_trainer.evaluation.contest import BEFORE, NONE
from vizsla_trainer.evaluation.metrics import Ranks, reciprocal
from vizsla_trainer.evaluation.reranking import Scores, Setting
from vizsla_trainer.evaluation.results import SweepPoint, System
from vizsla_trainer.evaluation.rivals import Rivals
from vizsla_trainer.evaluation.served import (
    UNREAD,
    Fused,
    reach_of,
    read_codes,
    read_ranks,
    reading_of,
    sweep_served,
    unread_ranks,
)


class Serving:
    """The answers of a server to the members that a user might ask."""

    def __init__(self, rivals: Rivals) -> None:
        self._rivals = rivals
        self.dev = self.asked(rivals.read_dev)
        """Members to choose by."""

    @property
    def is_measurable(self) -> bool:
        """Whether there is anything to choose and to measure by."""
        return bool(self.dev and self.asked(self._rivals.read_test))

    def asked(self, members: Sequence[int]) -> list[int]:
        """Those of these members that a user might ask, in their order."""
        found = self._rivals.fused(BEFORE)
        return [i for i in members if i in found]

    def best(self, system: System, points: list[SweepPoint]) -> System:
        """A system with the setting that a server answers best with on dev; what was tried is added to ``points``.

        What is in use is left as the server uses it. A reranker in use beside a trained retriever may come out as one
        that is not read: its weight is 0 then.
        """
        names = (system.retriever, system.reranker)
        unread = float(reciprocal(self.fused(system.retriever, self.dev)).mean())
        if system.reranker == NONE:
            tried: list[tuple[Setting | None, float]] = [(None, unread)]
        elif names == self._rivals.contest.today:
            reading = self._rivals.today.reading or PLAIN
            mrr = float(reciprocal(self._read(names, self.dev, reading)).mean())
            tried = [(Setting(depth=reading.depth, weight=reading.weight), mrr)]
        else:
            system, swept = self._swept(system)
            tried = [*swept]
            least = unread + self._rivals.recipe.least_gain
            # A trained one that does not pay is left out; one in use can but be told not to be read.
            if system.reranker == BEFORE and not (swept and swept[0][1] > least):
                tried.insert(0, (UNREAD, unread))
        # A reranker whose scores say nothing leaves what is found as it is.
        silent = (system.reranker,) if not tried else ()
        points.extend(
            SweepPoint(retriever=system.retriever, reranker=name, depth=0, weight=0.0, mrr=unread)
            for name in (NONE, *silent)
        )
        points.extend(
            SweepPoint(
                retriever=system.retriever, reranker=system.reranker, depth=one.depth, weight=one.weight, mrr=mrr
            )
            for one, mrr in tried
            if one is not None and one.weight
        )
        # One of which nothing can be told would be read in some way that nobody measured.
        setting, mrr = tried[0] if tried else (None, 0.0)
        return replace(system, served=setting, dev_served=mrr)

    def worth(self, system: System) -> float:
        """MRR on dev, less what reading must bring."""
        is_read = system.served is not None and system.served.weight > 0
        return round((system.dev_served or 0.0) - (self._rivals.recipe.least_gain if is_read else 0.0), 6)

    def fused(self, retriever: str, members: Sequence[int]) -> Ranks:
        """Where the answers stand while nothing is read."""
        return unread_ranks(self._found(retriever, members))

    def answered(self, system: System, members: Sequence[int]) -> Ranks:
        """Where they stand in the end."""
        names = (system.retriever, system.reranker)
        if system.reranker == NONE:
            return self.fused(system.retriever, members)
        if names == self._rivals.contest.today:
            return self._read(names, members, self._rivals.today.reading or PLAIN)
        if system.cross is None or system.served is None:
            reading = None
        else:
            reading = reading_of(system.cross, system.served, system.reach)
        if reading is None:
            return np.full(len(members), len(self._rivals.codes) + 1, dtype=np.int64)
        return self._read(names, members, reading)

    def _swept(self, system: System) -> tuple[System, list[tuple[Setting, float]]]:
        """A system whose reranker's reach is known, and MRR on dev of every setting, the best first."""
        recipe, found = self._rivals.recipe, self._found(system.retriever, self.dev)
        if system.cross is None:
            return system, []
        most = max(recipe.depths)
        scores = self._said(system.reranker, self.dev, [one.codes[:most] for one in found])
        reach = reach_of(scores, system.cross)
        tried = sweep_served(
            found, scores, depths=recipe.depths, weights=recipe.weights, cross=system.cross, reach=reach
        )
        return replace(system, reach=reach), tried

    def _read(self, names: tuple[str, str], members: Sequence[int], reading: Reading) -> Ranks:
        found = self._found(names[0], members)
        scores = self._said(names[1], members, [read_codes(one, reading) for one in found])
        return read_ranks(found, scores, reading)

    def _said(self, reranker: str, members: Sequence[int], codes: Sequence[Sequence[int]]) -> list[Scores]:
        rivals = self._rivals
        return rivals.scores(reranker).of_codes(members, codes, report=rivals.report, cancelled=rivals.cancelled)

    def _found(self, retriever: str, members: Sequence[int]) -> list[Fused]:
        fused = self._rivals.fused(retriever)
        return [fused[i] for i in members]
