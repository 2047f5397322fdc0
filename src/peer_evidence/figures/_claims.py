"""What a text says and what the records give: each claim with its verdict."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.path import Path

from peer_evidence.checks import check_choice
from peer_evidence.errors import InputError
from peer_evidence.figures.frames import FrameLike, Labels, as_frame, check_labels, labelled, styled
from peer_evidence.figures.layout import (
    CHECK,
    MARGIN,
    Column,
    Sheet,
    lines_height,
    middle_of_line,
    open_sheet,
    sheet_width,
    spread,
    stack,
    wrap,
    write_headers,
)
from peer_evidence.figures.saving import attach
from peer_evidence.figures.style import (
    BLUE,
    GREY,
    INK,
    PALE,
    POINTS_PER_MM,
    RULE,
    SMALL_SIZE,
    VERMILLION,
)
from peer_evidence.formatting import count, words

VERDICTS: dict[str, tuple[str, str | Path, str]] = {  # words, mark, colour
    "supported": ("Supported", CHECK, BLUE),
    "contradicted": ("Contradicted", "x", VERMILLION),
    "not_checkable": ("Not checkable", "o", GREY),
}
_SHOWN = ("review_id", "claim", "stated", "computed", "verdict", "why")
_NAMES = ("review", "review_label", "label")  # columns that may name a review
_WORD = re.compile(r"\w+")
_CODE = re.compile(r"\b[a-z][a-z0-9]*(?:_[a-z0-9]+)+\b")
_PAGE = 230.0  # millimetres: the text of a journal page
_PAD = 6.0
_HEAD = 22.0


def claims_table(
    claims: FrameLike, *, review: str | None = None, page_height: float = _PAGE
) -> pd.DataFrame:
    """Give the claims that :func:`claims` draws, each with the page it falls on.

    Parameters
    ----------
    claims : DataFrame or Claims
        One row a claim: ``finding_id``, ``review_id``, ``claim``, ``stated``, ``computed``,
        ``verdict`` (supported, contradicted or not_checkable) and ``why``; a column ``review`` or
        ``label`` may name the reviews, else ``source`` does where its words hold those of the id.
    review : str, optional
        Keep the claims of this review.
    page_height : float
        How high a page may be, in millimetres.

    Returns
    -------
    DataFrame
        The claims, review by review in the order given, with ``review``, the name of the review,
        and ``page``, from 1.

    Examples
    --------
    >>> import pandas as pd
    >>> frame = pd.DataFrame({
    ...     "finding_id": ["k"], "review_id": ["pitt_2013"], "claim": ["Eleven trials"],
    ...     "stated": ["11"], "computed": ["3"], "verdict": ["not_checkable"],
    ...     "why": ["3 of 11 are named"]})
    >>> claims_table(frame)[["finding_id", "verdict", "page"]].to_string(index=False, header=False)
    'k not_checkable     1'
    """
    frame = as_frame("claims", claims, ("finding_id", *_SHOWN))
    if review is not None:
        check_choice("review", review, list(dict.fromkeys(frame["review_id"])))
        frame = frame[frame["review_id"] == review]
    for verdict in dict.fromkeys(frame["verdict"]):
        check_choice("verdict", verdict, list(VERDICTS))
    order = {name: place for place, name in enumerate(dict.fromkeys(frame["review_id"]))}
    table = (
        frame[["finding_id", *_SHOWN]]
        .assign(review=_reviews(frame))
        .sort_values("review_id", key=lambda names: names.map(order), kind="stable")
    )
    table = table.reset_index(drop=True)
    rows = _rows(table, None, _columns(sheet_width(None)))
    table["page"] = _pages(rows, page_height * POINTS_PER_MM)
    return table


def _reviews(frame: pd.DataFrame) -> list[str]:
    """Name the review of each claim: by a column that does, by its source, or by its id."""
    column = next((name for name in _NAMES if name in frame.columns), None)
    given = frame[column if column else "source" if "source" in frame.columns else "review_id"]
    names: dict[object, str] = {}
    for code, name in zip(frame["review_id"], given, strict=True):
        asked = set(_WORD.findall(words(str(code)).casefold()))
        told = _said(name)
        fits = told if column else asked <= set(_WORD.findall(told.casefold()))
        if fits and told != code:
            names.setdefault(code, told)
    return [names.get(code, labelled(None, code)) for code in frame["review_id"]]


@styled
def claims(
    claims: FrameLike,
    *,
    review: str | None = None,
    page: int | None = None,
    page_height: float = _PAGE,
    labels: Labels = None,
    ax: Axes | None = None,
) -> Axes:
    """Draw the claims as a table with their verdicts, each a mark and a word.

    Parameters
    ----------
    claims : DataFrame or Claims
        See :func:`claims_table`.
    review : str, optional
        Keep the claims of this review.
    page : int, optional
        Draw this page only, from 1; all claims on one long sheet when left out.
    page_height : float
        How high a page may be, in millimetres.
    labels : mapping, optional
        Review to label; the names in the table when left out.
    ax : Axes, optional
        Where to draw; a new figure of 176 mm when left out.

    Returns
    -------
    Axes
        Its coordinates are points from the top left corner.

    Examples
    --------
    >>> import pandas as pd, peer_evidence as pe
    >>> frame = pd.DataFrame({
    ...     "finding_id": ["k"], "review_id": ["pitt_2013"], "claim": ["Eleven trials"],
    ...     "stated": ["11"], "computed": ["3"], "verdict": ["not_checkable"],
    ...     "why": ["3 of 11 are named"]})
    >>> ax = pe.figures.claims(frame)
    >>> print(pe.figures.drawn(ax)[0].alt)
    Table of 1 claim: 0 supported, 0 contradicted, 1 not checkable. \
