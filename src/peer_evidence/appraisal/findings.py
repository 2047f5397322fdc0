"""``summary_of_findings``: the pooled outcomes as people decide on them, with their certainty."""

from __future__ import annotations

import html
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from peer_evidence.appraisal.absolute_terms import Absolute, absolute_terms, difference_text
from peer_evidence.appraisal.bodies import (
    LOG_SCALE,
    RATIOS,
    Body,
    baseline,
    check_name,
    numbers_by_name,
    read_bodies,
)
from peer_evidence.appraisal.certainty import NOT_JUDGED, Certainty
from peer_evidence.appraisal.finding import Finding, cells, direction_of, effect_text, headers
from peer_evidence.appraisal.findings_html import ruled, whole_page
from peer_evidence.appraisal.statements import NOT_JUDGED as NO_STATEMENT
from peer_evidence.appraisal.statements import SMD_SIZES, check_sizes, size_word, statement
from peer_evidence.checks import check_choice
from peer_evidence.documents import TextTable, save_document
from peer_evidence.errors import InputError
from peer_evidence.formatting import count, frame_to_html, interval, number, words
from peer_evidence.results import Result

if TYPE_CHECKING:
    import pandas as pd

EVENTS = ("desirable", "undesirable")
_WIDTHS = (14, 11, 15, 9, 14, 14, 9, 12, 18)


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class SummaryOfFindings(Result):
    """A summary of findings table: one row a pooled outcome.

    Attributes
    ----------
    findings : tuple of Finding
        The rows.
    intervention : str
        What the table calls the intervention.
    """

    findings: tuple[Finding, ...]
    intervention: str

    def __len__(self) -> int:
        return len(self.findings)

    def to_frame(self) -> pd.DataFrame:
        """Give every number and text, one row an outcome."""
        import pandas as pd

        names = [one.name for one in fields(Finding)]
        rows = [[getattr(one, name) for name in names] for one in self.findings]
        frame = pd.DataFrame(rows, columns=names).set_index("outcome")
        frame["notes"] = frame["notes"].map("; ".join).astype("str")
        return frame

    def table(self) -> pd.DataFrame:
        """Give the table as readers see it, every cell a text."""
        import pandas as pd

        return pd.DataFrame(
            [cells(one) for one in self.findings], columns=list(headers(self.findings))
        )

    def notes(self) -> tuple[str, ...]:
        """Give what stands below the table; what holds for every row once."""
        found: dict[str, list[str]] = {}
        for one in self.findings:
            for text in one.notes:
                found.setdefault(text, []).append(one.outcome)
        return tuple(f"{self._rows(names)}{text}." for text, names in found.items())

    def _rows(self, names: list[str]) -> str:
        """Name the rows of a note, or those that it leaves out where these are fewer."""
        rest = [one.outcome for one in self.findings if one.outcome not in names]
        if not rest:
            return "All outcomes: " if len(names) > 1 else ""
        return f"All but {'; '.join(rest)}: " if len(rest) < len(names) else f"{'; '.join(names)}: "

    def summary(self) -> str:
        """Say how many outcomes are judged, then each outcome in a line."""
        judged = sum(one.certainty != NOT_JUDGED for one in self.findings)
        lines = [
            f"Summary of findings: {count(len(self), 'outcome')} of {self.intervention}, "
            f"certainty of {judged} judged by a person"
        ]
        for one in self.findings:
            parts = [effect_text(one), one.difference and f"{one.difference} per 1000", one.nnt]
            parts.append(
                f"certainty {one.certainty}" if one.certainty != NOT_JUDGED else NOT_JUDGED
            )
            studies = count(one.k, "study", "studies")
            lines.append(f"  {one.outcome}: {', '.join(filter(None, parts))}, {studies}")
        return "\n".join([*lines, *self.notes()])

    def to_html(self, caption: str = "Summary of findings", *, page: bool = False) -> str:
        """Give the table as ruled HTML: caption, scoped headers, notes below, every text escaped.

        With ``page`` it is a whole page that says its characters, to be written to a file.
        """
        notes = "".join(f"<li>{html.escape(note)}</li>" for note in self.notes())
        below = f"<ul>{notes}</ul>" if notes else ""
        body = f"{ruled(frame_to_html(self.table(), caption))}{below}"
        return whole_page(body, caption) if page else body

    def _repr_html_(self) -> str:
        return f"<p>{html.escape(self.headline())}</p>{self.to_html()}"

    def to_docx(self, path: str | Path, title: str = "Summary of findings") -> Path:
        """Write the table as a Word document, its header repeated on every page.

        Parameters
        ----------
        path : str or Path
            A name that ends in ``.docx``, in a folder that is there.
        title : str
            The title.

        Returns
        -------
        Path
            The file; equal results give equal bytes.

        Raises
        ------
        InputError
            A path that cannot be written.
        PeerEvidenceError
            If python-docx (extra ``report``) is not installed.
        """
        frame = self.table()
        rows = tuple(tuple(map(str, row)) for row in frame.itertuples(index=False, name=None))
        table = TextTable(tuple(frame.columns), rows, widths=_WIDTHS)
        return save_document(path, title, [table, *self.notes()])


