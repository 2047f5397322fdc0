"""What a cell that is no number seems to have been: the end of its fault, and what to do."""

from __future__ import annotations

import re

# the point goes with the digits after it: \d+\.?\d* would try every way to part a long cell
NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d{1,3})?", re.ASCII)
INTEGER = re.compile(r"[+-]?\d{1,15}", re.ASCII)
_MISSING_WORDS = {
    *("na", "n/a", "n.a.", "nan", "null", "none", "nil", "nr", "n.r.", "nd", "missing"),
    *("not reported", "not stated", "unknown", "unclear", "-", "--", "–", "—", ".", "?"),
}
_SPACES = re.compile("[\\s\u00ad\u200b-\u200f\u2060\ufeff]")
_MINUS = re.compile("[\u2010-\u2015\u2212\ufe63\uff0d]")
_THOUSANDS = re.compile(r"[+-]?\d{1,3}(,\d{3})+(\.\d+)?", re.ASCII)
_DECIMAL_COMMA = re.compile(r"[+-]?\d*,\d+", re.ASCII)
_SIGN = re.compile(r"[<>=≤≥~≈]+")
_QUOTES = "\"'“”„‘’"
_MONTH = "jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec"
_LIKE_DATE = re.compile(
    rf"\d{{1,4}}([-/.])\d{{1,2}}(\1\d{{2,4}})?( .*)?|\d{{1,2}}[-/. ]({_MONTH})\w*([-/. ]\d+)?"
    rf"|({_MONTH})\w*[-/. ]\d{{1,4}}",
    re.IGNORECASE,
)


def number_form(text: str, form: re.Pattern[str], column: str) -> str:
    """Say how a text should have been written as a number.

    Parameters
    ----------
    text : str
        The cell, which is no number of the wanted form.
    form : re.Pattern
        The wanted form, of any number or of a whole one.
    column : str
        The column, for which there may be advice of its own.

    Returns
    -------
    str
        The end of a rule that begins "must be a number"; empty when there is no better advice.

    Examples
    --------
    >>> number_form("12 %", NUMBER, "i2")
    ', written without the per cent sign'
    """
    bare = _SPACES.sub("", text)
    if column == "p_value" and bare.lower().rstrip(".") in {"ns", "n.s"}:
        return "; write ns in p_relation and leave this cell empty"
    if not bare or text.strip().lower() in _MISSING_WORDS:
        return "; leave the cell empty when it is not known"
    if bare.startswith("#"):
        return "; a formula of a spreadsheet failed here"
    if form.fullmatch(bare):
        return ", written without spaces"
    if form.fullmatch(_MINUS.sub("-", bare)):
        return ", with its minus typed as a hyphen (-)"
    if form.fullmatch(bare.strip(_QUOTES)):
        return ", written without quotes"
    if form.fullmatch(bare.rstrip("%")):
        return ", written without the per cent sign"
    if form.fullmatch(_SIGN.sub("", bare, count=1)):
        where = "; its sign belongs in p_relation" if column == "p_value" else ""
        return f", written without a sign{where}"
    return _commas(bare, form) or _other(text.strip(), bare, form)


def _commas(bare: str, form: re.Pattern[str]) -> str:
    if _THOUSANDS.fullmatch(bare):
        if form is INTEGER and "." not in bare:
            return ", written without commas"
        if form is NUMBER and bare.count(",") == 1 and "." not in bare:
            return ", with a decimal point and without commas between thousands"
        return ", written without commas" if form is NUMBER else ""
    if form is NUMBER and _DECIMAL_COMMA.fullmatch(bare):
        return ", written with a decimal point"
    return ""


def _decimals(bare: str) -> str:
    """Say what to do about ``4.0``, as pandas writes a column of counts with a cell missing."""
    if not float(bare).is_integer():
        return ""
    said = ", written without a decimal point"
    if bare.endswith(".0"):
        said += ' (in pandas, convert the column with .astype("Int64") before to_csv)'
    return said


def _other(text: str, bare: str, form: re.Pattern[str]) -> str:
    if form is INTEGER and NUMBER.fullmatch(bare):
        if bare.lstrip("+-").isdigit():
            return " of at most 15 digits"
        if "e" in bare.lower():
            return ", written without an exponent"
        return _decimals(bare)
    if _LIKE_DATE.fullmatch(text):
        return "; this looks like the date that a spreadsheet makes of 3-4 or 3/4"
    return ""