Not checkable: Eleven trials (stated 11, the records give 3; 3 of 11 are named).
    """
    table = claims_table(claims, review=review, page_height=page_height)
    last = int(table["page"].max())
    if page is not None:
        if page not in range(1, last + 1):
            raise InputError(f"page: found {page!r}, allowed is a whole number from 1 to {last}")
        table = table[table["page"] == page].reset_index(drop=True)
    width = sheet_width(ax)
    columns = _columns(width)
    rows = _rows(table, labels, columns)
    tops = stack([row.height for row in rows], _HEAD)
    sheet = open_sheet(ax, width, tops[-1] + rows[-1].height + MARGIN)
    write_headers(sheet, list(columns.values()), _HEAD - 3)
    sheet.line([MARGIN, width - MARGIN], [_HEAD - 1] * 2, color=INK)
    for row, top in zip(rows, tops, strict=True):
        _draw(sheet, row, top, columns)
    title = "Claims and verdicts" + (f", page {page} of {last}" if page and last > 1 else "")
    return attach(sheet.ax, title, _alt(table), table)


@dataclass(frozen=True, slots=True)
class _Row:
    """A claim, or the heading of a review (without verdict)."""

    verdict: str
    cells: dict[str, tuple[str, ...]]
    height: float
    shaded: bool = False


def _columns(width: float) -> dict[str, Column]:
    inner = width - 2 * MARGIN
    columns = spread(
        inner,
        [
            ("verdict", "Verdict", 70.0, "left"),
            ("claim", "What is said", 0.0, "left"),
            ("stated", "Stated", 0.13 * inner, "left"),
            ("computed", "Records give", 0.15 * inner, "left"),
            ("why", "Why", 0.26 * inner, "left"),
        ],
    )
    return {
        key: Column(key, one.header, one.left + MARGIN, one.width, one.align)
        for key, one in columns.items()
    }


def _rows(table: pd.DataFrame, labels: Labels, columns: dict[str, Column]) -> list[_Row]:
    rows: list[_Row] = []
    shaded = False
    review: object = None
    width = columns["why"].left + columns["why"].width - MARGIN
    for _, claim in table.iterrows():
        if claim["review_id"] != review:
            review, shaded = claim["review_id"], False
            name = labelled({str(review): claim["review"]} | dict(check_labels(labels)), review)
            heading = wrap(name, width, weight="bold")
            rows.append(_Row("", {"verdict": heading}, lines_height(len(heading)) + _PAD + 3))
        cells = {
            "verdict": (VERDICTS[claim["verdict"]][0],),
            "claim": wrap(_said(claim["claim"]), columns["claim"].width),
            "stated": wrap(_in_words(claim["stated"]), columns["stated"].width),
            "computed": wrap(_in_words(claim["computed"]), columns["computed"].width),
            "why": wrap(_said(claim["why"]), columns["why"].width, SMALL_SIZE),
        }
        tallest = max(lines_height(len(lines), _size(key)) for key, lines in cells.items())
        rows.append(_Row(claim["verdict"], cells, tallest + _PAD, shaded))
        shaded = not shaded
    return rows


def _said(value: Any) -> str:
    return "" if pd.isna(value) else str(value)


def _in_words(value: Any) -> str:
    """Write a cell with its codes in words.

    Examples
    --------
    >>> _in_words("limited_but_promising"), _in_words("7 of 12")
    ('limited but promising', '7 of 12')
    """
    return _CODE.sub(lambda found: words(found[0]), _said(value))


def _size(key: str) -> float:
    return SMALL_SIZE if key == "why" else 8.0


def _pages(rows: list[_Row], height: float) -> list[int]:
    """Share the claims among pages: a heading stays with the claim after it."""
    pages: list[int] = []
    page, used, heading = 1, _HEAD + MARGIN, 0.0
    for row in rows:
        if not row.verdict:
            heading = row.height
            continue
        if used + heading + row.height > height and used > _HEAD + MARGIN:
            page += 1
            used = _HEAD + MARGIN + (0 if heading else lines_height(1) + _PAD + 3)
        used += heading + row.height
        heading = 0.0
        pages.append(page)
    return pages


def _draw(sheet: Sheet, row: _Row, top: float, columns: dict[str, Column]) -> None:
    if not row.verdict:
        sheet.lines(MARGIN, top + _PAD, row.cells["verdict"], weight="bold")
        sheet.line([MARGIN, sheet.width - MARGIN], [top + row.height - 0.5] * 2, color=RULE)
        return
    if row.shaded:
        sheet.box(0, top, sheet.width, row.height, facecolor=PALE)
    _, mark, color = VERDICTS[row.verdict]
    start = top + _PAD / 2
    sheet.mark(MARGIN + 4, middle_of_line(start), mark, size=6, color=color, linewidth=1.5)
    sheet.lines(MARGIN + 12, start, row.cells["verdict"], color=color)
    for key in ("claim", "stated", "computed", "why"):
        look = {"size": SMALL_SIZE, "color": GREY} if key == "why" else {}
        sheet.lines(columns[key].left, start, row.cells[key], **look)  # type: ignore[arg-type]


def _alt(table: pd.DataFrame) -> str:
    counts = [
        f"{int((table['verdict'] == key).sum())} {told.lower()}"
        for key, (told, _, _) in VERDICTS.items()
    ]
    parts = []
    for _, claim in table.iterrows():
        stated, computed = (_in_words(claim[key]) for key in ("stated", "computed"))
        why = _said(claim["why"])
        inside = [f"stated {stated}" if stated else "", f"the records give {computed}"]
        detail = ", ".join(part for part in inside[: 2 if computed else 1] if part)
        told = "; ".join(part for part in (detail, why.rstrip(".")) if part)
        said = _said(claim["claim"]).rstrip(".")
        parts.append(f"{VERDICTS[claim['verdict']][0]}: {said}{f' ({told})' if told else ''}.")
    return f"Table of {count(len(table), 'claim')}: {', '.join(counts)}. " + " ".join(parts)
