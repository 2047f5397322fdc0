"""The words of the method: the same in every review, whatever its topic."""

from __future__ import annotations

# Words of the method, the same for every topic. The order is the order of the categories.
METHOD_WORDS: dict[str, tuple[str, ...]] = {
    "design": (
        "randomised_trial",
        "cluster_randomised_trial",
        "quasi_experimental",
        "cohort",
        "pre_post",
        "cross_sectional",
        "qualitative",
        "programme_description",
    ),
    "level": ("individual", "organisational"),
    "contrast_type": (
        "intervention_vs_comparison",
        "other_contrast",
        "within_members",
        "before_after",
        "no_comparison",
        "subgroup",
        "alternative_source",
    ),
    "better_is": ("lower", "higher"),
    "conclusion": ("benefit", "no_difference", "harm", "mixed", "unclear"),
    "direction": ("favours_intervention", "favours_comparison", "null", "unclear"),
    "effect_measure": (
        *("SMD", "MD", "OR", "RR", "RRR", "HR", "PR", "IRR", "d", "d_abs", "RD", "b"),
    ),
    "p_relation": ("=", "<", ">", "ns"),
    "p_tails": ("one", "two"),
    "yes_no": ("yes", "no"),
    "confidence": ("primary", "review", "secondary"),
    "role": ("rct", "other", "unknown"),
    "status": ("confirmed", "candidate", "rejected"),
    "quantity": (
        "k_included",
        "k_positive",
        "k_no_difference",
        "k_negative",
        "k_randomised",
        "statement",
    ),
    "sign_convention": (
        "negative_favours_intervention",
        "positive_favours_intervention",
        "ratio_below_1_favours_intervention",
        "ratio_above_1_favours_intervention",
        "unclear",
    ),
    "model": ("random", "fixed"),
    "rob_tool": ("rob_2", "rob_1"),
    "judgement": ("low", "some_concerns", "high", "unclear"),
    "certainty": ("high", "moderate", "low", "very_low", "no_data"),
    "any_scope": ("all",),
    "section": ("relationships", "practice", "unknown"),
    "kind": ("key", "text", "integer", "number", "category", "date", "list"),
}
