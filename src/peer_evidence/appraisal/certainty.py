"""``certainty_table``: a GRADE worksheet whose suggestions are computed and whose judgements not.

What the numbers suggest stands in columns of its own, in other words than a judgement, and never
takes the place of one.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from peer_evidence.appraisal.bodies import Body, check_name, numbers_by_name, read_bodies
from peer_evidence.appraisal.judgements import (
    Judgement,
    added_up,
    allowed_words,
    level_word,
    read_judgements,
)
from peer_evidence.appraisal.published import published_certainty
from peer_evidence.appraisal.suggestion import MISSING, UNUSED, Rules, Suggestion
from peer_evidence.appraisal.suggestions import Appraised, read_tests, suggest
from peer_evidence.checks import check_choice, check_evidence
from peer_evidence.errors import InputError
from peer_evidence.formatting import count, words
from peer_evidence.results import Result
from peer_evidence.spreadsheet import to_csv

if TYPE_CHECKING:
    import pandas as pd

    from peer_evidence.records.evidence import Evidence

NOT_JUDGED = "not judged"


@dataclass(frozen=True, slots=True)
class Judged:
    """The certainty that a person judged: the word, who, and where it stands; empty when none."""

    word: str = ""
    by: str = ""
    place: str = ""


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Certainty(Result):
    """A GRADE worksheet: what the numbers suggest, and apart from it what a person judged.

    Attributes
    ----------
    outcomes : tuple of str
        The pooled outcomes.
    k : tuple of int
        Studies of each.
    participants : tuple of str
        Their participants, or for how many studies they are known.
    suggestions : tuple of dict of str to Suggestion
        By domain, ``start`` first.
    judged : tuple of Judged
        The certainty that a person judged, empty where nobody did.
    judgements : dict of (str, str) to Judgement
        The judgements of the worksheet by outcome and domain.
    published : DataFrame
        What published reviews print on the same domains; of their pools, not of these.
    rules : Rules
        The limits behind the suggestions.
    """

    outcomes: tuple[str, ...]
    k: tuple[int, ...]
    participants: tuple[str, ...]
    suggestions: tuple[dict[str, Suggestion], ...] = field(repr=False)
    judged: tuple[Judged, ...]
    judgements: dict[tuple[str, str], Judgement] = field(repr=False)
    published: pd.DataFrame = field(repr=False)
    rules: Rules

    def __len__(self) -> int:
        return len(self.outcomes)

    def __getitem__(self, outcome: str) -> dict[str, Suggestion]:
        check_name("certainty", outcome, list(self.outcomes))
        return dict(self.suggestions[self.outcomes.index(outcome)])

    def suggested_so_far(self, outcome: str) -> str:
        """Give the level that the computed domains lead to, before what is left to a person.

        ``at most`` where a person can only lower it; without randomisation a person can raise it
        too.
        """
        found = self[outcome]
        begin = found["start"].levels
        if begin is None:
            return f"{MISSING}: {found['start'].rationale}"
        level = words(level_word(sum(one.levels or 0 for one in found.values())))
        return f"at most {level}" if begin == 4 else f"{level}, before what a person adds"

    def left_to_a_person(self, outcome: str) -> tuple[str, ...]:
        """Give the domains for which nothing could be computed."""
        found = self[outcome].items()
        return tuple(name for name, one in found if one.levels is None and one.words != UNUSED)

    def judgement(self, outcome: str) -> Judged:
        """Give what a person judged of an outcome."""
        check_name("certainty", outcome, list(self.outcomes))
        return self.judged[self.outcomes.index(outcome)]

    def to_frame(self) -> pd.DataFrame:
        """Give one row an outcome; suggestions, ``suggested_*``, stand apart from ``judged``."""
        import pandas as pd

        rows = []
        for name, k, people, judged in zip(
            self.outcomes, self.k, self.participants, self.judged, strict=True
        ):
            row: dict[str, Any] = {"outcome": name, "k": k, "participants": people}
            row |= {f"suggested_{domain}": one.words for domain, one in self[name].items()}
            row["suggested_so_far"] = self.suggested_so_far(name)
            row["left_to_a_person"] = "; ".join(map(words, self.left_to_a_person(name)))
            row["judged"] = words(judged.word) or NOT_JUDGED
            row["judged_by"], row["judged_in"] = judged.by, judged.place
            rows.append(row)
        columns = None if rows else ["outcome", "k", "participants", "judged"]
        return pd.DataFrame(rows, columns=columns).set_index("outcome")

    def worksheet(self) -> pd.DataFrame:
        """Give one row an outcome and domain, with columns for a person to fill in.

        ``suggested``, ``rationale`` and ``would_change`` are computed; ``allowed`` lists the words
        of a judgement; ``judgement``, ``reason`` and ``judged_by`` are a person's, empty until
        judged.
        """
        import pandas as pd

        rows = []
        for name in self.outcomes:
            for domain, one in self[name].items():
                rows.append([name, domain, one.words, one.rationale, one.would_change])
            rest = "; ".join(map(words, self.left_to_a_person(name)))
            so_far, what = self.suggested_so_far(name), f"left to a person: {rest}"
            rows.append([name, "certainty", so_far, "what could be computed, added up", what])
        columns = ["outcome", "domain", "suggested", "rationale", "would_change"]
        frame = pd.DataFrame(rows, columns=columns).astype("str")
        frame["allowed"] = pd.array([allowed_words(one) for one in frame["domain"]], dtype="str")
        found = [
            self.judgements.get(pair)
            for pair in zip(frame["outcome"], frame["domain"], strict=True)
        ]
        for column, name in (("judgement", "word"), ("reason",) * 2, ("judged_by",) * 2):
            texts = ["" if one is None else getattr(one, name) for one in found]
            frame[column] = pd.array(texts, dtype="str")
        return frame

    def worksheet_csv(self) -> str:
        """Give the worksheet as CSV text that a spreadsheet opens without running anything."""
        return to_csv(self.worksheet())

    def summary(self) -> str:
        """Say how many are judged, then each outcome's suggestion and what is left open."""
        done = sum(bool(one.word) for one in self.judged)
        lines = [
            f"Certainty of {count(len(self), 'outcome')}: {done} judged by a person; "
            "suggestions are no judgements"
        ]
        for name, judged in zip(self.outcomes, self.judged, strict=True):
            so_far = self.suggested_so_far(name)
            rest = ", ".join(map(words, self.left_to_a_person(name)))
            by = f"{words(judged.word)} by {judged.by}" if judged.word else NOT_JUDGED
            lines.append(f"  {name}: {by}; suggested {so_far}, left to a person: {rest}")
            lines += self._notes(name, judged)
        if len(self.published):
            lines.append("Ratings that reviews print of their own pools of these domains:")
            lines += [
                f"  {row['outcome']}: {words(row['published_rating'])} by {row['review']} "
                f"({row['lowered_for']})"
                for row in self.published.to_dict("records")
            ]
        return "\n".join([*lines, self.rules.sentence()])

    def _notes(self, name: str, judged: Judged) -> list[str]:
        summed = added_up(self.judgements, name)
        if judged.word and summed and summed != judged.word:
            return [f"    the domains as judged add up to {words(summed)}"]
        return []


