"""How numbers and tables look to a person: one convention by name, in this one file."""

from __future__ import annotations

import html
import math
import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd

MINUS = "\N{MINUS SIGN}"
EN_DASH = "\N{EN DASH}"


def number(value: Any, digits: int = 2) -> str:
    """Write a number with a fixed count of decimals and a real minus sign; empty when missing.

    Examples
    --------
    >>> number(-0.1234)
    '−0.12'
    >>> number(float("nan"))
    ''
    """
    if is_missing(value):
        return ""
    value = float(value)
    if math.isinf(value):
        return f"{MINUS if value < 0 else ''}∞"
    text = f"{value:.{digits}f}"
    if float(text) == 0:
        text = text.removeprefix("-")
    return text.replace("-", MINUS)


def p_value(value: Any) -> str:
    """Write a p value for the cell of a table: three decimals, ``<0.001`` below that.

    Examples
    --------
    >>> p_value(0.0386), p_value(0.0000012)
    ('0.039', '<0.001')
    """
    if is_missing(value):
        return ""
    return "<0.001" if value < 0.001 else f"{value:.3f}"


def p_text(value: Any) -> str:
    """Write a p value as a sentence does, with its sign; empty when missing.

    Examples
    --------
    >>> p_text(0.0386), p_text(0.0000012)
    ('p = 0.039', 'p < 0.001')
    """
    shown = p_value(value)
    return f"p = {shown}".replace("= <", "< ") if shown else ""


def p_brief(value: Any) -> str:
    """Write a p value as a list of numbers does; empty when missing.

    Examples
    --------
    >>> p_brief(0.0386), p_brief(0.0000012)
    ('p 0.039', 'p < 0.001')
    """
    return p_text(value).replace("= ", "")


def spread_text(
    low: float,
    q1: float,
    middle: float,
    q3: float,
    high: float,
    write: Callable[[float], str] = number,
) -> str:
    """Say where many numbers lie: their median, the middle half and all of them.

    Examples
    --------
    >>> spread_text(0.1, 0.21, 0.3, 0.39, 0.5)
    'median 0.30, half of them 0.21 to 0.39, all 0.10 to 0.50'
    >>> spread_text(0.1, 0.541, 0.542, 0.543, 0.7), spread_text(0.541, 0.542, 0.543, 0.543, 0.544)
    ('median 0.54, at least half of them 0.54, all 0.10 to 0.70', 'all 0.54')
    """
    if write(low) == write(high):
        return f"all {write(middle)}"
    same = write(q1) == write(q3)
    half = (
        f"at least half of them {write(q1)}" if same else f"half of them {write(q1)} to {write(q3)}"
    )
    return f"median {write(middle)}, {half}, all {write(low)} to {write(high)}"


def interval(low: Any, high: Any, digits: int = 2) -> str:
    """Write an interval the way journals print it.

    Examples
    --------
    >>> interval(-0.2, 0.31)
    '−0.20 to 0.31'
    """
    if is_missing(low) or is_missing(high):
        return ""
    return f"{number(low, digits)} to {number(high, digits)}"


def per_cent(share: Any, digits: int = 0) -> str:
    """Write a share between 0 and 1 as a percentage.

    Examples
    --------
    >>> per_cent(10 / 12)
    '83%'
    """
    return "" if is_missing(share) else f"{100 * float(share):.{digits}f}%"


def count(value: int, singular: str, plural: str | None = None) -> str:
    """Write a count with its noun.

    Examples
    --------
    >>> count(1, "study", "studies"), count(3, "study", "studies")
    ('1 study', '3 studies')
    """
    return f"{value} {singular if value == 1 else plural or singular + 's'}"


def count_range(least: int, most: int) -> str:
    """Write a range of counts, or the one count where both ends are the same.

    Examples
    --------
    >>> count_range(3, 7), count_range(20, 20)
    ('3 to 7', '20')
    """
    return f"{least}" if least == most else f"{least} to {most}"


def short_label(label: str) -> str:
    """Shorten the label of a study by more than two authors to the first of them.

    Examples
    --------
    >>> short_label("Druss, Singh, von Esenwein et al. 2018"), short_label("Min & Lee 2007")
    ('Druss et al. 2018', 'Min & Lee 2007')
    """
    found = re.fullmatch(r"([^,]+), .+ (\d{4}[a-z]?)", label)
    return f"{found[1]} et al. {found[2]}" if found else label


def words(code: str) -> str:
    """Turn a lower_snake_case code into words.

    Examples
    --------
    >>> words("quality_of_life")
    'quality of life'
    """
    return code.replace("_", " ")


def cell(column: str, value: Any) -> str:
    """Write one value the way its column name asks for."""
    if is_missing(value):
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        if column.endswith("p_value"):
            return p_value(value)
        if column in {"proportion", "share"}:
            return number(value, 2)
        return number(value, 3) if not value.is_integer() else number(value, 0)
    return str(value)


def frame_to_html(frame: pd.DataFrame, caption: str | None = None) -> str:
    """Write a frame as a plain HTML table, every text escaped, headers scoped."""
    named = [name for name in frame.index.names if name is not None]
    flat = frame.reset_index() if named else frame
    columns = [str(column) for column in flat.columns]
    head = "".join(f'<th scope="col">{html.escape(words(column))}</th>' for column in columns)
    rows = []
    for record in flat.itertuples(index=False, name=None):
        cells = []
        for position, (column, value) in enumerate(zip(columns, record, strict=True)):
            text = html.escape(cell(column, value))
            tag = 'th scope="row"' if position == 0 else "td"
            cells.append(f"<{tag}>{text}</{tag.split()[0]}>")
        rows.append(f"<tr>{''.join(cells)}</tr>")
    title = f"<caption>{html.escape(caption)}</caption>" if caption else ""
    body = "".join(rows)
    return f"<table>{title}<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def is_missing(value: Any) -> bool:
    """Tell whether a value is None, NA or NaN, without importing pandas."""
    if value is None:
        return True
    try:
        return bool(value != value)  # NaN is the value that is not itself
    except (TypeError, ValueError):  # pandas.NA refuses a truth value
        return True
