"""Subgroup analysis with the test between groups."""

from __future__ import annotations

import warnings
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from peer_evidence.checks import check_columns, check_options
from peer_evidence.effects.scales import scale_of
from peer_evidence.errors import DependenceWarning, FewStudiesWarning, InputError
from peer_evidence.formatting import count, number, p_text
from peer_evidence.pooling import laws
from peer_evidence.pooling.model import MetaAnalysis, meta_analysis, pool_studies
from peer_evidence.pooling.projection import DesignProblem
from peer_evidence.pooling.tau2 import estimate
from peer_evidence.pooling.words import side_line
from peer_evidence.results import Result

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Subgroups(Result):
    """The meta-analyses of subgroups and the test that their effects are the same.

    ``q_between`` is chi-squared with ``q_between_df`` df. ``tau2_rule`` says whether
    each group has its own tau2 (``"separate"``) or all share one (``"common"``): the test differs.
    ``groups[name]`` or ``subgroups[name]`` is the MetaAnalysis of a group.
    """

    q_between: float
    q_between_df: int
    q_between_p_value: float
    tau2_rule: str
    tau2: float | None
    by: str
    k: int
    level: float
    overall: MetaAnalysis = field(repr=False)
    names: tuple[str, ...]
    analyses: tuple[MetaAnalysis, ...] = field(repr=False)

    @property
    def groups(self) -> dict[str, MetaAnalysis]:
        """The meta-analysis of each group by its name."""
        return dict(zip(self.names, self.analyses, strict=True))

    def __getitem__(self, name: str) -> MetaAnalysis:
        found = self.groups
        if name not in found:
            raise InputError(f"{self.by}: found {name!r}, allowed are {', '.join(self.names)}")
        return found[name]

    def __len__(self) -> int:
        return len(self.names)

    def to_frame(self) -> pd.DataFrame:
        """Give one row a group, then all studies together."""
        import pandas as pd

        rows = pd.concat([one.to_frame() for one in (*self.analyses, self.overall)])
        rows.index = pd.Index([*self.names, "all"], name=self.by)
        return rows.drop(columns=["qm", "qm_df", "qm_p_value", "r2"])

    def caption(self) -> str:
        """Say on which scale the table is, where it is not that of the words."""
        return scale_of(self.overall.studies.measure).table

    def summary(self) -> str:
        """Say whether the groups differ, then the effect of each."""
        p = p_text(self.q_between_p_value)
        verdict = "differ" if self.q_between_p_value < 1 - self.level else "are not shown to differ"
        scale = scale_of(self.overall.studies.measure)
        lines = [
            f"{count(len(self), 'group')} of {self.by} {verdict}: Q between = "
            f"{number(self.q_between)} on {self.q_between_df} df, {p}, "
            f"{count(self.k, 'study', 'studies')}.",
            "Each group has its own tau²."
            if self.tau2_rule == "separate"
            else "All groups share one tau².",
            *side_line(scale.measure, self.overall.studies.positive),
        ]
        for name, one in zip(self.names, self.analyses, strict=True):
            limits = scale.interval(one.ci_low, one.ci_high)
            few = "; few studies" if one.k < 5 else ""
            lines.append(
                f"  {name}: {scale.prefix}{scale.value(one.estimate)} ({limits}), "
                f"{count(one.k, 'study', 'studies')}{few}"
            )
        return "\n".join(lines)


