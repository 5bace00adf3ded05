"""How long a model takes for texts: a running estimate, from what its worker measured of late.

It does not know the texts, only how many characters they have.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

_FIRST_RATE = 12_000.0
"""Tokens a second that are believed in before anything was measured: about what a small cross-encoder in int8 reads on
two cores. The worker keeps the deadline whatever we believe: too bold costs the last batch, too careful candidates."""

_FIRST_CHARACTERS_PER_TOKEN = 3.0  # of code: 2.7 to 3.3 for half of 400 Go functions, in the words of MiniLM
_FEWEST_CHARACTERS, _MOST_CHARACTERS = 1.0, 10.0
_SPECIAL_TOKENS = 3  # of a pair

_FIRST_WEIGHT = 400.0  # tokens that the first guess counts for
_DECAY = 0.9  # of what is remembered, per batch: some two questions
_STALL = 4.0  # so many times longer than expected a batch may count for: the model was loaded meanwhile, or swapped out
_STEP = 0.2  # of the way, in logarithms, to the characters per token that a batch has


class Pace:
    """What pairs of a question and a text cost. Any thread may use it."""

    def __init__(self, max_tokens: int) -> None:
        """Begin with a guess.

        Args:
            max_tokens: of a pair; what is longer is cut.
        """
        self._max_tokens = max_tokens
        self._lock = threading.Lock()
        self._tokens, self._seconds = _FIRST_WEIGHT, _FIRST_WEIGHT / _FIRST_RATE
        self._characters_per_token = _FIRST_CHARACTERS_PER_TOKEN

    @property
    def tokens_per_second(self) -> float:
        """Of late, padding left out."""
        with self._lock:
            return self._tokens / self._seconds

    def took(self, tokens: int, seconds: float) -> None:
        """A batch is done."""
        with self._lock:
            expected = tokens * self._seconds / self._tokens
            self._tokens = self._tokens * _DECAY + tokens
            self._seconds = self._seconds * _DECAY + min(seconds, _STALL * expected)

    def counted(self, characters: Sequence[int], tokens: int) -> None:
        """Pairs of so many characters had so many tokens together."""
        if tokens <= 0:
            return
        expected = float(self.tokens(characters).sum())
        with self._lock:
            # Where all were cut to the model's length, nothing was learned, and nothing changes.
            found = self._characters_per_token * (expected / tokens) ** _STEP
            self._characters_per_token = min(max(found, _FEWEST_CHARACTERS), _MOST_CHARACTERS)

    def tokens(self, characters: Sequence[int]) -> npt.NDArray[np.float64]:
        """Tokens that pairs of so many characters are expected to have, at most the model's length. (pairs,)"""
        with self._lock:
            per_token = self._characters_per_token
        lengths = np.asarray(characters, dtype=np.float64) / per_token + _SPECIAL_TOKENS
        return np.minimum(lengths, self._max_tokens)

    def seconds(self, characters: Sequence[int]) -> npt.NDArray[np.float64]:
        """What each is expected to take. (pairs,)"""
        return self.tokens(characters) / self.tokens_per_second
