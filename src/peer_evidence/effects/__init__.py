"""Effect sizes with their variances, from the numbers that studies print.

Arrays in, ``(effect, variance)`` arrays out, ratios on the log scale, NaN where an input is
missing; every parameter is named. Group 1 is the intervention, group 2 the comparison.
`peer_evidence.effect_sizes` does the same for a table.
"""

from peer_evidence.effects.absolute import (
    AbsoluteEffect,
    absolute_effect,
    nnt_text,
    number_needed,
    risk_from_ratio,
)
from peer_evidence.effects.association import phi, probit_difference, yule_q, yule_y
from peer_evidence.effects.binary import (
    arcsine_difference,
    log_odds_ratio,
    log_risk_ratio,
    peto_log_odds_ratio,
    risk_difference,
    two_by_two,
)
from peer_evidence.effects.change import (
    mean_change,
    pre_post_control,
    sd_of_change,
    smd_change_score,
    smd_raw_score,
)
from peer_evidence.effects.continuous import (
    glass_delta,
    hedges_correction,
    hedges_g,
    mean_difference,
    pooled_sd,
    smd_unequal_variances,
)
from peer_evidence.effects.conversion import (
    effect_from_estimate,
    log_odds_ratio_from_smd,
    r_from_smd,
    smd_from_log_odds_ratio,
    smd_from_mean_difference,
    smd_from_r,
)
from peer_evidence.effects.correlation import (
    biserial,
    correlation,
    fisher_z,
    partial_correlation,
    point_biserial,
    unbiased_correlation,
)
from peer_evidence.effects.e_value import EValue, e_value
from peer_evidence.effects.from_tests import smd_from_f, smd_from_p, smd_from_t
from peer_evidence.effects.proportion import (
    arcsine_proportion,
    freeman_tukey,
    freeman_tukey_inverse,
    log_proportion,
    logit_proportion,
    proportion,
    single_mean,
)
from peer_evidence.effects.quantiles import (
    MeanAndSd,
    SkewnessScreen,
    mean_sd_from_quantiles,
    skewness_screen,
)
from peer_evidence.effects.rates import (
    freeman_tukey_rate,
    log_rate,
    log_rate_ratio,
    rate,
    rate_difference,
    sqrt_rate,
    sqrt_rate_difference,
)
from peer_evidence.effects.ratios import log_cv_ratio, log_ratio_of_means, log_variability_ratio
from peer_evidence.effects.spread import (
    Group,
    combine_groups,
    design_effect,
    effective_count,
    inflated_se,
    sd_from_interval,
    sd_from_se,
    se_from_sd,
)

__all__ = [
    "AbsoluteEffect",
    "EValue",
    "Group",
    "MeanAndSd",
    "SkewnessScreen",
    "absolute_effect",
    "arcsine_difference",
    "arcsine_proportion",
    "biserial",
    "combine_groups",
    "correlation",
    "design_effect",
    "e_value",
    "effect_from_estimate",
    "effective_count",
    "fisher_z",
    "freeman_tukey",
    "freeman_tukey_inverse",
    "freeman_tukey_rate",
    "glass_delta",
    "hedges_correction",
    "hedges_g",
    "inflated_se",
    "log_cv_ratio",
    "log_odds_ratio",
    "log_odds_ratio_from_smd",
    "log_proportion",
    "log_rate",
    "log_rate_ratio",
    "log_ratio_of_means",
    "log_risk_ratio",
    "log_variability_ratio",
    "logit_proportion",
    "mean_change",
    "mean_difference",
    "mean_sd_from_quantiles",
    "nnt_text",
    "number_needed",
    "partial_correlation",
    "peto_log_odds_ratio",
    "phi",
    "point_biserial",
    "pooled_sd",
    "pre_post_control",
    "probit_difference",
    "proportion",
    "r_from_smd",
    "rate",
    "rate_difference",
    "risk_difference",
    "risk_from_ratio",
    "sd_from_interval",
    "sd_from_se",
    "sd_of_change",
    "se_from_sd",
    "single_mean",
    "skewness_screen",
    "smd_change_score",
    "smd_from_f",
    "smd_from_log_odds_ratio",
    "smd_from_mean_difference",
    "smd_from_p",
    "smd_from_r",
    "smd_from_t",
    "smd_raw_score",
    "smd_unequal_variances",
    "sqrt_rate",
    "sqrt_rate_difference",
    "two_by_two",
    "unbiased_correlation",
    "yule_q",
    "yule_y",
]
