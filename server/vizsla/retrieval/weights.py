"""The weights of fusion, as ``benchmarks/fit_fusion.py`` writes them; ``docs/decisions/0004-fusion.md`` tells how."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Weights:
    """How much each feature moves the logit; see ``fusion.features_of``.

    Attributes:
        lead: of the match against the best match, times the logarithm of the number of words.
        lead_documented: of the match against the best match, times the share of documented candidates.
        lead_nameless: likewise, times the share of candidates without a name.
        size: of the logarithm of the function's bytes.
        support: of the file's other candidates.
        expected_cosine, expected_cosine_per_match: what stands in for a cosine that is not known.
    """

    bias: float
    cosine: float
    match: float
    lead: float
    lead_documented: float
    lead_nameless: float
    name: float
    path: float
    file_name: float
    defines: float
    is_test: float
    is_example: float
    is_generated: float
    is_vendored: float
    is_lobby: float
    is_outline: float
    size: float
    support: float
    expected_cosine: float
    expected_cosine_per_match: float

    @property
    def of_features(self) -> tuple[float, ...]:
        """One weight per feature of ``fusion.features_of``, in its order."""
        return (
            self.cosine,
            self.match,
            self.lead,
            self.lead_documented,
            self.lead_nameless,
            self.name,
            self.path,
            self.file_name,
            self.defines,
            self.is_test,
            self.is_example,
            self.is_generated,
            self.is_vendored,
            self.is_lobby,
            self.is_outline,
            self.size,
        )


WEIGHTS = Weights(
    bias=-6.048,
    cosine=6.491,
    match=1.264,
    lead=0.614,
    lead_documented=-1.008,
    lead_nameless=-0.73,
    name=0.15,
    path=2.55,
    file_name=-0.089,
    defines=0.99,
    is_test=-1.935,
    is_example=-0.81,
    is_generated=-0.81,
    is_vendored=-0.81,
    is_lobby=-0.404,
    is_outline=-0.2,
    size=0.11,
    support=0.174,
    expected_cosine=0.135,
    expected_cosine_per_match=0.692,
)
