"""Effect sizes of a whole table: every row stays, and says why where nothing can be computed."""

from __future__ import annotations

import inspect
import warnings
from collections import Counter
from collections.abc import Hashable
from typing import Any

import numpy as np
import pandas as pd

from peer_evidence.checks import check_choice, check_columns, check_level, nearest
from peer_evidence.effects.arrays import FloatArray, corrected_cells
from peer_evidence.effects.columns import (
    favoured_sign,
    read_numbers,
    refuse_bad_numbers,
    row_names,
)
from peer_evidence.effects.continuous import hedges_g
from peer_evidence.effects.measures import MEASURES, Columns, Mask, Measure, cells_of
from peer_evidence.effects.printed import COLUMNS as PRINTED_COLUMNS
from peer_evidence.effects.printed import read_printed
from peer_evidence.errors import DataWarning, InputError
from peer_evidence.formatting import count

ADDED = ("effect", "variance", "se", "measure_code", "effect_note")
# beyond two standard deviations two groups hardly overlap: more often a standard error was typed
IMPLAUSIBLE = 2.0
NAMED = 20  # rows that a warning names before it counts the rest
NO_DIRECTION = "better_is is empty: cannot be aligned"


def effect_sizes(
    frame: pd.DataFrame,
    measure: str = "SMD",
    align: bool = False,
    *,
    from_estimates: bool = False,
    level: float = 0.95,
    fractional_counts: bool = False,
    **columns: Any,
) -> pd.DataFrame:
    """Compute an effect size with its variance for every row of a table.

    Parameters
    ----------
    frame : DataFrame
        One row a result. Two groups and an event: ``events_intervention``, ``n_intervention``,
        ``events_comparison``, ``n_comparison``. Two groups and a scale: ``mean_intervention``,
        ``sd_intervention``, ``n_intervention`` and the same of ``_comparison``. Rates:
        ``events_`` and ``time_`` of both. One group before and after: ``mean_post``,
        ``mean_pre``, ``sd_post``, ``sd_pre``, ``n``, ``r`` (the correlation of both). A
        correlation: ``r``, ``n``. One group: ``events``, ``n`` or ``time``; ``mean``, ``sd``,
        ``n``.
    measure : str
        metafor's code. 2x2 tables: OR RR RD AS PETO (also PHI YUQ YUY PBIT). Means: MD SMD SMDH
        ROM VR CVR (also SMD1 RPB RBIS). Before and after: MC SMCC SMCR. Rates: IRR IRD (also
        IRSD). Correlations: COR UCOR ZCOR. One group: PR PLN PLO PAS PFT MN IR. HR: only from
        printed estimates. Ratios (OR RR PETO HR IRR ROM VR CVR PLN) are on the log scale.
    align : bool
        Turn the sign by ``better_is`` ("higher" or "lower") so that positive favours the
        intervention, or is an improvement for MC, SMCC and SMCR. A row without ``better_is``
        gives no effect then.
    from_estimates : bool
        Where a row lacks the numbers, take the printed ``estimate`` with ``ci_low`` and
        ``ci_high`` if its ``effect_measure`` is the one asked for.
    level : float
        Confidence of the printed intervals.
    fractional_counts : bool
        Allow events and people that are no whole numbers, as effective sample sizes of
        cluster trials are.
    **columns
        Other names of the columns, such as ``mean_intervention="m_t"``, and the options of
        the measure: ``add``, ``to``, ``drop_double_zeros``, ``vtype``, ``correction``.

    Returns
    -------
    DataFrame
        The rows, index and columns of ``frame`` as they were, then ``effect``, ``variance``,
        ``se``, ``measure`` (``measure_code`` where the frame has a column ``measure`` of its
        own) and ``effect_note``: why there is no effect, or what the effect rests on beyond
        the plain numbers, else empty. ``attrs["peer_evidence"]`` says measure, scale, whether
        aligned, what positive means, and how many rows were computed, or not and why.

    Raises
    ------
    InputError
        An unknown measure or option, a column that is not there or would be overwritten;
        or numbers that cannot be (events above n, an SD of 0 or less, a correlation beyond
        -1 or 1, negative, broken or infinite counts), all of them listed with their rows.

    Warns
    -----
    DataWarning
        Standardised effects beyond 2, where an SD may be a standard error; names the rows, the
        first 20 of them where there are more.

    Examples
    --------
    >>> import pandas as pd
    >>> table = pd.DataFrame({
    ...     "study_id": ["sledge_2011", "other_2012"], "better_is": ["lower", "lower"],
    ...     "mean_intervention": [0.89, 1.1], "sd_intervention": [1.35, None],
    ...     "n_intervention": [38, 40], "mean_comparison": [1.53, 1.4],
    ...     "sd_comparison": [1.54, None], "n_comparison": [36, 41],
    ... })
    >>> result = effect_sizes(table, "SMD", align=True)
    >>> result.effect.round(3).tolist()
    [0.438, nan]
    >>> result.effect_note.tolist()
    ['', 'missing: sd_intervention, sd_comparison']
    """
    if not isinstance(frame, pd.DataFrame):
        raise InputError(f"frame: found {type(frame).__name__}, allowed is a pandas DataFrame")
    kind = MEASURES[check_choice("measure", measure, tuple(MEASURES))]
    check_level(level)
    _check_request(frame, kind, align, from_estimates)
    names, options = _names_and_options(frame, kind, columns)
    if not from_estimates:
        where = f"effect_sizes(measure={measure!r})"
        check_columns(frame.columns, [str(names[c]) for c in kind.columns.values()], where)
    labels = row_names(frame, columns.get("label"))
    numbers, bad = read_numbers(
        frame, {c: names[c] for c in kind.columns.values()}, fractional_counts=fractional_counts
    )
    complete = _complete(kind, numbers, len(frame))
    signs = np.ones(len(frame))
    if align:
        signs, unknown = favoured_sign(frame, names["better_is"])
        bad += unknown
    printed = None
    if from_estimates:
        printed = read_printed(frame, kind, names, ~complete, level)
        bad += printed.bad
    refuse_bad_numbers(bad, labels)
    effect, variance, notes = _compute(kind, numbers, complete, options, names)
    _warn_of_standard_errors(kind, effect, numbers, labels)
    if printed is not None:
        effect = np.where(complete, effect, printed.effect)
        variance = np.where(complete, variance, printed.variance)
        notes = _with_printed(notes, printed.notes, np.isfinite(effect))
    unaligned = np.isnan(signs) & np.isfinite(effect)
    notes = [NO_DIRECTION if no else note for no, note in zip(unaligned, notes, strict=True)]
    # plus zero: a difference of exactly nothing has no sign to turn
    effect, variance = effect * signs + 0.0, np.where(np.isnan(signs), np.nan, variance)
    facts = {
        "aligned": align,
        "positive": _positive(kind, align),
        "from_estimates": int((~complete & np.isfinite(effect)).sum()),
    }
    return _assemble(frame, kind, effect, variance, notes, facts)


