"""The weights of fusion, as ``benchmarks/fit_fusion.py`` writes them: fit them again, do not edit them by hand."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Weights:
    """How much each feature moves the logit; see ``fusion.features_of``.

    Attributes:
        lead: of the match against the best match, times the logarithm of the number of words.
        lead_documented: of the match against the best match, times the share of documented candidates.
        size: of the logarithm of the function's bytes.
        support: of the file's other candidates.
        expected_cosine, expected_cosine_per_match: what stands in for a cosine that is not known.
    """

    bias: float
    cosine: float
    match: float
    lead: float
    lead_documented: float
    name: float
    path: float
    file_name: float
    defines: float
    is_test: float
    is_example: float
    is_generated: float
    is_vendored: float
    is_lobby: float
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
            self.name,
            self.path,
            self.file_name,
            self.defines,
            self.is_test,
            self.is_example,
            self.is_generated,
            self.is_vendored,
            self.is_lobby,
            self.size,
        )


WEIGHTS = Weights(
    bias=-12.0,
    cosine=14.0,
    match=3.0,
    lead=1.76,
    lead_documented=-2.3,
    name=0.74,
    path=4.0,
    file_name=0.3,
    defines=2.2,
    is_test=-3.0,
    is_example=-1.0,
    is_generated=-1.0,
    is_vendored=-1.0,
    is_lobby=-0.5,
    size=0.3,
    support=0.5,
    expected_cosine=0.19,
    expected_cosine_per_match=0.73,
)