def subgroups(data: pd.DataFrame, *, by: str, tau2: str = "separate", **options: Any) -> Subgroups:
    """Pool each group of studies and test whether the groups' effects differ.

    Parameters
    ----------
    data : DataFrame
        One row a study, as for :func:`meta_analysis`.
    by : str
        Column of the groups.
    tau2 : {"separate", "common"}
        A between-study variance for each group, or one for all, estimated within the groups. The
        common one is steadier when groups are small; with Wald intervals it gives the groups' means
        and the test of a meta-regression on the groups.
    **options
        As :func:`meta_analysis`: effect, variance, method, ci, level, label, weights (a column).

    Returns
    -------
    Subgroups
        A MetaAnalysis for each group, and the test between them; a single study may be a group.

    Raises
    ------
    InputError
        A row without a group, a single group, or what :func:`meta_analysis` refuses.

    Examples
    --------
    >>> import pandas as pd
    >>> data = pd.DataFrame(
    ...     {
    ...         "effect": [0.1, 0.2, 0.3, 0.6, 0.7, 0.9],
    ...         "variance": [0.02, 0.03, 0.02, 0.03, 0.02, 0.04],
    ...         "setting": ["home", "home", "home", "ward", "ward", "ward"],
    ...     }
    ... )
    >>> groups = subgroups(data, by="setting", method="FE")
    >>> round(groups.q_between, 4), groups.q_between_df
    (15.8762, 1)
    """
    if tau2 not in ("separate", "common"):
        raise InputError(f"tau2: found {tau2!r}, allowed are 'separate', 'common'")
    check_options(meta_analysis, options)
    if options.get("moderators") is not None:
        raise InputError("moderators: subgroups take none; use meta_analysis with both as columns")
    if tau2 == "common" and options.get("weights") is not None:
        raise InputError("weights: cannot be combined with tau2='common'")
    names, group = _groups(data, by)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FewStudiesWarning)
        overall = meta_analysis(data, **options)
        warnings.simplefilter("ignore", DependenceWarning)  # said of the whole
        parts = [data[group == name] for name in names]
        shared = _shared_tau2(parts, overall, options) if tau2 == "common" else None
        found = tuple(_one(part, shared, overall.method, options) for part in parts)
    effects = np.array([one.estimate for one in found])
    weights = 1.0 / np.array([one.se for one in found]) ** 2
    middle = (weights * effects).sum() / weights.sum()
    q = float((weights * (effects - middle) ** 2).sum())
    df = len(found) - 1
    return Subgroups(
        q_between=q,
        q_between_df=df,
        q_between_p_value=float(laws.chi2_tail(q, df)),
        tau2_rule=tau2,
        tau2=shared,
        by=by,
        k=overall.k,
        level=overall.level,
        overall=overall,
        names=tuple(names),
        analyses=found,
    )


def _groups(data: pd.DataFrame, by: str) -> tuple[list[str], np.typing.NDArray[Any]]:
    """Give the names of the groups in the order of the table, and that of each row."""
    check_columns(data.columns, [by], "by")
    missing = np.flatnonzero(data[by].isna().to_numpy())
    if missing.size:
        rows = ", ".join(f"row {data.index[i]}" for i in missing[:5])
        raise InputError(f"{by}: {rows} has no group, allowed is a group for every row")
    group = np.array([str(value) for value in data[by].tolist()], dtype=object)
    names = list(dict.fromkeys(group.tolist()))
    if len(names) < 2:
        raise InputError(f"{by}: found the single group {names!r}, there is nothing to compare")
    return names, group


def _shared_tau2(parts: list[Any], overall: MetaAnalysis, options: dict[str, Any]) -> float:
    """Estimate one tau2 within the groups: residual heterogeneity of a regression on them."""
    studies = [meta_analysis(part, **options).studies for part in parts]
    sizes = [len(one) for one in studies]
    if sum(sizes) <= len(sizes):
        raise InputError("tau2: a common one needs a group with more than one study")
    y = np.concatenate([one.effects for one in studies])
    v = np.concatenate([one.variances for one in studies])
    design = np.repeat(np.eye(len(sizes)), sizes, axis=0)
    return float(estimate(DesignProblem(y[:, None], v[:, None], design), overall.method).tau2[0])


def _one(
    part: pd.DataFrame, shared: float | None, method: str, options: dict[str, Any]
) -> MetaAnalysis:
    """Pool one group with its own tau2, or with the one that all share."""
    own = meta_analysis(part, **options)
    if shared is None or method == "FE":
        return own
    return pool_studies(own.studies, None, None, method, own.ci, own.level, tau2=shared)