def _check_request(frame: pd.DataFrame, kind: Measure, align: bool, from_estimates: bool) -> None:
    """Refuse what the measure cannot do and columns that would be overwritten."""
    taken = [name for name in ADDED if name in frame.columns]
    if "measure" not in frame.columns:
        taken = [name for name in taken if name != "measure_code"]
    if taken:
        raise InputError(
            f"frame: it already has {', '.join(map(repr, taken))}, which effect_sizes adds; "
            "drop or rename them first"
        )
    if align and not kind.positive:
        raise InputError(
            f"align: found True with {kind.code} ({kind.name}), which favours neither side; "
            "allowed is False"
        )
    if kind.kernel is None and not from_estimates:
        raise InputError(
            f"measure: {kind.code} comes from printed estimates only; give from_estimates=True"
        )


def _names_and_options(
    frame: pd.DataFrame, kind: Measure, given: dict[str, Any]
) -> tuple[dict[str, Hashable], dict[str, Any]]:
    """Tell names of columns from options of the kernel; refuse what is neither."""
    standard = [*kind.columns.values(), "better_is", "label", *PRINTED_COLUMNS]
    names: dict[str, Hashable] = {name: name for name in standard}
    options = {}
    for key, value in given.items():
        if key in kind.options:
            options[key] = value
        elif key in names:
            if not isinstance(value, Hashable) or value not in frame.columns:
                check_columns(frame.columns, [str(value)], f"effect_sizes({key}={value!r})")
            names[key] = value
        else:
            allowed = [*names, *kind.options]
            close = nearest(key, allowed)
            raise InputError(
                f"{key}: {kind.code} knows no such column or option"
                + (f"; did you mean {close!r}?" if close else ".")
                + f" Allowed are {', '.join(allowed)}"
            )
    return names, options


def _complete(kind: Measure, numbers: Columns, rows: int) -> Mask:
    """Tell which rows have every number that the kernel needs."""
    complete = np.full(rows, kind.kernel is not None)
    for values in numbers.values():
        complete &= np.isfinite(values)
    return complete