def summary_of_findings(
    results: Any,
    *,
    baseline_risk: Any = None,
    certainty: Certainty | None = None,
    measure: Any = None,
    better_is: Any = None,
    aligned: bool = False,
    data: Any = None,
    event: str | None = None,
    instrument: Mapping[str, tuple[str, float]] | None = None,
    sizes: Any = None,
    intervention: str | None = None,
) -> SummaryOfFindings:
    """Make a summary of findings: relative and absolute effect, number needed, certainty, words.

    A plain-language line is made only where a person judged the certainty. A number needed
    rests on a stated risk; for a standardised difference that risk must be given.

    Parameters
    ----------
    results : MetaAnalysis, Pools or mapping of str to MetaAnalysis
        The pools. Of :class:`Pools`, measure, direction, rows and intervention are known.
    baseline_risk : float or mapping by outcome, optional
        Risk of the event without the intervention. For OR, RR, HR and RD it is else the median of
        the comparison arms, if their events are known.
    certainty : Certainty, optional
        From :func:`certainty_table`, with an outcome of the name of each.
    measure, better_is, aligned, data
        As in :func:`certainty_table`.
    event : {"desirable", "undesirable"}, optional
        Of standardised differences with a baseline risk: whether people want the event.
    instrument : mapping of str to (str, float), optional
        By outcome, a familiar instrument and its standard deviation, in whose units a
        standardised difference is said as well.
    sizes : three numbers or mapping by outcome, optional
        Where a small, a moderate and a large effect begin: for SMD and MD on their own scale,
        else people for each 1000. For SMD 0.2, 0.5 and 0.8 (Cohen) when left out.
    intervention : str, optional
        What the table calls the intervention.

    Returns
    -------
    SummaryOfFindings
        With ``to_frame``, ``table``, ``to_html`` and ``to_docx``.

    Raises
    ------
    InputError
        An argument that cannot be used, an outcome that is not there.

    References
    ----------
    Cochrane Handbook, chapters 14 and 15; Altman 1998, BMJ 317:1309 (intervals of the number
    needed); Santesso and others 2020, doi 10.1016/j.jclinepi.2019.10.014 (plain language).

    Examples
    --------
    >>> import pandas as pd, peer_evidence as pe
    >>> trials = pd.DataFrame({"label": ["a", "b", "c"], "better_is": ["lower"] * 3,
    ...     "events_intervention": [12, 20, 31], "n_intervention": [60, 100, 150],
    ...     "events_comparison": [18, 30, 45], "n_comparison": [60, 100, 150]})
    >>> pooled = pe.meta_analysis(pe.effect_sizes(trials, "RR"))
    >>> found = pe.summary_of_findings({"relapse": pooled}, data={"relapse": trials})
    >>> found.findings[0].difference, found.findings[0].baseline_from
    ('97 fewer (146 fewer to 32 fewer)', 'median of 3 comparison arms of 3')
    """
    bodies = read_bodies(
        results,
        data=data,
        measure=measure,
        better_is=better_is,
        aligned=aligned,
        intervention=intervention,
    )
    names = [body.name for body in bodies]
    risks = numbers_by_name("baseline_risk", baseline_risk, names, 0, 1)
    _check_event(event, bodies, risks)
    if certainty is not None and not isinstance(certainty, Certainty):
        raise InputError(
            f"certainty: found {type(certainty).__name__}, allowed is what certainty_table() gives"
        )
    for name in names:
        if certainty is not None:
            check_name("certainty", name, list(certainty.outcomes))
    units = _check_instrument(instrument, bodies)
    limits = _size_limits(sizes, bodies)
    findings = tuple(
        _finding(body, risks[body.name], event or "", certainty, units, limits[body.name])
        for body in bodies
    )
    named = bodies[0].intervention if bodies else intervention or "the intervention"
    return SummaryOfFindings(findings, named)


def _finding(
    body: Body,
    given: float,
    event: str,
    certainty: Certainty | None,
    units: Mapping[str, tuple[str, float]],
    limits: tuple[float, ...] | None,
) -> Finding:
    """Make one row."""
    risk, source = baseline(body, given)
    terms = absolute_terms(body, risk, event)
    stated = source if not math.isnan(terms.baseline) else ""
    (estimate, low, high), above_null = _as_read(body)
    instrument, unit_note = _in_units(body, units.get(body.name))
    judged, by, suggested = NOT_JUDGED, "", ""
    if certainty is not None:
        one = certainty.judgement(body.name)
        judged, by = words(one.word) or NOT_JUDGED, one.by
        suggested = certainty.suggested_so_far(body.name)
    why = f"no absolute effect: {source}" if source and math.isnan(risk) else terms.note
    notes = [why, unit_note, "" if body.measure else "the effect measure is not known"]
    if stated:
        notes.append(f"risk without the intervention {number(risk, 3)}, {stated}")
    said = _statement(body, terms, judged, limits)
    if limits is not None and judged not in (NOT_JUDGED, "very low"):
        notes.append(_sizes_note(body, limits))
    return Finding(
        outcome=body.name,
        k=body.analysis.k,
        participants=body.participants(),
        measure=body.measure,
        estimate=estimate,
        ci_low=low,
        ci_high=high,
        level=body.analysis.level,
        direction=direction_of(estimate, body.measure, above_null),
        above_null=above_null,
        baseline_risk=risk if stated else float("nan"),
        baseline_from=stated,
        comparison_per_1000=terms.baseline,
        intervention_per_1000=terms.risk,
        difference_per_1000=terms.difference,
        difference_low=terms.low,
        difference_high=terms.high,
        difference=difference_text(terms),
        nnt=terms.nnt,
        instrument=instrument,
        certainty=judged,
        judged_by=by,
        suggested=suggested,
        statement=said,
        notes=tuple(filter(None, notes)),
    )


