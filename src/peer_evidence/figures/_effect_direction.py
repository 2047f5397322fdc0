"""The effect direction plot: which way each study points in each domain, and the sign tests."""

from __future__ import annotations

from typing import Any

import pandas as pd
from matplotlib.axes import Axes

from peer_evidence.direction.quality import quality_rank
from peer_evidence.errors import InputError
from peer_evidence.figures import bias_marks
from peer_evidence.figures.direction_layout import (
    ROW,
    Plan,
    best_plan,
    inset,
    judged_looks,
    page_note,
    pages_of,
    starred,
    tool_of,
)
from peer_evidence.figures.direction_marks import (
    POINTS,
    STAR,
    draw_directions,
    draw_marks,
)
from peer_evidence.figures.frames import Labels, sentence_list, styled
from peer_evidence.figures.key import PITCH, write_key
from peer_evidence.figures.layout import (
    MARGIN,
    Sheet,
    lines_height,
    open_sheet,
    stack,
    wrap,
    write_headers,
)
from peer_evidence.figures.saving import attach
from peer_evidence.figures.style import GREY, INK, MIDDLE, PALE, RULE, SMALL_SIZE
from peer_evidence.formatting import count, p_brief
from peer_evidence.records.words import METHOD_WORDS

_TESTS = ("favours", "against", "conflicting", "no_sign", "proportion", "ci_low", "ci_high",
          "p_value", "studies")  # fmt: skip


def effect_direction_table(d: Any) -> pd.DataFrame:
    """Give what :func:`effect_direction` draws.

    Parameters
    ----------
    d : EffectDirections
        What :func:`peer_evidence.effect_directions` gives.

    Returns
    -------
    DataFrame
        ``row`` is ``study`` for the direction of a study in a domain, with the columns of
        ``d.to_frame()``, sorted by design, risk of bias, size (largest first) and name; then
        ``sign_test`` for the test of each domain, with the columns of ``d.sign_tests()``.

    Raises
    ------
    InputError
        If it is not such a result, or holds no direction.

    Examples
    --------
    >>> import pandas as pd, peer_evidence as pe
    >>> results = pd.DataFrame({
    ...     "study_id": ["a", "b"], "domain": "pain",
    ...     "effect_direction": ["favours_intervention", "null"]})
    >>> table = pe.figures.effect_direction_table(pe.effect_directions(results, contrasts=None))
    >>> table[["row", "study_id", "direction", "favours", "no_sign"]]
             row study_id             direction  favours  no_sign
    0      study        a  favours_intervention     <NA>     <NA>
    1      study        b                  null     <NA>     <NA>
    2  sign_test      NaN                   NaN        1        1
    """
    if not all(hasattr(d, name) for name in ("sign_tests", "agreement", "table", "by")):
        raise InputError(
            f"d: found {type(d).__name__}, allowed is what peer_evidence.effect_directions() gives"
        )
    cells = d.to_frame()
    if cells.empty:
        raise InputError("d: it holds no direction of any study, so there is nothing to draw")
    order = METHOD_WORDS["design"]
    rank = {name: place for place, name in enumerate(order)}
    people = cells.groupby("study_id")["n_intervention"].transform("max")
    cells = cells.assign(
        _design=cells["design"].map(lambda one: rank.get(one, len(rank))),
        _quality=cells["quality"].map(lambda one: quality_rank(tool_of(d), one)),
        _n=people.astype("Float64").fillna(-1),
    ).sort_values(
        ["_design", "_quality", "_n", "label", "study_id"],
        ascending=[True, True, False, True, True],
        kind="stable",
    )
    cells = cells.drop(columns=["_design", "_quality", "_n"])
    cells.insert(0, "row", "study")
    tests = d.sign_tests().reset_index().drop(columns="studies")
    tests.insert(0, "row", "sign_test")
    cells[d.by], tests[d.by] = cells[d.by].astype(object), tests[d.by].astype(object)
    table: pd.DataFrame = pd.concat([cells, tests], ignore_index=True)
    for name in table.columns:
        if table[name].dtype == float and name not in ("share", *_TESTS[4:8]):
            table[name] = table[name].astype("Int64")
    return table


