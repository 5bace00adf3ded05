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
        change_lead, change_documented, change_size: what is added to the weights of these where a question
            tells of a change; size counts there from that of a usual function on.
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
    change_lead: float
    change_documented: float
    change_size: float
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
            self.change_lead,
            self.change_documented,
            self.change_size,
        )


WEIGHTS = Weights(
    bias=-5.504,
    cosine=5.766,
    match=1.141,
    lead=0.511,
    lead_documented=-0.882,
    lead_nameless=-0.648,
    name=0.118,
    path=1.987,
    file_name=-0.062,
    defines=0.878,
    is_test=-1.719,
    is_example=-0.72,
    is_generated=-0.72,
    is_vendored=-0.72,
    is_lobby=-0.359,
    is_outline=-0.177,
    size=0.099,
    change_lead=0.235,
    change_documented=2.009,
    change_size=0.458,
    support=0.097,
    expected_cosine=0.154,
    expected_cosine_per_match=0.66,
)
