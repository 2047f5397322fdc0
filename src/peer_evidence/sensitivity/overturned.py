"""The result of :func:`fragility`: what would overturn the conclusion of a meta-analysis."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from peer_evidence.effects.scales import scale_of
from peer_evidence.formatting import count, number, p_text
from peer_evidence.results import Result

if TYPE_CHECKING:
    import pandas as pd


_SHOWN = 6  # studies named in a line; the table has all
# question -> what a summary calls it
_ASKED = {
    "studies_for_sign": "Removing studies, for the sign",
    "studies_for_significance": "Removing studies, for the interval",
    "new_trial_variance": "A new trial",
    "events_for_significance": "Changed events",
    "e_value": "E-value",
}


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Fragility(Result):
    """What would overturn the conclusion of a meta-analysis.

    Significance means that the interval at ``level`` excludes 0, by the analysis' own method. Each
    answer that does not exist is None and has its reason in ``notes``.

    Attributes
    ----------
    estimate, ci_low, ci_high, p_value, level, k, method, ci, measure
        The analysis itself; ``significant`` tells whether its interval excludes 0.
    sign_k, significance_k : int or None
        Fewest studies whose removal turns the sign of the effect, and the significance.
    sign_studies, significance_studies : tuple of str
        Those studies (of several sets of that size, the one that overturns most).
    sign_sets, significance_sets : int or None
        How many sets of that size do it; None where not all were looked at.
    sign_exact, significance_exact : bool
        True: every smaller set was tried. False: found step by step, an upper bound.
    sign_estimate, significance_ci_low, significance_ci_high : float or None
        What is left without them.
    trial_variance, trial_information : float or None
        The least precise new trial with an effect of exactly 0 that makes a significant effect
        not significant: its sampling variance, and its information (1 / variance) as a multiple of
        that of all studies together.
    trial_n : float or None
        Participants of that trial, when they inform as much as the median study's here.
    events : int or None
        Fewest events to change for the significance to turn, found step by step, an upper bound.
    event_changes : tuple of (str, str, int)
        Study, arm and change of its events.
    e_value, e_value_interval : float or None
        E-values of the estimate and of its interval.
    notes : tuple of (str, str)
        Question and why it has no answer, or what to know about it.
    """

    estimate: float
    ci_low: float
    ci_high: float
    p_value: float
    significant: bool
    sign_k: int | None
    sign_studies: tuple[str, ...]
    sign_sets: int | None
    sign_exact: bool
    sign_estimate: float | None
    significance_k: int | None
    significance_studies: tuple[str, ...]
    significance_sets: int | None
    significance_exact: bool
    significance_ci_low: float | None
    significance_ci_high: float | None
    trial_variance: float | None
    trial_information: float | None
    trial_n: float | None
    events: int | None
    event_changes: tuple[tuple[str, str, int], ...]
    e_value: float | None
    e_value_interval: float | None
    k: int
    level: float
    method: str
    ci: str
    measure: str
    notes: tuple[tuple[str, str], ...]

    def to_frame(self) -> pd.DataFrame:
        """Give one row a question: the answer, by what, whether it is exact, what to know."""
        import pandas as pd

        changes = ", ".join(f"{name} {arm} {way:+d}" for name, arm, way in self.event_changes)
        rows = [
            ("studies_for_sign", self.sign_k, ", ".join(self.sign_studies), self.sign_exact),
            (
                "studies_for_significance",
                self.significance_k,
                ", ".join(self.significance_studies),
                self.significance_exact,
            ),
            ("new_trial_variance", self.trial_variance, "", True),
            ("new_trial_information", self.trial_information, "", True),
            ("new_trial_n", self.trial_n, "", True),
            ("events_for_significance", self.events, changes, False),
            ("e_value", self.e_value, "", True),
            ("e_value_of_interval", self.e_value_interval, "", True),
        ]
        notes = dict(self.notes)
        frame = pd.DataFrame(
            [(*row, notes.get(row[0], "")) for row in rows],
            columns=["question", "answer", "by", "exact", "note"],
        )
        frame["answer"] = frame["answer"].astype(float)
        frame["exact"] = frame["exact"] & frame["answer"].notna()
        return frame.set_index("question")

    def summary(self) -> str:
        """Say what would overturn the conclusion."""
        state = "excludes" if self.significant else "includes"
        scale = scale_of(self.measure)
        what = scale.name if scale.turned else "Effect"
        limits = scale.interval(self.ci_low, self.ci_high)
        lines = [
            f"{what[:1].upper()}{what[1:]} {scale.value(self.estimate)} ({limits}, p "
            f"{_equals(self.p_value)}) of {count(self.k, 'study', 'studies')}: the interval "
            f"{state} {scale.null}.",
            self._removal_words("significance"),
            self._removal_words("sign"),
        ]
        if self.trial_information is not None:
            size = f"{number(self.trial_information)} times the information of all studies"
            if self.trial_n is not None:
                size += f", about {self.trial_n:,.0f} participants"
            lines.append(f"One new trial without any effect would do with {size}.")
        if self.events is not None:
            lines.append(
                f"{count(self.events, 'changed event')} would do (found step by step, so fewer "
                "might)."
            )
        if self.e_value is not None:
            lines.append(
                f"E-value {number(self.e_value)}, of the interval {number(self.e_value_interval)}."
            )
        lines += [f"{_ASKED[question]}: {note}." for question, note in self.notes]
        return "\n".join(line for line in lines if line)

    def _removal_words(self, what: str) -> str:
        found = getattr(self, f"{what}_k")
        if found is None:
            return ""
        own = getattr(self, f"{what}_studies")
        names = ", ".join(own[:_SHOWN])
        if len(own) > _SHOWN:
            names += f" and {len(own) - _SHOWN} more"
        scale = scale_of(self.measure)
        what_of = scale.name if scale.turned else "effect"
        after = ""
        if self.sign_estimate is not None:
            after = f"turns the {what_of} to {scale.value(self.sign_estimate, 3)}"
        if what == "significance":
            low, high = self.significance_ci_low, self.significance_ci_high
            limits = "" if low is None or high is None else scale.interval(low, high)
            verb = "include" if self.significant else "exclude"
            after = f"makes the interval {verb} {scale.null} ({limits})"
        how = "" if getattr(self, f"{what}_exact") else " (found step by step, so fewer might do)"
        sets = getattr(self, f"{what}_sets")
        one_of = f", one of {sets} such sets" if sets is not None and sets > 1 else ""
        return f"Removing {found} of {self.k} ({names}{one_of}) {after}{how}."


def _equals(p: float) -> str:
    return p_text(p).removeprefix("p ")