def _compute(
    kind: Measure,
    numbers: Columns,
    complete: Mask,
    options: dict[str, Any],
    names: dict[str, Hashable],
) -> tuple[FloatArray, FloatArray, list[str]]:
    """Run the kernel over the complete rows and note why a row has no effect, or what was added."""
    notes = [""] * len(complete)
    if kind.kernel is None:
        nothing = np.full(len(complete), np.nan)
        return nothing, nothing, notes
    for row in np.flatnonzero(~complete):
        missing = [str(names[name]) for name, x in numbers.items() if np.isnan(x[row])]
        notes[row] = f"missing: {', '.join(missing)}"
    # an incomplete row must not decide what the others are given, as with to="if-any"
    known = {name: np.where(complete, x, np.nan) for name, x in numbers.items()}
    given = {parameter: known[name] for parameter, name in kind.columns.items()}
    effect, variance = kind.kernel(**given, **options)
    for row in np.flatnonzero(complete & np.isnan(effect)):
        notes[row] = next(
            (why for mask, why in kind.reasons(known, options) if mask[row]),
            "the formula gives no finite number",
        )
    for at, text in _additions(kind, known, options):
        notes[at] = text if np.isfinite(effect[at]) else notes[at]
    for row in np.flatnonzero(variance == 0):
        notes[row] = "; ".join(filter(None, [notes[row], "a variance of 0 cannot be weighted"]))
    return effect, variance, notes


def _additions(kind: Measure, known: Columns, options: dict[str, Any]) -> list[tuple[int, str]]:
    """Say to which rows the rule for zero cells added something."""
    cells = cells_of(kind, known)
    if not cells or kind.kernel is None:
        return []
    defaults = inspect.signature(kind.kernel).parameters
    add = options.get("add", defaults["add"].default)
    after = corrected_cells(cells, add, options.get("to", defaults["to"].default))
    changed = np.logical_or.reduce([new > old for new, old in zip(after, cells, strict=True)])
    place = "count" if "time" in "".join(known) else "cell"
    return [(int(row), f"{add:g} added to each {place}") for row in np.flatnonzero(changed)]


def _with_printed(notes: list[str], printed: list[str], found: Mask) -> list[str]:
    """Join what is missing with what the printed estimate gave."""
    joined = []
    for own, other, has_effect in zip(notes, printed, found, strict=True):
        joined.append(other if has_effect and other else "; ".join(filter(None, [own, other])))
    return joined


def _warn_of_standard_errors(
    kind: Measure, effect: FloatArray, numbers: Columns, labels: list[str]
) -> None:
    """Warn of standardised effects so large that an SD may be a standard error."""
    if kind.code not in {"SMD", "SMDH", "SMD1", "SMCC", "SMCR"}:
        return
    with np.errstate(invalid="ignore"):
        large = np.flatnonzero(np.abs(effect) > IMPLAUSIBLE)
    if not large.size:
        return
    lines = []
    for row in large[:NAMED]:
        line = f"  row {labels[row]}: {kind.code} {effect[row]:.2f}"
        if "sd_comparison" in numbers:
            of = {column: values[row] for column, values in numbers.items()}
            instead, _ = hedges_g(
                mean1=of["mean_intervention"],
                sd1=of["sd_intervention"] * np.sqrt(of["n_intervention"]),
                n1=of["n_intervention"],
                mean2=of["mean_comparison"],
                sd2=of["sd_comparison"] * np.sqrt(of["n_comparison"]),
                n2=of["n_comparison"],
            )
            line += f"; were its SDs standard errors, {instead.item():.2f}"
        lines.append(line)
    if len(large) > NAMED:
        lines.append(f"  and {count(len(large) - NAMED, 'more row', 'more rows')}")
    head = (
        f"{count(len(large), 'standardised effect')} beyond {IMPLAUSIBLE:g}; "
        "is a standard error typed as an SD?"
    )
    warnings.warn("\n".join([head, *lines]), DataWarning, stacklevel=3)


def _positive(kind: Measure, align: bool) -> str:
    """Say what a positive effect means."""
    if kind.positive == "improvement":
        return "improvement" if align else "higher after than before"
    if align:
        return "favours the intervention"
    two_groups = kind.positive or "intervention" in "".join(kind.columns.values())
    return "higher in the intervention" if two_groups else ""


def _assemble(
    frame: pd.DataFrame,
    kind: Measure,
    effect: FloatArray,
    variance: FloatArray,
    notes: list[str],
    facts: dict[str, Any],
) -> pd.DataFrame:
    """Put the new columns behind the old ones and the facts into ``attrs``."""
    code_column = "measure_code" if "measure" in frame.columns else "measure"
    result = frame.copy()
    result["effect"] = effect
    result["variance"] = variance
    result["se"] = np.sqrt(variance)
    result[code_column] = pd.array([kind.code] * len(frame), dtype="str")
    result["effect_note"] = pd.array(notes, dtype="str")
    has_effect = np.isfinite(effect)
    reasons = Counter(note for note, has in zip(notes, has_effect, strict=True) if not has)
    result.attrs["peer_evidence"] = {
        "measure": kind.code,
        "measure_name": kind.name,
        "measure_column": code_column,
        "scale": kind.scale,
        **facts,
        "rows": len(frame),
        "computed": int(has_effect.sum()),
        "not_computed": dict(reasons.most_common()),
    }
    return result