def certainty_table(
    ev: Evidence,
    results: Any,
    *,
    data: Any = None,
    measure: Any = None,
    better_is: Any = None,
    aligned: bool = False,
    threshold: Any = None,
    important: Any = None,
    sd: Any = None,
    baseline_risk: Any = None,
    small_study: Any = None,
    judgements: Any = None,
    review: str | None = None,
    rules: Rules | None = None,
) -> Certainty:
    """Make a GRADE worksheet: each domain's suggestion with its reason, for a person to judge.

    Every option from ``data`` to ``small_study`` but ``aligned`` is one value for all outcomes
    or a mapping by outcome. Of :class:`Pools` the first four are known.

    Parameters
    ----------
    ev : Evidence
        The records: designs, risk of bias, published ratings.
    results : MetaAnalysis, Pools or mapping of str to MetaAnalysis
        The pools, without moderators.
    data : DataFrame, optional
        The table that was pooled: its n and events.
    measure : {"SMD", "MD", "OR", "RR", "RD", "HR"}, optional
        The effect measure, where the analysis does not know it.
    better_is : {"lower", "higher"}, optional
        Whether fewer or more of the event or score are better.
    aligned : bool
        Whether positive favours the intervention in the data.
    threshold : float, optional
        Decision threshold on the scale that readers see (a ratio as a ratio), taken on both
        sides of no effect; no effect itself when left out.
    important : float, optional
        Smallest important difference, on the same scale, for the optimal information size.
    sd : float, optional
        Standard deviation, which the size needs for a mean difference.
    baseline_risk : float, optional
        Risk without the intervention; else the median of the comparison arms.
    small_study : float or result with ``p_value``, optional
        A test of small-study effects, used from 10 studies on.
    judgements : DataFrame or path, optional
        A filled :meth:`Certainty.worksheet`. The words of a judgement: ``start`` high, low;
        ``risk_of_bias`` and ``imprecision`` not_serious, serious, very_serious,
        extremely_serious; ``inconsistency`` and ``indirectness`` the first three of these;
        ``publication_bias`` undetected, strongly_suspected; ``large_effect`` no, large,
        very_large; ``dose_response`` and ``opposing_confounding`` no, yes; ``certainty`` high,
        moderate, low, very_low. Capitals and blanks do not count.
    review : str, optional
        The ``review_id`` under which ``certainty.csv`` holds this review's own ratings, matched by
        outcome. Ratings of other reviews are never taken as judgements.
    rules : Rules, optional
        Limits of the suggestions.

    Returns
    -------
    Certainty
        Suggestions and judgements apart.

    Raises
    ------
    InputError, RecordsError
        An argument that cannot be used; every fault of the judgements with row and column.

    References
    ----------
    Guyatt and others 2011, J Clin Epidemiol 64:383, doi 10.1016/j.jclinepi.2010.04.026.

    Examples
    --------
    >>> import peer_evidence as pe
    >>> ev = pe.load()
    >>> sheet = pe.certainty_table(ev, pe.pools(ev), important=0.2)
    >>> sheet["Hope, up to 4 months"]["imprecision"].words
    'downgrade 1'
    """
    check_evidence("ev", ev)
    limits = rules or Rules()
    bodies = read_bodies(
        results, ev=ev, data=data, measure=measure, better_is=better_is, aligned=aligned
    )
    names = [body.name for body in bodies]
    given = {
        "threshold": numbers_by_name("threshold", threshold, names, 0, np.inf),
        "important": numbers_by_name("important", important, names, 0, np.inf),
        "sd": numbers_by_name("sd", sd, names, 0, np.inf),
        "baseline_risk": numbers_by_name("baseline_risk", baseline_risk, names, 0, 1),
    }
    tests = read_tests(small_study, names)
    trust = Appraised.of(ev)
    suggestions = tuple(
        suggest(body, trust, {key: one[body.name] for key, one in given.items()}, tests, limits)
        for body in bodies
    )
    found = {} if judgements is None else read_judgements(judgements, names)
    return Certainty(
        outcomes=tuple(names),
        k=tuple(body.analysis.k for body in bodies),
        participants=tuple(body.participants() for body in bodies),
        suggestions=suggestions,
        judged=_judged(names, found, _own(ev, review, names)),
        judgements=found,
        published=_published(ev, bodies, review),
        rules=limits,
    )


