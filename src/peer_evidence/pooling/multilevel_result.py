"""The result of ``multilevel``."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from peer_evidence.checks import check_choice, check_level
from peer_evidence.errors import InputError
from peer_evidence.pooling import laws
from peer_evidence.pooling.ascent import Top
from peer_evidence.pooling.dependent import Fitted, coefficient_frame, fit_frame, predict_frame
from peer_evidence.pooling.nested import Levels, fit_levels, predict_levels, profile
from peer_evidence.results import Result

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Multilevel(Result):
    """A meta-analysis with nested random effects; k effects.

    With moderators ``estimate`` and the numbers beside it are those of the first coefficient.
    ``df`` is infinite for a normal interval. ``sigma2`` is the variance of each level, the
    outermost first; ``i2_levels = 100 sigma2 / (sum of sigma2 + s2)`` in per cent with ``s2`` the
    typical sampling variance, ``i2`` their sum. ``q`` is Cochran's, about the fit without random
    effects. The prediction interval is that of one effect of a new outermost group.
    """

    estimate: float
    se: float
    ci_low: float
    ci_high: float
    statistic: float
    p_value: float
    df: float
    pi_low: float
    pi_high: float
    levels: tuple[str, ...]
    groups: tuple[int, ...]
    sigma2: tuple[float, ...]
    sigma2_se: tuple[float, ...]
    i2_levels: tuple[float, ...]
    i2: float
    q: float
    q_df: float
    q_p_value: float
    log_likelihood: float
    k: int
    method: str
    ci: str
    level: float
    converged: bool
    qm: float | None
    qm_df: int | None
    qm_p_value: float | None
    fitted: Fitted = field(repr=False)
    top: Top = field(repr=False)
    group_names: tuple[tuple[str, ...], ...] = field(repr=False)

    @property
    def left_out(self) -> tuple[tuple[str, str], ...]:
        """Label and reason of each row that has no effect and is not in the analysis."""
        return self.fitted.studies.left_out

    @property
    def coefficients(self) -> pd.DataFrame:
        """One row a coefficient: estimate, se, statistic, p_value, df, ci_low, ci_high."""
        return coefficient_frame(self.fitted.model, self.fitted.names)

    def cluster_columns(self) -> dict[str, tuple[str, ...]]:
        """Give the groups of each effect by the name of the level, for :func:`robust`."""
        structure = self.fitted.structure
        codes = structure.codes if isinstance(structure, Levels) else ()
        return {
            name: tuple(groups[i] for i in own)
            for name, groups, own in zip(self.levels, self.group_names, codes, strict=True)
        }

    def study_table(self) -> pd.DataFrame:
        """Give one row an effect: label, effect, variance, se, interval, weight in per cent.

        The weight is the share of the effect in the pooled effect, or with moderators in the first
        coefficient; correlated effects may have a share below 0.
        """
        import pandas as pd

        f = self.fitted
        gls = f.problem.settled(f.theta)
        parts = zip(f.problem.x, gls.inverses, strict=True)
        lean = f.problem.layout.spread([w @ x for x, w in parts])
        weight = 100.0 * lean @ gls.covariance @ f.problem.back[0]
        se = np.sqrt(f.studies.variances)
        half = float(laws.critical(self.level)) * se
        return pd.DataFrame(
            {
                "label": list(f.studies.labels),
                "effect": f.studies.effects,
                "variance": f.studies.variances,
                "se": se,
                "ci_low": f.studies.effects - half,
                "ci_high": f.studies.effects + half,
                "weight": weight,
            }
        )

    def variance_components(self, level: float | None = None) -> pd.DataFrame:
        """Give the variance of each level with its profile-likelihood interval.

        Parameters
        ----------
        level : float, optional
            Confidence level, by default that of the analysis.

        Returns
        -------
        DataFrame
            One row a level: groups, sigma2, se (from the expected information), ci_low, ci_high,
            i2 in per cent. The interval is made when this is called; 0 is its lower end where the
            likelihood cannot exclude it.
        """
        import pandas as pd

        wanted = self.level if level is None else check_level(level)
        problem = self.fitted.problem
        ends = [
            profile(problem, self.top, self.method, place, wanted)
            for place in range(len(self.levels))
        ]
        return pd.DataFrame(
            {
                "groups": self.groups,
                "sigma2": self.sigma2,
                "se": self.sigma2_se,
                "ci_low": [low for low, _ in ends],
                "ci_high": [high for _, high in ends],
                "i2": self.i2_levels,
            },
            index=pd.Index(self.levels, name="level"),
        )

    def ranef(self, level: str | None = None) -> pd.DataFrame:
        """Give the predicted random effect of each group (best linear unbiased predictions).

        Parameters
        ----------
        level : str, optional
            One of the levels; all of them when left out.

        Returns
        -------
        DataFrame
            Columns level, group (its path from the outermost), effect, se, pi_low, pi_high.
        """
        import pandas as pd

        wanted = self.levels if level is None else (check_choice("level", level, self.levels),)
        f = self.fitted
        codes = f.structure.codes if isinstance(f.structure, Levels) else ()
        df = float(f.model.df.min())
        times = float(laws.critical(self.level, df))
        frames = []
        found = predict_levels(f.problem, codes, f.theta)
        for name, groups, one in zip(self.levels, self.group_names, found, strict=True):
            if name in wanted:
                half = times * one.se
                columns = {"level": name, "group": groups, "effect": one.value, "se": one.se}
                limits = {"pi_low": one.value - half, "pi_high": one.value + half}
                frames.append(pd.DataFrame(columns | limits))
        return pd.concat(frames, ignore_index=True)

    def level_test(self, level: str) -> pd.DataFrame:
        """Test that a level has no variance: the likelihood ratio of the model without it.

        Parameters
        ----------
        level : str
            One of the levels.

        Returns
        -------
        DataFrame
            One row: lrt, df, p_value (chi-squared on 1 df, too large since 0 is the smallest
            variance there is) and p_value_boundary, half of it (Self and Liang 1987, doi
            10.1080/01621459.1987.10478472).
        """
        import pandas as pd

        check_choice("level", level, self.levels)
        f = self.fitted
        kept = [place for place, name in enumerate(self.levels) if name != level]
        problem = f.problem
        smaller = type(problem)(
            problem.layout,
            problem.y,
            problem.x,
            problem.v,
            tuple(b[kept] for b in problem.b),
            problem.back,
            problem.k,
        )
        if kept:
            top = fit_levels(smaller, len(kept), self.method)
            height = -np.inf if top is None else top.value.ll
        else:
            height = smaller.height(np.zeros(0), self.method)
        ratio = max(0.0, 2.0 * (self.log_likelihood - height))
        p = float(laws.chi2_tail(ratio, 1.0))
        row = {"lrt": ratio, "df": 1, "p_value": p, "p_value_boundary": 0.5 * p}
        return pd.DataFrame([row], index=pd.Index([level], name="level"))

    def fit_statistics(self) -> pd.DataFrame:
        """Give log-likelihood, deviance, AIC, BIC and AICc under ML and REML (rows)."""
        return fit_frame(self.fitted, len(self.sigma2))

    def predict(self, new: Any = None, *, level: float | None = None) -> pd.DataFrame:
        """Give the expected effect with its confidence and prediction interval.

        Parameters
        ----------
        new : DataFrame or mapping of lists, optional
            Moderators of new rows. Without it the pooled effect, or with moderators each row.
        level : float, optional
            Confidence level, by default that of the analysis.

        Returns
        -------
        DataFrame
            Columns estimate, se, ci_low, ci_high, pi_low, pi_high, pi_df. The prediction interval
            adds all levels' variances and keeps the law of the confidence interval.
        """
        import pandas as pd

        f = self.fitted
        wanted = self.level if level is None else check_level(level)
        between = np.array(float(sum(self.sigma2)))
        if new is None:
            x = f.matrix if f.design is not None else np.ones((1, 1))
            index = pd.Index(f.studies.labels, name="label") if f.design is not None else None
            return predict_frame(f, x, between, wanted, index)
        if f.design is None:
            raise InputError("new: the analysis has no moderators, call predict() without it")
        flat = isinstance(new, dict) and all(np.isscalar(value) for value in new.values())
        frame = new if isinstance(new, pd.DataFrame) else pd.DataFrame([new] if flat else new)
        return predict_frame(f, f.design.matrix(frame), between, wanted, frame.index)

    def to_frame(self) -> pd.DataFrame:
        """Give the flat fields as one row; numbers of a level carry its name."""
        import pandas as pd

        flat = ("estimate", "se", "ci_low", "ci_high", "statistic", "p_value", "df", "pi_low")
        row: dict[str, Any] = {name: getattr(self, name) for name in (*flat, "pi_high")}
        for place, name in enumerate(self.levels):
            for what in ("groups", "sigma2", "sigma2_se"):
                row[f"{what}_{name}"] = getattr(self, what)[place]
            row[f"i2_{name}"] = self.i2_levels[place]
        last = ("i2", "q", "q_df", "q_p_value", "log_likelihood", "k", "method", "ci", "level")
        row |= {name: getattr(self, name) for name in (*last, "converged")}
        row["left_out"] = len(self.left_out)
        return pd.DataFrame([row])

    def caption(self) -> str:
        """Say on which scale the table is, where it is not that of the words."""
        from peer_evidence.effects.scales import scale_of

        return scale_of(self.fitted.studies.measure).table

    def summary(self) -> str:
        """Say the pooled effect with its interval, then the variance of each level."""
        from peer_evidence.pooling.dependent_words import describe_levels

        return describe_levels(self)
