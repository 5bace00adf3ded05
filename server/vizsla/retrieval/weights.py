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
    bias=-6.295,
    cosine=6.302,
    match=1.653,
    lead=0.615,
    lead_documented=-1.013,
    lead_nameless=-0.733,
    name=0.102,
    path=2.502,
    file_name=-0.055,
    defines=0.85,
    is_test=-1.943,
    is_example=-0.813,
    is_generated=-0.813,
    is_vendored=-0.813,
    is_lobby=-0.406,
    is_outline=-0.2,
    size=0.138,
    support=0.105,
    expected_cosine=0.146,
    expected_cosine_per_match=0.743,
)