def _own(ev: Evidence, review: str | None, names: list[str]) -> dict[str, Judged]:
    """Give this review's own ratings in the records by outcome; all of them must be matched."""
    if review is None:
        return {}
    check_choice("review", review, [str(one) for one in ev.reviews["review_id"]])
    rows = ev.certainty
    rows = rows[rows["review_id"] == review]
    strangers = [str(one) for one in rows["outcome"] if one not in names]
    if strangers:
        raise InputError(
            f"review: certainty.csv rates outcomes of {review!r} that were not pooled: "
            f"{'; '.join(strangers)} (outcomes: {'; '.join(names)})"
        )
    return {
        str(row["outcome"]): Judged(str(row["certainty"]), review, "certainty.csv")
        for row in rows.to_dict("records")
        if row["certainty"] != "no_data"
    }


def _judged(
    names: list[str], found: dict[tuple[str, str], Judgement], own: dict[str, Judged]
) -> tuple[Judged, ...]:
    """Give the certainty that a person judged: as such, else added up from every domain."""
    judged = []
    for name in names:
        whole, summed = found.get((name, "certainty")), added_up(found, name)
        one = own.get(name, Judged())
        if whole is not None or summed:
            by = whole.judged_by if whole else found[name, "start"].judged_by
            word = whole.word if whole else summed
            if one.word and one.word != word:
                raise InputError(
                    f"judgements: {name!r} is {word!r} in the worksheet and {one.word!r} in "
                    "certainty.csv; a judgement must be one"
                )
            one = Judged(word, by, "worksheet" if whole else "worksheet, domains added up")
        judged.append(one)
    return tuple(judged)


def _published(ev: Evidence, bodies: list[Body], review: str | None) -> pd.DataFrame:
    """Give the ratings of other reviews on the domains of these outcomes."""
    rows = published_certainty(ev)
    domains = {body.domain for body in bodies} - {""}
    return rows[rows["domain"].isin(domains) & (rows["review_id"] != review)].reset_index(drop=True)
