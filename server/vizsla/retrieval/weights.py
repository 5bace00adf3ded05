"""The weights of fusion, as ``benchmarks/fit_fusion.py`` wrote them. Do not edit by hand."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Weights:
    """How much each feature moves the logit; the order of the features is that of ``of_features``."""

    bias: float
    cosine: float
    match: float
    match_of_symbol: float
    name: float
    path: float
    file_name: float
    defines: float
    is_test: float
    is_example: float
    is_generated: float
    is_vendored: float
    is_lobby: float
    is_remainder: float
    support: float
    expected_cosine: float
    expected_cosine_per_match: float

    @property
    def of_features(self) -> tuple[float, ...]:
        """One weight per feature of ``fusion.features_of``."""
        return (
            self.cosine,
            self.match,
            self.match_of_symbol,
            self.name,
            self.path,
            self.file_name,
            self.defines,
            self.is_test,
            self.is_example,
            self.is_generated,
            self.is_vendored,
            self.is_lobby,
            self.is_remainder,
        )


WEIGHTS = Weights(
    bias=-10.0,
    cosine=14.0,
    match=7.0,
    match_of_symbol=4.0,
    name=1.5,
    path=1.0,
    file_name=0.5,
    defines=3.0,
    is_test=-1.5,
    is_example=-1.0,
    is_generated=-1.0,
    is_vendored=-1.0,
    is_lobby=-1.0,
    is_remainder=-0.5,
    support=0.5,
    expected_cosine=0.2,
    expected_cosine_per_match=0.4,
)