def _as_read(body: Body) -> tuple[tuple[float, float, float], str]:
    """Give estimate and interval as readers see them, and what positive or above 1 means."""
    m = body.analysis
    effects, direction = (m.estimate, m.ci_low, m.ci_high), f"favours {body.intervention}"
    if body.measure in (*RATIOS, "RD"):
        turned = body.event_effect()
        if turned is not None:
            effects, direction = turned, "more events with the intervention"
    elif not body.aligned:
        direction = "higher with the intervention"
    if body.measure in LOG_SCALE:
        effects = tuple(float(one) for one in np.exp(effects))  # type: ignore[assignment]
    return effects, direction


def _statement(body: Body, terms: Absolute, judged: str, limits: tuple[float, ...] | None) -> str:
    """Say the finding in plain language, or why not."""
    if judged == NOT_JUDGED:
        return NO_STATEMENT
    value, change = terms.difference, "increase" if terms.difference > 0 else "reduction"
    if body.measure in ("SMD", "MD"):
        value = body.analysis.estimate
        pair = ("improvement", "worsening") if body.aligned else ("increase", "reduction")
        change = pair[0] if value >= 0 else pair[1]
    known = limits is not None and not math.isnan(value)
    return statement(
        certainty=judged.replace(" ", "_"),
        size=size_word(value, limits or ()) if known else "",
        change=change,
        outcome=body.name,
        intervention=body.intervention,
    )


def _sizes_note(body: Body, limits: tuple[float, ...]) -> str:
    """Say where the sizes in words begin."""
    scale = body.measure if body.measure in ("SMD", "MD") else "people per 1000"
    small, moderate, large = (f"{one:g}" for one in limits)
    return f"in words, small begins at {small}, moderate at {moderate}, large at {large} ({scale})"


def _in_units(body: Body, unit: tuple[str, float] | None) -> tuple[str, str]:
    """Say a standardised difference in units of an instrument."""
    if unit is None:
        return "", ""
    name, sd = unit
    m = body.analysis
    size, low, high = (sd * one for one in (m.estimate, m.ci_low, m.ci_high))
    note = f"standardised difference times the standard deviation of {name}, {sd:g}, as given"
    return f"{number(size, 1)} on {name} ({interval(low, high, 1)})", note


def _check_event(event: str | None, bodies: Sequence[Body], risks: Mapping[str, float]) -> None:
    if event is not None:
        check_choice("event", event, EVENTS)
        return
    asked = [one.name for one in bodies if one.measure == "SMD" and not math.isnan(risks[one.name])]
    if asked:
        raise InputError(
            f"event: {'; '.join(asked)} has a baseline risk and a standardised difference, so say "
            "whether the event is 'desirable' or 'undesirable'"
        )


def _check_instrument(given: Any, bodies: Sequence[Body]) -> Mapping[str, tuple[str, float]]:
    if given is None:
        return {}
    if not isinstance(given, Mapping):
        raise InputError(
            f"instrument: found {type(given).__name__}, allowed is a mapping of outcomes to "
            "(name, standard deviation)"
        )
    measures = {body.name: body.measure for body in bodies}
    for name, unit in given.items():
        check_name("instrument", str(name), list(measures))
        pair = isinstance(unit, tuple) and len(unit) == 2 and isinstance(unit[0], str)
        if not pair or not isinstance(unit[1], (int, float)) or not 0 < unit[1] < math.inf:
            raise InputError(
                f"instrument: found {unit!r} for {name!r}, allowed is (name, standard deviation "
                "above 0)"
            )
        if measures[str(name)] != "SMD":
            raise InputError(
                f"instrument: {name!r} is {measures[str(name)] or 'of no known measure'}, allowed "
                "is a standardised mean difference"
            )
    return {str(name): (unit[0], float(unit[1])) for name, unit in given.items()}


def _size_limits(given: Any, bodies: Sequence[Body]) -> dict[str, tuple[float, ...] | None]:
    """Give each outcome its limits of a small, moderate and large effect."""
    found: dict[str, tuple[float, ...] | None] = {
        body.name: SMD_SIZES if body.measure == "SMD" else None for body in bodies
    }
    if given is None:
        return found
    if not isinstance(given, Mapping):
        return dict.fromkeys(found, check_sizes(given))
    for name, one in given.items():
        check_name("sizes", str(name), list(found))
        found[str(name)] = check_sizes(one)
    return found