@styled
def effect_direction(
    d: Any, *, labels: Labels = None, page: int | None = None, ax: Axes | None = None
) -> Axes:
    """Draw which way each study points in each domain, with a sign test under each domain.

    A triangle points up where the results of a study favour the intervention, and down where they
    favour the comparison, whatever their size or significance; its size is that of the
    intervention group, and hollow where the records do not say it. Studies stand by design, risk
    of bias and size. The sign test leaves out, and counts, studies that conflict or have no sign.

    Parameters
    ----------
    d : EffectDirections
        What :func:`peer_evidence.effect_directions` gives.
    labels : mapping, optional
        Domain to label.
    page : int, optional
        Draw this page of as many as it takes at a height of 230 mm, counted from 1; the sign
        tests, always of all studies, stand on the last. Left out: all studies on one sheet, as
        high as it takes.
    ax : Axes, optional
        Where to draw; a new figure of 176 mm when left out, of 85 mm where it holds all.

    Returns
    -------
    Axes
        Its coordinates are points from the top left corner.

    Raises
    ------
    InputError
        If there are too many domains for the width, or no such page.

    References
    ----------
    Thomson & Thomas 2013, Research Synthesis Methods 4:95, doi 10.1002/jrsm.1060; Hilton Boon &
    Thomson 2021, Research Synthesis Methods 12:29, doi 10.1002/jrsm.1458.

    Examples
    --------
    >>> import peer_evidence as pe
    >>> directions = pe.effect_directions(pe.load().select(domain=["hope", "recovery"]))
    >>> ax = pe.figures.effect_direction(directions)
    >>> pe.figures.drawn(ax)[0].alt[:67]
    'Effect direction plot of 14 studies (rows) and 2 domains (columns).'
    """
    table = effect_direction_table(d)
    cells = table[table["row"] == "study"]
    plan = best_plan(d, cells, table[table["row"] == "sign_test"], labels, ax)
    rows, last, pages = (0, len(plan.studies)), True, [(0, 0)]
    if page is not None:
        pages = pages_of(plan)
        if page not in range(1, len(pages) + 1):
            raise InputError(
                f"page: found {page!r}, allowed is a whole number from 1 to {len(pages)}: "
                f"{count(len(plan.studies), 'study', 'studies')} take "
                f"{count(len(pages), 'page')}"
            )
        rows, last = pages[page - 1], page == len(pages)
    note = plan.note if page is None or len(pages) == 1 else page_note(plan, page, len(pages))
    tests = plan.tests_height if last else 0.0
    told = wrap(note, plan.width - 2 * MARGIN, SMALL_SIZE)
    shown = plan.studies.iloc[rows[0] : rows[1]]
    tops = stack([*plan.heights[slice(*rows)], 0.0], plan.head)
    at_tests = tops[-1]
    at_key = at_tests + tests + 6
    at_note = at_key + plan.key_height + 3
    sheet = open_sheet(ax, plan.width, at_note + lines_height(len(told), SMALL_SIZE) + MARGIN)
    _heads(sheet, plan)
    _rows(sheet, d, plan, shown, plan.names[slice(*rows)], tops)
    _cells(sheet, plan, cells, shown, tops)
    if last:
        _tests(sheet, plan, at_tests)
    sheet.line([MARGIN, plan.width - MARGIN], [at_tests + tests] * 2, color=RULE)
    write_key(sheet, plan.key, MARGIN, at_key)
    under = at_key + PITCH * len(plan.key)
    bias_marks.write_key(sheet, plan.judgements, MARGIN, under, plan.shapes)
    sheet.lines(MARGIN, at_note, told, size=SMALL_SIZE, color=GREY)
    return attach(sheet.ax, "Effect direction plot", _alt(d, table, plan, shown), table)


def effect_direction_pages(d: Any, *, labels: Labels = None) -> list[Axes]:
    """Draw the effect direction plot on as many pages of at most 230 mm as it takes.

    Parameters
    ----------
    d : EffectDirections
        What :func:`peer_evidence.effect_directions` gives.
    labels : mapping, optional
        Domain to label.

    Returns
    -------
    list of Axes
        One a page, each in a figure of its own; see :func:`effect_direction`.

    Examples
    --------
    >>> import peer_evidence as pe
    >>> len(pe.figures.effect_direction_pages(pe.effect_directions(pe.load())))
    2
    """
    table = effect_direction_table(d)
    cells, tests = table[table["row"] == "study"], table[table["row"] == "sign_test"]
    pages = pages_of(best_plan(d, cells, tests, labels, None))
    return [effect_direction(d, labels=labels, page=page + 1) for page in range(len(pages))]


def _heads(sheet: Sheet, plan: Plan) -> None:
    write_headers(sheet, plan.left, plan.head - 2)
    if not plan.turned:
        write_headers(sheet, inset(plan.domains), plan.head - 2)
        return
    for column, lines in zip(plan.domains, plan.upright, strict=True):
        x = column.anchor + 2.8 - lines_height(len(lines) - 1) / 2
        for place, line in enumerate(lines):
            at = x + lines_height(place)
            sheet.text(at, plan.head - 4, line, weight="bold", rotation=90)


