"""The models of a contest, each opened when it is first needed: every text embedded once, every pair read once."""

from __future__ import annotations

import gc
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from vizsla.models.calibration import Calibration as Told
from vizsla.models.calibration import Line, calibration_of
from vizsla.models.manifest import read_manifest
from vizsla.retrieval.rerank import PLAIN
from vizsla_trainer.errors import StoppedError
from vizsla_trainer.evaluation.asking import ask, is_asked
from vizsla_trainer.evaluation.calibration import Calibration, aligned, contrast
from vizsla_trainer.evaluation.contest import AFTER, BEFORE, Contest
from vizsla_trainer.evaluation.reranking import PairScores
from vizsla_trainer.evaluation.retrieval import Ranking, rank_pairs
from vizsla_trainer.evaluation.served import MOST_CANDIDATES, Fused, fused, lost
from vizsla_trainer.progress import Cancelled, Progress, Report, never, unheard
from vizsla_trainer.recipe import EvaluateRecipe
from vizsla_trainer.records import Code, Pair
from vizsla_trainer.training.encoding import Encoder
from vizsla_trainer.training.vectors import RememberingEncoder, kept_vectors

Vectors = npt.NDArray[np.float32]


class Rivals:
    """What the models of a contest make of the held-out queries; a retriever is closed when it has said all."""

    def __init__(
        self,
        contest: Contest,
        dev: Sequence[Pair],
        test: Sequence[Pair],
        codes: Sequence[Code],
        recipe: EvaluateRecipe,
        *,
        seed: int,
        report: Report = unheard,
        cancelled: Cancelled = never,
    ) -> None:
        self.contest, self.codes, self.recipe = contest, codes, recipe
        self.pairs = [*dev, *test]
        self.dev, self.test = list(range(len(dev))), list(range(len(dev), len(self.pairs)))
        """Members: places among ``pairs``."""
        random = np.random.default_rng(seed)
        self.read_dev = some_of(random, self.dev, recipe.reranked_dev)
        """Those whose candidates may be read, to choose by."""
        self.read_test = some_of(random, self.test, recipe.reranked_test)
        """Likewise to measure by."""
        self.report, self.cancelled = report, cancelled
        self._places = {code.id: index for index, code in enumerate(codes)}
        self.own = [self._places[pair.code] for pair in self.pairs]
        """Place of each pair's right code."""
        self._rankings: dict[str, Ranking] = {}
        self._fused: dict[str, dict[int, Fused]] = {}
        self._scores: dict[str, PairScores] = {}
        retriever = read_manifest(contest.retrievers[BEFORE], role="retriever")
        reranker = contest.rerankers.get(BEFORE)
        self.today: Told = calibration_of(retriever, read_manifest(reranker, role="reranker") if reranker else None)
        """How the server reads the scores of what is in use."""

    def ranking(self, retriever: str) -> Ranking:
        """All code of its workspace ranked for each pair."""
        self._open(retriever)
        return self._rankings[retriever]

    def fused(self, retriever: str) -> Mapping[int, Fused]:
        """What a server has before it reads, by member: of all that users might ask, of those of dev that are read."""
        self._open(retriever)
        return self._fused[retriever]

    def order(self, retriever: str) -> Calibration:
        """How much a difference of a retriever's cosines means, learned on all of dev."""
        return contrast(self.ranking(retriever).cosines[self.dev], self.right(retriever, self.dev))

    def right(self, retriever: str, members: Sequence[int]) -> npt.NDArray[np.bool_]:
        """Which candidates are right. (members, depth)"""
        found = self.ranking(retriever).candidates[members]
        right: npt.NDArray[np.bool_] = found == np.array([self.own[i] for i in members])[:, None]
        return right

    def scores(self, reranker: str) -> PairScores:
        """What a reranker says, once for each pair of query and code."""
        from vizsla.models.reranker import load_reranker

        if reranker not in self._scores:
            scorer = load_reranker(
                self.contest.rerankers[reranker], device=self.contest.device, threads=self.contest.threads
            )
            self._scores[reranker] = PairScores(scorer, self.pairs, self.codes)
        return self._scores[reranker]

    def _open(self, name: str) -> None:
        from vizsla.models.bi_encoder import load_bi_encoder

        if name in self._rankings:
            return
        before = None if name == BEFORE else self.order(BEFORE)  # it has its turn first: no two are in memory
        folder, contest = self.contest.retrievers[name], self.contest
        encoder = _Encoder(
            load_bi_encoder(folder, device=contest.device, threads=contest.threads),
            kept_vectors(contest.vectors / name, folder, contest.device) if contest.vectors else None,
        )
        self._rankings[name] = rank_pairs(
            encoder,
            self.pairs,
            self.codes,
            depth=max(self.recipe.depths),
            report=self.report,
            cancelled=self.cancelled,
        )
        encoder.keep()
        order = self.order(name)
        cosine = self.today.cosine if name == BEFORE else aligned(self.today.cosine, before, order) or Line()
        is_broken = name == AFTER and not order.slope > 0
        self._fused[name] = self._lost() if is_broken else self._found(encoder, cosine)
        del encoder
        gc.collect()  # a model is hundreds of megabytes

    def _asked(self) -> list[int]:
        return [i for i in (*self.read_dev, *self.test) if is_asked(self.pairs[i])]

    def _found(self, encoder: RememberingEncoder, cosine: Line) -> dict[int, Fused]:
        """What a server would have for each question."""
        members = {self.pairs[i].id: i for i in self._asked()}
        asked = ask(
            [self.pairs[i] for i in members.values()],
            self.codes,
            lambda texts, is_query: encoder.encode(texts, is_query=is_query),
            count=MOST_CANDIDATES,
            known=self.pairs,
        )
        depth, last = self._depth(), len(self.codes) + 1
        found: dict[int, Fused] = {}
        for one in asked:
            if self.cancelled():
                raise StoppedError("stopped while measuring; run it again to go on")
            found[members[one.pair.id]] = fused(one, cosine, self._places, depth=depth, last=last)
            self.report(Progress(stage="evaluate", done=len(found), total=len(members), unit="questions"))
        return found

    def _lost(self) -> dict[int, Fused]:
        """A retriever that tells nothing from anything has the last place: words alone are no model's merit."""
        return {i: lost(len(self.codes) + 1) for i in self._asked()}

    def _depth(self) -> int:
        """How many a reranker may read, at most."""
        used = (self.today.reading or PLAIN).depth if BEFORE in self.contest.rerankers else 0
        return min(max(*self.recipe.depths, used), MOST_CANDIDATES)


class _Encoder(RememberingEncoder):
    """Remembers questions too, for they are first ranked for and then asked."""

    def __init__(self, encoder: Encoder, kept: Path | None) -> None:
        super().__init__(encoder, kept)
        self._questions: dict[str, Vectors] = {}

    def encode(self, texts: Sequence[str], *, is_query: bool) -> Vectors:
        if not is_query:
            return super().encode(texts, is_query=False)
        missing = list(dict.fromkeys(text for text in texts if text not in self._questions))
        if missing:
            self._questions.update(zip(missing, super().encode(missing, is_query=True), strict=True))
        return np.stack([self._questions[text] for text in texts])


def some_of(random: np.random.Generator, members: Sequence[int], most: int) -> list[int]:
    """At most so many of them, drawn, in their order."""
    if len(members) <= most:
        return list(members)
    return sorted(random.choice(np.array(members), size=most, replace=False).tolist())
