"""Sentences for a paper, made from a result: how it was pooled, and what came out."""

from __future__ import annotations

import math

from peer_evidence import __version__
from peer_evidence.checks import check_meta_analysis
from peer_evidence.effects.scales import scale_of
from peer_evidence.formatting import count, interval, number, p_text
from peer_evidence.pooling.model import MetaAnalysis
from peer_evidence.pooling.tau2 import METHODS
from peer_evidence.report.references import Cited


def methods_text(m: MetaAnalysis) -> str:
    """Say in the words of a methods section how a meta-analysis was done.

    Parameters
    ----------
    m : MetaAnalysis
        The result of :func:`peer_evidence.meta_analysis`.

    Returns
    -------
    str
        A paragraph in Markdown with numbered references under it, in Vancouver style.

    Raises
    ------
    InputError
        If ``m`` is not the result of a meta-analysis.

    Examples
    --------
    >>> import peer_evidence as pe
    >>> pool = pe.pools(pe.load())["hope", "up to 4 months"]
    >>> print(pe.report.methods_text(pool).split(". ")[0])
    Effects (SMD) were pooled with a random-effects model
    """
    check_meta_analysis(m)
    cite = Cited()
    text = f"{pooling(m, cite)} The analysis was done with peer_evidence {__version__}."
    listed = "\n".join(f"{i}. {one}" for i, one in enumerate(cite.listed(), start=1))
    return f"{text}\n\n{listed}" if listed else text


def pooling(m: MetaAnalysis, cite: Cited) -> str:
    """Say how a meta-analysis was done, its references cited in the list of a longer text."""
    return " ".join([*_model(m, cite), *_interval(m, cite), *_spread(m, cite)])


def results_text(m: MetaAnalysis) -> str:
    """Say in the words of a results section what a meta-analysis found.

    Parameters
    ----------
    m : MetaAnalysis
        The result of :func:`peer_evidence.meta_analysis`.

    Returns
    -------
    str
        A paragraph. Ratios, which are pooled as logarithms, stand on their own scale, and so do
        logits of proportions and Fisher's z; τ² stays on that of the analysis, and says so.

    Raises
    ------
    InputError
        If ``m`` is not the result of a meta-analysis, or has moderators.

    Examples
    --------
    >>> import peer_evidence as pe
    >>> pool = pe.pools(pe.load())["hope", "up to 4 months"]
    >>> print(pe.report.results_text(pool).split(". ")[0])
    In 3 studies the pooled SMD was 0.26 (95% CI 0.04 to 0.47, p = 0.019)
    """
    check_meta_analysis(m)
    if m.regression.design is not None:
        from peer_evidence.errors import InputError

        raise InputError(
            "m: the analysis has moderators, there is no single effect to report; "
            "use m.coefficients"
        )
    percent = f"{100 * m.level:g}%"
    scale = scale_of(m.studies.measure)
    name = scale.name if scale.turned else scale.measure or "effect"
    p = p_text(m.p_value)
    limits = scale.interval(m.ci_low, m.ci_high)
    where = f"In {count(m.k, 'study', 'studies')} the pooled {name} was"
    if m.k == 1:
        where = f"In the single study the {name} was"
    sentences = [f"{where} {scale.value(m.estimate)} ({percent} CI {limits}, {p})."]
    if 1 < m.k < 5:
        sentences.append(f"With {m.k} studies the interval and the heterogeneity are hardly known.")
    if m.k >= 5 and math.isfinite(m.pi_low):
        reach = scale.interval(m.pi_low, m.pi_high)
        sentences.append(f"The {percent} prediction interval was {reach}.")
    if m.q_df > 0:
        q = p_text(m.q_p_value)
        spread = f"I² was {number(m.i2, 0)}%"
        if math.isfinite(m.i2_ci_low):
            spread += f" ({interval(m.i2_ci_low, m.i2_ci_high, 0)})"
        if m.method != "FE":
            spread += f", τ²{scale.of} {number(m.tau2, 3)}"
            if math.isfinite(m.tau2_ci_high):
                spread += f" ({interval(m.tau2_ci_low, m.tau2_ci_high, 3)})"
        sentences.append(f"{spread}; Q was {number(m.q, 1)} on {m.q_df:g} df ({q}).")
    if m.left_out:
        rows = count(len(m.left_out), "row had", "rows had")
        sentences.append(f"{rows} no effect to pool.")
    return " ".join(sentences)


def _model(m: MetaAnalysis, cite: Cited) -> list[str]:
    measure = scale_of(m.studies.measure).analysis or m.studies.measure
    scale = f" ({measure})" if measure else ""
    if m.method == "FE":
        found = [f"Effects{scale} were pooled with a common-effect model by inverse variance."]
    else:
        found = [
            f"Effects{scale} were pooled with a random-effects model.",
            f"The variance between studies was estimated by the {METHODS[m.method]} method "
            f"{cite('tau2')}.",
        ]
    if m.regression.design is not None:
        names = ", ".join(name for name in m.regression.names if name != "intercept")
        found.append(f"The model held the moderators {names}.")
    if m.studies.weights is not None:
        found.append("The weights were set by the authors, not by inverse variance.")
    return found


def _interval(m: MetaAnalysis, cite: Cited) -> list[str]:
    percent = f"{100 * m.level:g}%"
    if m.ci == "wald":
        return [f"Intervals are {percent} normal (Wald) intervals."]
    if m.ci == "t":
        return [f"Intervals are {percent} intervals by the t law with {m.df:g} degrees of freedom."]
    text = f"Intervals are {percent} Hartung-Knapp intervals {cite('hksj')}"
    if m.ci == "hksj-adhoc":
        text += f", never narrower than the normal standard error gives {cite('adhoc')}"
    return [text + "."]


def _spread(m: MetaAnalysis, cite: Cited) -> list[str]:
    if m.q_df <= 0:
        return []
    if m.method == "FE":
        return [f"Heterogeneity is described by Cochran's Q and I² {cite('i2')}."]
    return [
        f"Heterogeneity is described by τ² and I² with Q-profile intervals {cite('profile')} and "
        f"by Cochran's Q; I² is τ² over the sum of τ² and the typical sampling variance "
        f"{cite('i2')}."
    ]