def _rows(
    sheet: Sheet,
    d: Any,
    plan: Plan,
    shown: pd.DataFrame,
    names: list[tuple[str, ...]],
    tops: list[float],
) -> None:
    """Draw the ground and the texts of the studies."""
    looks = judged_looks(d, shown["quality"])
    column = {one.key: one for one in plan.left}
    for place, study in enumerate(shown.itertuples(index=False)):
        top, plain = tops[place], PALE if place % 2 == 0 else "white"
        shade = bias_marks.SHADES.get(looks[place].role, plain)
        across = plan.width - 2 * MARGIN + 4
        sheet.box(MARGIN - 2, top, across, tops[place + 1] - top, facecolor=shade, zorder=-2)
        sheet.lines(MARGIN, top + 1.2, names[place])
        sheet.lines(column["design"].anchor, top + 1.2, [str(study.design)])
        sheet.lines(column["n"].anchor, top + 1.2, [str(study.n)], align="right")
    for one in plan.domains:
        ends = [plan.head, tops[-1]]
        sheet.line([one.left] * 2, ends, color="#E2E2E2", linewidth=0.5, zorder=-1)
    sheet.line([MARGIN, plan.width - MARGIN], [plan.head] * 2, color=RULE)
    if "quality" in column:
        x = column["quality"].anchor
        marks = [(x, top + ROW / 2, look) for top, look in zip(tops, looks, strict=False)]
        bias_marks.draw_marks(sheet, marks, 8.0, shapes=plan.shapes)


def _cells(
    sheet: Sheet, plan: Plan, cells: pd.DataFrame, shown: pd.DataFrame, tops: list[float]
) -> None:
    """Draw the directions; beside them how many results, and a star for those of none."""
    row = dict(zip(shown["study_id"], tops, strict=False))
    here = cells[cells["study_id"].isin(row)]
    at = {column.key: column.anchor for column in plan.domains}
    numbers = [str(int(n)) if n > 1 else "" for n in here["combined"]]
    stars = starred(here).to_list()
    shift = 2.2 if plan.scale < 1 and any([*numbers, *stars]) else 0.0
    xs = [at[str(domain)] - shift for domain in here[plan.by]]
    ys = [row[study] + ROW / 2 for study in here["study_id"]]
    draw_directions(sheet, here, xs, ys, scale=plan.scale)
    ends = [
        x + plan.scale * POINTS[str(size)] / 2 + 0.3
        for x, size in zip(xs, here["size"], strict=True)
    ]
    places: list[tuple[float, float]] = []
    for number, star, x, y in zip(numbers, stars, ends, ys, strict=True):
        sheet.text(x, y + 4.8, number, size=SMALL_SIZE)
        if star:
            places.append((x + 2.0, y - 3.4 if number else y))
    draw_marks(sheet, [x for x, _ in places], [y for _, y in places], STAR, 3.4, facecolors=INK,
               linewidths=0.6, zorder=3)  # fmt: skip


def _tests(sheet: Sheet, plan: Plan, top: float) -> None:
    """Write the sign tests under the domains, upright where they would not fit."""
    sheet.line([MARGIN, plan.width - MARGIN], [top] * 2, color=MIDDLE)
    y = top + 3
    for line in plan.tests:
        middle = (line.height - lines_height(1, SMALL_SIZE)) / 2 if line.turned else 0.0
        sheet.lines(MARGIN, y + middle, [line.name], size=SMALL_SIZE)
        for column, text in zip(plan.domains, line.texts, strict=True):
            if line.turned:
                sheet.text(column.anchor + 2.5, y + line.height / 2, text[0], size=SMALL_SIZE,
                           align="center", rotation=90)  # fmt: skip
            else:
                sheet.lines(column.anchor, y, text, size=SMALL_SIZE, align="center")
        y += line.height


def _alt(d: Any, table: pd.DataFrame, plan: Plan, shown: pd.DataFrame) -> str:
    """Put the plot into words: the sign test of each domain and what stands beside it."""
    tests = table[table["row"] == "sign_test"]
    told = []
    for column, one in zip(plan.domains, tests.to_dict("records"), strict=True):
        parts = [f"{one['favours']} up", f"{one['against']} down"]
        parts += [f"{one['conflicting']} conflicting"] if one["conflicting"] else []
        parts += [f"{one['no_sign']} without a sign"] if one["no_sign"] else []
        p = f"; {p_brief(one['p_value'])}" if one["favours"] + one["against"] else ""
        told.append(f"{column.header}: {sentence_list(parts)}{p}.")
    part = "" if len(shown) == len(plan.studies) else f", {len(shown)} of them on this page"
    return (
        f"Effect direction plot of {count(len(plan.studies), 'study', 'studies')} (rows{part}) and "
        f"{count(len(plan.domains), 'domain')} (columns). " + " ".join(told)
    )
